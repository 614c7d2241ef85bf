"""The labelled images of a command, as a classifier is fitted to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.jobs.embedding import embed
from engine.jobs.workspace import Workspace
from engine.messages import NONE_OF_THESE, ClassId, Event, ImageId, ImageRef, ModelExamples
from engine.method.duplicates import near_duplicate_groups
from engine.method.heads import Floats, normalise


def without_negatives(
    support: Sequence[tuple[ImageRef, ClassId]],
) -> list[tuple[ImageRef, ClassId]]:
    """The examples of classes, in the order of their names.

    Folds are dealt out in that order, and of near-duplicates the first is judged: the same labels
    give the same answers in whatever order a project, a window or a table has them.
    """
    return sorted((item for item in support if item[1] != NONE_OF_THESE), key=_place)


def classes_of(
    support: Sequence[tuple[ImageRef, ClassId]], examples: ModelExamples | None = None
) -> list[ClassId]:
    """The classes that have an example, ascending.

    What an effort above instant gives, is fitted to these in this order: neither a class without
    an example nor another order of the list makes it another one.
    """
    found = {class_id for _, class_id in without_negatives(support)}
    if examples is not None:
        found |= examples.counts().keys() - {NONE_OF_THESE}
    return sorted(found)


def usable_examples(
    workspace: Workspace, examples: ModelExamples | None, class_ids: Sequence[ClassId]
) -> ModelExamples | None:
    """Those that this encoder has seen, of these classes or negative; None where there are none."""
    if examples is None:
        return None
    examples = examples.of_encoder(workspace.runtime.encoder.fingerprint)
    wanted = {*class_ids, NONE_OF_THESE}
    examples = examples.chosen([item in wanted for item in examples.class_ids.tolist()])
    if not len(examples.class_ids):
        return None
    # Beside longer ones of another encoder they were filled up.
    size = workspace.runtime.encoder.embedding_size
    return replace(examples, embeddings=examples.embeddings[:, :size])


def positives_among(examples: ModelExamples | None) -> ModelExamples | None:
    """The examples of classes; None where there are none."""
    if examples is None:
        return None
    found = examples.chosen((examples.class_ids != NONE_OF_THESE).tolist())
    return found if len(found.class_ids) else None


def negatives_of(support: Sequence[tuple[ImageRef, ClassId]]) -> list[ImageId]:
    """The negative examples, in the order of their names."""
    found = sorted((item for item in support if item[1] == NONE_OF_THESE), key=_place)
    return [image.image_id for image, _ in found]


def _place(example: tuple[ImageRef, ClassId]) -> tuple[str, ImageId]:
    image = example[0]
    return image.name, image.image_id


def embed_missing(
    workspace: Workspace, request_id: int, support: Sequence[tuple[ImageRef, ClassId]]
) -> Iterator[Event | None]:
    """Read the labelled images that were not read yet."""
    missing = [image for image, _ in support if image.image_id not in workspace.store]
    for results in embed(workspace, missing, urgent=True):
        yield from workspace.events_for(request_id, results)
        yield None


def examples_of(
    seen: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
    mean: Floats,
    borrowed: ModelExamples | None = None,
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Embeddings, labels as positions in ``class_ids``, and groups of near-duplicates.

    Those ``borrowed`` from a model, no negative ones among them, come last: of an image that is
    among both, the person's own is the one that is judged.
    """
    readable = [(image.image_id, class_id) for image, class_id in support]
    readable = [item for item in readable if item[0] in seen.store]
    position = {class_id: index for index, class_id in enumerate(class_ids)}
    embeddings = seen.store.select(image_id for image_id, _ in readable)
    labels = np.array([position[class_id] for _, class_id in readable], np.int64)
    hashes = seen.store.perceptual_hashes(image_id for image_id, _ in readable)
    if borrowed is not None:
        embeddings = np.concatenate([embeddings, borrowed.embeddings.astype(np.float32)])
        theirs = [position[ClassId(item)] for item in borrowed.class_ids.tolist()]
        labels = np.concatenate([labels, np.array(theirs, np.int64)])
        hashes = np.concatenate([hashes, borrowed.hashes])
    return embeddings, labels, near_duplicate_groups(normalise(embeddings, mean), hashes)


def independent(
    seen: Workspace, images: Sequence[ImageId], examples: ModelExamples | None = None
) -> Floats:
    """Embeddings (n, d) of negative examples, one of each group of near-duplicates.

    Args:
        images: those in the store are taken.
        examples: that came with a model; the negative ones are taken.
    """
    readable = [image_id for image_id in images if image_id in seen.store]
    embeddings = seen.store.select(readable)
    hashes = seen.store.perceptual_hashes(readable)
    if examples is not None:
        negative = examples.class_ids == NONE_OF_THESE
        embeddings = np.concatenate([embeddings, examples.embeddings[negative].astype(np.float32)])
        hashes = np.concatenate([hashes, examples.hashes[negative]])
    directions = normalise(embeddings, seen.folder_shape().mean)
    groups = near_duplicate_groups(directions, hashes)
    return embeddings[np.unique(groups, return_index=True)[1]]


def has_all(
    seen: Workspace, workspace: Workspace, support: Sequence[tuple[ImageRef, ClassId]]
) -> bool:
    """Whether no labelled image has become unreadable since it was read first."""
    return all(
        image.image_id in seen.store for image, _ in support if image.image_id in workspace.store
    )
