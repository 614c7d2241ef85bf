"""Pages and dialogs that are made when they are first asked for, as if they had been there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk, make_all, paint_folder
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from test_map_page import Map

from app.look.page import Page
from app.look.theme import DARK, ThemeChoice
from engine import messages


class Shown(QObject):
    """Notes the windows that are shown while it watches."""

    def __init__(self, qapp: QApplication) -> None:
        super().__init__()
        self.windows: list[str] = []
        qapp.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.windows.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


def test_a_window_begins_with_what_is_on_screen(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.press("1")
    assert garden.window.findChildren(Page) == []
    assert garden.window.findChildren(QDialog) == []
    garden.window.actions_.queue.trigger()
    assert garden.window.findChildren(Page) == [garden.window.pages.queue]
    garden.window.actions_.log.trigger()
    assert garden.window.findChildren(QDialog) == [garden.window.dialogs.log]


def test_none_flashes_up_as_a_window_while_it_is_made(garden: Desk, qapp: QApplication) -> None:
    shown = Shown(qapp)
    make_all(garden.window)
    for name in garden.window.results.names():
        garden.window.results.dialog(name)
    qapp.removeEventFilter(shown)
    garden.settle()
    assert shown.windows == []
    assert qapp.activeWindow() is garden.window


def test_what_comes_late_has_the_colours_of_now(garden: Desk) -> None:
    garden.window.actions_.theme_requested.emit(ThemeChoice.DARK)
    make_all(garden.window)
    dialogs, pages = garden.window.dialogs, garden.window.pages
    assert dialogs.settings.appearance.theme.currentData() is ThemeChoice.DARK
    assert dialogs.split._theme is DARK
    assert {page._theme for page in garden.window.findChildren(Page)} == {DARK}
    garden.window.actions_.theme_requested.emit(ThemeChoice.LIGHT)
    assert dialogs.settings.appearance.theme.currentData() is ThemeChoice.LIGHT
    assert pages.map._theme is not DARK


def test_fine_tuning_that_ended_before_anybody_looked_is_told(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    for name, key in (("image_1.png", "1"), ("image_2.png", "2")):
        garden.click(name)
        garden.press(key)
    images = [garden.image(f"image_{number}.png") for number in range(3, 13)]
    cat = garden.session.classes[0].class_id
    garden.engine.predict({image: [(cat, 0.9)] for image in images})
    garden.session.classifier.finetune()
    number = garden.engine.last(messages.FineTune).request_id
    garden.engine.publish(messages.JobFailed(number, "There is not enough memory.", False))
    assert garden.window.findChildren(QDialog) == []
    garden.window.dialogs.show_finetuning()
    assert garden.window.dialogs.finetune.texts()[0] == "There is not enough memory."


@pytest.mark.parametrize("name", ["queue", "review", "map", "evaluation", "spot_check"])
def test_tab_comes_to_the_line_at_the_bottom_behind_the_page(garden: Desk, name: str) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    for number, item in ((1, cat), (2, dog)):
        garden.session.label([garden.image(f"image_{number}.png")], item.class_id)
    images = [garden.image(f"image_{number}.png") for number in range(3, 13)]
    garden.engine.predict({image: [(cat.class_id, 0.8)] for image in images}, accuracy=0.8)
    page = getattr(garden.window.pages, name)
    garden.window.pages._show_own(page)
    garden.settle()
    effort = garden.window.status_line.effort
    first = garden.classes.list
    first.setFocus(Qt.FocusReason.TabFocusReason)
    order: list[QWidget] = []
    while len(order) < 40 and (not order or QApplication.focusWidget() is not first):
        at = QApplication.focusWidget()
        assert at is not None
        order.append(at)
        garden.qtbot.keyClick(at, Qt.Key.Key_Tab)
    in_page = [place for place, at in enumerate(order) if page.isAncestorOf(at)]
    assert in_page
    assert order.index(effort) == max(in_page) + 1


def test_another_project_takes_nothing_over_from_the_map_of_the_one_before(
    garden: Desk, tmp_path: Path
) -> None:
    map_ = Map(garden)
    map_.lay_out()
    map_.canvas.select_rows(map_.canvas.rows[-2:])
    garden.open(paint_folder(tmp_path / "few", 3))
    assert garden.window.pages.currentWidget() is garden.gallery
    assert garden.selected() == []
    assert len(garden.shown()) == 3
