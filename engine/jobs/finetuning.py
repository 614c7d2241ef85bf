"""Fine-tuning the encoder to the labels: a new encoder where held-out labels say that it helps."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.description import Encoder
from engine.jobs.progress import ProgressMeter
from engine.jobs.torch_pool import look_at, train_all, training_device
from engine.jobs.workspace import Workspace
from engine.messages import Event, HeldOut, ImageRef, Progress
from engine.method.heads import Floats, independent_groups, some_of_each
from engine.method.unknowns import reach_of
from engine.words import NOTHING, Sentence, say

if TYPE_CHECKING:
    from engine.finetuning.blocks import Looked
    from engine.finetuning.checkpoints import Checkpoints
    from engine.finetuning.gate import Tried, Verdict
    from engine.finetuning.training import Examples, Measured, Point


LOOKED_AT: Final = 200
MOST_LEARNED: Final = 600
"""Labelled images; of more, as many of each class as of any: 1,600 are drawn in a training, and the
views of each take 200 kB."""
_TOO_FEW: Final = say(
    "Fine-tuning needs ten labelled images that are no near-duplicates, and two in most of the "
    "classes: it is kept only where it helps on labels held out from it."
)


@dataclass(frozen=True, slots=True, eq=False)
class FineTuned:
    """A fine-tuned encoder, and what speaks for it.

    All that is held out was held out from the network's training as well as from the head's.

    Attributes:
        encoder: the new one, with a fingerprint of its own; in memory only.
        held_out: how held-out labels fare with it and the vote of ``method.thorough``.
        held_out_losses: what ``held_out.log_loss`` is the mean of, (n_judged,) nats.
        judged: (n_judged,) which of the labelled images those are.
        guesses: (n_judged,) the class number that each was taken for.
        before: the same with the encoder as it was.
        instant: how they fare with that one and the instant head.
        gain: by how much their mean log-loss fell, nats; ``standard_error`` that of the gain.
        share: of the way from the old weights to the learned ones, in (0, 1].
        factor: what to multiply the logits (weights, bias) of the vote by, fitted to the labelled
            images' new embeddings. The encoder has seen their labels, so they are easier than
            others, which makes every head too sure.
        reach: how far other images of the classes lie from the labelled ones, a cosine distance.
            By themselves those would tell too little, for the same reason.
    """

    encoder: Encoder
    held_out: HeldOut
    held_out_losses: NDArray[np.float64]
    judged: NDArray[np.int64]
    guesses: NDArray[np.int64]
    before: HeldOut
    instant: HeldOut
    gain: float
    standard_error: float
    share: float
    factor: float
    reach: float


def why_not(labels: NDArray[np.int64], groups: NDArray[np.int64]) -> Sentence:
    """Why labels (n,) with near-duplicates (n,) are too few to fine-tune on; empty if they do."""
    from engine.finetuning.gate import can_judge

    return NOTHING if can_judge(labels, independent_groups(labels, groups)) else _TOO_FEW


def finetune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, int]],
    groups: NDArray[np.int64],
    rest: Sequence[ImageRef] = (),
    n_views: int = 1,
    kept_in: Path | None = None,
) -> Generator[Event | None, None, FineTuned | None]:
    """Fine-tune the workspace's encoder on the pool and say whether that helped.

    How far to go is chosen in grouped cross-validation, not at all included, by the instant head;
    what is learned from all labels is kept only if the held-out log-loss of the vote, which will
    answer, falls by 1.5 standard errors there.

    Args:
        support: readable labelled images with class numbers 0, 1, ..., of which ``MOST_LEARNED``
            are learned from.
        groups: (n_support,) numbers of near-duplicates.
        rest: images without a label, of which ``LOOKED_AT`` or all at random tell how sure the
            answers may be.
        n_views: of ``encoder.views.VIEWS``, from which the folder will be embedded.
        kept_in: the folder where what is finished is kept, and looked for first; with one the
            trainings also tell how they do, an eighth more work. None: nothing is written.

    Yields:
        Progress, TrainingPoint, and None while nothing has finished. A thread of the pool cannot
        be stopped within its stretch of work, some quarter of a second.

    Returns:
        None where nothing was gained, or where :func:`why_not` has an answer.

    Raises:
        EngineError: an image can no longer be read.
    """
    labels = np.array([label for _, label in support], np.int64)
    some = np.arange(len(labels))
    if len(labels) > MOST_LEARNED:
        some = some_of_each(labels, max(MOST_LEARNED, 2 * len(np.unique(labels))))
        support, labels, groups = (
            [support[row] for row in some.tolist()],
            labels[some],
            groups[some],
        )
    if why_not(labels, groups):
        return None
    yield Progress(request_id, say("Loading torch, which takes some seconds"), 0, 0, 0.0, 0.0)
    yield from workspace.on_pool(_load_torch)
    from engine.finetuning.blocks import N_DRAWN
    from engine.finetuning.gate import (
        CLEAR_GAIN,
        TUNED,
        UNTUNED,
        decide,
        folds_of,
        held_out_logits,
        judge,
    )
    from engine.finetuning.training import SHARES, Examples, n_steps

    encoder = workspace.runtime.encoder
    checkpoints: Checkpoints | None = None
    if kept_in is not None:
        from engine.finetuning.checkpoints import Checkpoints

        checkpoints = Checkpoints(kept_in, encoder, training_device(workspace))
        # Now, too: one that is given up every time would fill the disk.
        yield from workspace.on_pool(checkpoints.prune)
    images = [image for image, _ in support]
    text = say("Looking at the labelled images from several sides")
    looked = yield from look_at(workspace, request_id, images, N_DRAWN, text, checkpoints)
    independent = independent_groups(labels, groups)
    examples = Examples(looked, labels, independent, training_device(workspace))
    folds = folds_of(labels, examples.groups)
    used = np.unique(folds[folds >= 0])
    shares = (0.0, *SHARES)
    # The last leaves nothing out: it is the one that is kept, if any. Beside the others it fills a
    # core that would idle at the end.
    parts = [*(np.flatnonzero(folds != fold) for fold in used), np.arange(len(labels))]
    works = [partial(_tuned, encoder, examples, rows, shares, checkpoints) for rows in parts]
    steps = n_steps(len(labels), len(shares))
    meter = ProgressMeter(request_id, say("Fine-tuning"), steps * len(works))
    *ways, whole = yield from train_all(workspace, works, meter, steps, request_id)

    logits = np.zeros((len(shares), len(labels), int(labels.max()) + 1), np.float32)
    for fold, way in zip(used, ways, strict=True):
        for number, point in enumerate(way):
            logits[number, folds == fold] = yield from workspace.on_pool(
                partial(
                    held_out_logits,
                    point.embeddings,
                    labels,
                    examples.groups,
                    folds == fold,
                    encoder.feature_mean,
                )
            )
    judged = folds >= 0
    truth = labels[judged], independent[judged]
    start, *others = (
        judge(share, logits[number, judged], *truth, TUNED if share else UNTUNED)
        for number, share in enumerate(shares)
    )
    verdict = decide(start, others)
    if not verdict.exceeds(0.0):
        return None
    number = shares.index(verdict.best.share)
    points = [way[number] for way in ways]
    judgement, reach = yield from _judge_votes(
        workspace, request_id, examples, folds, points, rest, n_views, checkpoints
    )
    if checkpoints is not None:
        yield from workspace.on_pool(checkpoints.prune)
    if not judgement.exceeds(CLEAR_GAIN):
        return None
    return FineTuned(
        encoder=_tuned_encoder(encoder, whole[0], whole[number], labels, judgement),
        held_out=judgement.best.held_out,
        held_out_losses=judgement.best.losses,
        judged=some[judged][judgement.best.rows],
        guesses=judgement.best.guesses,
        before=judgement.start.held_out,
        instant=verdict.start.held_out,
        gain=judgement.gain,
        standard_error=judgement.standard_error,
        share=verdict.best.share,
        factor=judgement.best.factor,
        reach=reach,
    )


def _load_torch() -> None:
    import engine.finetuning.checkpoints  # noqa: F401


def _tuned(
    encoder: Encoder,
    examples: Examples,
    rows: NDArray[np.int64],
    shares: Sequence[float],
    checkpoints: Checkpoints | None,
) -> Generator[tuple[Measured, ...] | None, None, list[Point]]:
    """Learn from some examples and stop at shares of the way; in steps, of which it tells."""
    from engine.finetuning.training import points_of, tune

    if checkpoints is None:
        blocks = yield from tune(encoder, examples, rows)
        return (yield from points_of(encoder, blocks, examples, shares))
    key = checkpoints.training_key(examples, rows)
    known = checkpoints.result(key)
    if known is not None:
        yield known[1]
        return known[0]
    told: list[Measured] = []
    steps = tune(
        encoder,
        examples,
        rows,
        watch=True,
        position=checkpoints.position(key),
        keep=partial(checkpoints.keep_position, key),
    )
    while True:
        try:
            new = next(steps)
        except StopIteration as end:
            blocks = end.value
            break
        told += new
        yield new
    points = yield from points_of(encoder, blocks, examples, shares)
    checkpoints.keep_result(key, points, tuple(told))
    return points


def _judge_votes(
    workspace: Workspace,
    request_id: int,
    examples: Examples,
    folds: NDArray[np.int64],
    points: Sequence[Point],
    rest: Sequence[ImageRef],
    n_views: int,
    checkpoints: Checkpoints | None,
) -> Generator[Event | None, None, tuple[Verdict, float]]:
    """How the thorough vote does before and behind the folds' networks, on what they have not seen.

    Args:
        points: the network of each fold, at the share of the way that was chosen.

    Returns:
        The judgement, and how far other images of the classes lie from the labelled ones.
    """
    from engine.finetuning.gate import TUNED_VOTE, UNTUNED, decide, judge

    encoder = workspace.runtime.encoder
    text = say("Looking at some images without a label")
    looked = yield from look_at(workspace, request_id, _some(rest), 0, text, checkpoints)
    used = np.unique(folds[folds >= 0])
    works = [
        partial(_voted, encoder, examples, folds == fold, point, looked, n_views)
        for of_folds in ([None] * len(used), points)
        for fold, point in zip(used, of_folds, strict=True)
    ]
    yield Progress(request_id, say("Judging by the labels that were held out"), 0, 0, 0.0, 0.0)
    votes = yield from train_all(workspace, works)
    judged = folds >= 0
    tried: list[Tried] = []
    for share, expected, first in ((0.0, UNTUNED, 0), (points[0].share, TUNED_VOTE, len(used))):
        logits = np.zeros((len(folds), votes[0][0].shape[1]), np.float32)
        distances = np.zeros(len(folds), np.float32)
        for fold, (voted, distant) in zip(used, votes[first : first + len(used)], strict=True):
            logits[folds == fold], distances[folds == fold] = voted, distant
        truth = examples.labels[judged], examples.groups[judged]
        tried.append(judge(share, logits[judged], *truth, expected))
    return decide(tried[0], tried[1:]), reach_of(distances[judged])


def _voted(
    encoder: Encoder,
    examples: Examples,
    left_out: NDArray[np.bool_],
    point: Point | None,
    rest: Sequence[Looked],
    n_views: int,
) -> Generator[None, None, tuple[Floats, Floats]]:
    """``point`` None: without fine-tuning."""
    from engine.finetuning.blocks import TunedBlocks
    from engine.finetuning.gate import held_out_votes
    from engine.finetuning.training import embeddings_of, start_embeddings

    if point is None:
        size = encoder.embedding_size
        embeddings = start_embeddings(examples.looked, size, n_views)
        unlabelled = start_embeddings(rest, size, n_views)
    else:
        blocks = TunedBlocks(encoder, examples.device).load(point.weights)
        embeddings = yield from embeddings_of(blocks, examples.looked, examples.device, n_views)
        unlabelled = yield from embeddings_of(blocks, rest, examples.device, n_views)
    mean = encoder.feature_mean
    given = (embeddings, examples.labels, examples.groups, left_out, mean, unlabelled)
    return (yield from held_out_votes(*given, is_tuned=point is not None))


def _some(rest: Sequence[ImageRef]) -> list[ImageRef]:
    """``LOOKED_AT`` of the images, the same of the same."""
    drawn = np.random.default_rng(0).permutation(len(rest))[:LOOKED_AT]
    return [rest[number] for number in np.sort(drawn)]


def _tuned_encoder(
    encoder: Encoder,
    before: Point,
    after: Point,
    labels: NDArray[np.int64],
    judgement: Verdict,
) -> Encoder:
    from engine.finetuning.blocks import tuned_encoder
    from engine.finetuning.training import RATE, STEPS

    record = {
        "n_labels": len(labels),
        "n_classes": int(labels.max()) + 1,
        "rate": RATE,
        "steps": STEPS,
        "share": judgement.best.share,
        "held_out_log_loss": round(judgement.best.held_out.log_loss, 4),
        "held_out_log_loss_before": round(judgement.start.held_out.log_loss, 4),
    }
    moved = (after.embeddings - before.embeddings).mean(0)
    return tuned_encoder(encoder, after.weights, moved, record)
