"""Detections cut out for labelling, and what came of it written back into the detector's file."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.decoding.decoders import DECODERS
from engine.errors import ExportError, LabelsError, UnreadableImageError, sentence_for
from engine.files import write_whole
from engine.images import read_file
from engine.interchange.cells import safe_name, text_of
from engine.interchange.crop_folder import MANIFEST, has_crops
from engine.interchange.crops import (
    BEGUN,
    RESULTS,
    Crop,
    CropNames,
    CropOrder,
    cut_out,
    digest_of,
    read_manifest,
    write_manifest,
)
from engine.interchange.formats.megadetector import (
    IMAGES_PER_PIECE,
    Classified,
    Detection,
    MegaDetectorResults,
    place_within,
)
from engine.interchange.records import Record, Results
from engine.jobs.aside import aside
from engine.jobs.files import check_target, is_same_file, written_whole
from engine.jobs.predictions import fit_snapshot, labels_only, results_of
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    CropsMade,
    DetectionsWritten,
    Event,
    MakeCrops,
    Progress,
    Snapshot,
    WriteDetections,
)
from engine.version import VERSION
from engine.words import Sentence, say, sentence_of

_WAIT_S: Final = 0.02  # So long may a click wait for a step.
_MAX_NOTICES: Final = 5
_MAX_NAMES: Final = 3
LEFT_OUT: Final = "left_out.csv"
"""The list, in the folder of the crops, of images that nothing was cut out of."""
_WHY: Final = {
    "gone": say("it is not in the folder"),
    "outside": say("it lies outside of the folder"),
    "failed": say("the detector could not read it"),
}
_LEAST_CONFIDENCE: Final = 0.005  # Less is not worth a line of the file.


def make_crops(command: MakeCrops) -> Iterator[Event | None]:
    """See :class:`engine.messages.MakeCrops`.

    Raises:
        LabelsError: the file holds no results, nothing to cut out, or belongs to other images.
        ExportError: it cannot be written there.
    """
    out = command.out
    yield Progress(
        command.request_id, say("Reading {name}", name=command.results.name), 0, 0, 0.0, 0.0
    )
    plan = yield from aside(lambda: _planned(command), "handful-detections")
    yield from aside(lambda: _begin(command, plan), "handful-detections")
    meter = ProgressMeter(command.request_id, say("Cutting out"), len(plan.images))
    made: list[Crop] = []
    left_out: list[Sentence] = []
    passed_over = list(plan.passed_over)
    n_new = n_left_out = 0
    for image, outcome in (yield from _cut_all(plan.images, out, meter)):
        if isinstance(outcome, Sentence):
            n_left_out += 1
            passed_over.append((image.crops[0].image_file, outcome))
            if len(left_out) < _MAX_NOTICES:
                name = image.crops[0].image_file
                left_out.append(say("{name}: {reason}.", name=name, reason=outcome))
        else:
            n_new += outcome
            made += image.crops
    if not made:
        reason = left_out[0] if left_out else say("all is left out")
        raise LabelsError(say("Not one image could be read. {reason}", reason=reason))
    try:
        write_manifest(out, plan.order, [*made, *_made_before(out, made)], MANIFEST)
        (out / BEGUN).unlink(missing_ok=True)
        notices = _list_passed_over(out, passed_over)
    except OSError as error:
        raise ExportError(sentence_for(error, out / MANIFEST, say("write"))) from error
    if (more := n_left_out - len(left_out)) == 1:
        left_out.append(say("1 more image was left out."))
    elif more:
        left_out.append(say("{count} more images were left out.", count=more))
    yield CropsMade(
        command.request_id,
        out,
        len(made),
        len({crop.image for crop in made}),
        n_new,
        n_left_out + plan.n_not_there,
        (*plan.notices, *left_out, *notices),
    )


def write_detections(
    workspace: Workspace, command: WriteDetections
) -> Generator[Event | None, None, None]:
    """See :class:`engine.messages.WriteDetections`.

    Raises:
        LabelsError: the folder has no crops, or nothing is labelled.
        ExportError: it cannot be written there.
    """
    snapshot = command.snapshot
    check_target(command.out, snapshot.paths)
    if not snapshot.support:
        raise LabelsError(say("No image is labelled yet."))
    if not has_crops(snapshot.folder):
        read_manifest(snapshot.folder)  # Says so.
    yield from aside(lambda: check_no_source(command.out, snapshot.folder), "handful-detections")
    if _n_classes(snapshot) < 2:
        results = labels_only(snapshot)
    else:
        fitted = yield from fit_snapshot(workspace, snapshot, command.request_id)
        results = results_of(workspace, fitted)
    yield from write_results_back(results, command.out, command.request_id)


def check_no_source(out: Path, folder: Path) -> None:
    """Refuse to write over what the crops in ``folder`` were made of; reads ``out`` if it is there.

    The detector's own file is known by its content, so wherever it lies and however a path leads
    to it.

    Raises:
        LabelsError: the manifest cannot be understood.
        ExportError: it is the detector's file, or a part of the crops.
    """
    if any(is_same_file(out, folder / name) for name in (RESULTS, MANIFEST)):
        raise ExportError(say("{path} is a part of the crops; choose another name.", path=out))
    order, _ = read_manifest(folder)
    try:
        is_source = out.is_file() and digest_of(out) == order.results_sha256
    except OSError as error:
        raise ExportError(sentence_for(error, out, say("write"))) from error
    if is_source:
        raise ExportError(
            say(
                "{path} is the detector's own file, which the crops come from; choose another "
                "name.",
                path=out,
            )
        )


def write_results_back(results: Results, out: Path, request_id: int) -> Iterator[Event | None]:
    """Write any results of crops into the file that they were cut out after.

    ``results.folder`` is that of the crops.
    """
    folder = results.folder
    yield from aside(lambda: check_no_source(out, folder), "handful-detections")
    yield Progress(request_id, say("Reading {name}", name=RESULTS), 0, 0, 0.0, 0.0)
    known, source = yield from aside(lambda: _known(folder), "handful-detections")
    left = len(source)
    meter = ProgressMeter(request_id, say("Writing detections"), results.n_images + left)
    found: dict[tuple[int, int], Classified] = {}
    n_labels = 0
    for chunk in results.chunks():
        for record in chunk:
            crop = known.get(record.image.name)
            classified = _classified(results, record)
            if crop is not None and classified:
                found[crop.image, crop.detection] = classified
                n_labels += int(record.label is not None)
        yield meter.advance(len(chunk))
    classifier = f"Handful {VERSION} {results.model_id}".rstrip()
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with (
        written_whole(out) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        pieces = source.with_classes(found, classifier, moment)
        # It sorts all that was found before it gives the first piece.
        file.write((yield from aside(lambda: next(pieces), "handful-detections")))
        for piece in pieces:
            file.write(piece)
            step = min(left, IMAGES_PER_PIECE)
            left -= step
            yield meter.advance(step)
    yield DetectionsWritten(
        request_id, out, n_labels, len(found) - n_labels, len(known) - len(found)
    )


# --- Planning -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Image:
    """An image to be read and the crops to be cut out of it; as many detections."""

    path: Path
    crops: tuple[Crop, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    order: CropOrder
    images: tuple[_Image, ...]
    n_not_there: int
    notices: tuple[Sentence, ...]
    passed_over: tuple[tuple[str, Sentence], ...]  # Images that nothing is cut out of, and why.


def _planned(command: MakeCrops) -> _Plan:
    """What is to be cut out; reads the whole file and looks for every image."""
    folder = command.images_folder
    if not folder.is_dir():
        raise LabelsError(say("There is no folder {folder}.", folder=folder))
    source = MegaDetectorResults(command.results)
    counts: Counter[str] = Counter()
    names = CropNames()
    images: list[_Image] = []
    example = ""
    passed_over: list[tuple[str, str]] = []
    for found in source.images():
        counts["damaged"] += found.n_damaged
        if found.has_failed:
            passed_over.append((found.name, "failed"))
        wanted = [item for item in found.detections if _is_wanted(item, command)]
        if not wanted:
            continue
        counts["wanted"] += 1
        place = place_within(found.name, folder)
        path = None if place is None else folder / place
        example = example or found.name
        if place is None or path is None or not _is_file(path):
            passed_over.append((found.name, "outside" if place is None else "gone"))
            continue
        crops = tuple(
            Crop(
                names.give(place, item.number),
                found.number,
                found.name,
                item.number,
                item.category,
                item.confidence,
                item.box,
            )
            for item in wanted
        )
        images.append(_Image(path, crops))
    if not counts["wanted"]:
        raise LabelsError(
            say(
                "{path} has no detection of {categories} with a confidence of {least:.2f} or more.",
                path=command.results,
                categories=", ".join(f"“{name}”" for name in command.categories),
                least=command.least_confidence,
            )
        )
    if not images:
        raise LabelsError(
            say(
                "None of the images is in {folder}, such as {name}; is it another folder?",
                folder=folder,
                name=example,
            )
        )
    order = CropOrder(
        digest_of(command.results),
        str(folder.absolute()),
        tuple(sorted(command.categories)),
        command.least_confidence,
    )
    notices = [] if source.notice is None else [source.notice]
    notices += _told_of(passed_over, counts["damaged"])
    n_not_there = sum(why != "failed" for _, why in passed_over)
    listed = tuple((name, _WHY[why]) for name, why in passed_over)
    return _Plan(order, tuple(images), n_not_there, tuple(notices), listed)


def _told_of(passed_over: Sequence[tuple[str, str]], n_damaged: int) -> list[Sentence]:
    names = {why: [name for name, because in passed_over if because == why] for why in _WHY}
    n_gone, n_outside, n_failed = (len(names[why]) for why in ("gone", "outside", "failed"))
    gone, outside, failed = (_named(names[why]) for why in ("gone", "outside", "failed"))
    found: list[Sentence] = []
    if n_gone == 1:
        found.append(say("1 image is not in the folder and was left out: {names}.", names=gone))
    elif n_gone:
        found.append(
            say(
                "{count} images are not in the folder and were left out: {names}.",
                count=n_gone,
                names=gone,
            )
        )
    if n_outside == 1:
        found.append(
            say("1 image lies outside of the folder and was left out: {names}.", names=outside)
        )
    elif n_outside:
        found.append(
            say(
                "{count} images lie outside of the folder and were left out: {names}.",
                count=n_outside,
                names=outside,
            )
        )
    if n_failed == 1:
        found.append(say("The detector could not read 1 image: {names}.", names=failed))
    elif n_failed:
        found.append(
            say(
                "The detector could not read {count} images: {names}.", count=n_failed, names=failed
            )
        )
    if n_damaged == 1:
        found.append(say("1 detection is no box within its image and was passed over."))
    elif n_damaged:
        found.append(
            say(
                "{count} detections are no boxes within their images and were passed over.",
                count=n_damaged,
            )
        )
    return found


def _named(names: Sequence[str]) -> str:
    """The first of them, quoted; hostile ones may be anything."""
    shown = [f"“{text_of(name)[:100]}”" for name in names[:_MAX_NAMES]]
    return ", ".join((*shown, "…") if len(names) > _MAX_NAMES else shown)


def _list_passed_over(out: Path, passed_over: Sequence[tuple[str, Sentence]]) -> list[Sentence]:
    """Write which images nothing was cut out of, or take an older list away; raises OSError."""
    path = out / LEFT_OUT
    if not passed_over:
        path.unlink(missing_ok=True)
        return []
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["file_name", "reason"])
    writer.writerows([safe_name(text_of(name)), reason] for name, reason in passed_over)
    write_whole(path, text.getvalue().encode("utf-8-sig"))
    return [say("All that was left out is listed in {path}.", path=path)]


def _is_wanted(item: Detection, command: MakeCrops) -> bool:
    return item.confidence >= command.least_confidence and item.category in command.categories


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _begin(command: MakeCrops, plan: _Plan) -> None:
    """Make the folder, or find it begun by the same order."""
    out = command.out
    inside = Path(os.path.realpath(out)).is_relative_to(os.path.realpath(command.images_folder))
    if inside:
        raise ExportError(
            say(
                "{path} lies in the folder of the images, where its crops would be taken for "
                "further images; choose another place.",
                path=out,
            )
        )
    try:
        out.mkdir(exist_ok=True)
        name = MANIFEST if has_crops(out) else BEGUN
        if (out / name).is_file():
            order, _ = read_manifest(out, name)
            if not order.is_same_as(plan.order):
                raise ExportError(say("{path} holds other crops; choose another place.", path=out))
        elif any(out.iterdir()):
            raise ExportError(
                say("Could not write {path}: there is something of that name already.", path=out)
            )
        else:
            write_manifest(out, plan.order, (), BEGUN)
        if not (out / RESULTS).is_file():
            # The manifest knows which file it was: a copy that broke off is never taken for it.
            temporary = out / f".{RESULTS}.part"
            shutil.copyfile(command.results, temporary)
            temporary.replace(out / RESULTS)
    except OSError as error:
        raise ExportError(sentence_for(error, out, say("write"))) from error


def _made_before(out: Path, made: Sequence[Crop]) -> list[Crop]:
    """Crops of images that are gone since."""
    if not has_crops(out):
        return []
    known = {crop.file for crop in made}
    _, before = read_manifest(out)
    return [crop for crop in before if crop.file not in known and _is_whole(out / crop.file)]


# --- Cutting out ----------------------------------------------------------------------------------


def _cut_all(
    images: Sequence[_Image], out: Path, meter: ProgressMeter
) -> Generator[Event | None, None, list[tuple[_Image, int | Sentence]]]:
    """For each image how many crops are new, or why it was left out; in their order."""
    n_at_once = max(1, os.cpu_count() or 1)
    outcomes: list[tuple[_Image, int | Sentence]] = []
    waiting: deque[tuple[_Image, Future[int | Sentence]]] = deque()
    pool = ThreadPoolExecutor(n_at_once, "handful-crops")
    rest = iter(images)
    try:
        while True:
            while len(waiting) < 2 * n_at_once and (image := next(rest, None)) is not None:
                waiting.append((image, pool.submit(_cut, image, out)))
            if not waiting:
                return outcomes
            image, future = waiting[0]
            with contextlib.suppress(TimeoutError):
                outcomes.append((image, future.result(_WAIT_S)))
                waiting.popleft()
                yield meter.advance()
                continue
            yield None
    finally:
        pool.shutdown(cancel_futures=True)


def _cut(image: _Image, out: Path) -> int | Sentence:
    """Make the crops that are not there; return how many, or why the image cannot be read.

    Raises:
        ExportError: a crop cannot be written.
    """
    missing = [crop for crop in image.crops if not _is_whole(out / crop.file)]
    if not missing:
        return 0
    try:
        decoded = DECODERS.decode(read_file(image.path), shrink_to_px=None)
    except UnreadableImageError as error:
        return sentence_of(str(error))
    for crop in missing:
        path = out / crop.file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, cut_out(decoded.pixels, crop.box, decoded.taken_s))
        except OSError as error:
            raise ExportError(sentence_for(error, path, say("write"))) from error
    return len(missing)


def _is_whole(path: Path) -> bool:
    # Names come after content; after a power cut a name may be there with nothing in it.
    return path.is_file() and path.stat().st_size > 0


def _write(path: Path, content: bytes) -> None:
    # Without waiting for the disk: a crop that is lost is made again.
    temporary = path.with_name(f".{path.name[-64:]}.part")
    temporary.write_bytes(content)
    temporary.replace(path)


# --- Writing back ---------------------------------------------------------------------------------


def _known(folder: Path) -> tuple[dict[str, Crop], MegaDetectorResults]:
    """The crops of a folder by their names, and the file they were cut out after."""
    order, crops = read_manifest(folder)
    path = folder / RESULTS
    try:
        is_same = digest_of(path) == order.results_sha256
    except OSError as error:
        raise LabelsError(sentence_for(error, path, say("read"))) from error
    if not is_same:
        raise LabelsError(
            say("{path} is not the file any more that the crops were cut out after.", path=path)
        )
    source = MegaDetectorResults(path)
    there = {(image.number, item.number) for image in source.images() for item in image.detections}
    return {item.file: item for item in crops if (item.image, item.detection) in there}, source


def _classified(results: Results, record: Record) -> Classified:
    """What is said of a crop, the most likely first; a person's word stands alone."""
    if record.label is not None:
        return [(str(record.label), 1.0)]
    if record.probabilities is None:
        return []
    none_score = record.none_score or 0.0
    is_none = none_score > 0.5
    rest = 1 - none_score if is_none else 1.0
    found = [(str(NONE_NAME), none_score)] if is_none else []
    for place, number in enumerate(record.best_first()):
        probability = rest * float(record.probabilities[number])
        if place == 0 or probability >= _LEAST_CONFIDENCE:
            found.append((results.predicted[number], probability))
    return found


def _n_classes(snapshot: Snapshot) -> int:
    return len({class_id for _, class_id in snapshot.support} - {NONE_OF_THESE})
