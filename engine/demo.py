"""The whole job on a painted sample: label five a class, adapt, classify, export, compare.

The pictures' true classes are known, so the accuracy printed at the end is a real one, over the
images that were not labelled.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from platformdirs import user_documents_path

from engine.errors import EngineError, sentence_for
from engine.images import find_images
from engine.jobs.export import write_model
from engine.jobs.predictions import fit_snapshot, write_predictions
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import Certificate, ClassId, Event, FoundFile, ImageId, ModelExported
from engine.painting import CLASS_NAMES, PaintedImage, paint_folder
from engine.project import Change, Project
from engine.words import say

SHOTS: Final = 5
N_IMAGES: Final = 300
SEED: Final = 7
_REQUEST: Final = 0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo did. ``accuracy`` in [0, 1] is over the ``n_judged`` unlabelled images."""

    folder: Path
    project: Path
    predictions: Path
    model: Path
    n_images: int
    n_labelled: int
    n_judged: int
    accuracy: float
    mean_confidence: float
    seconds_painting: float
    seconds_engine: float
    device: str
    certificate: Certificate


def default_demo_folder() -> Path:
    """``Handful demo`` in the person's documents."""
    return user_documents_path() / "Handful demo"


def run_demo(
    workspace: Workspace, folder: Path, *, n_images: int = N_IMAGES
) -> Generator[Event | None, None, DemoReport]:
    """Do the whole job in ``folder``; a second run finds its pictures and labels again.

    Raises:
        EngineError: the folder cannot be written.
    """
    started = time.perf_counter()
    pictures = folder / "pictures"
    try:
        pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(sentence_for(error, pictures, "create")) from error
    painted: list[PaintedImage] = []
    meter = ProgressMeter(_REQUEST, say("Painting machine parts"), n_images)
    for item in paint_folder(pictures, n_images=n_images, seed=SEED):
        painted.append(item)
        yield meter.advance()
    seconds_painting = time.perf_counter() - started

    started = time.perf_counter()
    project = _labelled_project(folder, pictures, painted)
    try:
        snapshot = project.snapshot()
    finally:
        project.close()
    fitted = yield from fit_snapshot(workspace, snapshot, _REQUEST)
    yield from write_predictions(workspace, fitted, folder / "predictions.csv", _REQUEST)
    exported: ModelExported | None = None
    for event in write_model(workspace, fitted, folder / "model.onnx", _REQUEST):
        if isinstance(event, ModelExported):
            exported = event
        yield event
    if exported is None:
        raise EngineError("The model was not exported.")
    truth = {item.name: item.class_name for item in painted}
    labelled = {image.image_id for image, _ in snapshot.support}
    judged = [
        image for image in snapshot.images if image.image_id not in labelled and image.name in truth
    ]
    probabilities = fitted.model.probabilities(
        workspace.store.select(image.image_id for image in judged)
    )
    predicted = [fitted.classes[column].name for column in probabilities.argmax(axis=1)]
    hits = [truth[image.name] == name for image, name in zip(judged, predicted, strict=True)]
    return DemoReport(
        folder=folder,
        project=project.path,
        predictions=folder / "predictions.csv",
        model=exported.path,
        n_images=len(snapshot.images),
        n_labelled=len(labelled),
        n_judged=len(judged),
        accuracy=float(np.mean(hits)),
        mean_confidence=float(probabilities.max(axis=1).mean()),
        seconds_painting=seconds_painting,
        seconds_engine=time.perf_counter() - started,
        device=workspace.runtime.device,
        certificate=exported.certificate,
    )


def report_lines(report: DemoReport) -> list[str]:
    """The report as a person reads it."""
    certificate = report.certificate
    return [
        "",
        f"{report.n_images} pictures of machine parts were painted in "
        f"{report.seconds_painting:.1f} s.",
        f"{report.n_labelled} of them were labelled, {SHOTS} a class; the other {report.n_judged} "
        f"were classified in {report.seconds_engine:.1f} s, export included ({report.device}).",
        f"Accuracy against the known truth: {100 * report.accuracy:.1f} %, "
        f"at a mean confidence of {100 * report.mean_confidence:.1f} %.",
        f"The exported model was run on {certificate.n_files} files in plain onnxruntime: largest "
        f"difference in probability {certificate.max_difference_rule:.1e}, same class on "
        f"{certificate.n_agree_rule} of {certificate.n_clear_rule}.",
        "",
        f"  Pictures     {report.folder / 'pictures'}",
        f"  Project      {report.project}",
        f"  Predictions  {report.predictions}",
        f"  Model        {report.model}",
        "",
    ]


def _labelled_project(folder: Path, pictures: Path, painted: Sequence[PaintedImage]) -> Project:
    """The demo's project; labelled here only if nobody has labelled in it before."""
    path = folder / "demo.handful"
    project = Project.open(path) if path.exists() else Project.create(path, pictures)
    try:
        project.add_images([item for item in find_images(pictures) if isinstance(item, FoundFile)])
        if project.labels():
            return project
        classes: dict[str, ClassId] = {item.name: item.class_id for item in project.classes()}
        for name in CLASS_NAMES:
            if name not in classes:
                added = project.new_class(name)
                project.apply(Change(f"Add class “{name}”", {}, (added,)))
                classes[name] = added.class_id
        ids = {record.name: record.image_id for record in project.images()}
        chooser = random.Random(SEED)
        labels: dict[ImageId, ClassId | None] = {}
        for class_name in CLASS_NAMES:
            names = sorted(item.name for item in painted if item.class_name == class_name)
            for name in chooser.sample(names, min(SHOTS, len(names))):
                labels[ids[name]] = classes[class_name]
        project.apply(Change(f"Label {len(labels)} images", labels))
    except BaseException:
        project.close()
        raise
    return project
