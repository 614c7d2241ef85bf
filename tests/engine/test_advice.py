"""The jobs that advise: their answers on painted folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from engine.jobs.advice import propose_split, review_labels, suggest
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    EmbedImages,
    Event,
    ImageId,
    ImageRef,
    LabelsReviewed,
    ProposeSplit,
    ReviewLabels,
    SplitProposed,
    Suggest,
    Suggested,
    Suggestion,
)
from tests.engine.painted import KINDS, kind_of, paint_folder, refs

CLASSES = tuple(ClassSpec(ClassId(10 + 7 * index), kind) for index, kind in enumerate(KINDS))
ID_OF = {item.name: item.class_id for item in CLASSES}
Support = tuple[tuple[ImageRef, ClassId], ...]


@pytest.fixture
def images(tmp_path: Path, workspace: Workspace) -> list[ImageRef]:
    """Eight of each kind, embedded."""
    painted = refs(paint_folder(tmp_path / "images", 8))
    list(embed_images(workspace, EmbedImages(1, tuple(painted))))
    return painted


def labelled(images: list[ImageRef], indices: Iterable[int]) -> Support:
    return tuple((images[index], ID_OF[kind_of(images[index].path)]) for index in indices)


def answer(steps: Iterable[Event | None], kind: type) -> object:
    (event,) = (event for event in steps if isinstance(event, kind))
    return event


def suggested(workspace: Workspace, command: Suggest) -> list[Suggestion]:
    event = answer(suggest(workspace, command), Suggested)
    assert isinstance(event, Suggested)
    assert event.request_id == command.request_id
    return list(event.suggestions)


# --- What to label next ---------------------------------------------------------------------------


def test_without_labels_one_of_each_kind_is_suggested(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    found = suggested(workspace, Suggest(4, (), (), 3))
    kinds = [kind_of(images[item.image_id - 1].path) for item in found]
    assert sorted(kinds) == sorted(KINDS)
    assert {item.why for item in found} == {"typical of 8 images without a label"}


def test_suggestions_with_a_model_name_the_classes(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    support = labelled(images, [0, 1, 8, 9])  # Nothing of the third kind yet.
    found = suggested(workspace, Suggest(4, CLASSES, support, 24))
    assert {item.image_id for item in found} <= {image.image_id for image in images}
    assert not {item.image_id for item in found} & {image.image_id for image, _ in support}
    first = images[found[0].image_id - 1]
    assert kind_of(first.path) == KINDS[2]
    known = {KINDS[0], KINDS[1]}
    for item in found:
        assert {spec.name for spec in CLASSES if spec.class_id in item.class_ids} <= known
        assert item.is_close_call == item.why.startswith("between ")
        if item.why.startswith("between "):
            names = [spec.name for spec in CLASSES if spec.class_id in item.class_ids]
            assert all(name in item.why for name in names)
            assert len(names) == 2


def test_what_was_passed_over_or_is_not_embedded_is_not_suggested(
    tmp_path: Path, workspace: Workspace, images: list[ImageRef]
) -> None:
    passed_over = tuple(image.image_id for image in images[:20])
    found = suggested(workspace, Suggest(4, CLASSES, (), 10, passed_over))
    assert {item.image_id for item in found} <= {image.image_id for image in images[20:]}
    assert found


def test_negative_examples_are_neither_suggested_nor_doubted_nor_a_class(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    support = labelled(images, [0, 1, 2, 8, 9, 10])
    negatives = tuple((image, NONE_OF_THESE) for image in images[16:20])
    found = suggested(workspace, Suggest(4, CLASSES[:2], (*support, *negatives), 24))
    assert not {item.image_id for item in found} & {image.image_id for image, _ in negatives}
    without = suggested(workspace, Suggest(4, CLASSES[:2], support, 24))
    kinds = [kind_of(images[item[0].image_id - 1].path) for item in (without, found)]
    assert kinds[0] == KINDS[2]  # Unlike all that has a label;
    assert kinds[1] != KINDS[2]  # with negative examples it is covered.
    told, plain = (
        reviewed(workspace, some, CLASSES[:2]) for some in ((*support, *negatives), support)
    )
    assert told.classes == plain.classes
    assert told.doubtful == plain.doubtful == ()
    assert (told.accuracy, told.curve) == (plain.accuracy, plain.curve)


def test_labelled_images_that_were_not_read_are_read_first(
    tmp_path: Path, workspace: Workspace
) -> None:
    painted = refs(paint_folder(tmp_path / "images", 3))
    events = list(suggest(workspace, Suggest(4, CLASSES, labelled(painted, [0, 3, 6]), 5)))
    assert painted[3].image_id in workspace.store
    assert isinstance(events[-1], Suggested)
    assert events[-1].suggestions == ()  # All that is embedded has a label.


def test_an_empty_folder_has_no_suggestions(workspace: Workspace) -> None:
    assert suggested(workspace, Suggest(4, CLASSES, (), 5, (ImageId(3),))) == []


# --- Which labels look wrong, and how far they reach ----------------------------------------------


def reviewed(
    workspace: Workspace, support: Support, classes: tuple[ClassSpec, ...] = CLASSES
) -> LabelsReviewed:
    event = answer(review_labels(workspace, ReviewLabels(6, classes, support)), LabelsReviewed)
    assert isinstance(event, LabelsReviewed)
    assert event.request_id == 6
    return event


def test_a_wrong_label_is_told_with_its_reason(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    support = list(labelled(images, range(24)))
    support[3] = (images[3], CLASSES[2].class_id)
    found = reviewed(workspace, tuple(support))
    (doubt,) = found.doubtful
    assert doubt.image_id == images[3].image_id
    assert (doubt.class_id, doubt.likely_id) == (CLASSES[2].class_id, CLASSES[0].class_id)
    assert doubt.why.startswith("The other labels speak for “checks” (")
    assert doubt.why.endswith("as do all three labelled images nearest to it.")
    assert doubt.probability > doubt.own_probability
    assert len(doubt.neighbours) == 3
    assert found.accuracy is not None
    assert found.low < found.accuracy <= found.high
    assert [item.class_id for item in found.classes] == [item.class_id for item in CLASSES]
    assert [item.n_labels for item in found.classes] == [7, 8, 9]
    assert found.classes[0].n_right == found.classes[0].n_judged > 2


def test_right_labels_are_left_alone(workspace: Workspace, images: list[ImageRef]) -> None:
    found = reviewed(workspace, labelled(images, range(24)))
    assert found.doubtful == ()
    assert found.accuracy == pytest.approx(1.0, abs=0.02)
    # Some of the painted ones differ in their colours only, and count once.
    assert found.curve[-1].labels_per_class == np.mean([c.n_independent for c in found.classes])
    assert found.advice == ""  # What to do next follows from the answers on screen.


def test_copies_with_different_labels_are_told_first(
    tmp_path: Path, workspace: Workspace, images: list[ImageRef]
) -> None:
    copy = tmp_path / "images" / "copy.jpg"
    copy.write_bytes(images[1].path.read_bytes())
    more = refs([copy], first=100)
    list(embed_images(workspace, EmbedImages(1, tuple(more))))
    support = (*labelled(images, range(24)), (more[0], CLASSES[1].class_id))
    found = reviewed(workspace, support)
    assert found.doubtful[0].image_id == more[0].image_id
    assert found.doubtful[0].why == "An image that looks the same is labelled “checks”."


def test_what_to_do_while_there_are_few_labels(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    assert reviewed(workspace, ()).advice == "Label images of at least two classes."
    one = reviewed(workspace, labelled(images, range(4)))
    assert one.advice == "Label images of at least two classes."
    assert [item.n_labels for item in one.classes] == [4, 0, 0]
    two = reviewed(workspace, labelled(images, range(16)))
    assert two.advice == "Label images of “stripes”, which has none yet."
    few = reviewed(workspace, labelled(images, [0, 1, 8, 9, 16, 17]))
    assert few.advice == "Too few labels to tell; label at least 5 of each class."
    assert (few.accuracy, few.low, few.high, few.weakest) == (None, 0.0, 1.0, None)


def test_the_class_that_more_labels_would_help_is_named(
    tmp_path: Path, workspace: Workspace, images: list[ImageRef]
) -> None:
    # Half of the dots are labelled stripes and the other way round: nobody could tell them apart.
    support = list(labelled(images, range(24)))
    for index in range(9, 24, 2):
        other = 2 if index < 16 else 1
        support[index] = (images[index], CLASSES[other].class_id)
    found = reviewed(workspace, tuple(support))
    assert found.accuracy is not None
    assert found.accuracy < 0.8
    assert found.weakest in (CLASSES[1].class_id, CLASSES[2].class_id)


# --- Splitting a class ----------------------------------------------------------------------------


def test_a_class_of_two_kinds_is_parted_between_them(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    mixed = tuple(images[index] for index in [*range(8), 16, 17, 18, 19])
    event = answer(propose_split(workspace, ProposeSplit(8, mixed)), SplitProposed)
    assert isinstance(event, SplitProposed)
    assert set(event.leaving) == {image.image_id for image in mixed[8:]}


def test_of_two_images_one_leaves(tmp_path: Path, workspace: Workspace) -> None:
    two = tuple(refs(paint_folder(tmp_path / "two", 1))[:2])  # Not read before.
    event = answer(propose_split(workspace, ProposeSplit(8, two)), SplitProposed)
    assert isinstance(event, SplitProposed)
    assert len(event.leaving) == 1
    alone = answer(propose_split(workspace, ProposeSplit(9, two[:1])), SplitProposed)
    assert isinstance(alone, SplitProposed)
    assert alone.leaving == ()
