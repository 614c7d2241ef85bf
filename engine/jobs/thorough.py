"""The thorough effort: the folder from three views, and a vote behind the views."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Final

from engine.encoder.views import VIEWS
from engine.jobs.embedding import embed
from engine.jobs.fitted import IMAGE_GONE, Fit
from engine.jobs.progress import ProgressMeter
from engine.jobs.support import examples_of, has_all, independent, positives_among
from engine.jobs.workspace import Workspace
from engine.messages import ClassId, Effort, Event, ImageId, ImageRef, ModelExamples
from engine.method.adaptation import AdaptedModel, is_lower
from engine.method.folder import SAMPLE_SIZE
from engine.method.thorough import adapt_thoroughly
from engine.words import NOTHING, Sentence, say

VIEWED_IMAGES: Final = 2000
"""Folders up to this are looked at again from three views, half a minute's work on two cores."""


def try_thorough(
    workspace: Workspace,
    request_id: int,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    instant: AdaptedModel,
    negatives: Sequence[ImageId],
    borrowed: ModelExamples | None = None,
) -> Generator[Event | None, None, Fit | Sentence]:
    """What came of it, or why nothing did, empty where it did not help.

    With examples ``borrowed`` from a model images are looked at from one view, as those were.
    """
    seen = workspace
    is_viewed = n_views_of(workspace) > 1 and borrowed is None
    if is_viewed:
        seen = yield from workspace.on_pool(workspace.beside)
        yield from embed_again(workspace, seen, request_id, say("Looking again, three views each"))
    if not has_all(seen, workspace, support):
        return IMAGE_GONE
    model = yield from fit_thoroughly(
        workspace, seen, support, class_ids, negatives, borrowed=borrowed
    )
    gained = model.effort is Effort.THOROUGH or seen is not workspace
    if not gained or _is_clearly_worse(model, instant):
        return NOTHING
    kept = (*(views_kept(workspace) if is_viewed else ()), *model.kept)
    return Fit(
        replace(model, effort=Effort.THOROUGH, kept=kept),
        seen,
        model.instant or instant.held_out,
    )


def fit_thoroughly(
    workspace: Workspace,
    seen: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    negatives: Sequence[ImageId] = (),
    *,
    judge: bool = True,
    borrowed: ModelExamples | None = None,
) -> Generator[None, None, AdaptedModel]:
    """``borrowed``: examples of a model; ``seen`` is the workspace itself then."""
    yield from seen.settle_shape()
    shape = seen.folder_shape()
    # The groups of the first look, so that all efforts are judged by the same examples.
    first_mean = workspace.folder_shape().mean
    taught = positives_among(borrowed)
    first, labels, groups = examples_of(workspace, support, class_ids, first_mean, taught)
    readable = [image.image_id for image, _ in support if image.image_id in workspace.store]
    embeddings = first if seen is workspace else seen.store.select(readable)
    labelled = {*negatives, *(image.image_id for image, _ in support)}
    rest = [item for item in seen.store.sampled_ids(SAMPLE_SIZE) if item not in labelled]
    unlabelled = seen.store.select(rest)
    yield None
    given = (embeddings, labels, shape.mean, unlabelled, shape, groups)
    told = independent(seen, negatives, borrowed)
    steps = adapt_thoroughly(
        *given,
        judge=judge,
        negatives=told if len(told) else None,
        n_borrowed=0 if taught is None else len(taught.class_ids),
    )
    return (yield from seen.steps_on_pool(steps))


def n_views_of(workspace: Workspace) -> int:
    """From how many sides each image is embedded, above the instant effort."""
    return len(VIEWS) if len(workspace.store) <= VIEWED_IMAGES else 1


def views_kept(workspace: Workspace) -> tuple[Sentence, ...]:
    n_views = n_views_of(workspace)
    return (say("{n_views} views of each image", n_views=n_views),) if n_views > 1 else ()


def embed_again(
    workspace: Workspace, seen: Workspace, request_id: int, text: Sentence
) -> Iterator[Event | None]:
    """Bring all images of the one store into the other."""
    images = [workspace.refs[image_id] for image_id in sorted(workspace.store.image_ids())]
    seen.keep_only(images)
    meter = ProgressMeter(request_id, text, len(images))
    for results in embed(seen, images):
        yield meter.advance(len(results)) if results else None


def _is_clearly_worse(model: AdaptedModel, instant: AdaptedModel) -> bool:
    """Whether held-out labels are less likely than with the instant effort, by a standard error."""
    return is_lower(instant.held_out_losses, model.held_out_losses, 1.0)
