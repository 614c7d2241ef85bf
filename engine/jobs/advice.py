"""What to label next, which labels look wrong, and how far the labels reach."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LabelsError
from engine.jobs.efforts import fit_model
from engine.jobs.embedding import embed
from engine.jobs.support import classes_of, usable_examples, without_negatives
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    AuditLabels,
    ClassId,
    ClassReach,
    ClassSpec,
    CurvePoint,
    DoubtfulLabel,
    Event,
    ImageId,
    ImageRef,
    LabelsAudited,
    LabelsReviewed,
    ModelExamples,
    ProposeSplit,
    ReviewLabels,
    SplitProposed,
    Suggest,
    Suggested,
    Suggestion,
)
from engine.method.adaptation import AdaptedModel
from engine.method.audit import Doubt, doubtful_labels
from engine.method.duplicates import near_duplicate_groups
from engine.method.folder import SAMPLE_SIZE
from engine.method.heads import Floats, independent_groups, normalise
from engine.method.reach import ENOUGH_TO_TELL, Reach, measure_reach
from engine.method.splitting import split_in_two
from engine.method.suggestion import MOST_IMAGES, Pick, Reason, choose_what_to_label
from engine.method.unknowns import UnknownScorer
from engine.words import NOTHING, Sentence, say

_ROWS: Final = 2_048  # Of embeddings brought together in a step of some 10 ms.


def suggest(workspace: Workspace, command: Suggest) -> Iterator[Event | None]:
    """Choose; see :class:`engine.messages.Suggest`. Only embedded images are suggested."""
    yield from _embed_missing(workspace, command.request_id, _images(command.support))
    class_ids = [item.class_id for item in command.classes]
    number = {class_id: index for index, class_id in enumerate([*class_ids, NONE_OF_THESE])}
    labelled = {image.image_id: number[class_id] for image, class_id in command.support}
    passed_over = set(command.passed_over) - labelled.keys()
    image_ids = _some_images(workspace, labelled.keys() | passed_over)
    model: AdaptedModel | None = None
    with contextlib.suppress(LabelsError):  # Fewer than two classes have a readable label.
        model = fit_model(workspace, command.support, class_ids, command.examples)
    borrowed = usable_examples(workspace, command.examples, class_ids)
    # Classes that a model has taught wait for no first label.
    n_untaught = len(class_ids) - len(classes_of((), borrowed))
    yield None
    mean = workspace.folder_shape().mean if model is None else model.mean
    directions = yield from _directions(workspace, image_ids, mean)
    none_scores: Floats | None = None
    outside: Floats | None = None
    if model is not None:
        scorer = _unlike_all_labelled(workspace, model, labelled, number, borrowed)
        none_scores = np.zeros(len(image_ids), np.float32)
        outside = None if scorer is model.unknowns else np.zeros_like(none_scores)
        for start in range(0, len(image_ids), _ROWS):
            some = workspace.store.select(image_ids[start : start + _ROWS])
            none_scores[start : start + _ROWS] = scorer.scores(some)
            if outside is not None:
                outside[start : start + _ROWS] = model.none_scores(some)
            yield None
    picks = yield from workspace.steps_on_pool(
        choose_what_to_label(
            directions,
            workspace.store.perceptual_hashes(image_ids),
            np.array([labelled.get(image_id, -1) for image_id in image_ids], np.int64),
            np.array([image_id in passed_over for image_id in image_ids], np.bool_),
            command.count,
            n_untaught,
            model,
            none_scores,
            outside,
        )
    )
    share = len(image_ids) / max(len(workspace.store), 1)
    columns = () if model is None else tuple(command.classes[index] for index in model.classes)
    yield Suggested(
        command.request_id,
        tuple(
            Suggestion(
                image_ids[pick.index],
                _why_suggested(pick, columns, share),
                tuple(columns[column].class_id for column in pick.classes),
                pick.reason is Reason.BETWEEN,
            )
            for pick in picks
        ),
    )


def review_labels(workspace: Workspace, command: ReviewLabels) -> Iterator[Event | None]:
    """Review; see :class:`engine.messages.ReviewLabels`."""
    yield from _embed_missing(workspace, command.request_id, _images(command.support))
    known = [item for item in command.support if item[0].image_id in workspace.store]
    readable = without_negatives(known)
    image_ids = [image.image_id for image, _ in readable]
    position = {item.class_id: index for index, item in enumerate(command.classes)}
    labels = np.array([position[class_id] for _, class_id in readable], np.int64)
    directions = yield from _directions(workspace, image_ids, workspace.folder_shape().mean)
    hashes = workspace.store.perceptual_hashes(image_ids)
    groups = yield from workspace.on_pool(partial(near_duplicate_groups, directions, hashes))
    doubts = yield from workspace.on_pool(partial(doubtful_labels, directions, labels, groups))
    reach: Reach | None = None
    if len(np.unique(labels)) >= 2:
        reach = yield from _reach(workspace, image_ids, labels, len(command.classes), groups)
    overall = reach.overall if reach is not None else None
    weakest = reach.weakest if reach is not None else None
    yield LabelsReviewed(
        command.request_id,
        doubtful=tuple(_doubtful(doubt, image_ids, labels, command.classes) for doubt in doubts),
        classes=_class_reach(reach, labels, groups, command.classes),
        accuracy=overall.accuracy if overall is not None else None,
        low=overall.low if overall is not None else 0.0,
        high=overall.high if overall is not None else 1.0,
        curve=tuple(
            CurvePoint(point.labels_per_class, point.accuracy, point.low, point.high)
            for point in (reach.curve if reach is not None else ())
        ),
        advice=_advice(reach, labels, command.classes),
        weakest=command.classes[weakest].class_id if weakest is not None else None,
    )


def audit_labels(workspace: Workspace, command: AuditLabels) -> Iterator[Event | None]:
    """Audit; see :class:`engine.messages.AuditLabels`."""
    yield from _embed_missing(workspace, command.request_id, _images(command.support))
    position = {item.class_id: index for index, item in enumerate(command.classes)}
    readable = [
        (image.image_id, position[class_id])
        for image, class_id in without_negatives(command.support)
        if image.image_id in workspace.store
    ]
    image_ids = [image_id for image_id, _ in readable]
    labels = np.array([label for _, label in readable], np.int64)
    doubts: list[Doubt] = []
    if len(np.unique(labels)) >= 2:
        directions = yield from _directions(workspace, image_ids, workspace.folder_shape().mean)
        hashes = workspace.store.perceptual_hashes(image_ids)
        groups = yield from workspace.on_pool(partial(near_duplicate_groups, directions, hashes))
        doubts = yield from workspace.on_pool(partial(doubtful_labels, directions, labels, groups))
    yield LabelsAudited(
        command.request_id,
        tuple(_doubtful(doubt, image_ids, labels, command.classes) for doubt in doubts),
    )


def propose_split(workspace: Workspace, command: ProposeSplit) -> Iterator[Event | None]:
    """Propose; see :class:`engine.messages.ProposeSplit`. Unreadable images stay."""
    yield from _embed_missing(workspace, command.request_id, command.images)
    image_ids = [image.image_id for image in command.images if image.image_id in workspace.store]
    directions = yield from _directions(workspace, image_ids, workspace.folder_shape().mean)
    hashes = workspace.store.perceptual_hashes(image_ids)
    groups = yield from workspace.on_pool(partial(near_duplicate_groups, directions, hashes))
    leaving = yield from workspace.on_pool(partial(split_in_two, directions, groups))
    yield SplitProposed(
        command.request_id, tuple(image_ids[index] for index in np.flatnonzero(leaving))
    )


def _unlike_all_labelled(
    workspace: Workspace,
    model: AdaptedModel,
    labelled: Mapping[ImageId, int],
    number: Mapping[ClassId, int],
    borrowed: ModelExamples | None,
) -> UnknownScorer:
    """Tells what is unlike all labels; images like a negative example are known, too.

    ``number``: of each class among ``labelled``; ``borrowed``: examples of a model.
    """
    theirs = [] if borrowed is None else borrowed.class_ids.tolist()
    if number[NONE_OF_THESE] not in labelled.values() and NONE_OF_THESE not in theirs:
        return model.unknowns
    readable = [image_id for image_id in labelled if image_id in workspace.store]
    embeddings = workspace.store.select(readable)
    mean = model.unknowns.mean
    hashes = workspace.store.perceptual_hashes(readable)
    labels = np.array([labelled[image_id] for image_id in readable], np.int64)
    if borrowed is not None:
        embeddings = np.concatenate([embeddings, borrowed.embeddings.astype(np.float32)])
        hashes = np.concatenate([hashes, borrowed.hashes])
        labels = np.concatenate([labels, [number[ClassId(item)] for item in theirs]])
    groups = independent_groups(labels, near_duplicate_groups(normalise(embeddings, mean), hashes))
    return UnknownScorer.fit(embeddings, labels, mean, groups)


def _why_suggested(pick: Pick, columns: Sequence[ClassSpec], share: float) -> Sentence:
    """Args: share: of the folder's images that were looked at."""
    if pick.reason is Reason.BETWEEN:
        first, second = (columns[column].name for column in pick.classes)
        return say("between {first} and {second}", first=first, second=second)
    count: object = pick.n_near
    if share != 1.0:
        count = say("about {count}", count=round(float(f"{pick.n_near / share:.1g}")))
    if pick.reason is Reason.UNLIKE:
        if pick.n_near > 1:
            return say("unlike everything labelled so far, as {count} images are", count=count)
        return say("unlike everything labelled so far")
    return (
        say("typical of {count} images without a label", count=count)
        if pick.n_near > 1
        else say("one of a kind")
    )


