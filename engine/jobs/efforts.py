"""Fit a classifier to labelled images with an effort, once for the same labels."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from engine.jobs.fitted import (
    IMAGE_GONE,
    NO_GAIN,
    NO_IMAGES_TO_LEARN_FROM,
    TUNING_GONE,
    Fit,
    fit_key,
)
from engine.jobs.support import (
    classes_of,
    examples_of,
    independent,
    negatives_of,
    positives_among,
    usable_examples,
    without_negatives,
)
from engine.jobs.thorough import embed_again, try_thorough
from engine.jobs.tuned import try_finetune
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    ClassId,
    Effort,
    Event,
    ImageId,
    ImageRef,
    ModelExamples,
)
from engine.method.adaptation import AdaptedModel, adapt
from engine.words import say


def fit(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str = "",
    examples: ModelExamples | None = None,
) -> Generator[Event | None, None, Fit]:
    """Adapt to those labelled images whose embeddings are in the store, with an effort.

    An effort above instant is not made twice for the same labels and images (fine-tuning: the same
    labels): what is exported is what is on screen, and comes at once. Classes without an example
    and the order of the classes make no difference to it.

    Args:
        support: negative examples may be among them.
        class_ids: all classes; the model's ``classes`` are positions in it.
        tuning: with the effort FINETUNE, the network behind which the vote is fitted, whatever
            labels that has learned from; empty: one fine-tuned to these.
        examples: that came with a model; those of another encoder are left out.

    Raises:
        LabelsError: fewer than two classes have a readable labelled image.
    """
    if effort is Effort.INSTANT:
        instant = fit_model(workspace, support, class_ids, examples)
        return Fit(instant, workspace, instant.held_out)
    yield from workspace.settle_shape()
    borrowed = usable_examples(workspace, examples, class_ids)
    if effort is Effort.FINETUNE and borrowed is not None:
        instant = fit_model(workspace, support, class_ids, borrowed)
        return Fit(instant, workspace, instant.held_out, note=NO_IMAGES_TO_LEARN_FROM)
    own = classes_of(support, borrowed)
    made_of = fit_key(workspace, support, effort, borrowed), tuning
    negatives = negatives_of(support)
    known = workspace.fits.get(effort)
    if known is not None and known[0] == made_of:
        fitted: Fit = known[1]
        if fitted.model.effort is Effort.FINETUNE:  # Images may have come since.
            yield from embed_again(workspace, fitted.seen, request_id, say("Looking again, tuned"))
    else:
        fitted = yield from _fit_with_effort(
            workspace,
            request_id,
            without_negatives(support),
            negatives,
            own,
            effort,
            tuning,
            borrowed,
        )
        if fitted.note not in (IMAGE_GONE, TUNING_GONE):
            workspace.fits[effort] = made_of, fitted
    place = {class_id: index for index, class_id in enumerate(class_ids)}
    model = fitted.model.with_classes([place[own[index]] for index in fitted.model.classes])
    return replace(fitted, model=_told(model, fitted.seen, negatives, borrowed))


def fit_or_next_best(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str = "",
    examples: ModelExamples | None = None,
) -> Generator[Event | None, None, Fit]:
    """As :func:`fit`; the thorough effort where fine-tuning is not kept."""
    given = workspace, request_id, support, class_ids
    fitted = yield from fit(*given, effort, tuning, examples)
    if effort is Effort.FINETUNE and fitted.model.effort is not effort:
        lesser = yield from fit(*given, Effort.THOROUGH, examples=examples)
        return replace(lesser, note=fitted.note)
    return fitted


def fit_model(
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    examples: ModelExamples | None = None,
) -> AdaptedModel:
    """Adapt with the instant effort; as :func:`fit`, at once."""
    shape = workspace.folder_shape()
    positives = without_negatives(support)
    borrowed = usable_examples(workspace, examples, class_ids)
    taught = positives_among(borrowed)
    embeddings, labels, groups = examples_of(workspace, positives, class_ids, shape.mean, taught)
    n_borrowed = 0 if taught is None else len(taught.class_ids)
    model = adapt(embeddings, labels, shape.mean, shape=shape, groups=groups, n_borrowed=n_borrowed)
    return _told(model, workspace, negatives_of(support), borrowed)


def _fit_with_effort(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    negatives: Sequence[ImageId],
    class_ids: Sequence[ClassId],
    effort: Effort,
    tuning: str,
    borrowed: ModelExamples | None,
) -> Generator[Event | None, None, Fit]:
    """``support`` has no negative examples; of the model that comes out, who asked tells it."""
    instant = fit_model(workspace, support, class_ids, borrowed)
    yield None
    given = workspace, request_id, support, class_ids
    if effort is Effort.THOROUGH:
        better = yield from try_thorough(*given, instant, negatives, borrowed)
    else:
        better = yield from try_finetune(*given, negatives, tuning)
    if isinstance(better, Fit):
        return better
    return Fit(instant, workspace, instant.held_out, note=better or NO_GAIN[effort])


def _told(
    model: AdaptedModel,
    seen: Workspace,
    negatives: Sequence[ImageId],
    borrowed: ModelExamples | None,
) -> AdaptedModel:
    """The model with what negative examples say; its classes' scores stay as they are."""
    has_negatives = bool(negatives) or (
        borrowed is not None and NONE_OF_THESE in borrowed.class_ids.tolist()
    )
    if not has_negatives and not model.unknowns.n_negatives:
        return model
    return model.with_negatives(independent(seen, negatives, borrowed))
