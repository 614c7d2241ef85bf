"""The answer to a click: adapt to the labels, classify what is on screen, then all the rest."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.encoder.views import VIEWS
from engine.errors import LabelsError
from engine.jobs.embedding import embed
from engine.jobs.finetuning import FineTuned as Learned
from engine.jobs.finetuning import estimate_seconds, finetune, why_not
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    Adapt,
    Adapted,
    ClassId,
    Effort,
    Event,
    FineTune,
    FineTuned,
    HeldOut,
    HeldOutPredictions,
    ImageId,
    ImageRef,
    NotAdapted,
    PredictionsReady,
)
from engine.method.adaptation import AdaptedModel, adapt, is_lower
from engine.method.duplicates import near_duplicate_groups
from engine.method.folder import SAMPLE_SIZE
from engine.method.heads import Floats, normalise
from engine.method.thorough import adapt_thoroughly
from engine.words import NOTHING, Sentence, say

_BLOCKS_PER_EVENT: Final = 8  # About 4,000 images: a step of some 15 ms.
VIEWED_IMAGES: Final = 2000
"""Folders up to this are looked at again from three views, half a minute's work on two cores."""

_NO_GAIN: Final = {
    Effort.THOROUGH: say("Trying harder did not help with these labels; the instant answers stay."),
    Effort.FINETUNE: say("Fine-tuning did not help with these labels and was not kept."),
}
_TUNING_GONE: Final = say("That fine-tuned network is gone; fine-tune again.")
_KEPT_NAME: Final = "finetuning"  # The folder beside the cache.
_GONE: Final = say(
    "A labelled image cannot be read any more, so no more was tried; the answers stay as they were."
)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted classifier.

    Attributes:
        model: its effort is what came of the one that was asked for: INSTANT where no more was
            gained.
        seen: the workspace whose embeddings it classifies.
        instant: the instant effort's held-out record on the same labels.
        thorough: the same of the vote without fine-tuning, where there was some.
        note: one sentence where the effort that was asked for was not kept, else empty.
    """

    model: AdaptedModel
    seen: Workspace
    instant: HeldOut | None
    thorough: HeldOut | None = None
    note: Sentence = NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """A fine-tuned network with which the folder was looked at.

    Attributes:
        learned: the network, and what speaks for it.
        seen: the workspace that embeds with it.
        made_of: the labels and images that it has learned from.
        labelled: these, in the order in which ``learned.judged`` counts them.
        classes: which class each of ``learned.guesses`` is.
    """

    learned: Learned
    seen: Workspace
    made_of: Hashable
    labelled: Sequence[tuple[ImageId, ClassId]]
    classes: Sequence[ClassId]

    @property
    def name(self) -> str:
        """What commands call it."""
        return self.learned.encoder.fingerprint


def fine_tune(workspace: Workspace, command: FineTune) -> Iterator[Event | None]:
    """Fine-tune; see :class:`engine.messages.FineTune`."""
    started = time.perf_counter()
    yield from _embed_missing(workspace, command.request_id, command.support)
    class_ids = [item.class_id for item in command.classes]
    support = without_negatives(command.support)
    negatives = _negatives(command.support)
    made_of = _made_of(workspace, support, class_ids, Effort.FINETUNE)
    known = _tuning_of(workspace, made_of)
    if known is None:
        try:
            fit_model(workspace, support, class_ids)  # Raises what the labels lack.
        except LabelsError:
            reason = _what_to_do(len(class_ids), len(support))
            yield NotAdapted(command.request_id, reason, Effort.FINETUNE)
            return
        made = yield from _tune(
            workspace,
            command.request_id,
            support,
            class_ids,
            negatives,
            workspace.cache.folder / _KEPT_NAME,
        )
        if isinstance(made, Sentence):
            reason = made or _NO_GAIN[Effort.FINETUNE]
            yield NotAdapted(command.request_id, reason, Effort.FINETUNE)
            return
        known = made
    learned = known.learned
    yield FineTuned(
        command.request_id,
        known.name,
        len(support),
        learned.held_out,
        learned.before,
        learned.instant,
        time.perf_counter() - started,
    )


def adapt_and_classify(workspace: Workspace, command: Adapt) -> Iterator[Event | None]:
    """Adapt and classify; see :class:`engine.messages.Adapt`."""
    started = time.perf_counter()
    yield from _embed_missing(workspace, command.request_id, command.support)
    class_ids = [item.class_id for item in command.classes]
    try:
        fitted = yield from fit(
            workspace,
            command.request_id,
            command.support,
            class_ids,
            command.effort,
            command.tuning,
        )
    except LabelsError:
        if command.effort is Effort.INSTANT:
            workspace.current = None
        reason = _what_to_do(len(class_ids), len(without_negatives(command.support)))
        yield NotAdapted(command.request_id, reason, command.effort)
        return
    model = fitted.model
    if model.effort is not command.effort:
        yield NotAdapted(command.request_id, fitted.note, command.effort)
        return
    current = workspace.set_model(command.request_id, model, class_ids, fitted.seen)
    empty = set(class_ids) - set(current.class_ids.tolist())
    yield Adapted(
        command.request_id,
        effort=model.effort,
        kept=model.kept,
        n_support=model.n_support,
        held_out=model.held_out,
        plain=model.plain,
        instant=None if model.effort is Effort.INSTANT else fitted.instant,
        empty_classes=tuple(item for item in class_ids if item in empty),
        seconds=time.perf_counter() - started,
        finetune_seconds=estimate_seconds(
            model.n_support, len(workspace.store), workspace, n_views=_n_views(workspace)
        ),
        thorough=fitted.thorough,
        predictions=_held_out_predictions(workspace, command, model),
    )
    store = fitted.seen.store
    visible = [image_id for image_id in command.visible if image_id in store]
    if visible:
        embeddings = store.select(visible)
        yield workspace.predictions(current, np.array(visible, np.int64), embeddings)
    parts: list[PredictionsReady] = []
    for image_ids, block in store.blocks():
        parts.append(workspace.predictions(current, image_ids, block))
        if len(parts) == _BLOCKS_PER_EVENT:
            yield _joined(parts)
            parts = []
    if parts:
        yield _joined(parts)


def fit(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str = "",
) -> Generator[Event | None, None, Fit]:
    """Adapt to those labelled images whose embeddings are in the store, with an effort.

    An effort above instant is not made twice for the same labels and images (fine-tuning: the same
    labels): what is exported is what is on screen, and comes at once.

    Args:
        support: negative examples may be among them.
        class_ids: all classes; the model's ``classes`` are positions in it.
        tuning: with the effort FINETUNE, the network behind which the vote is fitted, whatever
            labels that has learned from; empty: one fine-tuned to these.

    Raises:
        LabelsError: fewer than two classes have a readable labelled image.
    """
    if effort is Effort.INSTANT:
        instant = fit_model(workspace, support, class_ids)
        return Fit(instant, workspace, instant.held_out)
    made_of = _made_of(workspace, support, class_ids, effort), tuning
    negatives = _negatives(support)
    known = workspace.fits.get(effort)
    if known is not None and known[0] == made_of:
        fitted: Fit = known[1]
        if fitted.model.effort is Effort.FINETUNE:  # Images may have come since.
            yield from _embed_again(workspace, fitted.seen, request_id, say("Looking again, tuned"))
    else:
        fitted = yield from _fit_with_effort(
            workspace, request_id, without_negatives(support), negatives, class_ids, effort, tuning
        )
        if fitted.note not in (_GONE, _TUNING_GONE):
            workspace.fits[effort] = made_of, fitted
    return replace(fitted, model=_told(fitted.model, fitted.seen, negatives))


def fit_or_next_best(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str = "",
) -> Generator[Event | None, None, Fit]:
    """As :func:`fit`; the thorough effort where fine-tuning is not kept."""
    fitted = yield from fit(workspace, request_id, support, class_ids, effort, tuning)
    if effort is Effort.FINETUNE and fitted.model.effort is not effort:
        lesser = yield from fit(workspace, request_id, support, class_ids, Effort.THOROUGH)
        return replace(lesser, note=fitted.note)
    return fitted


def _made_of(
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    effort: Effort,
) -> Hashable:
    """What a fit of an effort is the same for.

    Fine-tuning learns from the examples of classes: it is not made again, for minutes, because an
    image without a label came or went, or because another shows none of the classes.
    """
    store = workspace.store
    if effort is not Effort.FINETUNE:
        examples = tuple((image.image_id, class_id) for image, class_id in support)
        return examples, tuple(class_ids), store, store.version
    examples = tuple(
        (image.image_id, class_id)
        for image, class_id in without_negatives(support)
        if image.image_id in store
    )
    learned_from = store.select(image_id for image_id, _ in examples).tobytes()
    return examples, tuple(class_ids), store, hashlib.sha256(learned_from).digest()


def _fit_with_effort(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    negatives: Sequence[ImageId],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str,
) -> Generator[Event | None, None, Fit]:
    """``support`` has no negative examples; of the model that comes out, who asked tells it."""
    instant = fit_model(workspace, support, class_ids)
    yield None
    given = workspace, request_id, support, class_ids
    if effort is Effort.THOROUGH:
        better = yield from _try_thorough(*given, instant, negatives)
    else:
        better = yield from _try_finetune(*given, negatives, tuning)
    if isinstance(better, Fit):
        return better
    return Fit(instant, workspace, instant.held_out, note=better or _NO_GAIN[effort])


def _try_thorough(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    instant: AdaptedModel,
    negatives: Sequence[ImageId],
) -> Generator[Event | None, None, Fit | Sentence]:
    """What came of it, or why nothing did, empty where it did not help."""
    seen = workspace
    if _n_views(workspace) > 1:
        seen = yield from workspace.on_pool(workspace.beside)
        yield from _embed_again(workspace, seen, request_id, say("Looking again, three views each"))
    if not _has_all(seen, workspace, support):
        return _GONE
    model = yield from _fit_thoroughly(workspace, seen, support, class_ids, negatives)
    gained = model.effort is Effort.THOROUGH or seen is not workspace
    if not gained or _is_clearly_worse(model, instant):
        return NOTHING
    kept = (*_views_kept(workspace), *model.kept)
    return Fit(
        replace(model, effort=Effort.THOROUGH, kept=kept),
        seen,
        model.instant or instant.held_out,
    )


def _try_finetune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId],
    name: str,
) -> Generator[Event | None, None, Fit | Sentence]:
    """As :func:`_try_thorough`; behind the network of that name, or one that is made now."""
    tuning: Tuning | None
    if name:
        tuning = workspace.tunings.get(name)
        if tuning is None:
            return _TUNING_GONE
    else:
        made_of = _made_of(workspace, support, class_ids, Effort.FINETUNE)
        tuning = _tuning_of(workspace, made_of)
    if tuning is None:
        made = yield from _tune(workspace, request_id, support, class_ids, negatives)
        if isinstance(made, Sentence):
            return made
        tuning = made
    else:  # Images may have come since.
        yield from _embed_again(workspace, tuning.seen, request_id, say("Looking again, tuned"))
    seen, learned = tuning.seen, tuning.learned
    if not _has_all(seen, workspace, support):
        return _GONE
    model = yield from _fit_thoroughly(workspace, seen, support, class_ids, negatives, judge=False)
    model = replace(
        model,
        effort=Effort.FINETUNE,
        kept=(say("fine-tuned encoder"), *_views_kept(workspace), *model.kept),
        # The network has seen the labels: only its own folds can tell how right it is, how sure it
        # may be, and how far from the labelled images others lie.
        weights=np.float32(learned.factor) * model.weights,
        bias=np.float32(learned.factor) * model.bias,
        unknowns=model.unknowns.reaching(learned.reach),
        held_out=learned.held_out,
        held_out_losses=learned.held_out_losses,
        judged=learned.judged,
        guesses=learned.guesses,
        plain=None,  # Was not tried in those folds.
    )
    return _as_judged(tuning, model, seen, workspace, support, class_ids)


def _as_judged(
    tuning: Tuning,
    model: AdaptedModel,
    seen: Workspace,
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
) -> Fit:
    """The vote with what the folds said of those labels that are still as they were.

    Where some are not, the lesser efforts' figures, of all of them, are no longer beside it.
    """
    learned = tuning.learned
    readable = [
        (image.image_id, label) for image, label in support if image.image_id in workspace.store
    ]
    row_of = {item: row for row, item in enumerate(readable)}
    column_of = {class_ids[index]: column for column, index in enumerate(model.classes)}
    then = [tuning.labelled[row] for row in learned.judged.tolist()]
    guessed = [column_of.get(tuning.classes[guess]) for guess in learned.guesses.tolist()]
    stands = np.array(
        [item in row_of and guess is not None for item, guess in zip(then, guessed, strict=True)],
        bool,
    )
    judged = np.array([row_of[item] for item, kept in zip(then, stands, strict=True) if kept])
    guesses = np.array([guess for guess, kept in zip(guessed, stands, strict=True) if kept])
    model = replace(model, judged=judged.astype(np.int64), guesses=guesses.astype(np.int64))
    if stands.all():
        return Fit(model, seen, learned.instant, learned.before)
    losses = learned.held_out_losses[stands]
    held_out: HeldOut | None = None
    if len(losses):
        labels = np.array([column_of[readable[row][1]] for row in judged])
        counts, right = np.bincount(labels), np.bincount(labels, learned.held_out.hits[stands])
        confidences, hits = learned.held_out.confidences[stands], learned.held_out.hits[stands]
        for array in (confidences, hits):
            array.setflags(write=False)
        held_out = HeldOut(
            accuracy=float(np.mean(right[counts > 0] / counts[counts > 0])),
            log_loss=float(losses.mean()),
            confidences=confidences,
            hits=hits,
        )
    return Fit(replace(model, held_out=held_out, held_out_losses=losses), seen, None)


def _tune(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId],
    kept_in: Path | None = None,
) -> Generator[Event | None, None, Tuning | Sentence]:
    """Fine-tune and look at the folder again; or why not, empty where it did not help.

    Args:
        kept_in: where what is finished is kept, see ``jobs.finetuning.finetune``.
    """
    if refusal := workspace.runtime.encoder.training_refusal:
        return refusal
    made_of = _made_of(workspace, support, class_ids, Effort.FINETUNE)
    readable = [item for item in support if item[0].image_id in workspace.store]
    mean = workspace.folder_shape().mean
    _, labels, groups = _labelled(workspace, readable, class_ids, mean)
    compact = np.unique(labels, return_inverse=True)[1]
    too_few = why_not(compact, groups)
    if too_few:
        return too_few
    examples = [
        (image, label) for (image, _), label in zip(readable, compact.tolist(), strict=True)
    ]
    unlabelled = workspace.store.image_ids() - {image.image_id for image, _ in support}
    rest = [workspace.refs[image_id] for image_id in sorted(unlabelled.difference(negatives))]
    n_views = _n_views(workspace)
    learned = yield from finetune(workspace, request_id, examples, groups, rest, n_views, kept_in)
    if learned is None:
        return NOTHING
    shown = workspace.current
    kept = [] if shown is None else [shown.seen]
    workspace.fits.pop(Effort.FINETUNE, None)
    for name, other in list(workspace.tunings.items()):
        if other.seen not in kept:
            del workspace.tunings[name]
    workspace.drop_tuned(kept)
    encoder = learned.encoder
    seen = yield from workspace.on_pool(lambda: workspace.beside(encoder, viewed=n_views > 1))
    yield from _embed_again(workspace, seen, request_id, say("Looking again, tuned"))
    labelled = [(image.image_id, class_id) for image, class_id in readable]
    classes = [class_ids[position] for position in np.unique(labels).tolist()]
    tuning = Tuning(learned, seen, made_of, labelled, classes)
    workspace.tunings[tuning.name] = tuning
    return tuning


def _tuning_of(workspace: Workspace, made_of: Hashable) -> Tuning | None:
    """What was fine-tuned to the same labels of the same images."""
    tunings: Iterator[Tuning] = iter(workspace.tunings.values())
    return next((tuning for tuning in tunings if tuning.made_of == made_of), None)


def fit_model(
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
) -> AdaptedModel:
    """Adapt with the instant effort; as :func:`fit`, at once."""
    shape = workspace.folder_shape()
    positives = without_negatives(support)
    embeddings, labels, groups = _labelled(workspace, positives, class_ids, shape.mean)
    model = adapt(embeddings, labels, shape.mean, shape=shape, groups=groups)
    return _told(model, workspace, _negatives(support))


def _held_out_predictions(
    workspace: Workspace, command: Adapt, model: AdaptedModel
) -> HeldOutPredictions | None:
    """Which images the model was judged by, and what each was taken for."""
    if model.held_out is None:
        return None
    # Every effort is fitted to these, in this order.
    readable = [
        item for item in without_negatives(command.support) if item[0].image_id in workspace.store
    ]
    judged = [readable[row] for row in model.judged.tolist()]
    columns = np.array([command.classes[index].class_id for index in model.classes], np.int64)
    told = HeldOutPredictions(
        np.array([image.image_id for image, _ in judged], np.int64),
        np.array([class_id for _, class_id in judged], np.int64),
        columns[model.guesses],
        model.held_out.confidences,
    )
    for array in (told.image_ids, told.labels, told.predicted):
        array.setflags(write=False)
    return told


def without_negatives(
    support: Sequence[tuple[ImageRef, ClassId]],
) -> list[tuple[ImageRef, ClassId]]:
    """The examples of classes."""
    return [item for item in support if item[1] != NONE_OF_THESE]


def _negatives(support: Sequence[tuple[ImageRef, ClassId]]) -> list[ImageId]:
    return [image.image_id for image, class_id in support if class_id == NONE_OF_THESE]


def _told(model: AdaptedModel, seen: Workspace, negatives: Sequence[ImageId]) -> AdaptedModel:
    """The model with what negative examples say; its classes' scores stay as they are."""
    if not negatives and not model.unknowns.n_negatives:
        return model
    return model.with_negatives(_independent(seen, negatives))


