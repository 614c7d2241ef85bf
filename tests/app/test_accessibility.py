"""For everyone: every page and dialog, walked by keyboard, by name, and with large text."""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator

import pytest
from conftest import Desk, make_all
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QToolBar,
    QWidget,
)

from app.look.theme import DARK, LIGHT, Theme, contrast, style_sheet_of
from engine import messages

Place = tuple[str, QWidget]
_CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)


@pytest.fixture
def rich(garden: Desk) -> Desk:
    """A window with classes, labels and predictions, so that pages have something to show."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    cat, dog = (item.class_id for item in garden.session.classes)
    images = [garden.image(f"image_{number}.png") for number in range(3, 11)]
    garden.engine.predict({image: [(cat, 0.8), (dog, 0.2)] for image in images}, accuracy=0.8)
    garden.settle()
    return garden


def walk(desk: Desk) -> Iterator[Place]:
    """Show every page of the window and every dialog, one after the other, whatever there is."""
    window, pages = desk.window, desk.window.pages
    make_all(window)
    for number in range(pages.count()):
        page = pages.widget(number)
        assert page is not None
        show_page(desk, page)
        yield f"page {type(page).__name__}", window
    pages.leave()
    window.actions_.about.trigger()  # Made anew each time.
    for name in window.results.names():
        window.results.dialog(name)  # Made when it is first asked for.
    for dialog in window.findChildren(QDialog):
        begin = getattr(dialog, "begin", None)
        is_simple = begin is not None and not inspect.signature(begin).parameters
        (begin if begin is not None and is_simple else dialog.show)()
        dialog.activateWindow()
        desk.qtbot.waitUntil(dialog.isActiveWindow)
        desk.settle()
        yield f"dialog {type(dialog).__name__}", dialog
        for section in range(sections_of(dialog)):
            dialog.list.setCurrentRow(section)  # type: ignore[attr-defined]
            desk.settle()
            yield f"dialog {type(dialog).__name__}, section {section}", dialog
        dialog.close()
    window.activateWindow()
    desk.qtbot.waitUntil(window.isActiveWindow)
    desk.session.close_project()
    QApplication.processEvents()
    yield "page StartPage", window


def show_page(desk: Desk, page: QWidget) -> None:
    """As its action does, for pages that are begun and ended."""
    pages = desk.window.pages
    pages.leave()
    if page is pages.preview:
        desk.view.setCurrentIndex(desk.gallery.model.index(0))
        pages.toggle_preview()
    elif page is not pages.gallery:
        pages._show_own(page)
    assert pages.currentWidget() is page
    if desk.engine.all(messages.Suggest):
        images = [desk.image(f"image_{number}.png") for number in range(3, 6)]
        desk.engine.suggest([messages.Suggestion(image, "why", ()) for image in images])
    desk.settle()


def sections_of(dialog: QDialog) -> int:
    sections = getattr(dialog, "list", None)
    return sections.count() if isinstance(sections, QAbstractItemView) else 0  # type: ignore[attr-defined]


def controls(root: QWidget) -> list[QWidget]:
    """What can be clicked, written in or chosen from, and is to be seen."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if (isinstance(widget, _CONTROLS) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.window() is root.window()
        and widget.isVisible()
        and not is_internal(widget)
    ]


def is_internal(widget: QWidget) -> bool:
    """Parts that Qt makes of a control, and what menus and keys do as well."""
    if isinstance(widget, QScrollBar | QHeaderView | QMenuBar):
        return True
    if widget.objectName().startswith("qt_"):
        return True
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractScrollArea) and widget is parent.viewport():
        return True
    return isinstance(parent, QToolBar | QLineEdit | QComboBox | QAbstractSpinBox)


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    spoken = QAccessible.queryAccessibleInterface(widget)
    return spoken.text(QAccessible.Text.Name) if spoken is not None else ""


def told(place: str, widget: QWidget) -> str:
    return f"{place}: {type(widget).__name__} {widget.objectName()!r} {name_of(widget)!r}"


def test_every_control_has_a_name(rich: Desk) -> None:
    nameless = [
        told(place, widget)
        for place, root in walk(rich)
        for widget in controls(root)
        if not name_of(widget).strip()
    ]
    assert not nameless, "\n".join(nameless)


def tab_round(desk: Desk, root: QWidget) -> list[QWidget]:
    """Where Tab leads until it comes back to where it began."""
    found: list[QWidget] = []
    for _ in range(200):
        widget = QApplication.focusWidget()
        if widget is None or widget in found:
            return found
        found.append(widget)
        desk.qtbot.keyClick(widget, Qt.Key.Key_Tab)
    raise AssertionError("Tab does not come round")


def test_tab_reaches_every_control_and_is_never_held(rich: Desk) -> None:
    missed = []
    for place, root in walk(rich):
        if QApplication.focusWidget() is None:
            root.setFocus()
        tab_round(rich, root)  # Wherever it began, it is in the round now.
        reached = tab_round(rich, root)
        within = {widget for widget in reached}
        for widget in controls(root):
            proxy = widget.focusProxy()
            if (
                widget.isEnabled()
                and widget not in within
                and proxy not in within
                and not is_in_group_of(widget, within)
            ):
                missed.append(told(place, widget))
    assert not missed, "\n".join(missed)


