"""The table of predictions: its columns, its order, and what a spreadsheet may do to it."""

from __future__ import annotations

import csv
import os
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.errors import ExportError, LabelsError
from engine.interchange.records import Record, Results
from engine.interchange.tables import errors_path_for, write_table
from engine.jobs.export import export_model
from engine.jobs.exported_model import load_exported
from engine.jobs.labels_out import save_labels
from engine.jobs.predictions import (
    FittedSnapshot,
    fit_snapshot,
    save_predictions,
    write_predictions,
)
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    Event,
    ExportModel,
    ImageId,
    ImageRef,
    PredictionsSaved,
    SaveLabels,
    SavePredictions,
    Snapshot,
    TableFormat,
)
from tests.engine.painted import KINDS, kind_of, paint, paint_folder, snapshot_of

COLUMNS = [
    *("file_name", "label", "confidence", "label_source", "is_verified"),
    *("second_label", "second_confidence", "none_score"),
    *("machine_label", "machine_confidence", "model_id"),
]


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _saved(steps: Iterable[Event | None]) -> PredictionsSaved:
    (saved,) = [event for event in steps if isinstance(event, PredictionsSaved)]
    return saved


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def snapshot(folder: Path) -> Snapshot:
    return snapshot_of(folder, paint_folder(folder, 6), shots=2)


@pytest.fixture
def fitted(workspace: Workspace, snapshot: Snapshot) -> FittedSnapshot:
    return _result(fit_snapshot(workspace, snapshot, 1))  # type: ignore[no-any-return]


