"""Images set aside for later, as the gallery, the larger view and the menus show them."""

from __future__ import annotations

from pathlib import Path

from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from app.gallery.arrangement import Arrangement, Show
from engine import messages

LEFT = Qt.MouseButton.LeftButton


def tile(desk: Desk, name: str) -> QImage:
    """The upper left corner of a tile's picture, as it is on screen."""
    rect = desk.view.visualRect(desk.gallery.model.index(desk.place(name)))
    grabbed = desk.view.viewport().grab(rect.adjusted(10, 10, 0, 0))
    return grabbed.copy(0, 0, 34, 34).toImage()


def test_a_selection_is_set_aside_and_put_back_from_the_menu(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.select("image_1.png", "image_2.png", "image_3.png")
    before = tile(garden, "image_2.png")
    garden.window.actions_.set_aside.trigger()
    garden.settle()
    assert garden.state("image_1.png") == "labelled cat"  # It needs none.
    assert garden.state("image_2.png") == "set aside, not classified yet"
    assert tile(garden, "image_2.png") != before
    chip = garden.gallery.head.chips[Show.SET_ASIDE]
    garden.qtbot.waitUntil(lambda: not chip.isHidden())
    garden.qtbot.mouseClick(chip, LEFT)
    assert garden.shown() == ["image_2.png", "image_3.png"]
    garden.view.selectAll()
    garden.window.actions_.set_aside.trigger()
    assert garden.session.undo_text() == "Put 2 images back"
    assert garden.state("image_2.png") == "not classified yet"
    garden.window.actions_.undo.trigger()
    assert garden.state("image_2.png").startswith("set aside")


def test_a_label_ends_it_wherever_it_is_given(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.select("image_2.png", "image_3.png")
    garden.window.actions_.set_aside.trigger()
    garden.click("image_2.png")
    garden.press("2")
    assert garden.state("image_2.png") == "labelled dog"
    garden.window.actions_.undo.trigger()
    assert garden.state("image_2.png") == "set aside, not classified yet"
    garden.double_click("image_2.png")
    assert garden.window.preview.side.state.text() == "Set aside"
    garden.press("1", garden.window.preview)
    assert garden.labels_on_disk()["image_2.png"] == "cat"


def test_the_sign_is_drawn_in_the_colours_of_text(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_2.png")
    garden.window.actions_.set_aside.trigger()
    garden.settle()
    corner = tile(garden, "image_2.png")
    ink, ground = QColor(garden.gallery._theme.text), QColor(garden.gallery._theme.surface)
    seen = {corner.pixel(x, y) for x in range(34) for y in range(34)}
    assert {ink.rgb(), ground.rgb()} <= seen


def test_where_nothing_is_set_aside_the_gallery_says_how(garden: Desk) -> None:
    garden.gallery.arrange(Arrangement(Show.SET_ASIDE))
    assert garden.gallery.empty.title.text() == "Nothing set aside"
    assert "U sets the selected images aside" in garden.gallery.empty.hint.text()


def test_marks_follow_files_renamed_while_the_window_was_closed(
    garden: Desk, folder: Path, home: Path, qapp: QApplication
) -> None:
    garden.add_classes("cat")
    garden.click("image_2.png")
    garden.window.actions_.set_aside.trigger()
    garden.qtbot.waitUntil(lambda: not garden.session.reader._record_timer.isActive())
    garden.close()
    (folder / "image_2.png").rename(folder / "renamed.png")
    again = garden.restart(qapp, home)
    try:
        again.open(folder)
        again.qtbot.waitUntil(lambda: again.state("renamed.png").startswith("set aside"))
        assert again.state("image_2.png") == "not classified yet"
        assert "1 image was moved or renamed; it stays set aside." in again.notices()
    finally:
        again.close()


def test_a_selection_that_has_labels_is_told_that_it_cannot_be_set_aside(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.select("image_1.png", "image_2.png")
    garden.press("1")
    undo = garden.session.undo_text()
    garden.window.actions_.set_aside.trigger()
    garden.click("image_1.png")
    garden.window.actions_.set_aside.trigger()
    assert garden.notices()[:2] == [
        "This image has a label, so there is nothing to keep for later.",
        "These images have labels, so there is nothing to keep for later.",
    ]
    assert garden.session.undo_text() == undo


def test_it_is_not_offered_as_worth_labelling_even_where_its_scene_is(garden: Desk) -> None:
    cat, dog = (item.class_id for item in garden.add_classes("cat", "dog"))
    garden.session.label([garden.image("image_1.png")], cat)
    garden.session.label([garden.image("image_2.png")], dog)
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.group([garden.image("image_3.png"), garden.image("image_4.png")])
    garden.engine.predict(
        {
            garden.image(f"image_{number}.png"): [(cat, share), (dog, 1 - share)]
            for number, share in ((3, 0.51), (4, 0.55), (5, 0.52), (6, 0.54))
        }
    )
    garden.select("image_3.png", "image_5.png")
    garden.window.actions_.set_aside.trigger()
    garden.classes.label_more_requested.emit(cat)
    # Of 3 and 4, which show the same, the one that could be told.
    assert garden.shown() == ["image_6.png", "image_4.png"]
    garden.gallery.arrange(Arrangement(Show.TO_LABEL))
    assert set(garden.shown()) == {"image_6.png", "image_4.png"}


def test_likeness_to_a_class_does_not_offer_it_either(garden: Desk) -> None:
    cat, _dog = (item.class_id for item in garden.add_classes("cat", "dog"))
    garden.session.label([garden.image("image_1.png")], cat)
    garden.session.set_aside([garden.image("image_2.png")])
    garden.classes.label_more_requested.emit(cat)
    garden.engine.measure(
        {garden.image(f"image_{number}.png"): number / 20 for number in range(1, 13)}
    )
    assert garden.shown() == [f"image_{number}.png" for number in range(12, 2, -1)]
