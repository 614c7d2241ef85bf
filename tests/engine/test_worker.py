"""The engine's thread: what overtakes what, what ends what, and that nothing is left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import worker
from engine.cache_schema import NAMES
from engine.errors import EngineError
from engine.jobs import adaptation
from engine.jobs import workspace as workspace_module
from engine.messages import (
    Adapt,
    Adapted,
    Cancel,
    ClassId,
    ClassSpec,
    Effort,
    EmbedImages,
    EngineFailed,
    EngineNews,
    EngineReady,
    Event,
    FineTune,
    ForgetImages,
    ImageRef,
    ImagesEmbedded,
    ImageUnreadable,
    JobCancelled,
    JobFailed,
    JobFinished,
    LoadPreview,
    LoadThumbnails,
    NotAdapted,
    PredictionsReady,
    PreviewReady,
    Progress,
    SavePredictions,
    ScanFinished,
    ScanFolder,
    ThumbnailReady,
)
from engine.worker import Engine
from tests.engine.painted import KINDS, kind_of, paint_folder, refs, snapshot_of

_PATIENCE_S = 60.0  # Only a test that fails waits this long.


class Inbox:
    """What the engine published, in its order; others may wait for something to come."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._arrived = threading.Condition()
        self._reactions: list[tuple[Callable[[Event], bool], Callable[[], None]]] = []

    def publish(self, event: Event) -> None:
        """On the engine's thread."""
        for reaction in list(self._reactions):
            if reaction[0](event):
                self._reactions.remove(reaction)
                reaction[1]()
        with self._arrived:
            self.events.append(event)
            self._arrived.notify_all()

    def on(self, wanted: Callable[[Event], bool], react: Callable[[], None]) -> None:
        """Do something between two steps of the engine, once, when an event is published."""
        self._reactions.append((wanted, react))

    def wait(self, kind: type, request_id: int | None = None) -> Event:
        """The first event of a kind (and request), which may be there already."""

        def found() -> Event | None:
            for event in self.events:
                if isinstance(event, kind) and request_id in (
                    None,
                    getattr(event, "request_id", None),
                ):
                    return event
            return None

        with self._arrived:
            assert self._arrived.wait_for(lambda: found() is not None, _PATIENCE_S), self.events[
                -5:
            ]
            event = found()
            assert event is not None
            return event

    def position(self, kind: type, request_id: int) -> int:
        return self.events.index(self.wait(kind, request_id))

    def of(self, kind: type, request_id: int) -> list[Event]:
        return [
            event
            for event in self.events
            if isinstance(event, kind) and event.request_id == request_id
        ]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def engine(inbox: Inbox, tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    inbox.wait(EngineReady)
    yield engine
    engine.close()
    assert _engine_threads() == []


@pytest.fixture
def images(tmp_path: Path) -> list[ImageRef]:
    return refs(paint_folder(tmp_path / "images", 16))


def _engine_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("handful")]


def _adapt(request_id: int, images: list[ImageRef]) -> Adapt:
    """Labels one image of each kind."""
    classes = tuple(ClassSpec(ClassId(index), kind) for index, kind in enumerate(KINDS))
    first = {kind_of(image.path): image for image in reversed(images)}
    support = tuple((first[item.name], item.class_id) for item in classes)
    return Adapt(request_id, classes, support, ())


def test_the_engine_says_what_it_runs_on(engine: Engine, inbox: Inbox) -> None:
    ready = inbox.events[0]
    assert isinstance(ready, EngineReady)
    assert ready.device.startswith("CPU, ")
    assert ready.provider == "CPUExecutionProvider"
    assert ready.encoder_name
    assert ready.notice == ""