def _reach(
    workspace: Workspace,
    image_ids: Sequence[ImageId],
    labels: NDArray[np.int64],
    n_classes: int,
    groups: NDArray[np.int64],
) -> Generator[None, None, Reach]:
    labelled = set(image_ids)
    others = [item for item in workspace.store.sampled_ids(SAMPLE_SIZE) if item not in labelled]
    folder = workspace.store.select(others)
    support = workspace.store.select(image_ids)
    yield None
    shape = workspace.folder_shape()
    yield None
    steps = measure_reach(support, labels, n_classes, groups, shape, folder)
    return (yield from workspace.steps_on_pool(steps))


def _doubtful(
    doubt: Doubt,
    image_ids: Sequence[ImageId],
    labels: NDArray[np.int64],
    classes: Sequence[ClassSpec],
) -> DoubtfulLabel:
    own, likely = classes[labels[doubt.index]], classes[doubt.likely]
    if doubt.twin is not None:
        why = say("An image that looks the same is labelled “{name}”.", name=likely.name)
    else:
        n_near = int(np.count_nonzero(labels[list(doubt.neighbours)] == doubt.likely))
        values = {
            "likely": likely.name,
            "chance": _percent(doubt.probability),
            "own": own.name,
            "own_chance": _percent(doubt.own_probability),
        }
        if n_near > 1:
            of_all = n_near == len(doubt.neighbours)
            nearest = say("both labelled images nearest to it")
            if not of_all:
                nearest = say("two of the three labelled images nearest to it")
            elif n_near > 2:
                nearest = say("all three labelled images nearest to it")
            why = say(
                "The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}), as do "
                "{nearest}.",
                nearest=nearest,
                **values,
            )
        else:
            why = say(
                "The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}).", **values
            )
    return DoubtfulLabel(
        image_ids[doubt.index],
        own.class_id,
        likely.class_id,
        doubt.probability,
        doubt.own_probability,
        tuple(image_ids[index] for index in doubt.neighbours),
        why,
    )