def _independent(seen: Workspace, images: Sequence[ImageId]) -> Floats:
    """Embeddings (n, d) of those in the store, one of each group of near-duplicates."""
    readable = [image_id for image_id in images if image_id in seen.store]
    embeddings = seen.store.select(readable)
    directions = normalise(embeddings, seen.folder_shape().mean)
    groups = near_duplicate_groups(directions, seen.store.perceptual_hashes(readable))
    return embeddings[np.unique(groups, return_index=True)[1]]


def _n_views(workspace: Workspace) -> int:
    """From how many sides each image is embedded, above the instant effort."""
    return len(VIEWS) if len(workspace.store) <= VIEWED_IMAGES else 1


def _views_kept(workspace: Workspace) -> tuple[Sentence, ...]:
    n_views = _n_views(workspace)
    return (say("{n_views} views of each image", n_views=n_views),) if n_views > 1 else ()


def _has_all(
    seen: Workspace, workspace: Workspace, support: Sequence[tuple[ImageRef, ClassId]]
) -> bool:
    """Whether no labelled image has become unreadable since it was read first."""
    return all(
        image.image_id in seen.store for image, _ in support if image.image_id in workspace.store
    )


def _fit_thoroughly(
    workspace: Workspace,
    seen: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId] = (),
    *,
    judge: bool = True,
) -> Generator[None, None, AdaptedModel]:
    shape = seen.folder_shape()
    # The groups of the first look, so that all efforts are judged by the same examples.
    first_mean = workspace.folder_shape().mean
    _, labels, groups = _labelled(workspace, support, class_ids, first_mean)
    readable = [image.image_id for image, _ in support if image.image_id in workspace.store]
    embeddings = seen.store.select(readable)
    labelled = {*negatives, *(image.image_id for image, _ in support)}
    rest = [item for item in seen.store.sampled_ids(SAMPLE_SIZE) if item not in labelled]
    unlabelled = seen.store.select(rest)
    yield None
    given = (embeddings, labels, shape.mean, unlabelled, shape, groups)
    told = _independent(seen, negatives) if negatives else None
    steps = adapt_thoroughly(*given, judge=judge, negatives=told)
    return (yield from seen.steps_on_pool(steps))