def test_a_folder_from_the_scan_to_the_predictions(
    engine: Engine, inbox: Inbox, images: list[ImageRef], tmp_path: Path
) -> None:
    engine.submit(ScanFolder(1, tmp_path / "images"))
    engine.submit(EmbedImages(2, tuple(images)))
    inbox.wait(JobFinished, 2)
    assert inbox.wait(ScanFinished, 1) == ScanFinished(1, len(images), ())
    engine.submit(_adapt(3, images))
    inbox.wait(JobFinished, 3)
    assert isinstance(inbox.wait(Adapted, 3), Adapted)
    classified = sum(len(event.image_ids) for event in inbox.of(PredictionsReady, 3))
    assert classified == len(images)
    engine.submit(LoadThumbnails(4, tuple(images[:3])))
    engine.submit(LoadPreview(5, images[0], 100))
    inbox.wait(JobFinished, 4)
    inbox.wait(PreviewReady, 5)
    assert len(inbox.of(ThumbnailReady, 4)) == 3
    snapshot = snapshot_of(tmp_path / "images", [image.path for image in images], 2)
    engine.submit(SavePredictions(6, snapshot, tmp_path / "out.csv"))
    inbox.wait(JobFinished, 6)
    assert (tmp_path / "out.csv").is_file()
    assert not any(isinstance(event, JobFailed) for event in inbox.events)


def test_a_click_overtakes_a_folder_being_embedded(
    engine: Engine, inbox: Inbox, images: list[ImageRef]
) -> None:
    inbox.on(
        lambda event: isinstance(event, ImagesEmbedded),
        lambda: engine.submit(_adapt(2, images)),
    )
    engine.submit(EmbedImages(1, tuple(images)))
    inbox.wait(JobFinished, 1)
    inbox.wait(JobFinished, 2)
    assert inbox.position(JobFinished, 2) < inbox.position(JobFinished, 1)
    # What is embedded after the click is classified by its model as it comes.
    classified = {
        image_id
        for event in inbox.events
        if isinstance(event, PredictionsReady)
        for image_id in event.image_ids.tolist()
    }
    assert classified == {image.image_id for image in images}


def test_the_latest_of_a_kind_wins(engine: Engine, inbox: Inbox, images: list[ImageRef]) -> None:
    def submit_more() -> None:
        for request_id in (2, 3, 4):
            engine.submit(_adapt(request_id, images))
        engine.submit(EmbedImages(5, tuple(images[:4])))

    inbox.on(lambda event: isinstance(event, ImagesEmbedded), submit_more)
    engine.submit(EmbedImages(1, tuple(images)))
    inbox.wait(JobFinished, 4)
    inbox.wait(JobFinished, 5)
    for request_id in (1, 2, 3):
        assert inbox.of(JobCancelled, request_id) == [JobCancelled(request_id)]
        assert inbox.of(JobFinished, request_id) == []
    for request_id in (2, 3):
        assert inbox.of(Adapted, request_id) == []
    assert sorted(
        image_id for event in inbox.of(ImagesEmbedded, 5) for image_id in event.image_ids
    ) == [1, 2, 3, 4]


