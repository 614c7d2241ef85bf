"""The command line: its results, its exit statuses, and one sentence where things go wrong."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import COMMANDS, messages
from engine.cli import app, main
from engine.cli.classify import told
from engine.encoder.encoder_file import shipped_encoder_path
from engine.images import find_images
from engine.jobs import workspace as workspace_module
from engine.messages import FoundFile
from engine.project import Change, Project
from engine.terminal import plain_progress
from tests.engine.painted import KINDS, kind_of, paint, paint_folder

ROOT = shipped_encoder_path().parents[1]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    paint_folder(folder, 4)
    return folder


@pytest.fixture
def support(tmp_path: Path) -> Path:
    folder = tmp_path / "support"
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
        for seed in (501, 502):
            paint(kind, seed=seed).save(folder / kind / f"{kind}_{seed}.png")
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    rows = [f"{kind}_0{number}.jpg,{kind}\n" for kind in KINDS for number in range(2)]
    path.write_text("\ufefffile_name,label\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "predictions.csv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _run(
    capfd: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0
) -> tuple[str, str]:
    """Run a command in this process and return what it printed."""
    given = [str(argument) for argument in arguments]
    if given[0] in ("classify", "export") and "--device" not in given:
        given += ["--device", "cpu"]
    found = main(given)
    printed = capfd.readouterr()
    assert found == status, printed.err
    assert "Traceback" not in printed.err
    return printed.out, printed.err


def _all_right(out: Path) -> None:
    for row in _rows(out):
        assert row["label"] == kind_of(Path(row["file_name"]))


# --- Classifying ----------------------------------------------------------------------------------


def test_classifying_from_a_support_folder(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path
) -> None:
    printed, told = _run(capfd, "classify", images, "--support", support, "--out", out)
    assert printed == ""
    assert f"12 images classified: {out}." in told
    assert (
        "Held-out labels right, every label judged by the others: 100 % (instant: 100 %, plain "
        "prototypes: 100 %)."
    ) in told
    assert len(_rows(out)) == 12
    assert {row["label_source"] for row in _rows(out)} == {"machine"}
    _all_right(out)


@pytest.mark.parametrize("effort", ["instant", "thorough"])
def test_the_summary_says_which_effort_the_answers_come_from(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path, effort: str
) -> None:
    options = ("--support", support, "--out", out, "--effort", effort, "--json")
    summary = json.loads(_run(capfd, "classify", images, *options)[0])
    assert (summary["effort"], summary["effort_asked"]) == (effort, effort)
    assert ("unlabelled images" in summary["ingredients"]) == (effort == "thorough")
    for name in ("", "_instant", "_plain"):
        assert summary[f"held_out_accuracy{name}"] == 1.0
    scores = [float(row["none_score"]) for row in _rows(out)]
    assert all(0 <= score <= 1 for score in scores)
    _all_right(out)


def test_classifying_from_a_table_of_labels(
    capfd: pytest.CaptureFixture[str], images: Path, labels: Path, out: Path
) -> None:
    _run(capfd, "classify", images, "--labels", labels, "--out", out)
    rows = _rows(out)
    assert sum(row["label_source"] == "human" for row in rows) == 6
    assert len(rows) == 12
    _all_right(out)


def test_a_folder_of_negative_examples(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path
) -> None:
    (support / "stripes").rename(support / "None-of_these")
    options = ("--support", support, "--out", out, "--effort", "instant", "--json")
    summary = json.loads(_run(capfd, "classify", images, *options)[0])
    assert summary["classes"] == ["checks", "dots"]
    assert (summary["n_labelled"], summary["n_negative_examples"]) == (4, 2)
    rows = _rows(out)
    assert "prob_stripes" not in rows[0]
    scores = {row["file_name"]: float(row["none_score"]) for row in rows}
    strange = [score for name, score in scores.items() if name.startswith("stripes")]
    known = [score for name, score in scores.items() if not name.startswith("stripes")]
    assert min(strange) > 0.5 > max(known)
    assert summary["n_like_none_of_these"] == len(strange) == 4
    model = out.with_name("model.onnx")
    _run(capfd, "export", images, "--support", support, "--out", model, "--effort", "instant")
    again = out.with_name("again.csv")
    told = _run(capfd, "classify", images, "--model", model, "--out", again)
    assert "4 of them look like none of the classes" in "".join(told)
    for row in _rows(again):
        assert float(row["none_score"]) == pytest.approx(scores[row["file_name"]], abs=1e-4)


def test_a_table_with_negative_examples_can_be_given_back(
    capfd: pytest.CaptureFixture[str], images: Path, labels: Path, out: Path
) -> None:
    labels.write_text(labels.read_text(encoding="utf-8").replace(",stripes", ",None of these"))
    _run(capfd, "classify", images, "--labels", labels, "--out", out)
    rows = _rows(out)
    told = [row for row in rows if row["label"] == "None of these"]
    assert [row["label_source"] for row in told] == ["human", "human"]
    assert {row["label"] for row in rows} == {"checks", "dots", "None of these"}
    # Its labels, given back, make the same model.
    person = [row for row in rows if row["label_source"] == "human"]
    lines = [f"{row['file_name']},{row['label']}" for row in person]
    labels.write_text("\n".join(["file_name,label", *lines]))
    again = out.with_name("again.csv")
    _run(capfd, "classify", images, "--labels", labels, "--out", again)
    assert _rows(again)[0]["model_id"] == rows[0]["model_id"]


@pytest.fixture
def project(images: Path, tmp_path: Path) -> Path:
    made = Project.for_folder(images, tmp_path)
    made.add_images([item for item in find_images(images) if isinstance(item, FoundFile)])
    for kind in KINDS:
        added = made.new_class(kind)
        made.apply(Change("Add", {}, (added,)))
        chosen = [item.image_id for item in made.images() if kind_of(Path(item.name)) == kind]
        made.apply(made.relabel(chosen[:2], added.class_id))
    made.close()
    return made.path


def test_classifying_from_a_project(
    capfd: pytest.CaptureFixture[str], images: Path, project: Path, out: Path
) -> None:
    before = project.read_bytes()
    _run(capfd, "classify", images, "--project", project, "--out", out)
    assert sum(row["label_source"] == "human" for row in _rows(out)) == 6
    _all_right(out)
    assert project.read_bytes() == before


def test_exporting_and_classifying_with_the_export(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    printed, told = _run(
        capfd,
        *("classify", images, "--support", support, "--out", out),
        *("--export", model, "--json"),
    )
    summary = json.loads(printed)
    assert summary["classes"] == list(KINDS)
    assert (summary["n_images"], summary["n_unreadable"], summary["n_labelled"]) == (12, 0, 6)
    assert summary["held_out_accuracy"] == 1.0
    assert (summary["predictions"], summary["errors"]) == (str(out), None)
    assert summary["model"] == str(model)
    assert summary["certificate"]["n_files"] == 18
    assert summary["certificate"]["max_difference_rule"] <= 1e-4
    assert summary["effort"] == "thorough"
    assert f"Model: {model}, checked on 18 images" in told

    again = tmp_path / "again.csv"
    printed, _ = _run(capfd, "classify", images, "--model", model, "--out", again, "--json")
    assert json.loads(printed)["n_images"] == 12
    for mine, other in zip(_rows(out), _rows(again), strict=True):
        assert mine["machine_label"] == other["label"]
        assert float(mine["confidence"]) == pytest.approx(float(other["confidence"]), abs=1e-4)

    alone = tmp_path / "alone" / "model.onnx"
    alone.parent.mkdir()
    _, told = _run(capfd, "export", images, "--support", support, "--out", alone)
    assert f"Model: {alone}" in told
    _run(capfd, "classify", images, "--model", alone, "--out", again)
    # The mean of the same folder, the same examples: the same model.
    assert {row["model_id"] for row in _rows(again)} == {row["model_id"] for row in _rows(out)}


def test_exporting_a_project_needs_nothing_else(
    capfd: pytest.CaptureFixture[str], project: Path, tmp_path: Path
) -> None:
    printed, _ = _run(capfd, "export", "--project", project, "--out", tmp_path / "m.onnx", "--json")
    assert json.loads(printed)["classes"] == list(KINDS)


def test_classifying_a_list_of_files(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_text("a letter")
    (tmp_path / "list.txt").write_text(
        "images/dots_01.jpg\nimages/stripes_03.jpg\ntext.jpg\nnone.jpg\nnul\0.jpg\n"
    )
    _, told = _run(capfd, "classify", tmp_path / "list.txt", "--support", support, "--out", out)
    assert [row["file_name"] for row in _rows(out)] == [
        "images/dots_01.jpg",
        "images/stripes_03.jpg",
    ]
    errors = tmp_path / "predictions.errors.csv"
    assert f"3 could not be read: {errors}." in told
    assert {row["file_name"]: row["reason"] for row in _rows(errors)} == {
        "none.jpg": "the file is not there any more",
        "nul\0.jpg": "its name holds a character that no name can hold",
        "text.jpg": "it holds text, not an image",
    }


def test_names_are_printed_as_they_are(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, tmp_path: Path
) -> None:
    """Neither [markup] nor :emoji: nor a rich highlight."""
    out = tmp_path / "a :cat: [bold] ä 図.csv"
    _, told = _run(capfd, "classify", images, "--support", support, "--out", out)
    assert f"12 images classified: {out}." in told
    assert "\x1b" not in told
    printed, _ = _run(capfd, "classify", images, "--support", support, "--out", out, "--json")
    assert printed.isascii()
    assert json.loads(printed)["predictions"] == str(out)


def test_what_is_passed_over_is_told(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, labels: Path, out: Path
) -> None:
    (support / "void").mkdir()
    (support / "broken").mkdir()
    (support / "broken" / "x.jpg").write_text("a letter")
    _, told = _run(capfd, "classify", images, "--support", support, "--out", out)
    assert told.count("The class “void” has no example; it is never predicted.") == 1
    assert told.count("The class “broken” has no readable example; it is never predicted.") == 1
    assert told.count("“void”") == told.count("“broken”") == 1
    assert "The example broken/x.jpg could not be read: it holds text, not an image." in told
    with labels.open("a", encoding="utf-8") as file:
        file.write("none.jpg,dots\n")
    _, told = _run(capfd, "classify", images, "--labels", labels, "--out", out)
    assert "line 8: there is no file" in told


def test_unreadable_examples_are_told_and_counted(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path, tmp_path: Path
) -> None:
    classify = ("classify", images, "--support", support, "--out", out, "--json")
    printed, told = _run(capfd, *classify)
    assert json.loads(printed)["n_unreadable_examples"] == 0
    assert "example " not in told
    (support / "dots" / "bad.jpg").write_text("a letter")
    printed, told = _run(capfd, *classify)
    assert told.count("The example dots/bad.jpg could not be read: it holds text, not an") == 1
    assert json.loads(printed)["n_unreadable_examples"] == 1
    for number in range(24):
        (support / "dots" / f"bad_{number}.jpg").write_text("a letter")
    printed, told = _run(capfd, *classify)
    assert told.count("The example dots/bad") == 20
    assert "… and 5 more.\n" in told
    assert json.loads(printed)["n_unreadable_examples"] == 25


def test_unreadable_examples_are_told_where_too_few_are_left(
    capfd: pytest.CaptureFixture[str], images: Path, out: Path, tmp_path: Path
) -> None:
    for kind in ("dots", "checks"):
        (tmp_path / "few" / kind).mkdir(parents=True)
        (tmp_path / "few" / kind / "x.jpg").write_text("a letter")
    _, told = _run(capfd, "classify", images, "--support", tmp_path / "few", "--out", out, status=1)
    assert "The example dots/x.jpg could not be read" in told
    assert "Nothing can be classified yet" in told


@pytest.mark.skipif(os.name == "nt", reason="making links needs a right there")
def test_every_name_of_a_linked_file_has_a_row(
    capfd: pytest.CaptureFixture[str], images: Path, labels: Path, out: Path
) -> None:
    (images / "link_1.jpg").symlink_to(images / "dots_00.jpg")  # Which is labelled.
    (images / "link_2.jpg").symlink_to(images / "dots_03.jpg")
    printed, _ = _run(capfd, "classify", images, "--labels", labels, "--out", out, "--json")
    summary = json.loads(printed)
    assert (summary["n_images"], summary["n_labelled"]) == (14, 6)
    rows = {row["file_name"]: row for row in _rows(out)}
    assert len(rows) == 14
    for name in ("link_1.jpg", "dots_00.jpg"):
        assert (rows[name]["label"], rows[name]["label_source"]) == ("dots", "human")
    assert rows["link_2.jpg"]["label_source"] == "machine"
    assert rows["link_2.jpg"]["prob_dots"] == rows["dots_03.jpg"]["prob_dots"]


def test_contradicting_labels_are_told_and_the_last_is_used(
    capfd: pytest.CaptureFixture[str], images: Path, labels: Path, out: Path
) -> None:
    with labels.open("a", encoding="utf-8") as file:
        file.write("dots_00.jpg,stripes\n")
    _, told = _run(capfd, "classify", images, "--labels", labels, "--out", out)
    assert "dots_00.jpg is “dots” (line 4) and “stripes” (line 8); the last is used." in told
    (row,) = [row for row in _rows(out) if row["file_name"] == "dots_00.jpg"]
    assert row["label"] == "stripes"


# --- Where things go wrong ------------------------------------------------------------------------


def _fails(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Exit status 1 and one sentence."""
    printed, told = _run(capfd, *arguments, status=1)
    assert printed == ""
    assert told.endswith(".\n")
    assert told.count("\n") == 1, told
    return told


