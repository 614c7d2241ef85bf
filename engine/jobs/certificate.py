"""Whether a model file gives the program's answers: it is run on real files and compared."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.decoding.decoders import DECODERS
from engine.encoder.runtime import cpu_session
from engine.errors import ExportError, UnreadableImageError
from engine.images import read_file
from engine.jobs.predictions import FittedSnapshot
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import Certificate, Event, ImageRef
from engine.method.heads import Floats
from engine.words import say

MARGIN_RULE: Final = 0.002
MARGIN_FULL: Final = 0.02
MAX_DIFFERENCE_CPU: Final = 1e-4
MAX_DIFFERENCE_GPU: Final = 5e-3  # A GPU sums in another order than the CPU of the check.
N_CHECKED_FILES: Final = 60
_NONE_SLACK: Final = 10.0  # Its sigmoid is steep: the same rounding moves it further.


def certify(
    workspace: Workspace, fitted: FittedSnapshot, model_path: Path, request_id: int
) -> Generator[Event | None, None, Certificate]:
    """Run the exported file on real files and compare with the program's own answers.

    Raises:
        ExportError: they disagree by more than the limits, or no file could be checked.
    """
    certificate, none_gap = yield from measure(workspace, fitted, model_path, request_id)
    limit = MAX_DIFFERENCE_GPU if fitted.seen.runtime.is_approximate else MAX_DIFFERENCE_CPU
    if (
        certificate.max_difference_rule > limit
        or certificate.n_agree_rule < certificate.n_clear_rule
    ):
        raise ExportError(
            say(
                "The exported model does not agree with the program (largest difference "
                "{difference:.2g}, allowed {limit:.0e}; same class on "
                "{n_agree} of {n_clear} images); it was not saved.",
                difference=certificate.max_difference_rule,
                limit=limit,
                n_agree=certificate.n_agree_rule,
                n_clear=certificate.n_clear_rule,
            )
        )
    if none_gap > _NONE_SLACK * limit:
        raise ExportError(
            say(
                "The exported model does not agree with the program on what is none of the classes "
                "(largest difference {difference:.2g}, allowed {limit:.0e}); it was not "
                "saved.",
                difference=none_gap,
                limit=_NONE_SLACK * limit,
            )
        )
    return certificate


def measure(
    workspace: Workspace,
    fitted: FittedSnapshot,
    model_path: Path,
    request_id: int,
    feed: Callable[[NDArray[np.uint8]], NDArray[Any]] | None = None,
    *,
    images: Sequence[ImageRef] | None = None,
    margin_rule: float = MARGIN_RULE,
) -> Generator[Event | None, None, tuple[Certificate, float]]:
    """Run a model file on real files and compare with the program's own answers.

    Args:
        feed: what the model is given of an image (height, width, 3); None: the image itself.
        images: to run it on; None: some of every kind in the folder.
        margin_rule: files count as clear whose probabilities are further apart.

    Returns:
        What was seen, and the largest difference of the none-of-these scores.

    Raises:
        ExportError: no file could be checked.
    """
    session = cpu_session(model_path, n_threads=workspace.runtime.n_threads)
    if images is None:
        images = files_to_check(fitted)
    fed = feed or (lambda pixels: pixels)
    meter = ProgressMeter(request_id, say("Checking the model file on real images"), len(images))
    expected: list[Floats] = []
    by_rule: list[Floats] = []
    in_full: list[Floats] = []
    none_gap = 0.0  # Largest difference of the none-of-these score.
    for image in images:
        try:
            content = read_file(image.path)
            rule_pixels = DECODERS.decode(content).pixels
        except UnreadableImageError:
            continue  # It was readable when it was embedded and is not any more.
        embedding = fitted.seen.store.select([image.image_id])
        expected.append(fitted.model.probabilities(embedding)[0])
        wanted = ["probabilities", "none_score"]
        probabilities, none_scores = session.run(wanted, {"image": fed(rule_pixels)[None]})
        by_rule.append(probabilities[0])
        none_gap = max(
            none_gap, abs(float(none_scores[0] - fitted.model.none_scores(embedding)[0]))
        )
        try:
            full_input = fed(DECODERS.decode(content, shrink_to_px=None).pixels)[None]
        except UnreadableImageError:
            in_full.append(np.full_like(probabilities[0], np.nan))  # Too many pixels for that.
        else:
            in_full.append(session.run(["probabilities"], {"image": full_input})[0][0])
        yield meter.advance()
    if not expected:
        raise ExportError(
            say("The model could not be checked, since no image can be read any more.")
        )
    return _compare(np.stack(expected), np.stack(by_rule), np.stack(in_full), margin_rule), none_gap


def _compare(expected: Floats, by_rule: Floats, in_full: Floats, margin_rule: float) -> Certificate:
    """All (n_files, n_classes); rows of ``in_full`` are NaN where there was no full decode."""
    ordered = np.sort(expected, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    top = expected.argmax(axis=1)
    has_full = np.isfinite(in_full).all(axis=1)
    clear_rule, clear_full = margins > margin_rule, has_full & (margins > MARGIN_FULL)
    return Certificate(
        n_files=len(expected),
        max_difference_rule=float(np.abs(by_rule - expected).max()),
        n_clear_rule=int(clear_rule.sum()),
        n_agree_rule=int((by_rule.argmax(axis=1) == top)[clear_rule].sum()),
        margin_rule=margin_rule,
        max_difference_full=float(np.abs(in_full - expected)[has_full].max(initial=0.0)),
        n_clear_full=int(clear_full.sum()),
        n_agree_full=int((in_full.argmax(axis=1) == top)[clear_full].sum()),
        margin_full=MARGIN_FULL,
        onnxruntime_version=onnxruntime.__version__,
    )


def files_to_check(fitted: FittedSnapshot, count: int = N_CHECKED_FILES) -> list[ImageRef]:
    """Some labelled files and, evenly spread over the folder, files of every kind in it."""
    labelled = [image for image, _ in fitted.snapshot.support]
    by_kind: dict[str, list[ImageRef]] = {}
    for image in fitted.snapshot.images:
        by_kind.setdefault(image.path.suffix.lower(), []).append(image)
    share = max(4, count // max(1, len(by_kind)))
    chosen = {image.image_id: image for image in spread(labelled, count // 4)}
    for images in by_kind.values():
        chosen.update({image.image_id: image for image in spread(images, share)})
    missing = count - len(chosen)
    rest = [image for image in fitted.snapshot.images if image.image_id not in chosen]
    chosen.update({image.image_id: image for image in spread(rest, max(0, missing))})
    return [image for image in chosen.values() if image.image_id in fitted.seen.store]


def spread(images: Sequence[ImageRef], count: int) -> list[ImageRef]:
    """So many of them, evenly, or all if they are no more."""
    if len(images) <= count:
        return list(images)
    return [images[index * len(images) // count] for index in range(count)]
