"""The engine's thread: takes commands, runs jobs a step at a time, publishes events.

Every job is a generator. Between two steps of any job the thread looks at what has arrived, so a
click overtakes the embedding of a folder at the next step, and cancelling is closing the
generator.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from platformdirs import user_cache_path, user_data_path

from engine.encoder.devices import has_openvino
from engine.errors import (
    WITHOUT_TORCH,
    EncoderError,
    EngineError,
    is_without_torch,
    sentence_for,
)
from engine.messages import (
    Adapt,
    AddEncoder,
    AuditLabels,
    Cancel,
    Command,
    Effort,
    EmbedImages,
    EngineFailed,
    EngineNews,
    EngineReady,
    Event,
    Explain,
    ExportBundle,
    ExportModel,
    FindGroups,
    FineTune,
    ForgetImages,
    JobCancelled,
    JobFailed,
    JobFinished,
    LayOut,
    LoadPreview,
    LoadThumbnails,
    MakeCrops,
    MeasureSimilarity,
    PaintSample,
    PlanSorting,
    ProposeSplit,
    ReadBundle,
    ReadDates,
    ReadLabels,
    RepairProject,
    ResumeSorting,
    ReviewLabels,
    SaveLabels,
    SavePredictions,
    ScanFolder,
    SortFiles,
    Suggest,
    UndoMetadata,
    UndoSorting,
    WriteDetections,
    WriteMetadata,
)
from engine.words import NOTHING, Sentence, say

if TYPE_CHECKING:
    from engine.encoder.runtime import EncoderRuntime
    from engine.jobs.workspace import Workspace

_log = logging.getLogger(__name__)

# The most urgent first: what a person waits for, what they look at, then work in bulk.
_URGENCY: Final = (
    Adapt,
    LoadPreview,
    LoadThumbnails,
    ProposeSplit,
    MeasureSimilarity,
    Explain,
    Suggest,
    ReviewLabels,
    AuditLabels,
    ReadBundle,
    RepairProject,
    ScanFolder,
    SavePredictions,
    ExportModel,
    ExportBundle,
    PlanSorting,
    SortFiles,
    ResumeSorting,
    UndoSorting,
    WriteMetadata,
    UndoMetadata,
    ReadLabels,
    SaveLabels,
    WriteDetections,
    MakeCrops,
    EmbedImages,
    FindGroups,
    ReadDates,
    PaintSample,
    LayOut,
    AddEncoder,
)
_LATEST_WINS: Final = (
    Adapt,
    LoadPreview,
    LoadThumbnails,
    EmbedImages,
    Explain,
    Suggest,
    ReviewLabels,
    AuditLabels,
    ProposeSplit,
    MeasureSimilarity,
    FindGroups,
    ReadDates,
    LayOut,
    FineTune,
)
_JOIN_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    command: Command
    steps: Iterator[Event | None]

    @property
    def urgency(self) -> int:
        if isinstance(self.command, Adapt) and self.command.effort is not Effort.INSTANT:
            return len(_URGENCY)  # Behind the folder: it has the answers to look at already.
        if isinstance(self.command, FineTune):
            return len(_URGENCY) + 1
        return _URGENCY.index(type(self.command))


class Engine:
    """The engine, running on a thread of its own from the moment it is made.

    Args:
        publish: receives every event, on the engine's thread; must return at once.
        cache_folder: where embeddings and thumbnails are kept; None: the system's cache folder.
        encoder_path: the encoder file to work with; None: the shipped one, which also stands in,
            with a notice, for one that cannot be used.
        device: one of ``encoder.runtime.DEVICES``.
    """

    def __init__(
        self,
        publish: Callable[[Event], None],
        *,
        cache_folder: Path | None = None,
        encoder_path: Path | None = None,
        device: str = "auto",
    ) -> None:
        self._publish = publish
        self._cache_folder = cache_folder or default_cache_folder()
        self._encoder_path = encoder_path
        self._device = device
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._jobs: list[_Job] = []
        self._told: list[EncoderRuntime] = []
        self._news: queue.SimpleQueue[Sentence] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="handful-engine", daemon=True)
        self._thread.start()

    def submit(self, command: Command) -> None:
        """Hand a command over; any thread. After :meth:`close` it is ignored."""
        if not self._closing.is_set():
            self._commands.put(command)

    def close(self) -> None:
        """Close every job and wait for the thread; what was saved stays saved."""
        self._closing.set()
        self._commands.put(None)
        self._thread.join(_JOIN_TIMEOUT_S)

    # --- Engine thread --------------------------------------------------------------------------

    def _run(self) -> None:
        workspace, failure = self._open_workspace()
        try:
            while not self._closing.is_set():
                self._take_commands(workspace, failure)
                self._step()
                if workspace is not None:
                    self._tell_of_failures(workspace)
                self._tell_news()
        finally:
            for job in self._jobs:
                _close(job.steps)
            if workspace is not None:
                workspace.close()

    def _open_workspace(self) -> tuple[Workspace | None, Sentence]:
        """The workspace, or None and why there is none; images can be looked at without one."""
        try:
            # Loaded here: onnxruntime takes a moment, and the window should not wait for it.
            import numpy.ma  # noqa: F401  np.unique would, in the window's first use of it (8 ms).

            from engine.jobs.workspace import open_workspace

            notices: list[Sentence] = []
            try:
                workspace = open_workspace(
                    self._cache_folder, device=self._device, encoder_path=self._encoder_path
                )
            except (EncoderError, ModuleNotFoundError) as error:
                is_bug = not isinstance(error, EncoderError) and not is_without_torch(error)
                if self._encoder_path is None or is_bug:
                    raise
                workspace = open_workspace(self._cache_folder, device=self._device)
                reason = error.sentence if isinstance(error, EncoderError) else WITHOUT_TORCH
                notices = [
                    say("{reason} Handful works with its own encoder instead.", reason=reason)
                ]
        except EngineError as error:
            failure = error.sentence
        except Exception as error:
            _log.exception("The engine could not start")
            failure = say("The engine could not start ({error}); see the log.", error=error)
        else:
            runtime = workspace.runtime
            notices += [text for text in (runtime.notice, workspace.cache.notice) if text]
            notice = notices[0] if notices else NOTHING
            for further in notices[1:]:
                notice = say("{first} {second}", first=notice, second=further)
            self._publish(_ready(runtime, notice))
            known = workspace.cache.notice
            workspace.cache.listen(lambda told: None if told is known else self._hear(told))
            return workspace, NOTHING
        self._publish(EngineFailed(failure))
        return None, failure

    def _hear(self, told: Sentence) -> None:
        """Any thread: have something published soon, also where nothing is done."""
        self._news.put(told)
        self._commands.put(None)

    def _tell_news(self) -> None:
        while not self._news.empty():
            self._publish(EngineNews(self._news.get()))

    def _tell_of_failures(self, workspace: Workspace) -> None:
        """A device that failed since it was loaded is told once, with what is used instead."""
        for runtime in workspace.runtimes():
            if runtime.failure and runtime not in self._told:
                self._told.append(runtime)
                self._publish(_ready(workspace.runtime.as_it_is_now(), runtime.failure))

    def _take_commands(self, workspace: Workspace | None, failure: Sentence) -> None:
        """Accept all that has arrived; with nothing to do, sleep until something does."""
        block = not self._jobs
        while not self._closing.is_set():
            try:
                command = self._commands.get(block=block)
            except queue.Empty:
                return
            block = False
            if command is not None:
                self._accept(workspace, failure, command)

    def _accept(self, workspace: Workspace | None, failure: Sentence, command: Command) -> None:
        if isinstance(command, Cancel):
            self._end([job for job in self._jobs if job.command.request_id == command.request_id])
            return
        if isinstance(command, ForgetImages):
            self._end([job for job in self._jobs if not isinstance(job.command, AddEncoder)])
            if workspace is not None:
                workspace.forget()
            return
        if isinstance(command, _LATEST_WINS):
            self._end([job for job in self._jobs if type(job.command) is type(command)])
        if isinstance(command, AddEncoder):  # Also where no encoder works: then all the more.
            steps = self._adding(command)
        elif workspace is not None:
            steps = _steps_of(workspace, command)
        else:
            steps = _steps_without_encoder(command, failure)
        self._jobs.append(_Job(command, steps))
        self._jobs.sort(key=lambda job: job.urgency)  # Stable: first come, first served.

    def _adding(self, command: AddEncoder) -> Iterator[Event | None]:
        from engine.jobs.encoders import add_encoder

        return add_encoder(command, default_encoders_folder(), self._cache_folder)

    def _end(self, jobs: list[_Job]) -> None:
        for job in list(jobs):
            self._jobs.remove(job)
            _close(job.steps)
            self._publish(JobCancelled(job.command.request_id))

    def _step(self) -> None:
        """One step of the most urgent job that has something to do."""
        for job in list(self._jobs):
            request_id = job.command.request_id
            try:
                event = next(job.steps)
            except StopIteration:
                self._jobs.remove(job)
                self._publish(JobFinished(request_id))
                return
            except EngineError as error:
                self._fail(job, error.sentence, is_bug=False)
                return
            except OSError as error:
                path = Path(error.filename) if isinstance(error.filename, str) else None
                sentence = (
                    sentence_for(error, path, say("use")) if path else say("{error}.", error=error)
                )
                self._fail(job, sentence, is_bug=False)
                return
            except Exception as error:
                if is_without_torch(error):
                    self._fail(job, WITHOUT_TORCH, is_bug=False)
                    return
                _log.exception("A job failed: %s", type(job.command).__name__)
                self._fail(
                    job,
                    say(
                        "Something went wrong inside Handful ({kind}: {error}); "
                        "your labels are safe, and the log has the details.",
                        kind=type(error).__name__,
                        error=error,
                    ),
                    is_bug=True,
                )
                return
            if event is not None:
                self._publish(event)
                return

    def _fail(self, job: _Job, message: Sentence, *, is_bug: bool) -> None:
        self._jobs.remove(job)
        self._publish(JobFailed(job.command.request_id, message, is_bug))


def default_cache_folder() -> Path:
    """Where the system wants caches; may be deleted at any time."""
    return user_cache_path("Handful", appauthor=False)


def default_encoders_folder() -> Path:
    """Where encoders are kept that were added; a person's own data."""
    return user_data_path("Handful", appauthor=False) / "encoders"