def test_failures_are_one_sentence(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("x")
    (tmp_path / "one" / "only").mkdir(parents=True)
    paint("dots").save(tmp_path / "one" / "only" / "a.jpg")
    (tmp_path / "text.csv").write_text("a,b\n1,2\n")
    classify = ("classify", images, "--out", out)
    assert "no images in" in _fails(capfd, "classify", empty, "--support", support, "--out", out)
    told = _fails(capfd, "classify", tmp_path / "none", "--support", support, "--out", out)
    assert "There is no folder or file" in told
    assert "no examples in" in _fails(capfd, *classify, "--support", empty)
    assert "There is no folder" in _fails(capfd, *classify, "--support", tmp_path / "none")
    told = _fails(capfd, *classify, "--support", tmp_path / "one")
    assert told == (
        "Nothing can be classified yet: at least two classes need a labelled image; 1 has one.\n"
    )
    told = _fails(capfd, *classify, "--labels", tmp_path / "text.csv")
    assert "columns file_name and label" in told
    assert "no such file" in _fails(capfd, *classify, "--labels", tmp_path / "none.csv")
    (tmp_path / "two.csv").write_text("file_name,label\ndots_00.jpg,Glass\ndots_01.jpg,glass\n")
    told = _fails(capfd, *classify, "--labels", tmp_path / "two.csv")
    assert "“Glass” and “glass”" in told
    assert "not a Handful project" in _fails(capfd, *classify, "--project", tmp_path / "text.csv")
    shutil.copy(tmp_path / "text.csv", tmp_path / "my text.handful")
    _, told = _run(capfd, *classify, "--project", tmp_path / "my text.handful", status=1)
    remedy = told.splitlines()[1]
    assert remedy.startswith("handful recover ")
    assert "my text.handful' repairs it" in remedy or 'my text.handful" repairs it' in remedy
    assert "no project file" in _fails(capfd, *classify, "--project", tmp_path / "none.handful")
    assert "not an ONNX model" in _fails(capfd, *classify, "--model", tmp_path / "text.csv")
    assert "There is no file" in _fails(capfd, *classify, "--model", tmp_path / "none.onnx")
    for place, reason in ((tmp_path / "none" / "x.csv", "no folder"), (empty, "is a folder")):
        told = _fails(capfd, "classify", images, "--support", support, "--out", place)
        assert reason in told
        told = _fails(capfd, *classify, "--support", support, "--export", place)
        assert reason in told
    assert "window" in _fails(capfd, "gui")
    assert not out.exists()


def test_only_unreadable_images_are_told(
    capfd: pytest.CaptureFixture[str], support: Path, out: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "a.jpg").write_text("a letter")
    printed, told = _run(capfd, "classify", folder, "--support", support, "--out", out, "--json")
    assert json.loads(printed)["n_unreadable"] == 1
    assert "1 could not be read" in told
    assert _rows(out) == []


def test_without_its_encoder_the_program_says_so(
    capfd: pytest.CaptureFixture[str],
    images: Path,
    support: Path,
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "encoder.safetensors"
    broken.write_bytes(shipped_encoder_path().read_bytes()[:1000])
    monkeypatch.setattr(workspace_module, "shipped_encoder_path", lambda: broken)
    told = _fails(capfd, "classify", images, "--support", support, "--out", out)
    assert str(broken) in told


def _wrong_use(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    printed, told = _run(capfd, *arguments, status=2)
    assert printed == ""
    return told


def test_wrong_use_is_status_2(
    capfd: pytest.CaptureFixture[str],
    images: Path,
    support: Path,
    labels: Path,
    project: Path,
    out: Path,
    tmp_path: Path,
) -> None:
    classify = ("classify", images, "--out", out)
    assert "--bogus" in _wrong_use(capfd, *classify, "--support", support, "--bogus")
    assert "--out" in _wrong_use(capfd, "classify", images, "--support", support)
    assert "did you mean classify?" in _wrong_use(capfd, "clasify")
    told = _wrong_use(capfd, *classify)
    assert "--model, --from-bundle; none was given" in told
    told = _wrong_use(capfd, *classify, "--support", support, "--labels", labels)
    assert "2 were given" in told
    told = _wrong_use(capfd, *classify, "--model", "m.onnx", "--export", tmp_path / "n.onnx")
    assert "is one already" in told
    assert "tpu" in _wrong_use(capfd, *classify, "--support", support, "--device", "tpu")
    assert not out.exists()


def test_results_do_not_overwrite_what_they_come_from(
    capfd: pytest.CaptureFixture[str],
    images: Path,
    labels: Path,
    project: Path,
    out: Path,
) -> None:
    before = (labels.read_bytes(), project.read_bytes())
    told = _wrong_use(capfd, "classify", images, "--labels", labels, "--out", labels)
    assert "would overwrite the file of --labels" in told
    told = _wrong_use(capfd, "classify", images, "--project", project, "--out", project)
    assert "would overwrite the file of --project" in told
    told = _wrong_use(capfd, "export", "--project", project, "--out", project)
    assert "would overwrite" in told
    told = _wrong_use(capfd, "classify", images, "--labels", labels, "--out", out, "--export", out)
    assert "would overwrite the file of --out" in told
    assert (labels.read_bytes(), project.read_bytes()) == before


def test_only_results_of_handful_are_written_over(
    capfd: pytest.CaptureFixture[str],
    images: Path,
    support: Path,
    labels: Path,
    tmp_path: Path,
) -> None:
    given = ("classify", images, "--support", support, "--effort", "instant", "--out")
    for suffix in ("csv", "jsonl", "parquet"):
        out = tmp_path / f"p.{suffix}"
        out.touch()  # There is nothing in it to lose.
        _run(capfd, *given, out)
        _run(capfd, *given, out)
    _run(capfd, *given, tmp_path / "p.csv", "--table-format", "excel-csv-semicolon")
    _run(capfd, *given, tmp_path / "p.csv")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.csv").write_text("file_name,label\na.jpg,my own\n")
    (mine / "b.jsonl").write_text('{"file_name": "a.jpg"}\n')
    (mine / "c.parquet").write_bytes(b"PAR1 of somebody else's PAR1")
    (mine / "m.onnx").write_bytes(b"a model of somebody else's")
    (mine / "n.int8.onnx").write_bytes(b"a model of somebody else's")
    before = {path: path.read_bytes() for path in mine.iterdir()}
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        told = _fails(capfd, *given, mine / name)
        assert f"{name} is there already and is not a table of Handful" in told
    told = _fails(capfd, *given, tmp_path / "p.csv", "--export", mine / "m.onnx")
    assert "m.onnx is there already and is not a model of Handful" in told
    told = _fails(capfd, "export", "--support", support, "--int8", "--out", mine / "n.onnx")
    assert "n.int8.onnx is there already" in told
    exported = ("labels", "export", images, "--labels", labels, "--format")
    told = _fails(capfd, *exported, "csv", "--out", mine / "a.csv")
    assert "a.csv is there already; choose another name." in told
    assert {path: path.read_bytes() for path in mine.iterdir()} == before
    told = _fails(capfd, *given, tmp_path / "x.xlsx")
    assert "x.xlsx: a table's name ends in .csv, .jsonl or .parquet." in told
    assert not (tmp_path / "x.xlsx").exists()


def test_a_former_variant_that_goes_is_told() -> None:
    summary = {
        "removed": ["model.fp16.onnx", "model.int8.onnx"],
        "bundle_removed": ["model.fp16.onnx"],
    }
    assert told(summary).splitlines() == [
        "model.fp16.onnx and model.int8.onnx of the former model were removed.",
        "model.fp16.onnx of the former model was removed.",
    ]


def test_help_is_status_0(capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["classify", "-h"], ["export", "--help"], ["doctor", "-h"]):
        assert main(arguments) == 0
        assert "Usage" in capfd.readouterr().out
    assert main([]) == 2  # What to do was not said; it is told what there is.
    assert "classify" in "".join(capfd.readouterr())


def test_the_list_of_commands_is_that_of_the_command_line() -> None:
    known = [item.name or item.callback.__name__ for item in app.registered_commands]  # type: ignore[union-attr]
    known += [group.name for group in app.registered_groups]
    assert sorted(known) == sorted(COMMANDS)


# --- Progress -------------------------------------------------------------------------------------


def test_without_a_terminal_progress_is_a_plain_line_now_and_then(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("engine.terminal.time.monotonic", lambda: now)
    with plain_progress() as show:
        for done in range(100):
            now = 100.0 + 0.1 * done  # Ten seconds in all.
            show(messages.Progress(0, "Looking at images", done, 100, 9.6, 0.1 * (100 - done)))
        show(messages.Progress(0, "Building", 0, 0, 0.0, 0.0))
        now += 60
        show(messages.Progress(0, "Building", 0, 0, 0.0, 0.0))
        now += 60
        show(messages.Progress(0, "Checking", 3, 40, 0.0, 0.0))
    assert capfd.readouterr().err == (
        "Looking at images: 30 of 100, 9.6/s, 7 s left\n"
        "Looking at images: 60 of 100, 9.6/s, 4 s left\n"
        "Looking at images: 90 of 100, 9.6/s, 1 s left\n"
        "Building\n"
        "Checking: 3 of 40\n"
    )


def test_a_short_run_without_a_terminal_prints_nothing_but_its_result(
    capfd: pytest.CaptureFixture[str], images: Path, support: Path, out: Path
) -> None:
    # The instant effort: the other may take the seconds after which progress is told.
    options = ("--support", support, "--out", out, "--effort", "instant")
    _, told = _run(capfd, "classify", images, *options)
    assert told.count("\n") == 2
    assert "\n\n" not in told


# --- As a process ---------------------------------------------------------------------------------


def _process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **options)


def test_as_a_process_on_any_terminal(images: Path, support: Path, out: Path) -> None:
    result = _process(
        *("classify", images, "--support", support, "--out", out, "--json", "--device", "cpu"),
        *("--effort", "instant"),
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "error"},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["n_images"] == 12
    assert len(result.stderr.splitlines()) == 2
    _all_right(out)
    wrong = _process("classify", "--bogus")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    failed = _process("classify", images, "--support", images / "none", "--out", out)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1


def test_a_whole_run_opens_no_socket(images: Path, support: Path, out: Path) -> None:
    code = (
        "import os, sys\n"
        "def guard(event, _):\n"
        "    if event.startswith('socket.'):\n"
        "        os._exit(9)\n"
        "sys.addaudithook(guard)\n"
        "from engine.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    model = out.with_name("model.onnx")
    arguments = ["classify", images, "--support", support, "--out", out, "--export", model]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, check=False
    )
    assert result.returncode == 0
    assert model.is_file()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_is_status_130_and_leaves_nothing_half_written(
    tmp_path: Path, support: Path, out: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(40):
        paint(KINDS[index % 3], 240, 180, seed=index).save(folder / f"{index}.png")
    # It interrupts itself at the first image that was embedded.
    code = (
        "import os, signal, sys\n"
        "from engine import cli\n"
        "from engine.jobs import workspace\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "real = workspace.Workspace.take\n"
        "def take(self, results):\n"
        "    real(self, results)\n"
        "    if len(self.store) > 8:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "workspace.Workspace.take = take\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    arguments = ["classify", folder, "--support", support, "--out", out, "--device", "cpu"]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 130, result.stderr
    assert result.stderr == (
        "Interrupted. Images that were read are kept: another run need not read them again.\n"
    )
    assert not out.exists()
    assert list(tmp_path.glob(".handful-*")) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe that is closed at its other end")
def test_a_reader_that_has_gone_is_no_failure_of_ours(
    images: Path, support: Path, out: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["classify", images, "--support", support, "--out", out, "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    os.close(writing)
    _, told = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in told
    assert "BrokenPipe" not in told
    assert len(_rows(out)) == 12


# --- Meta-training -------------------------------------------------------------------------------

RECIPE = """
name = "Tiny"
n_episodes = 3
frozen_blocks = 16
interpolation = [0.5]
checkpoint_every = 2

[episodes]
max_way = 3
max_shot = 1
n_query = 1
max_images = 6

[[views]]
size_px = 224
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def test_meta_train_takes_several_folders_after_one_option(
    recipe: Path, support: Path, tmp_path: Path, capfd: Any
) -> None:
    missing = tmp_path / "missing"
    arguments = ["meta-train", recipe, "--data", support, missing, "--out", tmp_path / "run"]
    assert main([str(item) for item in arguments]) == 1
    assert str(missing) in capfd.readouterr().err


def test_a_bad_recipe_is_told_in_a_sentence(
    recipe: Path, support: Path, tmp_path: Path, capfd: Any
) -> None:
    recipe.write_text("n_episodes = -1\n")
    arguments = ["meta-train", recipe, "--data", support, "--out", tmp_path / "run"]
    assert main([str(item) for item in arguments]) == 1
    assert "Traceback" not in capfd.readouterr().err