def _percent(share: float) -> Sentence:
    percent = round(100 * share)
    return say("< 1 %") if percent < 1 else say("{percent} %", percent=min(percent, 99))


def _class_reach(
    reach: Reach | None,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: Sequence[ClassSpec],
) -> tuple[ClassReach, ...]:
    found = []
    for index, item in enumerate(classes):
        if reach is None:
            mine = labels == index
            n_labels, n_independent = int(mine.sum()), len(np.unique(groups[mine]))
            found.append(ClassReach(item.class_id, n_labels, n_independent, 0, 0, 0.0, 1.0))
        else:
            known = reach.classes[index]
            found.append(
                ClassReach(
                    item.class_id,
                    known.n_labels,
                    known.n_independent,
                    known.n_judged,
                    known.n_right,
                    known.low,
                    known.high,
                )
            )
    return tuple(found)


def _advice(
    reach: Reach | None, labels: NDArray[np.int64], classes: Sequence[ClassSpec]
) -> Sentence:
    """What to do first, while nothing can be told of how good the answers are."""
    if reach is None:
        return say("Label images of at least two classes.")
    empty = [item.name for index, item in enumerate(classes) if not np.any(labels == index)]
    if empty:
        return say("Label images of “{name}”, which has none yet.", name=empty[0])
    if reach.overall is None:
        return say(
            "Too few labels to tell; label at least {least} of each class.",
            least=ENOUGH_TO_TELL,
        )
    return NOTHING


def _images(support: Sequence[tuple[ImageRef, ClassId]]) -> list[ImageRef]:
    return [image for image, _ in support]


def _embed_missing(
    workspace: Workspace, request_id: int, images: Iterable[ImageRef]
) -> Iterator[Event | None]:
    """Labelled images may not have been read yet: they come first."""
    missing = [image for image in images if image.image_id not in workspace.store]
    for results in embed(workspace, missing):
        yield from workspace.events_for(request_id, results)
        yield None


def _some_images(workspace: Workspace, always: set[ImageId]) -> list[ImageId]:
    """The embedded images, ascending: a random MOST_IMAGES of more, ``always`` among them."""
    known = workspace.store.image_ids()
    kept = np.array(sorted(known & always), np.int64)
    others = np.array(sorted(known - always), np.int64)
    room = max(MOST_IMAGES - len(kept), 0)
    if len(others) > room:
        others = np.random.default_rng(0).choice(others, room, replace=False)
    return [ImageId(item) for item in np.sort(np.concatenate([kept, others])).tolist()]


def _directions(
    workspace: Workspace, image_ids: Sequence[ImageId], mean: Floats
) -> Generator[None, None, Floats]:
    """Embeddings centred on ``mean`` and of length one, (n_images, embedding_size)."""
    directions = np.empty((len(image_ids), workspace.store.embedding_size), np.float32)
    for start in range(0, len(image_ids), _ROWS):
        embeddings = workspace.store.select(image_ids[start : start + _ROWS])
        directions[start : start + _ROWS] = normalise(embeddings, mean)
        yield None
    return directions
