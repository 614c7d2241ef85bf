"""The exported model in lower precisions: each made, measured on real images, and judged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle.contents import MODEL, Variant, variant_name
from engine.bundle.half import half, with_half_weights
from engine.bundle.quantised import (
    Ranges,
    candidates,
    embedded,
    loss_of,
    quantised,
    within_loss,
)
from engine.bundle.taught_head import taught_head
from engine.decoding.decoders import DECODERS
from engine.encoder.runtime import cpu_session
from engine.errors import UnreadableImageError
from engine.images import read_file
from engine.jobs.certificate import files_to_check, measure, spread
from engine.jobs.export_graph import classifier_graph
from engine.jobs.predictions import FittedSnapshot
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import Certificate, Event, ImageRef, Precision, Progress, VariantReport
from engine.method.heads import Floats
from engine.words import Sentence, say

if TYPE_CHECKING:
    import onnx

MAX_DIFFERENCE_HALF: Final = 5e-3
LEAST_AGREEMENT: Final = 0.99
_LEAST_WHEN_CHOOSING: Final = 0.995  # Some more, for it is told from fewer images.
N_CHECKED: Final = 300  # Images that int8 is judged on, none of which it was made with.
N_SHOWN: Final = 200  # Images that it is made with.
_N_CHECKED_HALF: Final = 200
_N_RANGES: Final = 60  # Of those it is made with: for the ranges of activations,
_N_TRIED: Final = 8  # and for what each node loses alone.
_N_TIMED: Final = 20
# What the quantised nodes may lose together, in squared distance of embeddings of length one: all
# of them, and where that is too much for the classes at hand, ever fewer.
_BUDGETS: Final = (float("inf"), 0.03, 0.008, 0.004)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A variant that was made, offered or not; none could be made where ``content`` is empty."""

    report: VariantReport
    content: bytes = b""
    certificate: Certificate | None = None

    @property
    def variant(self) -> Variant | None:
        """What of it goes into a bundle; None where it is not offered."""
        if self.report.refusal or self.certificate is None:
            return None
        title = {Precision.FP16: "half precision", Precision.INT8: "8-bit integers"}
        name = variant_name(Path(MODEL), self.report.precision)
        return Variant(
            name,
            f"images of any size, uint8; {title[self.report.precision]}",
            self.content,
            self.certificate,
            slack=_SLACK[self.report.precision],
        )


# Integer kernels of other processors round in other places.
_SLACK: Final = {Precision.FP16: 2e-2, Precision.INT8: 0.2}


def make_variants(
    workspace: Workspace,
    fitted: FittedSnapshot,
    out: Path,
    precisions: Sequence[Precision],
    request_id: int,
) -> Generator[Event | None, None, list[Made]]:
    """Make and measure what was asked for; nothing is written but in a temporary folder.

    Args:
        out: the model's name, from which those of the variants are made.

    Raises:
        ExportError: no image could be read.
    """
    makers: dict[Precision, Callable[..., Generator[Event | None, None, Made]]] = {
        Precision.FP16: _make_half,
        Precision.INT8: _make_quantised,
    }
    made = []
    for precision in dict.fromkeys(precisions):
        found = yield from makers[precision](workspace, fitted, request_id)
        if not found.report.refusal:
            name = variant_name(out, precision)
            found = replace(found, report=replace(found.report, file_name=name))
        made.append(found)
    return (yield from _timed(workspace, fitted, made, request_id))


def _make_half(
    workspace: Workspace, fitted: FittedSnapshot, request_id: int
) -> Generator[Event | None, None, Made]:
    import onnx

    exact = onnx.load(fitted.seen.runtime.graph_on_disk())
    images = files_to_check(fitted, _N_CHECKED_HALF)
    # Where computing in half precision is too coarse for how sure this head is, weights alone.
    for halved in (half, with_half_weights):
        yield _stage(request_id, say("Making the half-precision variant"))
        model = classifier_graph(workspace, fitted, halved(exact))
        yield None
        made = yield from _measured(
            workspace, fitted, _described(model, Precision.FP16), Precision.FP16, images, request_id
        )
        if made.report.max_difference <= MAX_DIFFERENCE_HALF:
            return made
    refusal = say(
        "The half-precision variant is not offered: a probability differs by {difference:.3f}, "
        "{limit:.3f} is allowed.",
        difference=made.report.max_difference,
        limit=MAX_DIFFERENCE_HALF,
    )
    return _refused(made, refusal)


