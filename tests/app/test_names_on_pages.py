"""Class and file names that look like markup are shown as they are, wherever there is text."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import Qt as TextQt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget
from test_accessibility import show_page

from app.gallery.gallery_model import plain_tip
from tests.app.conftest import Desk, make_all, paint_folder

NASTY = "<b>&lt;x<img src=a><i>"
FILE = "<b>&lt;x<img src=a>.png"


@pytest.fixture
def nasty(desk: Desk, tmp_path: Path) -> Desk:
    folder = paint_folder(tmp_path / "<b>garden<i>", 6)
    (folder / "image_1.png").rename(folder / FILE)
    desk.open(folder)
    first, second = desk.add_classes(NASTY, "tree")
    desk.select(FILE)
    desk.click_class(first.class_id)
    desk.select("image_2.png")
    desk.click_class(second.class_id)
    make_all(desk.window)
    desk.settle()
    return desk


def offenders(window: QWidget) -> list[str]:
    """Where a name would be taken for markup."""
    found = []
    for widget in (window, *window.findChildren(QWidget)):
        what = f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        if isinstance(widget, QLabel) and widget.textFormat() is not Qt.TextFormat.PlainText:
            found += [f"text of {what}"] * is_markup(widget.text())
        found += [f"tip of {what}"] * is_markup(widget.toolTip())
        found += [f"status tip of {what}"] * is_markup(widget.statusTip())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            found += [f"tip in {what}"] * any(is_markup(tip) for tip in tips_of(widget.model()))
    return found


def is_markup(text: str) -> bool:
    return "<b>" in text and TextQt.mightBeRichText(text)


def tips_of(model: QAbstractItemModel) -> list[str]:
    role = Qt.ItemDataRole.ToolTipRole
    # Of a list, which has one column, PySide6 does not let the number be asked for.
    is_list = isinstance(model, QAbstractListModel)
    rows, columns = model.rowCount(QModelIndex()), 1 if is_list else model.columnCount()
    tips = [
        model.index(row, column).data(role)
        for row in range(min(rows, 20))
        for column in range(columns)
    ]
    for orientation in Qt.Orientation:
        count = columns if orientation is Qt.Orientation.Horizontal else rows
        tips += [model.headerData(section, orientation, role) for section in range(min(count, 20))]
    return [tip for tip in tips if isinstance(tip, str)]


def test_a_label_and_a_tip_that_would_be_markup_are_noticed(qapp: QApplication) -> None:
    label = QLabel("<b>x</b>")
    assert len(offenders(label)) == 1
    label.setToolTip("<b>x</b>")
    assert len(offenders(label)) == 2
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setToolTip(plain_tip("<b>x</b>"))
    assert offenders(label) == []


def test_no_page_takes_a_name_for_markup(nasty: Desk) -> None:
    pages = nasty.window.pages
    assert offenders(nasty.window) == []
    seen = 0
    for number in range(pages.count()):
        page = pages.widget(number)
        assert page is not None
        show_page(nasty, page)
        nasty.settle()
        assert offenders(nasty.window) == [], type(page).__name__
        seen += 1
    pages.leave()
    assert seen >= 4


def test_the_notices_and_the_start_page_show_names_as_they_are(nasty: Desk) -> None:
    assert nasty.session.project is not None
    (first, _) = nasty.session.classes
    nasty.session.merge_classes(first.class_id, nasty.session.classes[1].class_id)
    nasty.settle()
    assert any(NASTY in notice for notice in nasty.notices())
    assert offenders(nasty.window) == []
    nasty.session.close_project()
    nasty.settle()
    assert offenders(nasty.window) == []