def _labelled(
    seen: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    mean: Floats,
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Embeddings, labels as positions in ``class_ids``, and groups of near-duplicates."""
    readable = [(image.image_id, class_id) for image, class_id in support]
    readable = [item for item in readable if item[0] in seen.store]
    position = {class_id: index for index, class_id in enumerate(class_ids)}
    embeddings = seen.store.select(image_id for image_id, _ in readable)
    labels = np.array([position[class_id] for _, class_id in readable], np.int64)
    hashes = seen.store.perceptual_hashes(image_id for image_id, _ in readable)
    return embeddings, labels, near_duplicate_groups(normalise(embeddings, mean), hashes)


def _embed_again(
    workspace: Workspace, seen: Workspace, request_id: int, text: Sentence
) -> Iterator[Event | None]:
    """Bring all images of the one store into the other."""
    images = [workspace.refs[image_id] for image_id in sorted(workspace.store.image_ids())]
    seen.keep_only(images)
    meter = ProgressMeter(request_id, text, len(images))
    for results in embed(seen, images):
        yield meter.advance(len(results)) if results else None


def _embed_missing(
    workspace: Workspace, request_id: int, support: Sequence[tuple[ImageRef, ClassId]]
) -> Iterator[Event | None]:
    """Read the labelled images that were not read yet."""
    missing = [image for image, _ in support if image.image_id not in workspace.store]
    for results in embed(workspace, missing):
        yield from workspace.events_for(request_id, results)
        yield None


def _is_clearly_worse(model: AdaptedModel, instant: AdaptedModel) -> bool:
    """Whether held-out labels are less likely than with the instant effort, by a standard error."""
    return is_lower(instant.held_out_losses, model.held_out_losses, 1.0)


def _what_to_do(n_classes: int, n_labels: int) -> Sentence:
    if n_classes < 2:
        return (
            say("Add a second class.")
            if n_classes
            else say("Add two classes and label a few images.")
        )
    return (
        say("Label an image of a second class.")
        if n_labels
        else say("Label an image of each class.")
    )


def _joined(parts: Sequence[PredictionsReady]) -> PredictionsReady:
    joined = PredictionsReady(
        parts[0].request_id,
        np.concatenate([part.image_ids for part in parts]),
        np.concatenate([part.class_ids for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.none_scores for part in parts]),
    )
    for array in (joined.image_ids, joined.class_ids, joined.probabilities, joined.none_scores):
        array.setflags(write=False)
    return joined