def _make_quantised(
    workspace: Workspace, fitted: FittedSnapshot, request_id: int
) -> Generator[Event | None, None, Made]:
    import onnx

    encoder = onnx.load(fitted.seen.runtime.graph_on_disk())
    parts = candidates(encoder)
    if not parts:
        return _impossible(
            say("The int8 variant is not offered: this encoder's network has nothing to round.")
        )
    shown, checked = _split(fitted)
    shown = yield from _readable(request_id, shown)
    if not shown or not checked:
        return _impossible(
            say("The int8 variant is not offered: there are too few images to make and check it.")
        )
    exact = fitted.seen.store.select([image.image_id for image in shown]).astype(np.float32)

    for_ranges = spread(shown, _N_RANGES)
    text = say("Int8: looking at the values in the network")
    meter = ProgressMeter(request_id, text, len(for_ranges))
    seen = Ranges(encoder)
    for image in for_ranges:
        pixels = _pixels(image)
        if pixels is not None:
            seen.show(pixels)
        yield meter.advance()
    ranges = seen.found()

    tried = [pixels for image in spread(shown, _N_TRIED) if (pixels := _pixels(image)) is not None]
    truth = embedded(cpu_session(encoder.SerializeToString()), tried)
    meter = ProgressMeter(request_id, say("Int8: finding what bears rounding"), len(parts))
    losses: dict[str, float] = {}
    for part in parts:
        losses[part.name] = loss_of(encoder, ranges, tried, truth, part)
        yield meter.advance()

    for budget in _BUDGETS:
        chosen = within_loss(losses, budget)
        near_encoder = with_half_weights(quantised(encoder, ranges, chosen))
        near = yield from _embeddings(request_id, near_encoder.SerializeToString(), shown)
        if _left_out_agreement(fitted, shown, exact, near) >= _LEAST_WHEN_CHOOSING:
            break
    taught = replace(fitted, model=taught_head(fitted.model, exact, near))
    model = classifier_graph(workspace, taught, near_encoder)
    made = yield from _measured(
        workspace, fitted, _described(model, Precision.INT8), Precision.INT8, checked, request_id
    )
    report = made.report
    if report.n_agree >= LEAST_AGREEMENT * report.n_files:
        return made
    refusal = say(
        "The int8 variant is not offered: it gives the same class to {n_agree} of {n_files} "
        "images ({share:.1f} %), {limit:.0f} % are asked for.",
        n_agree=report.n_agree,
        n_files=report.n_files,
        share=100 * report.n_agree / report.n_files,
        limit=100 * LEAST_AGREEMENT,
    )
    return _refused(made, refusal)


