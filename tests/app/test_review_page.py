"""Review by class: pages of predictions, accepted, relabelled or taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton
from pytestqt.modeltest import ModelTester

from app.queue.review_page import ReviewPage
from app.queue.review_tiles import ReviewModel
from engine.messages import NONE_OF_THESE, ClassId, ImageId

N_IMAGES = 30
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def review(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Thirty images: two labelled, 20 predicted as cats, image_3 the surest, 8 as dogs."""
    desk.open(paint_folder(tmp_path_factory.mktemp("many") / "many", N_IMAGES))
    cat, dog = (item.class_id for item in desk.add_classes("cat", "dog"))
    desk.session.label([desk.image("image_1.png")], cat)
    desk.session.label([desk.image("image_2.png")], dog)
    answer(desk)
    desk.window.actions_.review.trigger()
    desk.settle()
    desk.qtbot.waitUntil(lambda: not page_of(desk).view._settle.isActive())
    # On a busy machine the time in which a page may still be put in order must not matter.
    page_of(desk)._since_turned.invalidate()
    page_of(desk).unseen_ms = 0
    return desk


def test_before_any_prediction_no_class_is_done(desk: Desk, tmp_path: Path) -> None:
    desk.open(paint_folder(tmp_path / "many", 6))
    cat, dog = (item.class_id for item in desk.add_classes("cat", "dog"))
    desk.session.label([desk.image("image_1.png")], cat)
    desk.session.label([desk.image("image_2.png")], dog)
    desk.window.actions_.review.trigger()
    desk.settle()
    bars = page_of(desk).classes.bars.bars
    assert [(bar.is_ticked, bar.share, bar.number) for bar in bars] == 3 * [(False, 0.0, "")]
    for number in range(3, 7):  # All are labelled: nothing is left.
        desk.session.label([desk.image(f"image_{number}.png")], cat)
    desk.settle()
    bars = page_of(desk).classes.bars.bars
    assert all(bar.is_ticked for bar in bars[:2])  # "None of these" has none to be done with.


def answer(desk: Desk, *, strange: tuple[str, ...] = (), dogs_first: int = 23) -> None:
    """Predict cats below ``dogs_first`` and dogs from there on, surest first by number."""
    cat, dog = (item.class_id for item in desk.session.classes[:2])
    ranks: dict[ImageId, list[tuple[ClassId, float]]] = {}
    for number in range(3, N_IMAGES + 1):
        image = desk.image(f"image_{number}.png")
        if desk.session.table.label(desk.session.table.row_of(image)):
            continue
        first, second = (cat, dog) if number < dogs_first else (dog, cat)
        ranks[image] = [(first, 0.99 - 0.01 * number), (second, 0.01 + 0.01 * number)]
    none = {desk.image(name): 0.9 for name in strange}
    desk.engine.predict(ranks, none_scores=none)
    desk.settle()


def page_of(desk: Desk) -> ReviewPage:
    return desk.window.pages.review


def shown(desk: Desk) -> list[str]:
    """The names of the tiles."""
    return [desk.session.table.names[row] for row in page_of(desk).view.rows]


def names(first: int, count: int) -> list[str]:
    return [f"image_{number}.png" for number in range(first, first + count)]


def select(desk: Desk, *wanted: str) -> None:
    """Click these tiles, all but the first with Ctrl."""
    view, modifier = page_of(desk).view, Qt.KeyboardModifier.NoModifier
    for name in wanted:
        place = shown(desk).index(name)
        point = view.visualRect(view.model().index(place, 0)).center()
        desk.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, point)
        modifier = CONTROL


def press(desk: Desk, key: Qt.Key | str, modifier: Qt.KeyboardModifier | None = None) -> None:
    desk.qtbot.keyClick(page_of(desk).view, key, modifier or Qt.KeyboardModifier.NoModifier)


