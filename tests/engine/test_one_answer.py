"""One state of labels, model examples, images and effort has one answer, however it was come to."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import run_command_line
from engine.bundle.start import read_start
from engine.bundle.support import KeptSupport
from engine.embeddings import EmbeddingStore
from engine.images import find_images
from engine.jobs.adaptation import adapt_and_classify
from engine.jobs.embedding import embed_images
from engine.jobs.predictions import fit_snapshot, results_of
from engine.jobs.workspace import Workspace
from engine.messages import (
    Adapt,
    Adapted,
    Effort,
    EmbedImages,
    Event,
    FoundFile,
    ImageId,
    ImageRef,
    PredictionsReady,
    Snapshot,
)
from engine.project import Change, Project
from tests.engine.painted import KINDS, kind_of, paint_folder, snapshot_of

Open = Callable[..., tuple[Workspace, Any]]
N_LATER = 4  # A sixth of all: too few to compute the metric anew for a click.


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def bundle(workspace: Workspace, tmp_path: Path) -> Path:
    """What is read of a bundle: two examples of each class, which look alike.

    So no head is clearly the best, and the preferred one, in the folder's metric, is taken.
    """
    folder = tmp_path / "first"
    paint_folder(folder, 2, seed=8)
    snapshot = snapshot_of(folder, sorted(folder.iterdir()), shots=2, names=KINDS)
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    ids = [image.image_id for image, _ in snapshot.support]
    kept = KeptSupport(
        KINDS,
        workspace.store.select(ids).astype(np.float16),
        np.arange(len(ids)) % len(KINDS),
        workspace.store.perceptual_hashes(ids),
        fitted.seen.runtime.encoder.fingerprint,
    )
    out = tmp_path / "bundle"
    out.mkdir()
    for name in ("model.onnx", "signature.json"):
        (out / name).write_bytes(b"{}")
    (out / "support.safetensors").write_bytes(kept.to_bytes())
    return out


@pytest.fixture
def project(bundle: Path, tmp_path: Path) -> Iterator[Project]:
    """A folder that was begun from the bundle; the last images came to it after the others.

    So the project numbers them otherwise than their names do.
    """
    folder = tmp_path / "folder"
    paint_folder(folder, 8, seed=5)
    made = Project.create(tmp_path / "folder.handful", folder)
    late = sorted(folder.iterdir())[::5][:N_LATER]
    for path in late:
        shutil.move(path, tmp_path)
    made.add_images([item for item in find_images(folder) if isinstance(item, FoundFile)])
    for path in late:
        shutil.move(tmp_path / path.name, path)
    made.add_images([FoundFile(item.name, item.stat().st_size, 1) for item in late])
    start = read_start(bundle)
    made.apply(made.beginning_from("bundle", start.classes, start.examples))
    yield made
    made.close()


def _label(project: Project) -> None:
    """An image of each kind."""
    classes = {item.name: item.class_id for item in project.classes()}
    images = {kind_of(Path(item.name)): item.image_id for item in reversed(project.images())}
    project.apply(Change("Label", {image: classes[kind] for kind, image in images.items()}))


def _in_window(
    workspace: Workspace, snapshot: Snapshot, sittings: Sequence[Sequence[ImageRef]]
) -> tuple[Adapted, dict[str, tuple[int, float]]]:
    """What a window asks for: labels are answered whenever more images are known."""
    names = {image.image_id: image.name for image in snapshot.images}
    given = snapshot.classes, snapshot.support, ()
    events: list[Event | None] = []
    for number, images in enumerate(sittings, 1):
        list(embed_images(workspace, EmbedImages(10 * number, tuple(images))))
        for effort in dict.fromkeys((Effort.INSTANT, snapshot.effort)):
            command = Adapt(10 * number + 1, *given, effort, "", snapshot.examples)
            if told := list(adapt_and_classify(workspace, command)):
                events = told if any(isinstance(item, Adapted) for item in told) else events
    (adapted,) = [event for event in events if isinstance(event, Adapted)]
    found: dict[str, tuple[int, float]] = {}
    for event in events:
        if isinstance(event, PredictionsReady):
            best = zip(
                event.image_ids.tolist(),
                event.class_ids[:, 0].tolist(),
                event.probabilities[:, 0].tolist(),
                strict=True,
            )
            found.update({names[ImageId(image)]: (label, sure) for image, label, sure in best})
    return adapted, found


# Without a label the instant answers hang on the folder's metric, with some on what these choose.
@pytest.mark.parametrize("is_labelled", [False, True])
@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_window_reopened_table_and_command_line_agree(
    open_workspace: Open,
    project: Project,
    effort: Effort,
    is_labelled: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if is_labelled:
        _label(project)
    snapshot = replace(project.snapshot(), effort=effort)
    images = snapshot.images
    window, _ = open_workspace()
    sittings = [images[:-N_LATER], images[-N_LATER:]]
    adapted, on_screen = _in_window(window, snapshot, sittings)
    reopened, _ = open_workspace()
    again, on_screen_again = _in_window(reopened, snapshot, [images])
    assert np.array_equal(window.folder_shape().metric, reopened.folder_shape().metric)
    assert on_screen == on_screen_again
    assert (adapted.held_out is None) is (again.held_out is None) is not is_labelled
    if adapted.held_out is not None and again.held_out is not None:
        assert np.array_equal(adapted.held_out.confidences, again.held_out.confidences)

    by_number = {item.class_id: item.name for item in snapshot.classes}
    fitted = _result(fit_snapshot(window, snapshot, 99))
    saved = {
        record.image.name: float(record.probabilities.max())
        for chunk in results_of(window, fitted).chunks()
        for record in chunk
        if record.probabilities is not None
    }
    for name, (_, sure) in on_screen.items():
        assert saved[name] == pytest.approx(sure, abs=1e-6)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other cache"))
    out = tmp_path / "out.csv"
    folder = str(snapshot.folder)
    given = ["classify", folder, "--project", str(project.path), "--out", str(out)]
    assert run_command_line([*given, "--effort", effort.value, "--device", "cpu"]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file_name"]: row for row in csv.DictReader(file)}
    assert rows.keys() == on_screen.keys()
    for name, (label, sure) in on_screen.items():
        assert rows[name]["machine_label"] == by_number[label]  # type: ignore[index]
        assert float(rows[name]["machine_confidence"]) == pytest.approx(sure, abs=2e-6)


def test_a_bundle_given_twice_teaches_once(
    project: Project, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    given = ["classify", str(project.folder), "--project", str(project.path), "--effort", "instant"]
    assert run_command_line([*given, "--out", str(first)]) == 0
    both = [*given, "--from-bundle", str(bundle), "--out", str(second)]
    assert run_command_line(both) == 0
    assert first.read_bytes() == second.read_bytes()


def test_images_that_are_gone_leave_no_trace(open_workspace: Open, project: Project) -> None:
    _label(project)
    before = project.snapshot()
    left = before.images[:12]
    support = tuple(item for item in before.support if item[0] in left)
    snapshot = replace(before, images=left, support=support)
    window, _ = open_workspace()
    _in_window(window, before, [before.images])
    gone = tuple(image.image_id for image in before.images[12:])
    command = Adapt(5, snapshot.classes, support, (), Effort.THOROUGH, "", snapshot.examples, gone)
    events = list(adapt_and_classify(window, command))
    fresh, _ = open_workspace()
    fitted = _result(fit_snapshot(fresh, snapshot, 6))
    known = _result(fit_snapshot(window, snapshot, 7))
    assert np.array_equal(known.model.weights, fitted.model.weights)
    told = [event for event in events if isinstance(event, PredictionsReady)]
    assert sum(len(event.image_ids) for event in told) in (0, len(left))


def test_what_is_gone_is_let_go_of_once_and_again_where_it_was_read_since(
    workspace: Workspace, project: Project
) -> None:
    images = project.snapshot().images
    gone = tuple(image.image_id for image in images[12:])
    _in_window(workspace, project.snapshot(), [images])
    workspace.drop_gone(gone)
    assert workspace.store.image_ids() == {image.image_id for image in images[:12]}
    asked: list[object] = []
    before, workspace.drop = workspace.drop, asked.append  # type: ignore[method-assign]
    workspace.drop_gone(gone)
    assert not asked
    workspace.drop = before  # type: ignore[method-assign]
    list(embed_images(workspace, EmbedImages(6, images[10:14])))  # Was under way when it went.
    workspace.drop_gone(gone)
    assert workspace.store.image_ids() == {image.image_id for image in images[:12]}
    workspace.drop_gone(gone[4:])
    list(embed_images(workspace, EmbedImages(7, images[10:16])))
    workspace.drop_gone(gone[4:])
    assert workspace.store.image_ids() == {image.image_id for image in images[:16]}


def test_a_sample_is_that_of_the_contents(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(3).normal(size=(50, 4)).astype(np.float16)
    one, other = EmbeddingStore(4), EmbeddingStore(4)
    one.add([ImageId(number) for number in range(50)], embeddings)
    other.add([ImageId(100 - number) for number in range(50)], embeddings)
    other.add([ImageId(200)], embeddings[:1] * 2)
    other.discard([ImageId(200), ImageId(100)])
    other.add([ImageId(300)], embeddings[:1])
    assert np.array_equal(one.sample(20), other.sample(20))
    assert one.sample(20).shape == (20, 4)
    assert len(one.sample(80)) == 50