def _split(fitted: FittedSnapshot) -> tuple[list[ImageRef], list[ImageRef]]:
    """The images that int8 is made with, those with labels first, and others to judge it by."""
    store = fitted.seen.store
    labelled = {image.image_id: image for image, _ in fitted.snapshot.support}
    readable = [image for image in fitted.snapshot.images if image.image_id in store]
    free = [image for image in readable if image.image_id not in labelled]
    if not free:  # All are labelled: one half each.
        return readable[::2], readable[1::2]
    # With few images more of them judge: a figure from a dozen says nothing.
    checked = spread(free, min(N_CHECKED, max(1, len(free) * 2 // 3)))
    judging = {image.image_id for image in checked}
    rest = [image for image in free if image.image_id not in judging]
    known = [image for image in labelled.values() if image.image_id in store]
    shown = spread(known, N_SHOWN // 2)
    return [*shown, *spread(rest, N_SHOWN - len(shown))], checked


def _readable(
    request_id: int, images: Sequence[ImageRef]
) -> Generator[Event | None, None, list[ImageRef]]:
    """Those that still can be read."""
    meter = ProgressMeter(request_id, say("Int8: reading images"), len(images))
    kept = []
    for image in images:
        if _pixels(image) is not None:
            kept.append(image)
        yield meter.advance()
    return kept


def _embeddings(
    request_id: int, encoder: bytes, images: Sequence[ImageRef]
) -> Generator[Event | None, None, Floats]:
    """(n_images, d); what cannot be read any more is taken for a black image."""
    session = cpu_session(encoder)
    meter = ProgressMeter(request_id, say("Int8: fitting the classes to it"), len(images))
    found = []
    for image in images:
        pixels = _pixels(image)
        found.append(
            embedded(session, [np.zeros((8, 8, 3), np.uint8) if pixels is None else pixels])
        )
        yield meter.advance()
    return np.concatenate(found)


def _left_out_agreement(
    fitted: FittedSnapshot, images: Sequence[ImageRef], exact: Floats, near: Floats
) -> float:
    """The share of images that keep their class where the other half of them has taught the head.

    Only a choice: what is told comes from images that have no part in it. Labelled ones say little,
    for no head is in doubt about them.
    """
    labelled = {image.image_id for image, _ in fitted.snapshot.support}
    asked = np.array([image.image_id not in labelled for image in images])
    if np.count_nonzero(asked) < 2:
        return 1.0
    rows = np.arange(len(exact))
    n_same = 0
    for part in (0, 1):
        teaching, left_out = rows[rows % 2 == part], rows[(rows % 2 != part) & asked]
        head = taught_head(fitted.model, exact[teaching], near[teaching])
        expected = fitted.model.probabilities(exact[left_out]).argmax(axis=1)
        found = head.probabilities(near[left_out]).argmax(axis=1)
        n_same += int((found == expected).sum())
    return n_same / np.count_nonzero(asked)


def _measured(
    workspace: Workspace,
    fitted: FittedSnapshot,
    model: onnx.ModelProto,
    precision: Precision,
    images: Sequence[ImageRef],
    request_id: int,
) -> Generator[Event | None, None, Made]:
    """Check the file as it will be written."""
    import onnx

    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    with TemporaryDirectory(prefix="handful-") as folder:
        path = Path(folder) / variant_name(Path(MODEL), precision)
        path.write_bytes(content)
        certificate, _ = yield from measure(
            workspace, fitted, path, request_id, images=images, margin_rule=0.0
        )
    report = VariantReport(
        precision,
        "",
        len(content),
        0.0,  # Timed at the end, all in turns.
        0.0,
        certificate.n_clear_rule,
        certificate.n_agree_rule,
        certificate.max_difference_rule,
        model_id=next(item.value for item in model.metadata_props if item.key == "model_id"),
    )
    return Made(report, content, certificate)


def _timed(
    workspace: Workspace, fitted: FittedSnapshot, made: Sequence[Made], request_id: int
) -> Generator[Event | None, None, list[Made]]:
    """The same with how quick each is, beside one and the same model in full precision."""
    models = [item.content for item in made if item.content]
    if not models:
        return list(made)
    models.append(classifier_graph(workspace, fitted).SerializeToString(deterministic=True))
    *rates, full = yield from _rates(models, files_to_check(fitted, _N_CHECKED_HALF), request_id)
    of_each = iter(rates)
    return [
        replace(
            item,
            report=replace(
                item.report, images_per_second=next(of_each), full_images_per_second=full
            ),
        )
        if item.content
        else item
        for item in made
    ]


def _rates(
    models: Sequence[bytes], images: Sequence[ImageRef], request_id: int
) -> Generator[Event | None, None, list[float]]:
    """Images a second of each, on one thread, from the median image, in turns."""
    sessions = [cpu_session(content) for content in models]
    timed = spread(images, _N_TIMED)
    seconds: list[list[float]] = [[] for _ in models]
    meter = ProgressMeter(request_id, say("Timing the model file"), len(timed))
    for image in timed:
        pixels = _pixels(image)
        for session, spent in zip(sessions, seconds, strict=True):
            if pixels is not None:
                session.run(None, {"image": pixels[None]})  # What it allocates for this size.
                started = time.perf_counter()
                session.run(None, {"image": pixels[None]})
                spent.append(time.perf_counter() - started)
        yield meter.advance()
    return [1 / float(np.median(spent)) if spent else 0.0 for spent in seconds]


def _described(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """With its precision, and an id of its own: its answers are not those of the full model."""
    (entry,) = (item for item in model.metadata_props if item.key == "model_id")
    full_id = entry.value
    entry.value = hashlib.sha256(f"{full_id}\0{precision.value}".encode()).hexdigest()[:16]
    model.metadata_props.add(key="full_model_id", value=full_id)
    model.metadata_props.add(key="precision", value=precision.value)
    return model


def _refused(made: Made, refusal: Sentence) -> Made:
    return replace(made, report=replace(made.report, refusal=refusal))


def _impossible(refusal: Sentence) -> Made:
    return Made(VariantReport(Precision.INT8, "", 0, 0.0, 0.0, 0, 0, 0.0, refusal))


def _pixels(image: ImageRef) -> NDArray[np.uint8] | None:
    try:
        return DECODERS.decode(read_file(image.path)).pixels
    except UnreadableImageError:
        return None


def _stage(request_id: int, text: Sentence) -> Progress:
    return Progress(request_id, text, 0, 0, 0.0, 0.0)