def test_clicks_do_not_end_fine_tuning_and_a_newer_one_does(
    engine: Engine,
    inbox: Inbox,
    images: list[ImageRef],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(*_: object) -> Iterator[Event | None]:
        yield Progress(_request_of(_), "Fine-tuning", 1, 2, 0.0, 0.0)
        while True:
            yield None

    def _request_of(given: tuple[object, ...]) -> int:
        command = given[1]
        assert isinstance(command, FineTune)
        return command.request_id

    monkeypatch.setattr(adaptation, "fine_tune", endless)
    adapt = _adapt(2, images)
    engine.submit(FineTune(1, adapt.classes, adapt.support))
    inbox.wait(Progress, 1)
    engine.submit(adapt)
    inbox.wait(Adapted, 2)
    engine.submit(replace(adapt, request_id=3, effort=Effort.THOROUGH))
    engine.submit(replace(adapt, request_id=4))
    inbox.wait(JobFinished, 4)
    assert inbox.of(JobCancelled, 1) == []
    engine.submit(FineTune(5, adapt.classes, adapt.support))
    inbox.wait(JobCancelled, 1)
    inbox.wait(Progress, 5)
    engine.submit(Cancel(5))
    inbox.wait(JobCancelled, 5)


def test_jobs_of_one_kind_that_do_not_supersede_come_in_their_order(
    engine: Engine, inbox: Inbox, images: list[ImageRef], tmp_path: Path
) -> None:
    for request_id in (1, 2, 3):
        engine.submit(ScanFolder(request_id, tmp_path / "images"))
    inbox.wait(JobFinished, 3)
    finished = [event.request_id for event in inbox.events if isinstance(event, JobFinished)]
    assert finished == [1, 2, 3]


def test_cancelling_ends_a_job_and_keeps_what_it_had_finished(
    engine: Engine, inbox: Inbox, images: list[ImageRef]
) -> None:
    inbox.on(lambda event: isinstance(event, ImagesEmbedded), lambda: engine.submit(Cancel(1)))
    engine.submit(EmbedImages(1, tuple(images)))
    inbox.wait(JobCancelled, 1)
    engine.submit(Cancel(99))  # Of something that is not there: nothing happens.
    engine.submit(EmbedImages(2, tuple(images)))
    inbox.wait(JobFinished, 2)
    assert inbox.of(JobFinished, 1) == []
    told = [image_id for event in inbox.of(ImagesEmbedded, 2) for image_id in event.image_ids]
    assert sorted(told) == [image.image_id for image in images]


def test_forgetting_ends_every_job_and_drops_the_model(
    engine: Engine, inbox: Inbox, images: list[ImageRef]
) -> None:
    engine.submit(_adapt(1, images))
    inbox.wait(JobFinished, 1)
    inbox.on(
        lambda event: isinstance(event, ImagesEmbedded), lambda: engine.submit(ForgetImages(3))
    )
    engine.submit(EmbedImages(2, tuple(images)))
    inbox.wait(JobCancelled, 2)
    before = len(inbox.events)
    # The same numbers now mean other images: nothing of the old folder may answer for them.
    others = refs([image.path for image in reversed(images)])
    engine.submit(EmbedImages(4, tuple(others)))
    inbox.wait(JobFinished, 4)
    assert not any(isinstance(event, PredictionsReady) for event in inbox.events[before:])


def test_one_broken_image_does_not_stop_a_batch(
    engine: Engine, inbox: Inbox, images: list[ImageRef]
) -> None:
    images[5].path.write_text("a letter")
    engine.submit(EmbedImages(1, tuple(images)))
    inbox.wait(JobFinished, 1)
    unreadable = inbox.of(ImageUnreadable, 1)
    assert unreadable == [ImageUnreadable(1, images[5].image_id, "it holds text, not an image")]
    told = [image_id for event in inbox.of(ImagesEmbedded, 1) for image_id in event.image_ids]
    assert len(told) == len(images) - 1


def test_a_failure_of_the_world_is_one_sentence_and_the_engine_goes_on(
    engine: Engine, inbox: Inbox, images: list[ImageRef], tmp_path: Path
) -> None:
    engine.submit(ScanFolder(1, tmp_path / "none"))
    images[0].path.write_text("a letter")
    engine.submit(LoadPreview(2, images[0], 100))
    snapshot = snapshot_of(tmp_path, [image.path for image in images], 1)
    engine.submit(SavePredictions(3, snapshot, tmp_path / "none" / "out.csv"))
    for request_id in (1, 2, 3):
        failed = inbox.wait(JobFailed, request_id)
        assert isinstance(failed, JobFailed)
        assert not failed.is_bug
        assert failed.message.endswith(".")
        assert inbox.of(JobFinished, request_id) == []
    engine.submit(LoadPreview(4, images[1], 100))
    inbox.wait(PreviewReady, 4)


def test_a_bug_in_a_job_is_logged_told_and_survived(
    engine: Engine, inbox: Inbox, images: list[ImageRef], caplog: pytest.LogCaptureFixture
) -> None:
    odd = _adapt(1, images)
    # A label of a class that is not among the classes is a mistake of the caller.
    odd = Adapt(1, odd.classes[:1], odd.support, ())
    with caplog.at_level(logging.ERROR):
        engine.submit(odd)
        failed = inbox.wait(JobFailed, 1)
    assert isinstance(failed, JobFailed)
    assert failed.is_bug
    assert "KeyError" in failed.message
    assert "your labels are safe" in failed.message
    assert "Traceback" in caplog.text
    engine.submit(_adapt(2, images))
    inbox.wait(Adapted, 2)
    engine.submit(Adapt(3, (), (), ()))
    assert inbox.wait(NotAdapted, 3)


def test_a_job_that_fails_while_it_is_closed_does_not_end_the_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def steps(error: Exception) -> Iterator[Event | None]:
        try:
            yield None
        finally:
            raise error

    for error, is_logged in ((EngineError("gone"), False), (ValueError("a bug"), True)):
        caplog.clear()
        job = steps(error)
        next(job)
        worker._close(job)
        assert ("a bug" in caplog.text) == is_logged


def test_closing_twice_leaves_no_thread_and_later_commands_are_ignored(
    inbox: Inbox, tmp_path: Path
) -> None:
    engine = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    inbox.wait(EngineReady)
    engine.close()
    engine.close()
    assert _engine_threads() == []
    engine.submit(ScanFolder(1, tmp_path))
    assert len(inbox.events) == 1


def test_closing_while_a_folder_is_being_embedded(
    inbox: Inbox, images: list[ImageRef], tmp_path: Path
) -> None:
    engine = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    engine.submit(EmbedImages(1, tuple(images)))
    engine.submit(_adapt(2, images))
    inbox.wait(ImagesEmbedded)
    engine.close()
    assert _engine_threads() == []
    # What was embedded before is in the cache, whole.
    again = Inbox()
    engine = Engine(again.publish, cache_folder=tmp_path / "cache", device="cpu")
    engine.submit(EmbedImages(1, tuple(images)))
    again.wait(JobFinished, 1)
    engine.close()
    ready = again.events[0]
    assert isinstance(ready, EngineReady)
    assert ready.notice == ""


def test_closing_before_the_engine_is_ready(inbox: Inbox, tmp_path: Path) -> None:
    engine = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    engine.close()
    assert _engine_threads() == []
    assert not any(isinstance(event, EngineFailed) for event in inbox.events)


def test_an_engine_without_its_encoder_says_so(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "encoder.safetensors"
    broken.write_bytes(b"no encoder")
    monkeypatch.setattr(workspace_module, "shipped_encoder_path", lambda: broken)
    engine = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    failed = inbox.wait(EngineFailed)
    assert isinstance(failed, EngineFailed)
    assert str(broken) in failed.message
    # Images can be found and looked at all the same; the rest says why not.
    images = refs(paint_folder(tmp_path / "images", 1))
    engine.submit(ScanFolder(1, tmp_path / "images"))
    engine.submit(LoadThumbnails(2, tuple(images)))
    engine.submit(LoadPreview(3, images[0], 500))
    engine.submit(EmbedImages(4, tuple(images)))
    engine.submit(_adapt(6, images))
    scanned = inbox.wait(ScanFinished, 1)
    assert isinstance(scanned, ScanFinished)
    assert scanned.n_files == len(images)
    inbox.wait(JobFailed, 4)
    assert len(inbox.of(ThumbnailReady, 2)) == len(images)
    inbox.wait(PreviewReady, 3)
    for request_id in (4, 6):
        (told,) = inbox.of(JobFailed, request_id)
        assert isinstance(told, JobFailed)
        assert told.message == failed.message
    engine.submit(ForgetImages(7))
    engine.close()
    assert _engine_threads() == []


def test_an_engine_without_a_cache_folder_works_and_tells_of_it(
    inbox: Inbox, images: list[ImageRef], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    engine = Engine(inbox.publish, cache_folder=tmp_path / "file" / "cache", device="cpu")
    ready = inbox.wait(EngineReady)
    assert isinstance(ready, EngineReady)
    assert "Could not write the cache" in ready.notice
    engine.submit(EmbedImages(1, tuple(images[:3])))
    inbox.wait(JobFinished, 1)
    engine.close()
    assert len(inbox.of(ImagesEmbedded, 1)) >= 1


def test_what_happens_to_the_cache_is_told_also_while_nothing_is_done(
    inbox: Inbox, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / NAMES[0]).write_bytes(b"no database at all " * 300)
    engine = Engine(inbox.publish, cache_folder=folder, device="cpu")
    ready = inbox.wait(EngineReady)
    assert isinstance(ready, EngineReady)
    assert ready.notice == ""
    told = inbox.wait(EngineNews)
    assert isinstance(told, EngineNews)
    assert "was damaged and was begun anew" in told.text
    engine.close()
    assert len([event for event in inbox.events if isinstance(event, EngineNews)]) == 1


def test_importing_the_public_face_loads_no_heavy_library_and_opens_no_socket() -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.addaudithook(lambda name, _: name.startswith('socket.') and sys.exit(9));"
        "import engine; heavy = {'torch', 'onnxruntime', 'onnx', 'typer', 'rich', 'PySide6'};"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