def _ready(runtime: EncoderRuntime, notice: Sentence) -> EngineReady:
    return EngineReady(
        runtime.device,
        runtime.provider,
        runtime.encoder.name,
        notice,
        runtime.encoder.training_refusal,
        # Behind CUDA's, which was tried first.
        runtime.passed_over[1] if has_openvino() and len(runtime.passed_over) > 1 else NOTHING,
    )


def _steps_of(workspace: Workspace, command: Command) -> Iterator[Event | None]:
    from engine.jobs import (
        adaptation,
        advice,
        bundle,
        crops,
        embedding,
        explanation,
        export,
        labels_in,
        labels_out,
        layout,
        likeness,
        metadata,
        metadata_undo,
        predictions,
        repair,
        sample,
        sorting,
        viewing,
    )

    match command:
        case ScanFolder():
            return embedding.scan_folder(command)
        case EmbedImages():
            return embedding.embed_images(workspace, command)
        case LoadThumbnails():
            return viewing.load_thumbnails(workspace, command)
        case LoadPreview():
            return viewing.load_preview(workspace, command)
        case Adapt():
            return adaptation.adapt_and_classify(workspace, command)
        case FineTune():
            return adaptation.fine_tune(workspace, command)
        case Suggest():
            return advice.suggest(workspace, command)
        case ReviewLabels():
            return advice.review_labels(workspace, command)
        case AuditLabels():
            return advice.audit_labels(workspace, command)
        case FindGroups():
            return likeness.find_groups(workspace, command)
        case MeasureSimilarity():
            return likeness.measure_similarity(workspace, command)
        case ReadDates():
            return embedding.read_dates(workspace, command)
        case ProposeSplit():
            return advice.propose_split(workspace, command)
        case Explain():
            return explanation.explain(workspace, command)
        case LayOut():
            return layout.lay_out(workspace, command)
        case SavePredictions():
            return predictions.save_predictions(workspace, command)
        case ExportModel():
            return export.export_model(workspace, command)
        case ExportBundle():
            return bundle.export_bundle(workspace, command)
        case ReadBundle():
            return bundle.read_bundle(workspace, command)
        case PlanSorting():
            return sorting.plan_sorting(workspace, command)
        case SortFiles():
            return sorting.sort_files(command)
        case ResumeSorting():
            return sorting.resume_sorting(command)
        case UndoSorting():
            return sorting.undo_sorting(command)
        case WriteMetadata():
            return metadata.write_metadata(workspace, command)
        case UndoMetadata():
            return metadata_undo.undo_metadata(command)
        case ReadLabels():
            return labels_in.read_labels(command)
        case RepairProject():
            return repair.repair_project(command)
        case SaveLabels():
            return labels_out.save_labels(workspace, command)
        case MakeCrops():
            return crops.make_crops(command)
        case WriteDetections():
            return crops.write_detections(workspace, command)
        case PaintSample():
            return sample.paint_sample(command)
        case AddEncoder() | ForgetImages() | Cancel():
            raise ValueError(f"{type(command).__name__} is no job of a workspace")
        case _:
            assert_never(command)


