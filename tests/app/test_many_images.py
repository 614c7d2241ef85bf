"""What is done otherwise for a million images gives what it gives for twelve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Desk

from app.gallery.arrangement import Arrangement, Sort, arrange, gather
from app.session import folder_reader
from app.session.image_table import NO_GROUP, ImageTable
from engine import ImageRecord, messages
from engine.messages import ImageId, PredictionsReady


def _table(count: int) -> ImageTable:
    """Every third image is predicted, many alike, and every fifth measured for likeness."""
    table = ImageTable()
    table.add(
        [ImageRecord(ImageId(row + 1), f"{row:05d}.jpg", 1, 1, False) for row in range(count)]
    )
    random = np.random.default_rng(0)
    ids = table.ids[::3].copy()
    first = random.choice([0.5, 0.75, 1.0], len(ids)).astype(np.float32)
    probabilities = np.stack([first, 1 - first], axis=1)
    classes = np.tile(np.array([1, 2]), (len(ids), 1))
    table.set_predictions(PredictionsReady(1, ids, classes, probabilities, first / 2))
    measured = table.ids[::5].copy()
    signed = random.choice([-0.5, -0.0, 0.0, 0.25, 1.0], len(measured)).astype(np.float32)
    table.set_similarities(measured, signed)
    return table


@pytest.mark.parametrize(
    "sort", [Sort.CONFIDENT_FIRST, Sort.UNSURE_FIRST, Sort.LIKE_NONE_FIRST, Sort.SIMILAR_FIRST]
)
def test_ties_stay_in_the_order_of_names_and_what_is_unknown_comes_last(sort: Sort) -> None:
    table = _table(3000)
    predicts = table.predicts
    value = {
        Sort.CONFIDENT_FIRST: np.where(predicts, -table.probabilities[:, 0], 2.0),
        Sort.UNSURE_FIRST: np.where(predicts, table.margins, 2.0),
        Sort.LIKE_NONE_FIRST: np.where(predicts, -table.none_scores, 2.0),
        Sort.SIMILAR_FIRST: -table.similarities,
    }[sort]
    expected = np.argsort(value, kind="stable")
    assert not np.array_equal(expected, np.arange(len(expected)))
    assert np.array_equal(arrange(table, Arrangement(sort=sort)), expected)


def test_a_name_typed_letter_by_letter_finds_what_it_finds_at_once() -> None:
    names = [
        "Ab/img 1.jpg",
        "ab/IMG 12.jpg",
        "cd/img 12.jpg",
        "cd/e.jpg",
        "cd/\N{LATIN SMALL LETTER E WITH ACUTE}.jpg",
    ]
    table = ImageTable()
    table.add([ImageRecord(ImageId(row + 1), name, 1, 1, False) for row, name in enumerate(names)])
    typed = [
        "i",
        "im",
        "img 1",
        "img 12",
        "img 12 ab",
        "img 12 a",
        "e",
        "e\N{COMBINING ACUTE ACCENT}",
        "",
    ]
    found = [np.flatnonzero(table.named(text)).tolist() for text in typed]
    assert found == [[0, 1, 2], [0, 1, 2], [0, 1, 2], [1, 2], [1], [1], [3], [4], [0, 1, 2, 3, 4]]


def test_a_group_lies_where_its_first_image_does() -> None:
    groups = np.array([4, NO_GROUP, 9, 4, 9, NO_GROUP, 4, 0, 0])
    rows = np.array([8, 6, 1, 2, 0, 5, 4, 3])  # Row 7 is filtered out.
    found, starts = gather(rows, groups, set())
    assert found.tolist() == [8, 6, 0, 3, 1, 2, 4, 5]
    assert starts.tolist() == [0, 1, 4, 5, 7, 8]
    found, starts = gather(rows, groups, {4})
    assert found.tolist() == [8, 6, 0, 3, 1, 2, 4, 5]
    assert starts.tolist() == [0, 1, 2, 3, 4, 5, 7, 8]


def test_images_that_are_found_in_parts_are_placed_as_if_at_once(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    scan = desk.engine.last(messages.ScanFolder)
    for start in (0, 40, 80):
        files = [messages.FoundFile(f"{row:03d}.png", 1, 1) for row in range(start, start + 40)]
        desk.engine.publish(messages.FilesFound(scan.request_id, tuple(files)))
    model = desk.gallery.model
    assert model.rowCount() == model.n_images == 120
    rows = model.order.tolist()
    assert [model.place_of_row(row) for row in rows] == list(range(120))
    assert [model.rows_at(place).tolist() for place in (0, 60, 119)] == [
        [rows[0]],
        [rows[60]],
        [rows[119]],
    ]
    before = model.order.copy()
    model.rearrange()
    assert np.array_equal(model.order, before)


def test_while_a_folder_is_scanned_images_are_handed_over_in_parts(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_reader, "_WHILE_SCANNING", 5)
    finished: list[None] = []
    desk.session.reader.embedding_finished.connect(lambda: finished.append(None))
    desk.window.open(folder)
    scan = desk.engine.last(messages.ScanFolder)
    files = [messages.FoundFile(f"image_{number}.png", 5, 5) for number in range(1, 13)]
    desk.engine.publish(messages.FilesFound(scan.request_id, tuple(files)))
    desk.qtbot.waitUntil(lambda: bool(desk.engine.all(messages.EmbedImages)))
    parts = []
    for expected in (5, 5, 2):
        command = desk.engine.last(messages.EmbedImages)
        parts.append(command)
        assert len(command.images) == expected
        assert not finished
        desk.engine.embed()
    assert len({image.name for part in parts for image in part.images}) == 12
    assert len(finished) == 1
    assert desk.session.table.embedded.all()


def test_what_is_missing_is_listed_anew_only_where_it_changed() -> None:
    table = _table(30)
    assert table.gone == ()
    table.set_missing(np.array([3, 5]))
    gone = table.gone
    assert gone == (4, 6)
    table.set_labels({ImageId(1): messages.ClassId(1)})
    table.add([ImageRecord(ImageId(9), "00008.jpg", 2, 2, False)])  # Changed, and still there.
    table.add([ImageRecord(ImageId(31), "00030.jpg", 1, 1, False)])
    assert table.gone is gone
    table.add([ImageRecord(ImageId(4), "00003.jpg", 1, 1, False)])  # Back.
    table.add([ImageRecord(ImageId(32), "00031.jpg", 1, 1, True)])
    assert table.gone == (6, 32)
    table.rename([ImageRecord(ImageId(6), "b.jpg", 1, 1, False)])
    assert table.gone == (32,)
