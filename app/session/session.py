"""What is open, and every decision about it. Widgets emit intents and show this state.

Edits are in ``editing`` and ``class_edits``; here are opening, the engine and results.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QTimer, Signal

from app.look.notices import Remedy, Severity
from app.look.words import told, told_event
from app.session.arrivals import Arrivals
from app.session.cache_place import CachePlace
from app.session.class_edits import ClassEdits
from app.session.classifier import Classifier
from app.session.encoders import Encoders
from app.session.engine_bridge import EngineBridge
from app.session.engine_choice import EngineChoice
from app.session.engine_restart import EngineRestart, StartEngine
from app.session.folder_reader import FolderReader
from app.session.image_table import NO_CLASS, ImageTable, Rows
from app.session.label_audit import LabelAudit
from app.session.lasting import take_in_again
from app.session.likeness import Likeness
from app.session.meta_run import MetaTraining
from app.session.preferences import Preferences
from app.session.project_loader import ProjectLoader
from app.session.pulse import Asking, answers
from app.session.result_tasks import ResultTasks
from app.session.session_notices import SessionNotices
from app.session.tasks import Task
from app.session.work_watch import WorkWatch
from app.session.works import Works
from engine import (
    Change,
    DamagedProjectError,
    EngineError,
    ImageClass,
    Project,
    ProjectNews,
    messages,
)

PROJECT_SUFFIX: Final = ".handful"
_COUNT_MS: Final = 100
_MOST_COUNT_MS: Final = 1000
_COUNT_SHARE: Final = 10  # Times as long as counting took, until it is done again.


class Session(ClassEdits):
    """The open project, its images and classes, the undo stack and the background work.

    Attributes:
        is_folder_there: whether the folder of images was, when it was asked for last.

    Signals, beside those of :class:`Editing`:
        project_changed: another project is open, or none.
        rows_added: first row and number of images never seen before.
        scanned: the folder has been walked, or a large project is read to its end; what is shown
            should be arranged again.
        status_changed: the engine, its progress or its accuracy.
        repaired: the path of a project that was made whole and wants to be opened.

    ``counts_changed`` comes at most ten times a second while the engine works.
    """

    project_changed = Signal()
    rows_added = Signal(int, int)
    scanned = Signal()
    status_changed = Signal()
    repaired = Signal(object)
    _news = Signal(object)

    def __init__(
        self,
        bridge: EngineBridge,
        preferences: Preferences,
        fallback_folder: Path,
        start_engine: StartEngine | None = None,
    ) -> None:
        """Make a session without a project.

        Args:
            bridge: the engine.
            preferences: what is remembered between starts.
            fallback_folder: where projects of folders that cannot be written are kept; backups
                of all projects go into ``backups`` beside it.
            start_engine: makes the engine of a choice; None: it stays the one that it is.
        """
        super().__init__()
        self.bridge = bridge
        self.preferences = preferences
        self._loader = ProjectLoader()
        self.reader = FolderReader(bridge)
        self.arrivals = Arrivals(self.reader, preferences)
        self.classifier = Classifier(bridge)
        self.audit = LabelAudit(bridge, self.classifier)
        self.likeness = Likeness(bridge)
        self.meta_training = MetaTraining(preferences)
        self.engine: messages.EngineReady | None = None
        self.engine_failure = ""
        self.task: Task | None = None  # The newest export that is still running.
        self.works = Works(self)
        self._restart = EngineRestart(bridge, preferences, self.works, start_engine)
        self._notices = SessionNotices()
        self._watch = WorkWatch(
            self.works, self.reader, self.classifier, self.meta_training, self.likeness
        )
        self.encoders = Encoders(bridge, self._watch)
        self.results = ResultTasks(self, self._watch)
        self.cache = CachePlace(self)
        self._damaged: Path | None = None
        self._asking = Asking(self)
        self.is_folder_there = True
        self._fallback_folder = fallback_folder
        self._backup_folder = fallback_folder.parent / "backups"
        self.covers_folder = fallback_folder.parent / "covers"
        self._count_ms = _COUNT_MS
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.timeout.connect(self._count)
        self._connect()

    # --- Opening and closing ----------------------------------------------------------------------

    def open(self, path: Path) -> bool:
        """Open a folder, a project file, or the folder of an image; tell why where it fails."""
        try:
            if not answers(path):
                self._tell(
                    self.tr("{path} cannot be reached: its drive does not answer.").format(
                        path=path
                    )
                )
                return False
            self._let_go_of_lost(path)
            if path.is_dir():
                project = self._project_of(path)
            elif path.suffix.lower() == PROJECT_SUFFIX:
                project = Project.open(
                    path, self._fallback_folder, backup_folder=self._backup_folder, alone=True
                )
            elif path.is_file():
                project = self._project_of(path.parent)
            else:
                self._tell(self.tr("There is no folder or project {path}.").format(path=path))
                return False
        except EngineError as error:
            self._tell_error(error)
            return False
        if self.project is not None and project.path == self.project.path:
            project.close()
            self.rescan()
            return True
        self.close_project()
        self.project, self.is_folder_there = project, True
        project.follow_news(self._news.emit)
        self.preferences.add_recent(project.path)
        self.arrivals.open(project)
        if not self._load():
            return False
        self.project_changed.emit()
        if project.notice:
            self._tell(project.notice, Severity.WARNING)
        elsewhere = self._notices.kept_elsewhere(project, path)
        if elsewhere is not None:
            self._notify(elsewhere)
        self._if_there(self._read_folder)
        return True

    def repair(self) -> None:
        """Make the project whole that was found damaged, and say what came of it.

        Where it is open it is closed, and opened again by who follows ``repaired``.
        """
        path, self._damaged = self._damaged, None
        if path is None:
            return
        if self.project is not None and self.project.path == path:
            self.close_project()
        task = self.begin(
            lambda number: messages.RepairProject(number, path, self._backup_folder),
            self.tr("Repairing the project"),
        )
        task.succeeded.connect(self._on_repaired)
        task.failed.connect(self._on_repair_failed)
        self.status_changed.emit()

    def close_project(self) -> None:
        """Let go of the project; everything is saved already."""
        if self.project is None:
            return
        self._loader.stop()
        self._asking.drop()
        self._let_go_of_the_work()
        self.arrivals.close()
        self.audit.forget_kept()
        self.project.close()
        if not self.project.path.exists():  # Nothing was found or done in it.
            self.preferences.remove_recent(self.project.path)
        self.project = None
        self.table = ImageTable()
        take_in_again()
        self._set_examples(None)
        self._set_classes(())
        self._undo_stack.clear()
        self._count_timer.stop()
        self.project_changed.emit()
        self.status_changed.emit()

    def close(self) -> None:
        """End everything, the engine too."""
        self.close_project()
        self.encoders.let_go()
        self.cache.close()
        self._count_timer.stop()
        self.meta_training.close()
        self.bridge.close()

    def rescan(self) -> None:
        """Look for new, changed and vanished files."""
        if self.project is None or self._loader.is_loading:  # Then it is scanned afterwards.
            return
        self._if_there(self._scan)

    def move_folder(self, folder: Path) -> None:
        """The images lie elsewhere now; a folder that has none of them is refused."""
        if self.project is None:
            return
        is_right = None
        with self._told():
            is_right = self.project.has_images_in(folder)
        if is_right is None:
            return
        if not is_right:
            example = self.table.names[0] if self.table.n_rows else ""
            self._notify(self._notices.is_another_folder(folder, example))
            return
        try:
            self.project.move_folder(folder)
        except EngineError as error:
            self._tell_error(error)
            return
        # What the engine knows by number it read, or failed to read, at the old place.
        self._let_go_of_the_work()
        self.table.forget_paths()
        self._asking.drop()
        self._know_folder(True)
        self._start_work()
        self.project_changed.emit()
        self._read_folder()

    # --- The engine -------------------------------------------------------------------------------

    @property
    def can_restart_engine(self) -> bool:
        """Whether device, encoder and cache can be changed now."""
        return self._restart.is_possible

    @property
    def choice(self) -> EngineChoice:
        """What the engine in use was made of."""
        return self._restart.choice

    def choose_engine(
        self, choice: EngineChoice, steps: Iterable[messages.Progress] | None = None
    ) -> None:
        """Go on with another device, encoder or cache, and remember it.

        Labels stay, exports under way end, images are read anew. Where there are ``steps`` (what is
        done to the cache while no engine has it open), it is remembered once they are done: where
        they fail, or the window is closed before, all stays as it was chosen before.
        """
        if not self.can_restart_engine:
            return
        before = self.preferences.engine_choice
        if steps is None:
            self.preferences.engine_choice = choice
        self._restart_engine(choice, steps or (), before)

    def _restart_engine(
        self,
        choice: EngineChoice,
        steps: Iterable[messages.Progress] = (),
        before: EngineChoice | None = None,
    ) -> None:
        self._let_go_of_the_work()
        self.encoders.let_go()
        self.results.abandon_crops()
        self.engine, self.engine_failure = None, ""
        self._restart.begin(choice, steps, before)
        if self.project is not None:
            # What is known was seen with the other engine; labels are the person's.
            self.table.forget_paths()
            self.table.clear_predictions()
            self._start_work()
            self.project_changed.emit()
            self._if_there(self._read_folder)
        self.status_changed.emit()

    def _on_restarted(self, failure: str) -> None:
        if failure:
            self._tell(failure)
        self.status_changed.emit()

    # --- Reading ----------------------------------------------------------------------------------

    def why_no_results(self) -> str:
        """Why nothing can be exported yet that needs a model; empty where it can."""
        reason = self.why_not_open()
        if not reason and self.n_labelled_classes < 2:
            reason = self.tr("Label images of at least two classes first.")
        return reason or self.engine_failure

    def why_no_labels(self) -> str:
        """Why there are no labels to export; empty where there are; one label is enough."""
        reason = self.why_not_open()
        if not reason and not self.table.labelled_as:
            reason = self.tr("Label an image first.")
        return reason or self.engine_failure

    def why_not_open(self) -> str:
        """Why there is no folder to work on; empty where there is one."""
        if self.project is None:
            return self.tr("Open a folder first.")
        if self._loader.is_loading:
            return self.tr("The project is still being read.")
        return ""

    def why_no_predictions(self) -> str:
        """Why no image is predicted, or what to do about it; for when none is."""
        reason = self.why_no_results()
        if reason:
            return reason
        if bool(np.all((self.table.labels != NO_CLASS) | self.table.missing)):
            return self.tr("Every image has a label of yours, so none is left to predict.")
        return self.classifier.hint or self.tr("The predictions are on their way.")

    # --- Long work --------------------------------------------------------------------------------

    def begin(self, command: Callable[[int], messages.Command], title: str, loss: str = "") -> Task:
        """Begin a task of the engine's that is shown with the long work.

        Args:
            command: makes the command of a request number.
            title: what is under way, as the list of works says it.
            loss: what leaving would cost; empty where it would cost nothing.
        """
        self.task = Task(self.bridge, command)
        self.task.progressed.connect(self.status_changed)
        self.task.ended.connect(self._on_task_ended)
        self._watch.follow(self.task, title, loss)
        return self.task

    def paint_sample(self, folder: Path) -> Task:
        """Paint pictures to try the program on, and open them."""
        task = self.begin(
            lambda number: messages.PaintSample(number, folder), self.tr("Painting the sample")
        )
        task.failed.connect(self._on_sample_failed)
        task.succeeded.connect(self._on_sample_painted)
        self.status_changed.emit()
        return task

    def read_bundle(self, path: Path) -> Task:
        """Read what labelling can go on from; see :meth:`begin_from_model`."""
        task = self.begin(
            lambda number: messages.ReadBundle(number, path), self.tr("Reading the model")
        )
        self.status_changed.emit()
        return task

    def watch_folder(self, is_on: bool) -> None:
        """Take in images as they come to the folder, or no longer; remembered for the project."""
        self.arrivals.turn(is_on=is_on)

    def tell_anew(self) -> None:
        """The language is another one: what is known is told, and shown, anew."""
        self._tell_edits_anew()
        self.engine_failure = told(self.engine_failure)
        if self.engine is not None:
            self.engine = told_event(self.engine)
        self.classifier.tell_anew()
        self.reader.tell_anew()
        self._watch.tell_anew()
        self.table.reasons = {row: told(text) for row, text in self.table.reasons.items()}
        for signal in (self.project_changed, self.classes_changed, self.status_changed):
            signal.emit()
        self.rows_changed.emit(None)
        self.counts_changed.emit()
        self.undo_changed.emit()

    def set_visible(self, rows: Rows) -> None:
        """What is on screen is embedded and classified first."""
        self.reader.visible = rows
        self.classifier.visible = rows

    # --- Private ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.bridge.engine_ready.connect(self._on_engine_ready)
        self.bridge.engine_failed.connect(self._on_engine_failed)
        self.bridge.engine_told.connect(self._on_engine_told)
        # From a thread of the project's, so the connection is queued.
        self._news.connect(self._on_news)
        self._restart.progressed.connect(self.status_changed)
        self._restart.ended.connect(self._on_restarted)
        self._loader.rows_added.connect(self.rows_added)
        self._loader.finished.connect(self._on_loaded)
        self._loader.failed.connect(self._on_loading_failed)
        self.reader.rows_added.connect(self.rows_added)
        self.reader.rows_added.connect(self._count_soon)
        self.reader.rows_changed.connect(self._on_rows_changed)
        self.reader.scanned.connect(self._on_scanned)
        self.reader.embedded.connect(self.classifier.on_embedded)
        self.reader.embedding_finished.connect(self.classifier.on_embedding_finished)
        self.reader.embedding_finished.connect(self.audit.soon)
        self.reader.embedding_finished.connect(self.likeness.find_soon)
        self.reader.dated.connect(self.likeness.find_soon)
        self.audit.changed.connect(self._on_rows_changed)
        self.audit.read.connect(self.reader.on_read)
        self.likeness.failed.connect(self._tell)
        self.results.failed.connect(self._on_reading_failed)
        self.reader.labels_moved.connect(self._on_labels_moved)
        self.reader.labelled_changed.connect(self._on_labelled_changed)
        self.arrivals.noticed.connect(self._notify)
        self.arrivals.gone.connect(self._on_images_gone)
        self.arrivals.back.connect(self.rescan)
        self.reader.gone.connect(self._on_folder_gone)
        self.reader.back.connect(self._on_folder_back)
        self.reader.status_changed.connect(self.status_changed)
        self.reader.failed.connect(self._on_reading_failed)
        self.classifier.predicted.connect(self._on_predicted)
        self.classifier.read.connect(self.reader.on_read)
        self.classifier.state_changed.connect(self.status_changed)
        self.classifier.failed.connect(self._tell)
        self.classifier.tuning_ended.connect(self._on_tuning_ended)

    def _project_of(self, folder: Path) -> Project:
        return Project.for_folder(folder, self._fallback_folder, self._backup_folder, alone=True)

    def _let_go_of_lost(self, path: Path) -> None:
        """Close a project whose file has lost its name to what is opened now, or would lose it.

        The log of the file that is gone still lies by the name: who opened another file there
        would write into it, and take from the open project what only the log has.
        """
        project, folder = self.project, path if path.is_dir() else path.parent
        if project is None:
            return
        is_same = not {folder, folder.resolve()}.isdisjoint((project.folder, project.path.parent))
        if is_same and not project.is_in_place:  # No other drive is asked: it may not answer.
            self.close_project()

    def _let_go_of_the_work(self) -> None:
        self.reader.stop()
        self.classifier.stop()
        self.audit.stop()
        self.likeness.stop()
        self._watch.let_go()
        if self.task is not None:
            self.task.abandon()
        self.arrivals.pause()
        self.bridge.forget_everything()

    def _load(self) -> bool:
        project = self.project
        assert project is not None
        self.table = ImageTable(project.path_of)
        try:
            self._loader.start(project, self.table)
            classes = tuple(project.classes())
        except EngineError as error:
            self._on_loading_failed(error)
            return False
        self._read_examples()
        self._set_classes(classes)
        self._start_work()
        return True

    def _on_loaded(self) -> None:
        self.scanned.emit()
        self.status_changed.emit()
        self._count_soon()
        if self.project is not None and not self._asking.is_asking and self.is_folder_there:
            self._read_folder()

    def _on_loading_failed(self, error: EngineError) -> None:
        self.close_project()
        self._tell_error(error)

    def _tell_error(self, error: EngineError) -> None:
        if isinstance(error, DamagedProjectError) and error.path is not None:
            self._damaged = error.path
            self._tell(str(error), remedy=Remedy.REPAIR)
        else:
            super()._tell_error(error)

    def _on_news(self, news: ProjectNews) -> None:
        if news.damaged is not None:
            self._damaged = news.damaged
            self._tell(news.sentence, Severity.ERROR, Remedy.REPAIR)
        else:
            self._tell(news.sentence)

    def _if_there(self, then: Callable[[], None]) -> None:
        """Go on where the folder of images is there, now or when that is known; else tell."""
        project = self.project
        assert project is not None
        folder = project.folder

        def take(is_there: bool) -> None:
            self._know_folder(is_there)
            if is_there:
                then()
            else:
                self._notify(self._notices.folder_is_gone(folder))
                self.arrivals.begin(is_there=False)

        self._asking.ask(lambda: os.path.isdir(folder), take)

    def _know_folder(self, is_there: bool) -> None:
        if is_there != self.is_folder_there:
            self.is_folder_there = is_there
            self.status_changed.emit()

    def _scan(self) -> None:
        if self.project is not None and not self._loader.is_loading:
            self.reader.start(self.project, self.table)

    def _read_folder(self) -> None:
        """Have it scanned and classified, at once or when the table is whole.

        What a scan finds is held against the table: all that is not in it would be taken for lost.
        """
        if self.project is not None and not self._loader.is_loading:
            self.reader.start(self.project, self.table)
            self.classifier.adapt()

    def _start_work(self) -> None:
        for part in (self.classifier, self.audit, self.likeness):
            part.start(self.table)

    def _set_classes(self, classes: tuple[ImageClass, ...]) -> None:
        self.classifier.set_classes(classes)
        super()._set_classes(classes)

    def _set_examples(self, examples: messages.ModelExamples | None) -> None:
        super()._set_examples(examples)
        self.classifier.set_examples(examples)
        # The classifier keeps the ones it has where nothing is new about them.
        self.examples = self.classifier.examples

    def _after_edit(self, *, has_labels: bool, has_other_classes: bool) -> None:
        if has_labels:
            self.classifier.adapt()
        elif has_other_classes:
            self.classifier.adapt_if_changed()
        if has_labels or has_other_classes:
            self.audit.soon()

    def snapshot(self) -> messages.Snapshot:
        # Made from the table, whose paths exist already: Project.snapshot() reads 100,000 rows.
        assert self.project is not None
        table = self.table
        rows = np.flatnonzero(~table.missing)
        return messages.Snapshot(
            folder=self.project.folder,
            classes=self.classifier.specs(),
            support=self.classifier.support(),
            images=table.refs(rows),
            effort=self.classifier.effort,
            tuning=self.classifier.tuning_name,
            examples=self.examples,
        )

    def _on_sample_painted(self, event: messages.SamplePainted) -> None:
        if self.project is None:  # Else the person has opened something meanwhile.
            self.open(event.folder)

    def _on_sample_failed(self, message: str, _is_bug: bool) -> None:
        self._tell(message)

    def _on_task_ended(self) -> None:
        if self.task is self.sender():
            self.task = None
            self.status_changed.emit()

    def _on_engine_ready(self, event: messages.EngineReady) -> None:
        self.engine = event
        if event.notice:
            self._tell(event.notice, Severity.WARNING)
        self.status_changed.emit()

    def _on_reading_failed(self, failure: str | EngineError) -> None:
        if isinstance(failure, EngineError):
            self._tell_error(failure)
        elif failure != self.engine_failure:  # Else it is told already, once.
            self._tell(failure)

    def _on_engine_failed(self, event: messages.EngineFailed) -> None:
        if not self.choice.is_safe and self.can_restart_engine:
            self._notify(self._notices.engine_goes_on(event.message))
            self._restart_engine(self.choice.made_safe())
            return
        self.engine_failure = event.message
        self._tell(event.message)
        self.status_changed.emit()

    def _on_engine_told(self, event: messages.EngineNews) -> None:
        self._tell(event.text, Severity.INFORMATION)

    def _on_rows_changed(self, rows: Rows) -> None:
        self.rows_changed.emit(rows)
        self._count_soon()

    def _on_predicted(self, rows: Rows | None) -> None:
        self.rows_changed.emit(rows)
        self.predictions_changed.emit()
        self._count_soon()

    def _on_scanned(self, event: messages.ScanFinished) -> None:
        if event.unreadable_folders:
            self._notify(self._notices.unreadable_folders(event.unreadable_folders))
        self.scanned.emit()
        self.classifier.on_scanned()
        self._count_soon()
        self._know_folder(True)
        self.arrivals.begin(is_there=True)

    def _on_folder_gone(self) -> None:
        self._know_folder(False)
        if self.project is not None and not self.arrivals.is_watching:  # Which tells it, too.
            self._notify(self._notices.folder_went_away(self.project.folder))

    def _on_folder_back(self) -> None:
        project = self.project
        if project is None:
            return
        self._know_folder(True)
        if not self.arrivals.is_watching:
            self._notify(self._notices.folder_is_back(project.folder))
        try:
            project.was_changed_by_others()
        except EngineError:
            # It was on the same drive, and what was open of it is no file any more.
            path = project.path
            self.close_project()
            self.open(path)
            return
        self.rescan()

    def _on_repaired(self, event: messages.ProjectRepaired) -> None:
        self.repaired.emit(event.path)
        self._notify(self._notices.repaired(event))

    def _on_repair_failed(self, message: str, _is_bug: bool) -> None:
        self._tell(message)

    def _on_images_gone(self) -> None:
        self.scanned.emit()
        self.classifier.on_scanned()
        self._count_soon()

    def _on_labels_moved(self, change: Change) -> None:
        if self._commit(change):
            self._notify(self._notices.labels_moved(change))

    def _on_labelled_changed(self, names: list[str]) -> None:
        self._notify(self._notices.labelled_changed(names))

    def _on_tuning_ended(self, event: messages.Event) -> None:
        n_others = self.classifier.tuning.n_changed_since(self.classifier.support())
        notice = self._notices.tuning_ended(event, has_other_labels=n_others > 0)
        if notice is not None:
            self._notify(notice)

    @property
    def awaits_predictions(self) -> bool:
        """Whether there are images to predict and none of them is predicted yet."""
        table = self.table
        open_ = (table.labels == NO_CLASS) & ~table.missing & ~table.unreadable
        return bool(open_.any()) and not bool(table.predicts.any())

    def _count_soon(self) -> None:
        if not self._count_timer.isActive():
            self._count_timer.start(self._count_ms)

    def _count(self) -> None:
        started = time.perf_counter()
        self.counts_changed.emit()
        # A million images are counted in some 80 ms: not ten times a second, while the engine and
        # this thread have more to do.
        taken_ms = 1000 * (time.perf_counter() - started)
        self._count_ms = int(min(max(_COUNT_MS, _COUNT_SHARE * taken_ms), _MOST_COUNT_MS))