def _steps_without_encoder(command: Command, failure: Sentence) -> Iterator[Event | None]:
    """What can be done all the same: find images and look at them; the rest fails with why."""
    from engine.jobs import (
        crops,
        embedding,
        labels_in,
        labels_out,
        metadata_undo,
        repair,
        sample,
        sorting,
        viewing,
    )

    match command:
        case ScanFolder():
            return embedding.scan_folder(command)
        case LoadThumbnails():
            return viewing.load_thumbnails_alone(command)
        case LoadPreview():
            return viewing.load_preview_alone(command)
        case ReadLabels():
            return labels_in.read_labels(command)
        case RepairProject():
            return repair.repair_project(command)
        case SaveLabels(with_predictions=False):
            return labels_out.save_labels_alone(command)
        case MakeCrops():
            return crops.make_crops(command)
        case PaintSample():
            return sample.paint_sample(command)
        case SortFiles():
            return sorting.sort_files(command)
        case ResumeSorting():
            return sorting.resume_sorting(command)
        case UndoSorting():
            return sorting.undo_sorting(command)
        case UndoMetadata():
            return metadata_undo.undo_metadata(command)
        case _:
            return _failing(failure)


def _failing(failure: Sentence) -> Iterator[Event | None]:
    raise EngineError(failure)
    yield  # A generator, so that it fails at its first step, as any job does.


def _close(steps: Iterator[Event | None]) -> None:
    if isinstance(steps, Generator):
        try:
            steps.close()
        except (EngineError, OSError):
            pass  # What it was about to clean away may be gone, or the disk full.
        except Exception:
            _log.exception("A job did not end well")  # The engine itself must go on.