def test_columns_order_and_values(workspace: Workspace, snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    shuffled = replace(snapshot, images=tuple(reversed(snapshot.images)))
    saved = _saved(save_predictions(workspace, SavePredictions(7, shuffled, out)))
    assert saved == PredictionsSaved(7, out, 18, None, 0)
    rows = _rows(out)
    assert list(rows[0]) == [*COLUMNS, "prob_checks", "prob_dots", "prob_stripes"]
    names = [row["file_name"] for row in rows]
    assert names == sorted(names)
    labelled = {image.name for image, _ in snapshot.support}
    for row in rows:
        kind = kind_of(Path(row["file_name"]))
        probabilities = [float(row[f"prob_{name}"]) for name in KINDS]
        order = np.argsort(probabilities)[::-1]
        assert sum(probabilities) == pytest.approx(1, abs=3e-6)
        assert row["machine_label"] == KINDS[order[0]] == kind
        assert float(row["machine_confidence"]) == probabilities[order[0]]
        assert row["second_label"] == KINDS[order[1]]
        assert float(row["second_confidence"]) == probabilities[order[1]]
        assert row["label"] == kind
        if row["file_name"] in labelled:
            assert (row["label_source"], row["is_verified"]) == ("human", "TRUE")
            assert row["confidence"] == "1.000000"
        else:
            assert (row["label_source"], row["is_verified"]) == ("machine", "FALSE")
            assert row["confidence"] == row["machine_confidence"]
    assert len({row["model_id"] for row in rows}) == 1
    assert not list(tmp_path.glob("*.errors.csv"))
    assert out.read_bytes().isascii()  # No BOM: the names here are ASCII.


def test_the_command_says_the_format_or_else_the_name_does(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    beginnings = {}
    for name, table_format in (
        ("a.csv", None),
        ("b.csv", TableFormat.EXCEL_CSV),
        ("c.jsonl", None),
        ("d.parquet", None),
        ("e.csv", TableFormat.PARQUET),
    ):
        out = tmp_path / name
        list(save_predictions(workspace, SavePredictions(1, snapshot, out, table_format)))
        beginnings[name] = out.read_bytes()[:4]
    assert beginnings == {
        "a.csv": b"file",
        "b.csv": b"\xef\xbb\xbff",
        "c.jsonl": b'{"fi',
        "d.parquet": b"PAR1",
        "e.csv": b"PAR1",
    }


def test_a_person_may_disagree_with_the_machine(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    wrong = replace(
        snapshot,
        support=(*snapshot.support, (snapshot.images[-1], snapshot.classes[0].class_id)),
    )
    list(save_predictions(workspace, SavePredictions(1, wrong, tmp_path / "out.csv")))
    row = _rows(tmp_path / "out.csv")[-1]
    assert row["file_name"] == snapshot.images[-1].name == "stripes_05.jpg"
    assert (row["label"], row["label_source"], row["confidence"]) == ("checks", "human", "1.000000")
    assert row["machine_label"] in KINDS


def test_two_files_of_one_name_in_sub_folders(workspace: Workspace, folder: Path) -> None:
    paths = paint_folder(folder, 3)
    for number, kind in enumerate(("dots", "checks")):
        path = folder / f"sub{number}" / "same.jpg"
        path.parent.mkdir()
        paint(kind, seed=50).save(path)
        paths.append(path)
    snapshot = snapshot_of(folder, paths, shots=2)
    out = folder.parent / "out.csv"
    list(save_predictions(workspace, SavePredictions(1, snapshot, out)))
    rows = {row["file_name"]: row["label"] for row in _rows(out)}
    assert (rows["sub0/same.jpg"], rows["sub1/same.jpg"]) == ("dots", "checks")
    assert len(rows) == 11


def test_unreadable_files_go_to_a_list_of_their_own(
    workspace: Workspace, folder: Path, tmp_path: Path
) -> None:
    paths = paint_folder(folder, 3)
    for name, content in (("=bad, very.jpg", b"a letter"), ("empty.png", b"")):
        (folder / name).write_bytes(content)
        paths.append(folder / name)
    snapshot = snapshot_of(folder, paths, shots=2)
    out = tmp_path / "my.predictions.csv"
    errors = tmp_path / "my.predictions.errors.csv"
    saved = _saved(save_predictions(workspace, SavePredictions(1, snapshot, out)))
    assert saved == PredictionsSaved(1, out, 9, errors, 2)
    assert _rows(errors) == [
        {"file_name": "./=bad, very.jpg", "reason": "it holds text, not an image"},
        {"file_name": "empty.png", "reason": "the file is empty"},
    ]
    assert len(_rows(out)) == 9

    # Once all is readable, the old list would be a lie.
    for path in paths[-2:]:
        path.write_bytes(paths[0].read_bytes())
    saved = _saved(save_predictions(workspace, SavePredictions(2, snapshot, out)))
    assert (saved.n_rows, saved.errors_path, saved.n_errors) == (11, None, 0)
    assert not errors.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "images", out.name]


def test_files_changed_since_they_were_embedded_are_read_again(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    _result(fit_snapshot(workspace, snapshot, 1))
    edited, scribbled, gone = snapshot.images[0], snapshot.images[1], snapshot.images[2]
    before = workspace.store.select([edited.image_id])
    Image.new("RGB", (80, 60), "purple").save(edited.path)
    scribbled.path.write_bytes(b"scribbled over")
    gone.path.unlink()
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    assert not np.array_equal(workspace.store.select([edited.image_id]), before)
    out = tmp_path / "out.csv"
    list(write_predictions(workspace, fitted, out, 1))
    listed = {row["file_name"]: row["reason"] for row in _rows(errors_path_for(out))}
    assert listed.keys() == {scribbled.name, gone.name}
    assert listed[gone.name] == "the file is not there any more"


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes and links")
def test_a_device_is_refused_and_a_link_is_written_through(
    workspace: Workspace, fitted: FittedSnapshot, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(ExportError, match="no ordinary file"):
        list(write_predictions(workspace, fitted, pipe, 1))
    link, target = tmp_path / "link.csv", tmp_path / "target.csv"
    target.write_text("old")
    link.symlink_to(target)
    list(write_predictions(workspace, fitted, link, 1))
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("file_name,")


def test_no_cell_is_taken_for_a_formula(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    paths = paint_folder(folder, 3)
    for start in ("=", "+", "-", "@"):
        path = folder / f"{start}1+1.jpg"
        paint("dots", seed=60).save(path)
        paths.append(path)
    names = ('=HYPERLINK("x")', "-dots", "@stripes, with\nlines")
    snapshot = snapshot_of(folder, paths, shots=2, names=names)
    out = tmp_path / "out.csv"
    list(save_predictions(workspace, SavePredictions(1, snapshot, out)))
    with out.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert len(table) == 14
    for row in table:
        assert len(row) == len(table[0])
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert {row[1] for row in table[1:]} == {f"'{name}" for name in names}
    assert {row[0] for row in table[1:]} >= {"./=1+1.jpg", "./+1+1.jpg", "./-1+1.jpg", "./@1+1.jpg"}
    assert all((folder / row[0]).is_file() for row in table[1:])


def test_non_ascii_names_are_utf_8(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    paths = paint_folder(folder, 3)
    paint("dots").save(folder / "ä 図.png")
    snapshot = snapshot_of(folder, [*paths, folder / "ä 図.png"], 2, ("Füchsin", "鳥", "🦊"))
    list(save_predictions(workspace, SavePredictions(1, snapshot, tmp_path / "out.csv")))
    rows = _rows(tmp_path / "out.csv")
    assert rows[-1]["file_name"] == "ä 図.png"
    assert rows[-1]["label"] == "鳥"
    assert list(rows[0])[-3:] == ["prob_Füchsin", "prob_鳥", "prob_🦊"]


def test_equal_models_have_equal_ids_and_others_have_not(
    workspace: Workspace, snapshot: Snapshot, fitted: FittedSnapshot
) -> None:
    def id_of(changed: Snapshot) -> str:
        return str(_result(fit_snapshot(workspace, changed, 1)).model_id)

    assert len(fitted.model_id) == 16
    assert id_of(snapshot) == fitted.model_id
    assert id_of(replace(snapshot, support=snapshot.support[:-1])) != fitted.model_id
    renamed = (*snapshot.classes[:2], replace(snapshot.classes[2], name="zebra"))
    assert id_of(replace(snapshot, classes=renamed)) != fitted.model_id
    labelled = {image.image_id for image, _ in snapshot.support}
    other = next(image for image in snapshot.images if image.image_id not in labelled)
    told = replace(snapshot, support=(*snapshot.support, (other, NONE_OF_THESE)))
    assert id_of(told) != fitted.model_id


def test_a_class_without_examples_is_left_out(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    more = (ClassSpec(ClassId(1), "empty"), *snapshot.classes)
    fitted = _result(fit_snapshot(workspace, replace(snapshot, classes=more), 1))
    assert [item.name for item in fitted.classes] == list(KINDS)
    list(write_predictions(workspace, fitted, tmp_path / "out.csv", 1))
    assert "prob_empty" not in _rows(tmp_path / "out.csv")[0]


def test_fewer_than_two_classes_with_examples_are_refused_in_a_sentence(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    one = replace(snapshot, support=snapshot.support[:2])
    out = tmp_path / "out.csv"
    with pytest.raises(LabelsError) as caught:
        list(save_predictions(workspace, SavePredictions(1, one, out)))
    assert str(caught.value) == (
        "Nothing can be classified yet: at least two classes need a labelled image; 1 has one."
    )
    assert not out.exists()


def test_an_old_table_stays_until_the_new_one_is_whole(
    workspace: Workspace, snapshot: Snapshot, fitted: FittedSnapshot, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("the old table")
    steps = write_predictions(workspace, fitted, out, 1)
    next(steps)
    assert len(list(tmp_path.glob(".handful-*"))) == 1
    assert out.read_text() == "the old table"
    steps.close()  # Cancelled.
    assert out.read_text() == "the old table"
    assert list(tmp_path.glob(".handful-*")) == []
    list(write_predictions(workspace, fitted, out, 1))
    assert len(_rows(out)) == 18
    assert list(tmp_path.glob(".handful-*")) == []


def test_a_table_that_cannot_be_written_is_told(
    workspace: Workspace, fitted: FittedSnapshot, tmp_path: Path
) -> None:
    (tmp_path / "taken.csv").mkdir()
    for out, reason in (
        (tmp_path / "none" / "out.csv", "there is no folder"),
        (tmp_path / "taken.csv", "it is a folder"),
        (tmp_path / ("x" * 300 + ".csv"), "the name is too long"),
    ):
        with pytest.raises(ExportError, match=reason):
            list(write_predictions(workspace, fitted, out, 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "images", "taken.csv"]


def _row_of(chances: list[float], none_score: float | None, tmp_path: Path) -> list[str]:
    """The cells of an image with these probabilities."""
    image = ImageRef(ImageId(1), tmp_path / "a.jpg", "a.jpg")
    record = Record(image, None, np.array(chances, np.float32), none_score)
    names = ("x", "y", "z")[: len(chances)]
    results = Results(tmp_path, names, names, "id", 1, lambda: iter([[record]]))
    list(write_table(results, tmp_path / "out.csv", TableFormat.CSV))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1]


def test_ties_go_to_the_first_class(tmp_path: Path) -> None:
    assert _row_of([0.25, 0.375, 0.375], 0.5, tmp_path) == [
        *("a.jpg", "y", "0.375000", "machine", "FALSE", "z", "0.375000", "0.500000"),
        *("y", "0.375000", "id", "0.250000", "0.375000", "0.375000"),
    ]


def test_a_model_from_before_there_were_none_scores_leaves_the_cell_empty(tmp_path: Path) -> None:
    assert _row_of([0.25, 0.75], None, tmp_path)[COLUMNS.index("none_score")] == ""


@pytest.mark.parametrize(
    ("out", "errors"),
    [
        ("predictions.csv", "predictions.errors.csv"),
        ("a.b.csv", "a.b.errors.csv"),
        ("plain", "plain.errors"),
        ("a.jsonl", "a.errors.csv"),
        ("a.parquet", "a.errors.csv"),
    ],
)
def test_the_name_of_the_list_of_errors(out: str, errors: str) -> None:
    assert errors_path_for(Path(out)) == Path(errors)


def test_what_is_no_exported_model_is_told(tmp_path: Path) -> None:
    from engine.encoder.graph import shipped_graph_path
    from engine.errors import EngineError

    (tmp_path / "text.onnx").write_text("a letter")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for path, sentence in (
        (tmp_path / "none.onnx", "There is no file"),
        (tmp_path, "is no bundle: there is no model.onnx in it"),
        (tmp_path / "text.onnx", "is not an ONNX model, or it is damaged"),
        (tmp_path / "empty.onnx", "is not an ONNX model, or it is damaged"),
        (shipped_graph_path(), "was not exported by Handful"),
    ):
        with pytest.raises(EngineError, match=sentence):
            load_exported(path)


def test_a_link_to_an_image_is_not_written_through(
    workspace: Workspace, folder: Path, tmp_path: Path
) -> None:
    paths = paint_folder(folder, 2)
    snapshot = snapshot_of(folder, paths, shots=1)
    kept = paths[0].rename(folder / "raw.data")
    moved = replace(snapshot.images[0], path=kept)
    snapshot = replace(snapshot, images=(moved, *snapshot.images[1:]))
    before = kept.read_bytes()
    out = tmp_path / "out.csv"
    out.symlink_to(kept)
    for save in (
        save_predictions(workspace, SavePredictions(1, snapshot, out)),
        export_model(workspace, ExportModel(1, snapshot, out)),
        save_labels(workspace, SaveLabels(1, snapshot, out, "csv")),
    ):
        with pytest.raises(ExportError, match="it is one of the images"):
            list(save)
    assert kept.read_bytes() == before
