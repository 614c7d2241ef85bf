"""Classes in lists: their order, notes, letters as keys, and lists that are imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.modeltest import ModelTester

from app.classes.note_dialog import NoteDialog
from engine import ImageClass
from engine.messages import NONE_OF_THESE


def names(desk: Desk) -> list[str]:
    """The classes in their order, as the project has them."""
    return [item.name for item in desk.session.classes]


def drag_class(desk: Desk, item: ImageClass, to: QPoint) -> None:
    """Drag a class within the list; the drag itself belongs to the system, so its events do."""
    panel = desk.classes.list
    index = panel.class_model().index(panel.class_model().place_of(item.class_id))
    mime = panel.class_model().mimeData([index])
    move, none = Qt.DropAction.MoveAction, Qt.KeyboardModifier.NoModifier

    class From:
        """A drop says where the drag began; an event made by hand does not."""

        def source(self) -> object:
            return panel

    for kind in (QDragEnterEvent, QDragMoveEvent):
        event = kind(to, move, mime, Qt.MouseButton.LeftButton, none)
        event.source = From().source
        {QDragEnterEvent: panel.dragEnterEvent, QDragMoveEvent: panel.dragMoveEvent}[kind](event)
        assert event.isAccepted()
    drop = QDropEvent(QPointF(to), move, mime, Qt.MouseButton.LeftButton, none)
    drop.source = From().source
    panel.dropEvent(drop)


def test_a_class_is_moved_by_keys_and_undone(garden: Desk, qtmodeltester: ModelTester) -> None:
    garden.add_classes("cat", "dog", "owl")
    panel = garden.classes.list
    panel.setFocus()
    panel.setCurrentIndex(garden.classes.model.index(2))
    garden.qtbot.keyClick(panel, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(garden) == ["cat", "owl", "dog"]
    assert panel.current_class() is not None
    assert panel.current_class().name == "owl"  # type: ignore[union-attr]
    garden.qtbot.keyClick(panel, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    garden.qtbot.keyClick(panel, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(garden) == ["owl", "cat", "dog"]
    qtmodeltester.check(garden.classes.model)
    garden.session.undo()
    garden.session.undo()
    assert names(garden) == ["cat", "dog", "owl"]
    assert [item.key for item in garden.session.classes] == ["1", "2", "3"]


@pytest.mark.parametrize(("below", "order"), [(1, "dog cat owl"), (2, "dog owl cat")])
def test_a_class_is_dragged_to_another_place(garden: Desk, below: int, order: str) -> None:
    cat, *_ = garden.add_classes("cat", "dog", "owl")
    panel = garden.classes.list
    point = panel.visualRect(garden.classes.model.index(below)).center() + QPoint(0, 5)
    drag_class(garden, cat, point)
    assert names(garden) == order.split()


def test_a_class_dropped_where_it_was_is_no_edit(garden: Desk) -> None:
    cat, *_ = garden.add_classes("cat", "dog")
    before = garden.session.undo_text()
    panel = garden.classes.list
    drag_class(garden, cat, panel.visualRect(garden.classes.model.index(0)).center())
    assert names(garden) == ["cat", "dog"]
    assert garden.session.undo_text() == before


def test_a_note_is_kept_shown_as_a_tip_and_undone(garden: Desk) -> None:
    (cat,) = garden.add_classes("cat")
    menu = garden.classes.menu_of(cat)
    next(action for action in menu.actions() if action.text() == "Note…").trigger()
    dialog = garden.window.findChild(NoteDialog)
    garden.qtbot.keyClicks(dialog.text, "no lynx <b>")
    garden.qtbot.keyClick(
        dialog.text.viewport(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    dialog.keep.click()
    model = garden.classes.model
    assert "no lynx" in model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "no lynx" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert garden.session.project is not None
    assert "no lynx <b>" in garden.session.project.classes()[0].note
    assert not garden.session.note_class(cat.class_id, garden.session.classes[0].note + " ")
    garden.session.undo()
    assert garden.session.project.classes()[0].note == ""


def test_a_letter_can_be_the_key_of_a_class(garden: Desk) -> None:
    _cat, dog = garden.add_classes("cat", "dog")
    garden.session.set_hotkey(dog.class_id, ord("D"))
    assert [item.key for item in garden.session.classes] == ["1", "D"]
    garden.click("image_2.png")
    garden.press(Qt.Key.Key_D)
    assert garden.labels_on_disk() == {"image_2.png": "dog"}


def test_a_list_is_imported_without_what_is_there(
    garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.add_classes("cat")
    path = tmp_path / "species.csv"
    path.write_text("id;species\n1;Fox\n2; CAT\n3;Fox\n4;none of these\n5;Elk\n", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    garden.window.actions_.import_classes.trigger()
    assert names(garden) == ["cat", "Fox", "Elk"]
    assert [item.key for item in garden.session.classes] == ["1", "2", "3"]
    assert len({item.colour for item in garden.session.classes}) == 3
    assert garden.notices() == ["Added 2 classes; 2 others were there already."]
    garden.session.undo()
    assert names(garden) == ["cat"]


def test_a_file_that_is_no_list_is_refused_in_one_sentence(
    garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    garden.window.actions_.import_classes.trigger()
    assert garden.notices() == [f"{path} is not a text file in UTF-8."]
    assert names(garden) == []


def test_several_lines_pasted_into_the_field_are_a_list(garden: Desk) -> None:
    QGuiApplication.clipboard().setText("ant\n\nbee\n")
    garden.window.actions_.new_class.trigger()
    garden.qtbot.keyClick(garden.classes.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert names(garden) == ["ant", "bee"]
    QApplication.clipboard().setText("one word")
    garden.qtbot.keyClick(garden.classes.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert garden.classes.field.text() == "one word"


def test_what_is_pasted_and_is_no_list_is_refused_in_one_sentence(garden: Desk) -> None:
    garden.window.actions_.new_class.trigger()
    for text, reason in (
        ("\n".join(map(str, range(2000))), "The pasted text names 2,000 classes"),
        ("word " * 40 + "\nand more", "has more than 80 letters"),
    ):
        QGuiApplication.clipboard().setText(text)
        garden.qtbot.keyClick(
            garden.classes.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier
        )
        assert reason in garden.notices()[0]
    assert names(garden) == []


def test_who_imports_a_list_is_told_which_files_are_understood(
    garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    path = tmp_path / "empty.txt"
    path.write_text("# nothing yet\n")

    def choose(_parent: object, title: str, _folder: str, files: str) -> tuple[str, str]:
        asked.append((title, files))
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    garden.window.actions_.import_classes.trigger()
    ((title, files),) = asked
    assert "JSON" in title
    assert "*.json" in files
    assert "a column called class, label or name" in garden.notices()[-1]


@pytest.fixture
def many(garden: Desk) -> Desk:
    """More classes than the smallest window has room for, the list scrolled to its top."""
    garden.window.resize(900, 560)
    garden.add_classes(*(f"species {number}" for number in range(1, 21)))
    garden.classes.list.scrollToTop()
    garden.settle()
    return garden


def test_none_of_these_stays_at_the_foot_of_many_classes(many: Desk) -> None:
    panel, model = many.classes.list, many.classes.model
    none, bar = model.index(model.place_of(NONE_OF_THESE)), panel.verticalScrollBar()
    assert none.row() == 20  # The order is as ever.
    assert bar.maximum() > 0
    for value in (0, bar.maximum() // 2, bar.maximum()):
        bar.setValue(value)
        rect = panel.visualRect(none)
        assert panel.viewport().rect().contains(rect)
        assert panel.indexAt(rect.center()) == none
    bar.setValue(0)
    behind = panel.grab(panel.visualRect(none)).toImage()
    bar.setValue(bar.maximum() // 3)
    assert panel.grab(panel.visualRect(none)).toImage() == behind  # No class shines through.


def test_none_of_these_at_the_foot_is_clicked_and_reached_by_keys(many: Desk) -> None:
    panel, model = many.classes.list, many.classes.model
    none = model.index(model.place_of(NONE_OF_THESE))
    many.click("image_1.png")
    many.click_class(NONE_OF_THESE)
    assert many.labels_on_disk() == {"image_1.png": "None of these"}
    assert panel.selectionModel().selectedIndexes() == [none]
    panel.setFocus()
    panel.setCurrentIndex(model.index(0))
    for row in range(1, 21):
        many.press(Qt.Key.Key_Down, panel)
        assert panel.currentIndex().row() == row
        if row < 20:  # What the keys are at is never behind the foot.
            assert panel.visualRect(panel.currentIndex()).bottom() < panel.visualRect(none).top()
    many.press(Qt.Key.Key_Up, panel)
    assert panel.currentIndex().row() == 19


def test_few_classes_have_none_of_these_right_below_them(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    panel, model = garden.classes.list, garden.classes.model
    dog, none = model.index(1), model.index(2)
    assert panel.visualRect(none).top() == panel.visualRect(dog).bottom() + 1
