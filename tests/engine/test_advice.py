"""The jobs that advise: their answers on painted folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.jobs.advice import suggest
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import Workspace
from engine.messages import (
    ClassId,
    ClassSpec,
    EmbedImages,
    Event,
    ImageId,
    ImageRef,
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
