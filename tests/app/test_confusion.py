"""The confusion matrix: from a number to the images behind it, and labels put right there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from app.evaluation.cell_images import CellImages
from app.evaluation.confusion import ConfusionMatrix, cell_colour
from app.gallery.arrangement import Show
from app.look.theme import DARK, LIGHT, Theme, contrast, text_on
from engine import messages


@pytest.fixture
def confused(garden: Desk) -> Desk:
    """Of four cats two are taken for dogs, of three dogs one for a cat; the matrix is shown."""
    garden.add_classes("cat", "dog")
    garden.select(*(f"image_{number}.png" for number in range(1, 5)))
    garden.press("1")
    garden.select(*(f"image_{number}.png" for number in range(5, 8)))
    garden.press("2")
    garden.window.actions_.evaluation.trigger()
    answer(garden, {"image_2.png": ("dog", 0.6), "image_3.png": ("dog", 0.9)})
    garden.engine.review()
    bar = garden.window.pages.evaluation.tabs.tabBar()
    garden.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    return garden


def answer(desk: Desk, wrong: dict[str, tuple[str, float]]) -> None:
    """The engine answers the newest labels; what some held-out images were taken for."""
    ids = {item.name: item.class_id for item in desk.session.classes}
    desk.engine.predict(
        {desk.image("image_9.png"): [(ids["cat"], 0.8), (ids["dog"], 0.2)]},
        taken_for={
            desk.image(name): (ids[class_name], confidence)
            for name, (class_name, confidence) in wrong.items()
        },
    )


def matrix(desk: Desk) -> ConfusionMatrix:
    return desk.window.pages.evaluation.matrix


def cell(desk: Desk) -> CellImages:
    return desk.window.pages.evaluation.cell


def shown(desk: Desk) -> list[str]:
    """The images behind the cell, in order."""
    table = desk.session.table
    return [table.names[table.row_of(image)] for image in cell(desk).model.images]


def numbers(desk: Desk) -> list[list[str]]:
    model = matrix(desk).matrix
    places = range(model.rowCount())
    return [[model.index(row, column).data() for column in places] for row in places]


def click_cell(desk: Desk, row: int, column: int) -> None:
    view = matrix(desk)
    place = view.visualRect(view.matrix.index(row, column)).center()
    desk.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def arrows(desk: Desk, *keys: Qt.Key) -> None:
    for key in keys:
        desk.press(key, matrix(desk))


def captions(desk: Desk) -> Sequence[str]:
    model = cell(desk).model
    return [model.caption(place) for place in range(model.rowCount())]


def test_it_opens_on_the_most_frequent_mistake(confused: Desk) -> None:
    assert numbers(confused) == [["2", "2"], ["0", "3"]]
    assert cell(confused).title.text() == "2 images labelled “cat” were taken for “dog”"
    assert shown(confused) == ["image_3.png", "image_2.png"]  # The surest mistake first.
    assert captions(confused) == ["90 %", "60 %"]
    note = confused.window.pages.evaluation.matrix_note.text()
    assert "Held-out accuracy 75 % (" in note
    assert "Effort: Instant." in note


def test_by_the_mouse_a_number_shows_its_images(confused: Desk) -> None:
    click_cell(confused, 1, 1)
    assert cell(confused).title.text() == "3 images labelled “dog” were recognised"
    assert shown(confused) == ["image_5.png", "image_6.png", "image_7.png"]
    click_cell(confused, 1, 0)
    assert shown(confused) == []
    assert cell(confused).emptiness.isVisible()
    assert cell(confused).emptiness.text().startswith("No held-out image was taken so.")
    assert not cell(confused).gallery_button.isVisible()
    assert not cell(confused).view.isVisible()
    assert matrix(confused).hasFocus()
    click_cell(confused, 1, 1)
    assert cell(confused).view.isVisible()


def test_the_attention_on_a_button_of_a_cell_that_is_emptied_goes_to_the_matrix(
    confused: Desk,
) -> None:
    cell(confused).gallery_button.setFocus()
    click_cell(confused, 0, 1)
    cell(confused).gallery_button.setFocus()
    answer(confused, {})
    assert shown(confused) == []
    assert matrix(confused).hasFocus()


def test_by_the_keyboard_to_the_images_and_back(confused: Desk) -> None:
    matrix(confused).setFocus()
    arrows(confused, Qt.Key.Key_Down)
    assert cell(confused).title.text() == "3 images labelled “dog” were recognised"
    arrows(confused, Qt.Key.Key_Left, Qt.Key.Key_Return)
    assert matrix(confused).hasFocus()  # There is nothing to go to.
    arrows(confused, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Return)
    assert cell(confused).view.hasFocus()
    confused.press(Qt.Key.Key_Escape)
    assert matrix(confused).hasFocus()
    confused.press(Qt.Key.Key_Escape)
    assert confused.window.pages.currentWidget() is confused.gallery


def test_a_key_puts_labels_right_one_after_the_other(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.press("2")
    assert confused.labels_on_disk()["image_3.png"] == "dog"
    assert captions(confused) == ["dog", "60 %"]  # It stays until the engine has answered.
    assert cell(confused).current_image() == confused.image("image_2.png")
    assert "Looking again" in confused.window.pages.evaluation.position.text()
    confused.press("0")
    assert confused.labels_on_disk()["image_2.png"] == "None of these"
    answer(confused, {"image_4.png": ("dog", 0.7)})
    assert numbers(confused) == [["1", "1"], ["0", "4"]]
    assert shown(confused) == ["image_4.png"]
    assert cell(confused).view.hasFocus()


def test_a_cell_that_is_emptied_gives_the_keyboard_back(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.press("2")
    confused.press("2")
    answer(confused, {})
    assert shown(confused) == []
    assert matrix(confused).pair() == tuple(item.class_id for item in confused.session.classes)
    assert matrix(confused).hasFocus()


def test_the_keys_mean_nothing_while_the_matrix_has_the_keyboard(confused: Desk) -> None:
    matrix(confused).setFocus()
    before = confused.labels_on_disk()
    confused.press("2")
    assert confused.labels_on_disk() == before


def test_by_the_mouse_alone_a_label_is_put_right(confused: Desk) -> None:
    view = cell(confused).view
    place = view.visualRect(cell(confused).model.index(1)).center()
    confused.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    confused.click_class(confused.session.classes[1].class_id)
    assert confused.labels_on_disk()["image_2.png"] == "dog"
    assert confused.labels_on_disk()["image_3.png"] == "cat"


def test_several_at_once_and_undone(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.qtbot.keyClick(cell(confused).view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    confused.press("2")
    labels = confused.labels_on_disk()
    assert labels["image_2.png"] == labels["image_3.png"] == "dog"
    confused.window.actions_.undo.trigger()
    labels = confused.labels_on_disk()
    assert labels["image_2.png"] == labels["image_3.png"] == "cat"
    assert captions(confused) == ["90 %", "60 %"]


def test_a_label_can_be_taken_off(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.press(Qt.Key.Key_Delete)
    assert "image_3.png" not in confused.labels_on_disk()
    assert captions(confused)[0] == "label removed"


def test_an_image_is_seen_large_and_one_comes_back(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.press(Qt.Key.Key_Return)
    assert confused.window.preview.row == confused.session.table.row_of_name("image_3.png")
    confused.press(Qt.Key.Key_Escape, confused.window.preview)
    assert confused.window.pages.currentWidget() is confused.window.pages.evaluation
    assert shown(confused) == ["image_3.png", "image_2.png"]


def test_the_images_can_be_seen_in_the_gallery(confused: Desk) -> None:
    matrix(confused).setFocus()
    confused.press(Qt.Key.Key_Return)
    confused.press("g")
    assert confused.shown() == ["image_2.png", "image_3.png"]
    assert confused.gallery.model.arrangement.show is Show.THESE


def test_thumbnails_are_asked_for_first(confused: Desk) -> None:
    confused.gallery.thumbnails.clear()
    click_cell(confused, 1, 1)
    confused.settle()
    asked = confused.engine.last(messages.LoadThumbnails)
    assert [image.name for image in asked.images[:3]] == [
        "image_5.png",
        "image_6.png",
        "image_7.png",
    ]


def test_a_class_of_the_table_leads_to_its_mistakes(confused: Desk) -> None:
    page = confused.window.pages.evaluation
    page.tabs.setCurrentIndex(0)
    scores = page.overview.scores
    scores.setFocus()
    scores.setCurrentIndex(scores.scores.index(0, 0))
    confused.press(Qt.Key.Key_Return)
    assert page.tabs.currentIndex() == 1
    assert matrix(confused).hasFocus()
    assert cell(confused).title.text() == "2 images labelled “cat” were taken for “dog”"


def test_a_removed_class_leaves_the_matrix(confused: Desk) -> None:
    confused.session.rename_class(confused.session.classes[1].class_id, "wolf")
    assert "taken for “wolf”" in cell(confused).title.text()
    confused.session.delete_class(confused.session.classes[1].class_id)
    assert numbers(confused) == [["2"]]


def test_each_cell_says_what_it_is(confused: Desk) -> None:
    model = matrix(confused).matrix
    spoken = model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "2 images labelled “cat” were taken for “dog”"
    across = model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert across == "Taken for “dog”: 5"
    pictures = cell(confused).model
    spoken = pictures.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "image_3.png: confidence 90 %"


def test_the_models_are_sound(confused: Desk, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(matrix(confused).matrix)
    qtmodeltester.check(cell(confused).model)
    answer(confused, {"image_1.png": ("dog", 0.5)})
    click_cell(confused, 0, 1)


def test_another_project_begins_at_its_own_worst(confused: Desk) -> None:
    click_cell(confused, 1, 0)
    confused.session.close_project()
    assert matrix(confused).matrix.rowCount() == 0
    assert matrix(confused).pair() is None


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("is_right", [True, False])
def test_numbers_can_be_read_on_every_tint(theme: Theme, share: float, is_right: bool) -> None:
    ground = cell_colour(theme, share, is_right=is_right).name()
    assert contrast(text_on(ground), ground) >= 4.5
    none = cell_colour(theme, 0.0, is_right=is_right).name()
    assert contrast(theme.muted, none) >= 4.5
