"""The demo does the whole job, and does it again on what it finds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from engine import demo as demo_module
from engine.cli import main
from engine.demo import SHOTS, DemoReport, report_lines, run_demo
from engine.errors import EngineError
from engine.jobs.workspace import Workspace
from engine.messages import Event, ModelExported, PredictionsSaved
from engine.painting import CLASS_NAMES
from engine.project import Project

N_IMAGES = 60  # One tray: 14, 12, 10, 9, 8 and 7 of the classes.


def _run(workspace: Workspace, folder: Path) -> tuple[DemoReport, list[Event]]:
    events: list[Event] = []
    steps = run_demo(workspace, folder, n_images=N_IMAGES)
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            return stop.value, events
        events += [event] if event is not None else []


def test_the_demo_from_the_empty_folder_to_the_model(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    report, events = _run(workspace, folder)
    assert (report.n_images, report.n_labelled) == (N_IMAGES, SHOTS * len(CLASS_NAMES))
    assert report.n_judged == N_IMAGES - report.n_labelled
    assert report.accuracy >= 0.6  # Chance is 1/6; the demo itself, of 300 pictures, does better.
    assert 0 < report.mean_confidence <= 1
    assert any(isinstance(event, PredictionsSaved) for event in events)
    assert any(isinstance(event, ModelExported) for event in events)
    assert report.certificate.max_difference_rule <= 1e-4

    with report.predictions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == N_IMAGES
    assert sum(row["label_source"] == "human" for row in rows) == report.n_labelled
    assert all((folder / "pictures" / row["file_name"]).is_file() for row in rows)
    text = "\n".join(report_lines(report))
    for path in (report.project, report.predictions, report.model, folder / "pictures"):
        assert str(path) in text
        assert path.exists()

    # The person corrects a label; a second run paints nothing, keeps it and uses it.
    project = Project.open(report.project)
    image, class_id = next(iter(project.labels().items()))
    other = next(item for item in project.classes() if item.class_id != class_id)
    project.apply(project.relabel([image], other.class_id))
    project.close()
    picture = folder / "pictures" / rows[0]["file_name"]
    painted = picture.stat().st_mtime_ns
    again, _ = _run(workspace, folder)
    assert picture.stat().st_mtime_ns == painted
    assert again.n_labelled == report.n_labelled
    project = Project.open(again.project)
    assert project.labels()[image] == other.class_id
    assert [item.name for item in project.classes()] == list(CLASS_NAMES)
    project.close()


def test_the_command_shows_the_window_afterwards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module.run_demo, "__kwdefaults__", {"n_images": N_IMAGES})
    opened: list[Path | None] = []

    def open_window(path: Path | None) -> int:
        opened.append(path)
        return 1  # No screen.

    arguments = ["demo", "--dir", str(tmp_path), "--device", "cpu", "--json"]
    assert main(arguments, open_window) == 0
    printed = capfd.readouterr()
    report = json.loads(printed.out)
    assert opened == [Path(report["project"])]
    assert report["n_images"] == N_IMAGES
    assert "Accuracy against the known truth" in printed.err


def test_a_place_that_cannot_be_written_is_told(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineError, match="Could not create"):
        _run(workspace, tmp_path / "file" / "demo")