def test_the_predictions_of_the_class_with_the_most_are_shown_surest_first(review: Desk) -> None:
    n_tiles = page_of(review).view.n_tiles
    assert 4 <= n_tiles < 20
    assert shown(review) == names(3, n_tiles)
    assert page_of(review).classes.texts() == [
        "1 cat 20 left",
        "2 dog 8 left",
        "0 None of these? 0 left",
    ]
    pages = -(-20 // n_tiles)
    assert page_of(review).position.text() == f"20 left to review · page 1 of {pages}"
    assert page_of(review).view.hasFocus()
    assert page_of(review).view.verticalScrollBar().maximum() == 0


def test_enter_accepts_the_page_as_one_edit_and_turns_it(review: Desk) -> None:
    n_tiles = page_of(review).view.n_tiles
    press(review, Qt.Key.Key_Return)
    labels = review.labels_on_disk()
    assert {name for name, label in labels.items() if label == "cat"} == {
        "image_1.png",
        *names(3, n_tiles),
    }
    assert shown(review) == names(3 + n_tiles, min(n_tiles, 20 - n_tiles))
    assert review.notices()[0] == f"Labelled {n_tiles} images."
    assert review.session.undo_text() == f"Accept {n_tiles} as “cat”"
    review.window.actions_.undo.trigger()
    assert len(review.labels_on_disk()) == 2
    assert shown(review) == names(3, n_tiles)  # What was undone is looked at again.


def test_a_class_key_relabels_the_selection_and_nothing_moves(review: Desk) -> None:
    before = shown(review)
    select(review, "image_4.png", "image_5.png")
    press(review, "2")
    assert shown(review) == before
    assert page_of(review).view.tiles.state_text(page_of(review).view.rows[1]) == "labelled dog"
    select(review, "image_3.png")
    press(review, "0")
    press(review, Qt.Key.Key_Return)
    labels = review.labels_on_disk()
    assert (labels["image_3.png"], labels["image_4.png"]) == ("None of these", "dog")
    assert labels["image_6.png"] == "cat"


def test_clicking_a_class_relabels_the_selection(review: Desk) -> None:
    select(review, "image_4.png")
    review.click_class(review.session.classes[1].class_id)
    assert review.labels_on_disk()["image_4.png"] == "dog"


@pytest.mark.parametrize("key", ["x", Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_what_is_taken_out_is_not_accepted_and_does_not_come_again(
    review: Desk, key: Qt.Key | str
) -> None:
    page = page_of(review)
    before = shown(review)
    select(review, "image_4.png", "image_6.png")
    press(review, key)
    assert shown(review) == before
    assert page.view.tiles.state_text(page.view.rows[1]).startswith("taken out; predicted cat")
    assert page.strip.accept_page.text() == f"Accept {len(before) - 2} Images"
    press(review, Qt.Key.Key_Return)
    assert "image_4.png" not in review.labels_on_disk()
    press(review, Qt.Key.Key_F5)
    assert "image_4.png" not in shown(review)
    assert page.strip.taken_out.text() == "2 Taken Out"
    review.qtbot.mouseClick(page.strip.taken_out, Qt.MouseButton.LeftButton)
    assert review.shown() == ["image_4.png", "image_6.png"]


def test_taking_out_once_more_puts_back(review: Desk) -> None:
    select(review, "image_4.png")
    press(review, "x")
    press(review, "x")
    press(review, Qt.Key.Key_Return)
    assert review.labels_on_disk()["image_4.png"] == "cat"


def test_the_selection_can_be_accepted_alone(review: Desk) -> None:
    before = shown(review)
    assert not page_of(review).strip.accept_selection.isEnabled()
    select(review, "image_5.png", "image_7.png")
    press(review, Qt.Key.Key_Return, CONTROL)
    assert review.labels_on_disk() == {
        "image_1.png": "cat",
        "image_2.png": "dog",
        "image_5.png": "cat",
        "image_7.png": "cat",
    }
    assert shown(review) == before
    select(review, "image_8.png")
    review.qtbot.mouseClick(page_of(review).strip.accept_selection, Qt.MouseButton.LeftButton)
    assert review.labels_on_disk()["image_8.png"] == "cat"


def test_pages_are_turned_without_deciding_and_back_as_they_were(review: Desk) -> None:
    first = shown(review)
    press(review, Qt.Key.Key_PageDown)
    second = shown(review)
    assert not set(first) & set(second)
    answer(review, dogs_first=15)
    assert shown(review) == second  # Nothing moves under the finger, whatever is predicted.
    press(review, Qt.Key.Key_PageUp)
    assert shown(review) == first
    assert len(review.labels_on_disk()) == 2
    press(review, Qt.Key.Key_F5)
    assert shown(review) == names(3, min(12, page_of(review).view.n_tiles))


def test_what_comes_next_follows_the_newest_predictions(review: Desk) -> None:
    n_tiles = page_of(review).view.n_tiles
    answer(review, dogs_first=3 + n_tiles)  # All others are dogs now.
    press(review, Qt.Key.Key_Return)
    assert shown(review) == []
    assert "Nothing more is predicted as “cat”" in page_of(review).nothing.title.text()
    assert page_of(review).nothing.hint.text() == "Enter goes on with “dog”."
    press(review, Qt.Key.Key_Return)
    assert shown(review) == names(3 + n_tiles, n_tiles)


def test_a_page_nobody_has_looked_at_is_put_in_order_when_the_answers_come(review: Desk) -> None:
    page = page_of(review)
    page.unseen_ms = 1_000_000
    n_tiles = page.view.n_tiles
    press(review, Qt.Key.Key_Return)
    assert shown(review)[0] == f"image_{3 + n_tiles}.png"
    answer(review, dogs_first=3 + n_tiles + 2)
    assert shown(review) == names(3 + n_tiles, 2)
    press(review, Qt.Key.Key_PageUp)
    press(review, Qt.Key.Key_PageDown)
    select(review, f"image_{4 + n_tiles}.png")  # Now somebody has.
    answer(review)
    assert shown(review) == names(3 + n_tiles, 2)


def test_at_the_end_the_undecided_are_gone_through_again(review: Desk) -> None:
    for _ in range(9):
        press(review, Qt.Key.Key_PageDown)
    assert shown(review) == []
    assert page_of(review).nothing.title.text() == "You have seen all that is predicted as “cat”"
    assert page_of(review).nothing.hint.text().startswith("20 are undecided")
    press(review, Qt.Key.Key_Return)
    assert shown(review)[0] == "image_3.png"


def test_classes_are_changed_by_click_and_by_key(review: Desk) -> None:
    page = page_of(review)
    place = page.classes.visualRect(page.classes.bars.index(1)).center()
    review.qtbot.mouseClick(page.classes.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert shown(review)[0] == "image_23.png"
    assert page.view.hasFocus()
    press(review, Qt.Key.Key_PageUp, CONTROL)
    assert shown(review)[0] == "image_3.png"
    page.classes.setFocus()
    review.press(Qt.Key.Key_Down)
    assert shown(review)[0] == "image_23.png"
    assert page.classes.current is not None
    assert page.classes.current.name == "dog"


def test_what_looks_like_none_of_the_classes_stands_apart(review: Desk) -> None:
    answer(review, strange=("image_3.png", "image_25.png"))
    press(review, Qt.Key.Key_F5)
    assert shown(review)[0] == "image_4.png"
    page = page_of(review)
    assert page.classes.texts()[2] == "0 None of these? 2 left"
    press(review, Qt.Key.Key_PageUp, CONTROL)
    assert shown(review) == ["image_3.png", "image_25.png"]
    press(review, Qt.Key.Key_Return)
    assert review.labels_on_disk()["image_25.png"] == "None of these"
    assert not page.strip.by_confidence.isEnabled()


def test_the_numbers_agree_with_those_of_the_panel(review: Desk) -> None:
    answer(review, strange=("image_3.png", "image_25.png"))
    press(review, Qt.Key.Key_F5)
    select(review, "image_4.png")
    press(review, "x")
    review.settle()
    cat = review.session.classes[0]
    assert review.classes.model.counts_text(cat) == "1 labelled · 20 predicted"
    page = page_of(review)
    assert page.classes.texts()[0] == "1 cat 18 left"
    assert page.classes.bars.bars[0].spoken == (
        "1 labelled, 20 predicted, 18 left to review\n"
        "1 predicted one looks like none of these and is reviewed there\n"
        "1 was taken out\n"
        "Left to review: predicted images without those that look like none of these, are set "
        "aside or were taken out. Labels are not counted."
    )
    assert page.position.text().startswith("18 left to review")


@pytest.mark.parametrize("size", [(1280, 800), (900, 560)])
def test_accepting_by_confidence_moves_no_tile(review: Desk, size: tuple[int, int]) -> None:
    page, view = page_of(review), page_of(review).view
    review.window.resize(*size)
    review.qtbot.waitUntil(lambda: len(shown(review)) == view.n_tiles)
    before, geometry = shown(review), view.geometry()
    page.strip.by_confidence.setFocus()
    review.press(Qt.Key.Key_Space)
    bar = page.coverage
    assert bar.isVisible()
    assert bar.slider.hasFocus()
    review.press(Qt.Key.Key_Right)
    assert bar.slider.value() == 91
    assert (shown(review), view.geometry()) == (before, geometry)
    assert bar.geometry().contains(page.strip.geometry())
    assert bar.height() <= page.strip.height() + (48 if size[0] < 1000 else 8)
    assert not page.strip.isEnabled()  # Tab does not lead behind it.
    review.press(Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert page.strip.isEnabled()
    assert page.isVisible()
    review.qtbot.mouseClick(page.strip.by_confidence, Qt.MouseButton.LeftButton)
    review.qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    assert (shown(review), view.geometry()) == (before, geometry)


def test_all_above_the_slider_can_be_accepted_after_a_question(review: Desk) -> None:
    page = page_of(review)
    select(review, "image_4.png")
    press(review, "x")
    review.qtbot.mouseClick(page.strip.by_confidence, Qt.MouseButton.LeftButton)
    assert page.coverage.isVisible()
    assert not page.coverage.classes.isVisible()
    page.coverage.slider.setValue(90)  # image_3 to image_9, less image_4.
    assert page.coverage.sentence.text().startswith("6 × “cat” at 90")
    review.qtbot.mouseClick(page.coverage.label_button, Qt.MouseButton.LeftButton)
    box = review.window.findChild(QMessageBox)
    assert box is not None
    assert box.text() == "Label 6 images as predicted?"
    yes = next(button for button in box.buttons() if isinstance(button, QPushButton))
    assert len(review.labels_on_disk()) == 2
    review.qtbot.mouseClick(yes, Qt.MouseButton.LeftButton)
    assert len(review.labels_on_disk()) == 8
    assert "image_4.png" not in review.labels_on_disk()


def test_a_tile_is_seen_large_and_one_comes_back_to_the_page(review: Desk) -> None:
    press(review, Qt.Key.Key_PageDown)
    before = shown(review)
    select(review, before[1])
    press(review, Qt.Key.Key_Space)
    assert review.window.pages.is_preview_open()
    assert review.session.table.names[review.window.preview.row] == before[1]
    review.press(Qt.Key.Key_Escape, review.window.preview)
    assert shown(review) == before
    assert page_of(review).isVisible()


def test_why_is_asked_of_a_tile_and_one_comes_back_to_the_page(review: Desk) -> None:
    press(review, Qt.Key.Key_PageDown)
    before = shown(review)
    select(review, before[1])
    review.window.actions_.why.trigger()
    assert review.window.pages.is_preview_open()
    review.press(Qt.Key.Key_Escape, review.window.preview)
    assert page_of(review).isVisible()
    assert shown(review) == before


def test_the_page_has_as_many_tiles_as_fit(review: Desk) -> None:
    view = page_of(review).view
    before = view.n_tiles
    select(review, "image_4.png")
    review.window.actions_.smaller.trigger()
    review.qtbot.waitUntil(lambda: len(shown(review)) == view.n_tiles)
    assert view.n_tiles > before
    assert shown(review)[:2] == ["image_3.png", "image_4.png"]
    assert page_of(review).chosen_images() == [review.image("image_4.png")]
    review.window.resize(900, 560)
    review.qtbot.waitUntil(lambda: len(shown(review)) == view.n_tiles < before)


def test_escape_clears_the_selection_and_then_leaves(review: Desk) -> None:
    select(review, "image_4.png")
    press(review, Qt.Key.Key_Escape)
    assert page_of(review).chosen_images() == []
    press(review, Qt.Key.Key_Escape)
    assert review.view.isVisible()


def test_without_predictions_it_says_why(garden: Desk) -> None:
    garden.window.actions_.review.trigger()
    page = page_of(garden)
    assert page.nothing.title.text() == "Nothing predicted"
    assert "two classes" in page.nothing.hint.text()
    press(garden, Qt.Key.Key_Return)
    assert garden.labels_on_disk() == {}


def test_a_deleted_class_is_left(review: Desk) -> None:
    review.session.delete_class(review.session.classes[0].class_id)
    assert page_of(review).classes.texts() == ["2 dog 8 left", "0 None of these? 0 left"]
    assert shown(review)[:1] == ["image_23.png"]
    review.window.actions_.close_project.trigger()
    assert shown(review) == []


def test_dragging_starts_with_the_selected_tiles(review: Desk) -> None:
    select(review, "image_4.png", "image_5.png")
    mime = page_of(review).view.tiles.mimeData(page_of(review).view.selectedIndexes())
    assert mime.formats() == ["application/x-handful-images"]
    assert page_of(review).view.indexAt(QPoint(0, 0)).row() == -1


def test_the_page_is_a_proper_model(review: Desk, qtmodeltester: ModelTester) -> None:
    model = page_of(review).view.tiles
    assert isinstance(model, ReviewModel)
    qtmodeltester.check(model)
    model.show_rows(model.order[:2])
    model.show_rows(model.order[:0])


def test_what_is_set_aside_is_not_on_the_page_and_not_accepted_with_it(review: Desk) -> None:
    page, session = page_of(review), review.session
    n_tiles = page.view.n_tiles
    session.set_aside([review.image("image_4.png")])  # It is on the page, and stays there …
    press(review, Qt.Key.Key_Return)  # … but a page is no answer for it.
    labels = review.labels_on_disk()
    assert "image_4.png" not in labels
    assert {name for name, label in labels.items() if label == "cat"} == {
        "image_1.png",
        *(name for name in names(3, n_tiles) if name != "image_4.png"),
    }
    session.set_aside([review.image("image_22.png")])
    page.refresh()
    review.settle()
    left = 20 - (n_tiles - 1) - 2
    assert page.classes.texts()[0] == f"1 cat {left} left"
    bar = page.classes.bars.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "2 are set aside and wait in the label queue" in bar
    while page.view.rows:
        assert not {"image_4.png", "image_22.png"} & set(shown(review))
        press(review, Qt.Key.Key_Return)
    assert not {"image_4.png", "image_22.png"} & set(review.labels_on_disk())
    assert page.classes.texts()[0] == "1 cat 0 left"


def test_what_is_set_aside_and_looks_like_none_waits_too(review: Desk) -> None:
    answer(review, strange=("image_5.png", "image_6.png"))
    review.session.set_aside([review.image("image_5.png")])
    page = page_of(review)
    page.choose_class(NONE_OF_THESE)
    review.settle()
    assert shown(review) == ["image_6.png"]
    assert page.classes.texts() == ["1 cat 18 left", "2 dog 8 left", "0 None of these? 1 left"]


@pytest.mark.parametrize("size", [(900, 560), (1280, 800)])
def test_the_tiles_take_the_room_that_there_is(review: Desk, size: tuple[int, int]) -> None:
    page, view = page_of(review), page_of(review).view
    review.window.resize(*size)
    review.qtbot.waitUntil(lambda: not view._settle.isActive())
    review.qtbot.waitUntil(lambda: len(view.rows) == view.n_tiles)
    room, tile = view.inner_size(), view.tile_size
    n_lines = view.n_whole // view.n_columns
    assert n_lines >= 1
    unused = (room.width() - view.n_columns * tile.width(), room.height() - n_lines * tile.height())
    assert 0 <= min(unused) <= max(view.n_columns, n_lines)  # By rounding, in one direction.
    review.qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() == 0)
    last = view.visualRect(view.model().index(len(view.rows) - 1, 0))
    assert view.viewport().rect().contains(last)
    # As sharp as they are large, and in the gallery as they were.
    thumbnails, ratio = review.gallery.thumbnails, view.devicePixelRatioF()
    review.qtbot.waitUntil(lambda: thumbnails._side_px == round(view._side_px * ratio))
    assert thumbnails._side_px > review.gallery.tile_px() - 1
    before = tile.width()
    page.size_step_requested.emit(-4)  # Ctrl and the wheel: more tiles, and none larger.
    assert view.tile_size.width() <= before


def test_a_tile_that_is_larger_than_the_page_is_made_smaller(review: Desk) -> None:
    view = page_of(review).view
    review.window.resize(900, 560)
    view.set_tile_px(320)
    review.qtbot.waitUntil(lambda: view.n_whole == 1)  # Once the window has its new size.
    assert view.viewport().rect().contains(view.visualRect(view.model().index(0, 0)))


def test_panel_and_review_say_what_each_of_them_counts(review: Desk) -> None:
    model, bars = review.classes.model, page_of(review).classes.bars
    panel = model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == (
        "cat, 1 labelled · 20 predicted"
    )
    assert "Predicted: unlabelled images whose most likely class it is" in panel
    assert "Left to review are the predicted ones without these" in panel
    tip = bars.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "1 labelled, 20 predicted, 20 left to review" in tip
    assert "Left to review: predicted images without those that look like none of these" in tip
    assert "Labels are not counted." in tip
    assert tip == bars.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    headings = [label.text() for label in page_of(review).findChildren(QLabel)]
    assert "Predictions left to review" in headings  # In sight, above the numbers.
    assert "Labelled" not in model.index(2).data(Qt.ItemDataRole.ToolTipRole)  # There is none.
