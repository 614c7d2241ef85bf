"""The jobs behind groups and the order by similarity, on painted folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import EngineError
from engine.jobs.advice import audit_labels, review_labels
from engine.jobs.embedding import embed_images
from engine.jobs.likeness import find_groups, measure_similarity
from engine.jobs.workspace import Workspace
from engine.messages import (
    NO_DATE,
    NONE_OF_THESE,
    AuditLabels,
    ClassId,
    ClassSpec,
    EmbedImages,
    Event,
    FindGroups,
    GroupsFound,
    ImageId,
    ImageRef,
    LabelsAudited,
    LabelsReviewed,
    MeasureSimilarity,
    ReviewLabels,
    SimilarityMeasured,
)
from tests.engine.painted import KINDS, kind_of, paint_folder, refs

CLASSES = tuple(ClassSpec(ClassId(10 + 7 * index), kind) for index, kind in enumerate(KINDS))
ID_OF = {item.name: item.class_id for item in CLASSES}


@pytest.fixture
def images(tmp_path: Path, workspace: Workspace) -> list[ImageRef]:
    """Six of each kind; a copy, and one saved anew and smaller, of the first of each."""
    folder = tmp_path / "images"
    paths = paint_folder(folder, 6)
    for kind in KINDS:
        shutil.copy(folder / f"{kind}_00.jpg", folder / f"{kind}_97.jpg")
        with Image.open(folder / f"{kind}_00.jpg") as picture:
            picture.save(folder / f"{kind}_98.jpg", quality=88)
    painted = refs(sorted({*paths, *folder.glob("*.jpg")}), folder)
    list(embed_images(workspace, EmbedImages(1, tuple(painted))))
    return painted


def answer(steps: Iterable[Event | None], kind: type) -> Event:
    (event,) = (event for event in steps if isinstance(event, kind))
    return event


def test_copies_and_such_saved_anew_are_found(workspace: Workspace, images: list[ImageRef]) -> None:
    ids = np.array([image.image_id for image in images] + [9_999])  # One that is not embedded.
    command = FindGroups(7, ids, np.full(len(ids), NO_DATE))
    event = answer(find_groups(workspace, command), GroupsFound)
    assert isinstance(event, GroupsFound)
    assert not event.groups.flags.writeable
    names = {int(image.image_id): image.name for image in images}
    found: dict[int, set[str]] = {}
    for image, group in zip(event.image_ids.tolist(), event.groups.tolist(), strict=True):
        found.setdefault(group, set()).add(names[image])
    assert all(len(group) > 1 for group in found.values())
    for kind in KINDS:
        alike = {f"{kind}_00.jpg", f"{kind}_97.jpg", f"{kind}_98.jpg"}
        assert any(alike <= group for group in found.values()), kind


def test_a_folder_that_changes_meanwhile_is_answered_by_who_asks_again(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    ids = np.array([image.image_id for image in images])
    steps = find_groups(workspace, FindGroups(7, ids, np.full(len(ids), NO_DATE)))
    next(steps)
    next(steps)
    workspace.store.discard([images[0].image_id])
    assert not [event for event in steps if isinstance(event, GroupsFound)]


def test_likeness_is_highest_for_what_was_selected_and_its_kind(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    dots = [image for image in images if kind_of(image.path) == "dots"]
    chosen = (dots[0].image_id, dots[2].image_id, ImageId(9_999))
    event = answer(measure_similarity(workspace, MeasureSimilarity(8, chosen)), SimilarityMeasured)
    assert isinstance(event, SimilarityMeasured)
    assert sorted(event.image_ids.tolist()) == [image.image_id for image in images]
    by_image = dict(zip(event.image_ids.tolist(), event.similarities.tolist(), strict=True))
    best = sorted(by_image, key=lambda image: -by_image[image])[: len(dots)]
    assert set(best) == {image.image_id for image in dots}
    one = answer(
        measure_similarity(workspace, MeasureSimilarity(8, chosen[:1])), SimilarityMeasured
    )
    assert isinstance(one, SimilarityMeasured)
    assert one.similarities.max() == pytest.approx(1.0, abs=1e-5)
    assert one.image_ids[one.similarities.argmax()] in {
        image.image_id for image in dots if image.name in ("dots_00.jpg", "dots_97.jpg")
    }


def test_without_a_known_image_there_is_nothing_to_compare_with(workspace: Workspace) -> None:
    with pytest.raises(EngineError, match="have not been looked at yet"):
        list(measure_similarity(workspace, MeasureSimilarity(8, (ImageId(4),))))


def test_the_short_audit_doubts_what_the_review_doubts(
    workspace: Workspace, images: list[ImageRef]
) -> None:
    support = [(image, ID_OF[kind_of(image.path)]) for image in images]
    support[3] = (images[3], ID_OF["stripes"])  # A check that is called stripes.
    support.append((images[-1], NONE_OF_THESE))
    labels = tuple(support[:-1])
    audited = answer(audit_labels(workspace, AuditLabels(3, CLASSES, labels)), LabelsAudited)
    reviewed = answer(review_labels(workspace, ReviewLabels(4, CLASSES, labels)), LabelsReviewed)
    assert isinstance(audited, LabelsAudited)
    assert isinstance(reviewed, LabelsReviewed)
    assert audited.doubtful == reviewed.doubtful
    assert [item.image_id for item in audited.doubtful] == [images[3].image_id]
    # One class can be doubted by no other; negative examples belong to none.
    few = ((images[0], ID_OF["checks"]), (images[9], NONE_OF_THESE))
    event = answer(audit_labels(workspace, AuditLabels(3, CLASSES, few)), LabelsAudited)
    assert isinstance(event, LabelsAudited)
    assert event.doubtful == ()
