"""The jobs as generators, without any thread of the engine: what they answer, and how often."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event as Event_
from threading import Thread

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.embedding_rows import BLOCK_ROWS
from engine.errors import EngineError
from engine.images import content_hash
from engine.jobs import thorough
from engine.jobs.adaptation import adapt_and_classify
from engine.jobs.embedding import embed_images, scan_folder
from engine.jobs.progress import ProgressMeter
from engine.jobs.viewing import load_preview, load_thumbnails
from engine.jobs.workspace import _BATCH, _IN_FLIGHT_PER_CORE, Workspace
from engine.messages import (
    NONE_OF_THESE,
    Adapt,
    Adapted,
    ClassId,
    ClassSpec,
    Effort,
    EmbedImages,
    Event,
    FilesFound,
    FoundFile,
    ImageId,
    ImageRef,
    ImagesEmbedded,
    ImageUnreadable,
    LoadPreview,
    LoadThumbnails,
    NotAdapted,
    PredictionsReady,
    PreviewReady,
    Progress,
    ScanFinished,
    ScanFolder,
    ThumbnailReady,
)
from engine.method.adaptation import adapt
from engine.method.answering import PIECE_ROWS
from tests.engine.conftest import CountingBackend
from tests.engine.painted import KINDS, kind_of, paint, paint_folder, refs

OpenWorkspace = Callable[..., tuple[Workspace, CountingBackend]]


def _events(steps: Iterable[Event | None]) -> list[Event]:
    return [event for event in steps if event is not None]


def _of(kind: type, events: Iterable[Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


def _embedded(events: Iterable[Event]) -> list[ImageId]:
    return sorted(item for event in _of(ImagesEmbedded, events) for item in event.image_ids)


def _adapt(images: list[ImageRef], labelled: Iterable[int], **changes: object) -> Adapt:
    """A command that labels images, by index, with what was painted on them."""
    classes = tuple(ClassSpec(ClassId(10 + 7 * index), kind) for index, kind in enumerate(KINDS))
    ids = {item.name: item.class_id for item in classes}
    support = tuple((images[index], ids[kind_of(images[index].path)]) for index in labelled)
    return Adapt(
        **{"request_id": 5, "classes": classes, "support": support, "visible": (), **changes}
    )


# --- Scanning -------------------------------------------------------------------------------------


def test_a_scan_answers_in_batches_and_names_what_it_could_not_enter(tmp_path: Path) -> None:
    for index in range(1203):
        (tmp_path / f"{index:04d}.jpg").write_bytes(b"1")
    events = list(scan_folder(ScanFolder(3, tmp_path)))
    found = _of(FilesFound, events)
    assert [len(event.files) for event in found] == [500, 500, 203]
    assert found[0].files[0] == FoundFile("0000.jpg", 1, (tmp_path / "0000.jpg").stat().st_mtime_ns)
    assert [event.done for event in _of(Progress, events)] == [500, 1000]
    assert events[-1] == ScanFinished(3, 1203, ())
    assert {event.request_id for event in events} == {3}


def test_a_scan_of_an_empty_folder(tmp_path: Path) -> None:
    assert list(scan_folder(ScanFolder(3, tmp_path))) == [ScanFinished(3, 0, ())]


# --- Embedding ------------------------------------------------------------------------------------


def test_a_folder_is_embedded_once_and_then_only_looked_up(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 7))
    workspace, backend = open_workspace()
    events = _events(embed_images(workspace, EmbedImages(1, tuple(images))))
    assert _embedded(events) == [image.image_id for image in images]
    assert backend.count == len(images) == len(workspace.store) == 21
    contents = {
        image_id: content
        for event in _of(ImagesEmbedded, events)
        for image_id, content in zip(event.image_ids, event.contents, strict=True)
    }
    assert contents[images[3].image_id] == content_hash(images[3].path.read_bytes())
    assert _of(Progress, events)[-1].done == _of(Progress, events)[-1].total == 21

    # Asked again, in this session and in another one: told of every image, none decoded.
    again = _events(embed_images(workspace, EmbedImages(2, tuple(images))))
    assert _embedded(again) == _embedded(events)
    other, counter = open_workspace()
    assert _embedded(_events(embed_images(other, EmbedImages(3, tuple(images))))) == _embedded(
        events
    )
    assert (backend.count, counter.count) == (21, 0)
    np.testing.assert_array_equal(
        other.store.select([image.image_id for image in images]),
        workspace.store.select([image.image_id for image in images]),
    )


def test_copies_and_renamed_files_are_not_embedded_again(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    paths = paint_folder(tmp_path / "images", 2)
    workspace, backend = open_workspace()
    list(embed_images(workspace, EmbedImages(1, tuple(refs(paths)))))
    renamed = [path.rename(path.with_name(f"new {path.name}")) for path in paths]
    list(embed_images(workspace, EmbedImages(2, tuple(refs(renamed, first=100)))))
    assert backend.count == 6
    np.testing.assert_array_equal(
        workspace.store.select([ImageId(1)]), workspace.store.select([ImageId(100)])
    )


def test_a_file_changed_while_the_folder_is_open_is_embedded_again(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 1))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    before = workspace.store.select([ImageId(1), ImageId(2)])
    paint("stripes", 200, 90, seed=77).save(images[0].path)
    events = _events(embed_images(workspace, EmbedImages(2, tuple(images))))
    assert _embedded(events) == [1, 2, 3]
    contents = dict(
        pair
        for event in _of(ImagesEmbedded, events)
        for pair in zip(event.image_ids, event.contents, strict=True)
    )
    assert contents[ImageId(1)] == content_hash(images[0].path.read_bytes())
    after = workspace.store.select([ImageId(1), ImageId(2)])
    assert not np.array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])
    np.testing.assert_allclose(
        workspace.store.sum(), workspace.store.select(map(ImageId, (1, 2, 3))).sum(0), rtol=1e-5
    )


def test_broken_images_do_not_stop_a_batch(tmp_path: Path, workspace: Workspace) -> None:
    paths = paint_folder(tmp_path / "images", 2)
    broken = {"text.jpg": b"a letter", "empty.png": b"", "cut.jpg": paths[0].read_bytes()[:900]}
    for name, content in broken.items():
        (tmp_path / "images" / name).write_bytes(content)
    images = refs([*paths, *(tmp_path / "images" / name for name in broken), tmp_path / "none.jpg"])
    events = _events(embed_images(workspace, EmbedImages(1, tuple(images))))
    reasons = {event.image_id: event.reason for event in _of(ImageUnreadable, events)}
    assert reasons == {
        7: "it holds text, not an image",
        8: "the file is empty",
        9: "the file is truncated",
        10: "the file is not there any more",
    }
    assert _embedded(events) == [1, 2, 3, 4, 5, 6]
    assert _of(Progress, events)[-1].done == 10
    # A file that was repaired is readable again when it is asked for.
    images[6].path.write_bytes(paths[0].read_bytes())
    events = _events(embed_images(workspace, EmbedImages(2, tuple(images[6:7]))))
    assert _embedded(events) == [7]
    assert ImageId(7) not in workspace.unreadable


def test_an_image_that_becomes_unreadable_loses_its_embedding(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 1))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    images[0].path.write_bytes(b"scribbled over")
    events = _events(embed_images(workspace, EmbedImages(2, tuple(images))))
    assert [event.image_id for event in _of(ImageUnreadable, events)] == [1]
    assert ImageId(1) not in workspace.store
    others = workspace.store.select(map(ImageId, (2, 3)))
    np.testing.assert_allclose(workspace.store.sum(), others.sum(0), rtol=1e-5)


def test_a_thumbnail_is_tried_again_once_the_file_has_changed(
    tmp_path: Path, workspace: Workspace
) -> None:
    (image,) = refs(paint_folder(tmp_path / "images", 1)[:1])
    whole = image.path.read_bytes()
    image.path.unlink()
    for content, kind in ((None, ImageUnreadable), (b"", ImageUnreadable), (whole, ThumbnailReady)):
        if content is not None:
            image.path.write_bytes(content)
        events = _events(load_thumbnails(workspace, LoadThumbnails(1, (image,))))
        assert len(_of(kind, events)) == 1


def test_a_job_that_is_closed_halfway_keeps_what_was_finished(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 12))
    workspace, backend = open_workspace()
    steps = embed_images(workspace, EmbedImages(1, tuple(images)))
    while len(workspace.store) < 10:
        next(steps)
    steps.close()
    kept = len(workspace.store)
    assert kept < len(images)
    events = _events(embed_images(workspace, EmbedImages(2, tuple(images))))
    assert _embedded(events) == [image.image_id for image in images]
    assert backend.count == len(images)


def test_an_interruption_costs_no_more_than_a_batch(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = tuple(refs(paint_folder(tmp_path / "images", 30)))
    workspace, backend = open_workspace()
    n_at_risk = _BATCH + _IN_FLIGHT_PER_CORE * workspace.runtime.n_threads
    n_taken = 0
    steps = workspace.process(images)
    while n_taken < len(images) // 2:
        n_taken += len(next(steps))
        assert backend.count - n_taken <= n_at_risk  # Neither is more held in memory.
    steps.close()
    workspace.close()
    assert backend.count < len(images)
    again, second_backend = open_workspace()
    _events(embed_images(again, EmbedImages(1, images)))
    assert len(again.store) == len(images)
    assert second_backend.count == len(images) - n_taken


def test_two_jobs_that_want_the_same_images_share_the_work(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = tuple(refs(paint_folder(tmp_path / "images", 3)))
    workspace, backend = open_workspace()
    first = embed_images(workspace, EmbedImages(1, images))
    second = load_thumbnails(workspace, LoadThumbnails(2, images))
    events: list[Event] = []
    pending = [first, second]
    while pending:
        for steps in list(pending):
            try:
                event = next(steps)
            except StopIteration:
                pending.remove(steps)
            else:
                events += [event] if event is not None else []
    assert backend.count == len(images)
    mine = [event for event in events if event.request_id == 1]
    assert _embedded(mine) == [image.image_id for image in images]
    assert len(_of(ThumbnailReady, events)) == len(images)


def test_what_is_done_but_not_kept_yet_is_not_done_again(
    tmp_path: Path, open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.jobs.workspace._BATCH_S", 60.0)
    images = tuple(refs(paint_folder(tmp_path / "images", 1)))
    workspace, backend = open_workspace()
    inner, free, ended, numbers = backend.inner, Event_(), [], count(1)

    def wait_at_the_last(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        if next(numbers) == len(images):
            assert free.wait(60)
        ended.append(inner(pixels))
        return ended[-1]

    backend.inner = wait_at_the_last
    bulk = workspace.process(images)
    while len(ended) < len(images) - 1:
        assert not next(bulk)
    for _ in range(5):
        assert not next(bulk)  # Two are done and wait for a batch.
    first_two = load_thumbnails(workspace, LoadThumbnails(2, images))
    shown: list[ThumbnailReady] = []
    while len(shown) < len(images) - 1:
        shown += _of(ThumbnailReady, [next(first_two)])
    free.set()
    assert [item for batch in bulk for item in batch]
    shown += _of(ThumbnailReady, _events(first_two))
    assert len(shown) == backend.count == len(images)


def test_forgetting_a_folder_drops_all_that_belongs_to_it(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 2))
    list(adapt_and_classify(workspace, _adapt(images, range(6))))
    assert workspace.current is not None
    workspace.forget()
    assert workspace.current is None
    assert len(workspace.store) == 0
    assert len(workspace.unreadable) == 0


# --- Thumbnails and previews ----------------------------------------------------------------------


def test_one_decode_serves_thumbnail_and_embedding(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 2))
    workspace, backend = open_workspace()
    events = _events(load_thumbnails(workspace, LoadThumbnails(1, tuple(images))))
    assert _embedded(events) == [1, 2, 3, 4, 5, 6]
    thumbnails = {event.image_id: event.jpeg for event in _of(ThumbnailReady, events)}
    with Image.open(io.BytesIO(thumbnails[ImageId(1)])) as thumbnail:
        assert thumbnail.size == (160, 120)  # Smaller than a thumbnail may be: as it is.
        difference = np.abs(np.asarray(thumbnail).astype(int) - np.asarray(paint(KINDS[0])))
    assert difference.mean() < 10
    for image in images:
        image.path.unlink()  # From here on nothing can be decoded.
    list(embed_images(workspace, EmbedImages(2, ())))
    assert backend.count == 6


def test_thumbnails_come_from_the_cache_the_second_time(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 2))
    list(embed_images(open_workspace()[0], EmbedImages(1, tuple(images))))
    workspace, backend = open_workspace()
    events = _events(load_thumbnails(workspace, LoadThumbnails(2, tuple(reversed(images)))))
    assert [event.image_id for event in _of(ThumbnailReady, events)] == [6, 5, 4, 3, 2, 1]
    assert backend.count == 0


def test_thumbnails_of_broken_images_are_told_as_such(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "text.jpg").write_text("a letter")
    command = LoadThumbnails(1, tuple(refs([tmp_path / "text.jpg"])))
    for _ in range(2):  # Found out, then remembered.
        (event,) = _events(load_thumbnails(workspace, command))
        assert event == ImageUnreadable(1, ImageId(1), "it holds text, not an image")


def test_a_preview_is_large_and_tells_the_original_size(
    tmp_path: Path, workspace: Workspace
) -> None:
    path = tmp_path / "a.png"
    paint("dots", 1300, 700).save(path)
    (event,) = _events(load_preview(workspace, LoadPreview(4, refs([path])[0], 650)))
    assert isinstance(event, PreviewReady)
    assert event.pixels.shape == (350, 650, 3)
    assert (event.width_px, event.height_px) == (1300, 700)
    assert not event.pixels.flags.writeable


def test_a_preview_that_cannot_be_had_is_told_in_a_sentence(
    tmp_path: Path, workspace: Workspace
) -> None:
    (tmp_path / "a.jpg").write_text("a letter")
    with pytest.raises(EngineError) as caught:
        list(load_preview(workspace, LoadPreview(4, refs([tmp_path / "a.jpg"])[0], 650)))
    assert str(caught.value) == "a.jpg cannot be shown: it holds text, not an image."


# --- Adapting -------------------------------------------------------------------------------------


def _check_arrays(event: PredictionsReady) -> None:
    n = len(event.image_ids)
    assert event.image_ids.dtype == event.class_ids.dtype == np.int64
    assert event.probabilities.dtype == np.float32
    assert event.class_ids.shape == event.probabilities.shape == (n, 3)
    assert (np.diff(event.probabilities, axis=1) <= 0).all()
    np.testing.assert_allclose(event.probabilities.sum(axis=1), 1, atol=1e-5)
    for array in (event.image_ids, event.class_ids, event.probabilities):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_click_classifies_what_is_on_screen_first_then_everything(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 8))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    visible = (ImageId(20), ImageId(3), ImageId(999))  # 999 is not embedded.
    events = _events(
        adapt_and_classify(workspace, _adapt(images, (0, 1, 8, 9, 16, 17), visible=visible))
    )
    adapted, first, rest = events
    assert isinstance(adapted, Adapted)
    assert adapted.n_support == 6
    assert adapted.held_out is not None
    assert adapted.held_out.accuracy == 1.0
    assert adapted.empty_classes == ()
    assert isinstance(first, PredictionsReady)
    assert first.image_ids.tolist() == [20, 3]
    assert isinstance(rest, PredictionsReady)
    assert sorted(rest.image_ids.tolist()) == [image.image_id for image in images]
    names = {10: "checks", 17: "dots", 24: "stripes"}
    for event in (first, rest):
        _check_arrays(event)
        assert event.request_id == 5
        for image_id, class_ids in zip(event.image_ids, event.class_ids, strict=True):
            assert names[class_ids[0]] == kind_of(images[image_id - 1].path)


def test_examples_that_are_not_embedded_yet_are_embedded_first(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    workspace, backend = open_workspace()
    events = _events(adapt_and_classify(workspace, _adapt(images, (0, 4, 8))))
    assert backend.count == 3
    assert _embedded(events) == [1, 5, 9]
    (adapted,) = _of(Adapted, events)
    assert adapted.n_support == 3
    assert adapted.held_out is None


def test_images_embedded_later_are_classified_as_they_come(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 6))
    list(adapt_and_classify(workspace, _adapt(images, (0, 6, 12))))
    events = _events(embed_images(workspace, EmbedImages(9, tuple(images))))
    predictions = _of(PredictionsReady, events)
    # They carry the number of the Adapt whose model made them.
    assert {event.request_id for event in predictions} == {5}
    classified = [item for event in predictions for item in event.image_ids.tolist()]
    assert sorted(classified) == [image.image_id for image in images]
    for event in predictions:
        _check_arrays(event)


@pytest.mark.parametrize(
    ("n_classes", "labelled", "sentence"),
    [
        (0, (), "Add two classes and label a few images."),
        (1, (0, 1), "Add a second class."),
        (3, (), "Label an image of each class."),
        (3, (0, 1), "Label an image of a second class."),
    ],
)
def test_with_fewer_than_two_labelled_classes_it_is_said_what_to_do(
    tmp_path: Path, workspace: Workspace, n_classes: int, labelled: tuple[int, ...], sentence: str
) -> None:
    images = refs(paint_folder(tmp_path / "images", 2))
    list(adapt_and_classify(workspace, _adapt(images, range(6))))
    command = _adapt(images, labelled)
    command = _adapt(images, labelled, classes=command.classes[:n_classes])
    assert _events(adapt_and_classify(workspace, command)) == [NotAdapted(5, sentence)]
    assert workspace.current is None  # The old model's predictions must not go on.


def test_a_class_with_unreadable_examples_alone_is_empty(
    tmp_path: Path, workspace: Workspace
) -> None:
    paths = paint_folder(tmp_path / "images", 2)
    for path in paths[:2]:
        path.write_text("a letter")
    images = refs(paths)
    events = _events(adapt_and_classify(workspace, _adapt(images, range(6))))
    assert {event.image_id for event in _of(ImageUnreadable, events)} == {1, 2}
    (adapted,) = _of(Adapted, events)
    assert adapted.empty_classes == (10,)
    assert adapted.n_support == 4
    for event in _of(PredictionsReady, events):
        assert event.class_ids.shape[1] == 2
        assert 10 not in event.class_ids


def test_at_most_five_classes_are_told_of(workspace: Workspace) -> None:
    random = np.random.default_rng(0)
    size = workspace.store.embedding_size
    images = [ImageRef(ImageId(index), Path(f"{index}.jpg"), f"{index}.jpg") for index in range(12)]
    workspace.store.add(
        [image.image_id for image in images], random.gamma(2, size=(12, size)).astype(np.float16)
    )
    classes = tuple(ClassSpec(ClassId(index), str(index)) for index in range(8))
    support = tuple((images[index], ClassId(index)) for index in range(8))
    events = _events(adapt_and_classify(workspace, Adapt(1, classes, support, ())))
    (ready,) = _of(PredictionsReady, events)
    assert ready.class_ids.shape == (12, 5)


def test_a_large_folder_is_classified_in_several_steps_and_whole(workspace: Workspace) -> None:
    count = 9 * BLOCK_ROWS + 5
    size = workspace.store.embedding_size
    random = np.random.default_rng(0)
    block = random.gamma(2, size=(count, size)).astype(np.float16)
    workspace.store.add([ImageId(index) for index in range(count)], block)
    images = [ImageRef(ImageId(index), Path(), "") for index in range(4)]
    classes = (ClassSpec(ClassId(1), "a"), ClassSpec(ClassId(2), "b"))
    support = tuple((image, ClassId(1 + index % 2)) for index, image in enumerate(images))
    events = _events(adapt_and_classify(workspace, Adapt(1, classes, support, (ImageId(7),))))
    ready = _of(PredictionsReady, events)
    assert len(ready) >= 3
    assert ready[0].image_ids.tolist() == [7]
    assert np.concatenate([event.image_ids for event in ready[1:]]).tolist() == list(range(count))
    # What was told early for the visible image is what is told later.
    np.testing.assert_allclose(ready[1].probabilities[7], ready[0].probabilities[0], atol=1e-5)


def _filled(workspace: Workspace, count: int) -> NDArray[np.float16]:
    random = np.random.default_rng(0)
    block = random.normal(size=(count, workspace.store.embedding_size)).astype(np.float16)
    workspace.store.add([ImageId(index) for index in range(count)], block)
    return block


def _click(request_id: int, labelled: int) -> Adapt:
    images = [ImageRef(ImageId(index), Path(), f"{index:04d}") for index in range(labelled)]
    classes = (ClassSpec(ClassId(1), "a"), ClassSpec(ClassId(2), "b"))
    support = tuple((image, ClassId(1 + image.image_id % 2)) for image in images)
    return Adapt(request_id, classes, support, ())


def test_a_later_click_tells_of_each_image_what_a_first_one_would(workspace: Workspace) -> None:
    block = _filled(workspace, PIECE_ROWS + 300)
    _events(adapt_and_classify(workspace, _click(1, 6)))
    overtaken = adapt_and_classify(workspace, _click(2, 7))
    while not isinstance(next(overtaken), PredictionsReady):
        pass  # The first piece is answered, the second is not.
    overtaken.close()
    events = _events(adapt_and_classify(workspace, _click(3, 8)))
    ready = _of(PredictionsReady, events)
    assert workspace.current is not None
    model = workspace.current.model
    told = np.concatenate([event.none_scores for event in ready])
    np.testing.assert_allclose(told, model.none_scores(block), atol=1e-5)
    top = np.concatenate([event.probabilities[:, 0] for event in ready])
    np.testing.assert_allclose(top, model.probabilities(block).max(axis=1), atol=1e-5)


def test_images_that_come_while_others_are_classified_get_their_own_answers(
    workspace: Workspace,
) -> None:
    _filled(workspace, PIECE_ROWS + 300)
    steps = adapt_and_classify(workspace, _click(1, 6))
    events: list[Event] = []
    while not _of(PredictionsReady, events):
        events += [event for event in [next(steps)] if event is not None]
    size = workspace.store.embedding_size
    later = np.random.default_rng(1).normal(size=(PIECE_ROWS, size)).astype(np.float16)
    workspace.store.add([ImageId(50_000 + index) for index in range(len(later))], later)
    events += _events(steps)
    told = {
        int(image): score
        for event in _of(PredictionsReady, events)
        for image, score in zip(event.image_ids, event.none_scores, strict=True)
    }
    assert len(told) == 2 * PIECE_ROWS + 300
    again = _events(adapt_and_classify(workspace, _click(2, 6)))  # What was kept is right, too.
    for event in _of(PredictionsReady, again):
        expected = workspace.current.model.none_scores(
            workspace.store.select(map(ImageId, event.image_ids.tolist()))
        )
        np.testing.assert_allclose(event.none_scores, expected, atol=1e-5)


def test_work_is_shared_out_in_order_also_where_the_pool_is_busy(workspace: Workspace) -> None:
    begun, go_on = Event_(), Event_()

    def busy() -> None:
        begun.set()
        go_on.wait()

    held = [workspace.pool.submit(busy) for _ in range(workspace.runtime.n_threads)]
    assert begun.wait(60)
    try:
        assert workspace.shared_out(lambda item: 2 * item, range(50)) == list(range(0, 100, 2))
    finally:
        go_on.set()
    for future in held:
        future.result()
    assert workspace.shared_out(str, []) == []

    def fail(item: int) -> int:
        raise ValueError(f"number {item}")

    with pytest.raises(ValueError, match="number"):
        workspace.shared_out(fail, range(9))


# --- Progress -------------------------------------------------------------------------------------


def test_progress_is_reported_at_the_end_whatever_the_time() -> None:
    meter = ProgressMeter(2, "Working", 1000)
    reports = [meter.advance() for _ in range(1000)]
    last = reports[-1]
    assert last is not None
    assert (last.request_id, last.text, last.done, last.total) == (2, "Working", 1000, 1000)
    assert sum(report is not None for report in reports) < 500


def test_what_was_done_before_counts_as_done_but_not_for_the_rate() -> None:
    report = ProgressMeter(2, "Working", 10, done=10).report()
    assert (report.done, report.rate_per_s, report.seconds_left) == (10, 0.0, 0.0)


def test_a_workspace_that_closes_waits_for_its_threads(
    tmp_path: Path, open_workspace: OpenWorkspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 5))
    workspace, _ = open_workspace()
    steps = embed_images(workspace, EmbedImages(1, tuple(images)))
    for _ in range(3):
        next(steps)
    steps.close()
    workspace.close()
    pools = workspace._pools
    threads = {*pools.bulk._threads, *pools.urgent._threads}
    assert threads
    assert not any(thread.is_alive() for thread in threads)


# --- The thorough effort --------------------------------------------------------------------------


def test_the_thorough_effort_looks_again_and_says_what_it_gained(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 8))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    labelled = (0, 1, 2, 8, 9, 10, 16, 17, 18)
    command = _adapt(images, labelled, effort=Effort.THOROUGH, visible=(ImageId(20),))
    events = _events(adapt_and_classify(workspace, command))
    (adapted,) = _of(Adapted, events)
    assert adapted.effort is Effort.THOROUGH
    assert "unlabelled images" in adapted.kept
    assert adapted.instant is not None
    assert adapted.held_out is not None
    assert adapted.plain is not None
    assert len(adapted.held_out.hits) == len(adapted.instant.hits) == len(adapted.plain.hits) <= 9
    assert _of(Progress, events)[-1].done == len(images)
    predictions = _of(PredictionsReady, events)
    assert predictions[0].image_ids.tolist() == [20]
    classified = [item for event in predictions[1:] for item in event.image_ids.tolist()]
    assert sorted(classified) == [image.image_id for image in images]
    for event in predictions:
        _check_arrays(event)
        assert event.none_scores.shape == event.image_ids.shape
    assert workspace.current is not None
    assert workspace.current.seen is workspace.beside()
    # The person goes back, or labels more: the instant answers come from one view again.
    list(adapt_and_classify(workspace, _adapt(images, labelled)))
    assert workspace.current.seen is workspace


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_negative_examples_sharpen_the_none_score_and_are_no_class(
    tmp_path: Path, workspace: Workspace, effort: Effort
) -> None:
    images = refs(paint_folder(tmp_path / "images", 8))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    two = (0, 1, 2, 8, 9, 10)
    negatives = ((images[16], NONE_OF_THESE), (images[17], NONE_OF_THESE))
    strangers = {image.image_id for image in images[18:]}

    def answered(command: Adapt) -> tuple[Adapted, dict[int, float], set[int]]:
        events = _events(adapt_and_classify(workspace, command))
        (adapted,) = _of(Adapted, events)
        scores: dict[int, float] = {}
        named: set[int] = set()
        for event in _of(PredictionsReady, events):
            scores.update(zip(event.image_ids.tolist(), event.none_scores.tolist(), strict=True))
            named.update(event.class_ids.ravel().tolist())
        return adapted, scores, named

    plain = _adapt(images, two, effort=effort)
    told = replace(plain, support=(*plain.support, *negatives))
    before, scores_before, _ = answered(plain)
    weights = workspace.current.model.weights if workspace.current else None
    after, scores, named = answered(told)
    assert (after.n_support, before.n_support) == (6, 6)
    assert after.empty_classes == before.empty_classes == (plain.classes[2].class_id,)
    assert named == {item.class_id for item in plain.classes[:2]}
    assert workspace.current is not None
    assert workspace.current.model.unknowns.n_negatives == 2
    if effort is Effort.INSTANT:
        np.testing.assert_array_equal(workspace.current.model.weights, weights)
    for image_id in strangers:
        assert scores[image_id] > max(0.5, scores_before[image_id])
    known = [scores[image.image_id] for image in images[:16]]
    assert max(known) < min(scores[image_id] for image_id in strangers)
    # Taken back, all is as it was.
    assert answered(plain)[1] == scores_before


def test_negative_examples_alone_are_not_enough_to_classify(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 2))
    given = _adapt(images, (0, 1))
    given = replace(given, support=(*given.support, (images[2], NONE_OF_THESE)))
    events = _events(adapt_and_classify(workspace, given))
    assert _of(NotAdapted, events)[0].reason == "Label an image of a second class."
    only = replace(given, support=((images[2], NONE_OF_THESE),))
    events = _events(adapt_and_classify(workspace, only))
    assert _of(NotAdapted, events)[0].reason == "Label an image of each class."


def test_an_effort_is_not_made_twice_for_the_same_labels(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    calls = []
    inner = thorough.adapt_thoroughly
    monkeypatch.setattr(
        thorough,
        "adapt_thoroughly",
        lambda *given, **how: calls.append(1) or inner(*given, **how),
    )

    def adapted(labelled: tuple[int, ...]) -> None:
        command = _adapt(images, labelled, effort=Effort.THOROUGH)
        assert len(_of(Adapted, adapt_and_classify(workspace, command))) == 1

    adapted((0, 1, 4, 5, 8, 9))
    model = workspace.current.model if workspace.current else None
    list(embed_images(workspace, EmbedImages(2, tuple(images))))  # Looked up: nothing changed.
    adapted((0, 1, 4, 5, 8, 9))
    assert len(calls) == 1
    assert workspace.current is not None
    assert workspace.current.model is model
    adapted((0, 1, 4, 5, 8, 10))
    assert len(calls) == 2
    workspace.store.discard([images[7].image_id])
    adapted((0, 1, 4, 5, 8, 10))
    assert len(calls) == 3


def test_an_effort_is_the_same_whatever_classes_have_no_example(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    command = _adapt(images, (0, 1, 2, 8, 9, 10), effort=Effort.THOROUGH)
    likely = {}

    def adapted(command: Adapt) -> Adapted:
        events = _events(adapt_and_classify(workspace, command))
        for event in _of(PredictionsReady, events):
            for image_id, ids, shares in zip(
                event.image_ids.tolist(), event.class_ids, event.probabilities, strict=True
            ):
                now = dict(zip(ids.tolist(), shares.tolist(), strict=True))
                assert likely.setdefault(image_id, now) == now
        (adapted,) = _of(Adapted, events)
        return adapted

    first = adapted(command)
    assert first.predictions is not None
    monkeypatch.setattr(thorough, "adapt_thoroughly", lambda *given, **how: pytest.fail("anew"))
    new, (one, two, three) = ClassSpec(ClassId(99), "new"), command.classes
    renamed = ClassSpec(one.class_id, "another name")
    for classes in ((one, two, three, new), (one, three), (three, new, two, renamed)):
        again = adapted(replace(command, classes=classes))
        assert again.effort is Effort.THOROUGH
        labelled = {class_id for _, class_id in command.support}
        assert set(again.empty_classes) == {item.class_id for item in classes} - labelled
        assert again.predictions is not None
        np.testing.assert_array_equal(again.predictions.predicted, first.predictions.predicted)
        np.testing.assert_array_equal(again.predictions.labels, first.predictions.labels)
        assert workspace.current is not None
        order = [item.class_id for item in classes if item.class_id in labelled]
        assert workspace.current.class_ids.tolist() == order  # Tables are in the person's order.


def test_large_folders_are_not_looked_at_again(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    monkeypatch.setattr(thorough, "VIEWED_IMAGES", len(images) - 1)
    command = _adapt(images, (0, 1, 4, 5, 8, 9), effort=Effort.THOROUGH)
    events = _events(adapt_and_classify(workspace, command))
    assert len(_of(Adapted, events)) == 1
    assert workspace.current is not None
    assert workspace.current.seen is workspace


def test_images_that_come_while_the_thorough_answers_stand_wait_for_the_next_click(
    tmp_path: Path, workspace: Workspace
) -> None:
    images = refs(paint_folder(tmp_path / "images", 6))
    first = [image for image in images if image.image_id % 6 != 0]
    list(embed_images(workspace, EmbedImages(1, tuple(first))))
    list(adapt_and_classify(workspace, _adapt(images, (0, 6, 12), effort=Effort.THOROUGH)))
    events = _events(embed_images(workspace, EmbedImages(9, tuple(images))))
    assert _of(PredictionsReady, events) == []
    events = _events(adapt_and_classify(workspace, _adapt(images, (0, 6, 12))))
    classified = [item for event in _of(PredictionsReady, events) for item in event.image_ids]
    assert sorted(classified) == [image.image_id for image in images]


def test_what_did_not_help_changes_nothing(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    list(adapt_and_classify(workspace, _adapt(images, (0, 1, 4, 5, 8, 9))))
    before = workspace.current
    monkeypatch.setattr(thorough, "_is_clearly_worse", lambda model, instant: True)
    command = _adapt(images, (0, 1, 4, 5, 8, 9), effort=Effort.THOROUGH)
    events = _events(adapt_and_classify(workspace, command))
    (not_adapted,) = _of(NotAdapted, events)
    assert not_adapted.effort is Effort.THOROUGH
    assert not_adapted.reason.endswith("the instant answers stay.")
    assert _of(PredictionsReady, events) == []
    assert workspace.current is before


def test_another_folder_forgets_the_views_too(tmp_path: Path, workspace: Workspace) -> None:
    images = refs(paint_folder(tmp_path / "images", 3))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    list(adapt_and_classify(workspace, _adapt(images, (0, 3, 6), effort=Effort.THOROUGH)))
    assert len(workspace.beside().store) == len(images)
    workspace.forget()
    assert len(workspace.beside().store) == len(workspace.store) == len(workspace.refs) == 0


def test_a_labelled_image_that_vanished_leaves_the_instant_answers(
    tmp_path: Path, workspace: Workspace
) -> None:
    paths = paint_folder(tmp_path / "images", 4)
    images = refs(paths)
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    labelled = (0, 1, 4, 5, 8, 9)
    list(adapt_and_classify(workspace, _adapt(images, labelled)))
    before = workspace.current
    content = paths[0].read_bytes()
    paths[0].unlink()
    command = _adapt(images, labelled, effort=Effort.THOROUGH)
    (not_adapted,) = _of(NotAdapted, adapt_and_classify(workspace, command))
    assert not_adapted.reason.startswith("A labelled image cannot be read any more")
    assert workspace.current is before
    # Once it is back nothing of that is remembered.
    paths[0].write_bytes(content)
    list(embed_images(workspace, EmbedImages(2, tuple(images))))
    (adapted,) = _of(Adapted, adapt_and_classify(workspace, command))
    assert adapted.n_support == 6
    assert adapted.empty_classes == ()


def test_what_gained_nothing_in_a_large_folder_is_not_told_as_a_gain(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = refs(paint_folder(tmp_path / "images", 4))
    list(embed_images(workspace, EmbedImages(1, tuple(images))))
    monkeypatch.setattr(thorough, "VIEWED_IMAGES", 1)
    command = _adapt(images, (0, 1, 4, 5, 8, 9), effort=Effort.THOROUGH)

    def nothing_gained(support, labels, mean, unlabelled, shape, groups, **_how):
        yield
        return adapt(support, labels, mean, shape=shape, groups=groups)

    monkeypatch.setattr(thorough, "adapt_thoroughly", nothing_gained)
    events = _events(adapt_and_classify(workspace, command))
    assert _of(Adapted, events) == []
    assert len(_of(NotAdapted, events)) == 1


def test_two_jobs_that_want_the_views_get_the_same_workspace(workspace: Workspace) -> None:
    made: list[Workspace] = []
    threads = [Thread(target=lambda: made.append(workspace.beside())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert len({id(item) for item in made}) == 1


def _result(steps: Generator[None, None, int]) -> int:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: int = end.value
            return result


def test_a_long_step_on_the_pool_lets_others_work(workspace: Workspace) -> None:
    free, reached = Event_(), Event_()

    def steps() -> Generator[None, None, int]:
        yield
        reached.set()
        assert free.wait(60)  # As a long step of numbers would take.
        yield
        return 7

    waiting = workspace.steps_on_pool(steps())
    while not reached.is_set():
        next(waiting)
    for _ in range(3):
        next(waiting)  # Comes back although the step is not over.
    free.set()
    assert _result(waiting) == 7


def test_an_error_of_a_step_on_the_pool_is_the_caller_s(workspace: Workspace) -> None:
    def steps() -> Generator[None, None, int]:
        yield
        raise EngineError("no.")

    with pytest.raises(EngineError, match="no"):
        list(workspace.steps_on_pool(steps()))