def is_in_group_of(widget: QWidget, reached: set[QWidget]) -> bool:
    """Of buttons that exclude each other Tab reaches one, and the arrow keys the others."""
    if not isinstance(widget, QAbstractButton):
        return False
    group = widget.group()
    for other in reached:
        if not isinstance(other, QAbstractButton):
            continue
        if group is not None and group.exclusive() and other.group() is group:
            return True
        if widget.autoExclusive() and other.autoExclusive() and other.parent() is widget.parent():
            return True
    return False


def test_focus_can_be_seen(rich: Desk) -> None:
    unseen = []
    for place, root in walk(rich):
        root.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)  # As after any Tab.
        rest = next((item for item in controls(root) if item.isEnabled()), None)
        for widget in controls(root):
            if not widget.isEnabled() or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                continue
            if not isinstance(widget, _CONTROLS) and controls(widget):
                continue  # The ground of a page, as the body of a document: no control.
            if isinstance(widget, QAbstractItemView) and not widget.currentIndex().isValid():
                continue  # It is at no item yet; the first arrow key takes it to one.
            other = rest if rest is not widget else root
            assert other is not None
            other.setFocus(Qt.FocusReason.TabFocusReason)
            if widget.hasFocus():
                root.setFocus()
            bring_into_sight(widget)
            before = picture_of(widget, root)
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if picture_of(widget, root) == before:
                unseen.append(told(place, widget))
    assert not unseen, "\n".join(unseen)


def bring_into_sight(widget: QWidget) -> None:
    """Scroll to a control, as Tab does where it lies below the fold."""
    ground = widget.parentWidget()
    while ground is not None:
        if isinstance(ground, QScrollArea):
            ground.ensureWidgetVisible(widget)
        ground = ground.parentWidget()


def picture_of(widget: QWidget, root: QWidget) -> bytes:
    corner = widget.mapTo(root, QPoint(0, 0))
    image = root.grab(QRect(corner, widget.size()).adjusted(-3, -3, 3, 3)).toImage()
    return bytes(image.constBits())


# --- Colours --------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_ring_of_focus_stands_out_from_what_is_around_it(theme: Theme) -> None:
    for ground in (theme.window, theme.surface, theme.sunken, theme.hover, theme.accent_soft):
        assert contrast(theme.accent, ground) >= 3
    assert contrast(theme.text, theme.window) >= 3  # Around the primary button.


# --- Large text -----------------------------------------------------------------------------------


def test_the_style_sheet_has_no_sizes_of_text_in_pixels(qapp: QApplication) -> None:
    sheet = style_sheet_of(LIGHT)
    assert re.findall(r"font-size:\s*[\d.]+px", sheet) == []


@pytest.fixture
def large_text(qapp: QApplication) -> Iterator[float]:
    """The system's text is one and a half times as large as usual."""
    before = QFont(qapp.font())
    larger = QFont(before)
    larger.setPointSizeF(1.5 * before.pointSizeF())
    qapp.setFont(larger)
    yield larger.pointSizeF()
    qapp.setFont(before)


def clipped(root: QWidget) -> list[QWidget]:
    """Controls and labels with less room than their words need."""
    found: list[QWidget] = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not root.window():
            continue
        if isinstance(widget, QAbstractButton) and widget.text():
            needs = widget.minimumSizeHint() if widget.minimumSizeHint().isValid() else None
            if needs is not None and (
                widget.width() < needs.width() or widget.height() < needs.height()
            ):
                found.append(widget)
        elif isinstance(widget, QComboBox | QLineEdit):
            if widget.height() < widget.fontMetrics().height():
                found.append(widget)
        elif type(widget) is QLabel and widget.text():
            needs_px = (
                widget.heightForWidth(widget.width())
                if widget.wordWrap()
                else widget.fontMetrics().height()
            )
            is_narrow = not widget.wordWrap() and widget.minimumSizeHint().width() > widget.width()
            if widget.height() < needs_px - 1 or is_narrow:
                found.append(widget)
    return found


def settled(desk: Desk, root: QWidget) -> list[QWidget]:
    """What is clipped still once lines that were broken anew have been given their height."""
    with contextlib.suppress(desk.qtbot.TimeoutError):
        desk.qtbot.waitUntil(lambda: not clipped(root), timeout=3000)
    return clipped(root)


def test_large_text_is_followed_and_not_clipped(
    large_text: float, make_desk: Callable[[], Desk], folder: object
) -> None:
    desk = make_desk()
    desk.open(folder)  # type: ignore[arg-type]
    desk.add_classes("cat", "dog")
    assert desk.window.font().pointSizeF() == pytest.approx(large_text)
    heading = desk.window.start_page.findChild(QLabel, "heading")
    assert heading is not None
    heading.ensurePolished()
    assert heading.font().pointSizeF() > large_text
    found = [
        f"{told(place, widget)} {widget.size()} of {widget.sizeHint()}"
        for place, root in walk(desk)
        for widget in settled(desk, root)
    ]
    assert not found, "\n".join(found)
