"""Opening and closing: folders, projects, the sample, lists of classes, and where images moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.look.notices import Notice, NoticeBars, Severity
from app.session.preferences import Preferences
from app.session.pulse import answers
from app.session.session import PROJECT_SUFFIX, Session
from app.window.covers import Covers
from app.window.leaving import LeaveQuestion
from engine import EngineError, messages, read_class_list


class Opening(QObject):
    """What is opened and closed, and the file dialogs that ask which.

    Signals:
        opened: another project is open, or the same one again.
        recent_changed: the list of recent projects is another one.
        painting_changed: whether the sample is being painted.
    """

    opened = Signal()
    recent_changed = Signal()
    painting_changed = Signal(bool)

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        notices: NoticeBars,
        covers: Covers,
        leaving: LeaveQuestion,
        window: QWidget,
    ) -> None:
        """Make it.

        Args:
            notices: where failures are told.
            covers: kept of a project before it is left.
            leaving: asks where work under way would be lost.
            window: on which the dialogs stand.
        """
        super().__init__(window)
        self._session = session
        self._preferences = preferences
        self._notices = notices
        self._covers = covers
        self._leaving = leaving
        self._window = window
        session.repaired.connect(self.open)
        # A window made anew, in another language, finds the sample half painted.
        self._sample = session.task if session.project is None else None
        if self._sample is not None:
            self._sample.ended.connect(self._on_sample_ended)

    @property
    def is_painting(self) -> bool:
        """Whether the sample is being painted."""
        return self._sample is not None

    def open(self, path: Path) -> None:
        """Open a folder or project; a failure is told in a notice.

        What was begun for the project that is open ends with it, so the person is asked first.
        """
        self._leave_project(partial(self._open, path))

    def repair(self) -> None:
        """Make the project whole that was found damaged; asks as :meth:`open` does."""
        self._leave_project(self._repair)

    def close_project(self) -> None:
        """Go back to the start page; asks as :meth:`open` does."""
        self._leave_project(self._close_project)

    def choose_folder(self) -> None:
        """Let the person choose a folder of images."""
        project = self._session.project
        start = str(project.folder.parent) if project is not None else str(Path.home())
        title = self.tr("Open a folder of images")
        chosen = QFileDialog.getExistingDirectory(self._window, title, start)
        if chosen:
            self.open(Path(chosen))

    def choose_project(self) -> None:
        """Let the person choose a project file."""
        project = self._session.project
        start = str(project.path.parent) if project is not None else str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a project"),
            start,
            self.tr("Handful projects (*{suffix})").format(suffix=PROJECT_SUFFIX),
        )
        if chosen:
            self.open(Path(chosen))

    def choose_model(self) -> None:
        """Let the person choose a bundle to go on from and, once it is read, images."""
        project = self._session.project
        start = str(project.folder.parent) if project is not None else str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Start from a model: its .zip file, or model.onnx in its folder"),
            start,
            self.tr("Exported bundles (*.zip model.onnx signature.json)"),
        )
        if chosen and self._session.task is None:
            task = self._session.read_bundle(Path(chosen))
            task.succeeded.connect(self._on_model_read)
            task.failed.connect(self._on_model_failed)

    def choose_class_list(self) -> None:
        """Let the person choose a file that names classes, and add them."""
        project = self._session.project
        if project is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Import a class list: names line by line, a table, or JSON"),
            str(project.folder),
            self.tr(
                "A name a line, or a column “class”, “label” or “name” (*.txt *.csv *.tsv *.json)"
                ";;All files (*)"
            ),
        )
        if not chosen:
            return
        try:
            names = read_class_list(Path(chosen))
        except EngineError as error:
            self._notices.add(Notice(str(error), is_slip=True))
            return
        self._session.import_classes(names)

    def open_recent(self, path: Path) -> None:
        """Open a project that was open before, if it is there still."""
        if not answers(path) or path.exists():  # The session tells what does not answer.
            self.open(path)
            return
        self._preferences.remove_recent(path)
        self.recent_changed.emit()
        text = self.tr("{path} is not there any more; it was taken off the list.")
        self._notices.add(Notice(text.format(path=path), Severity.WARNING, is_slip=True))

    def open_sample(self) -> None:
        """Paint the sample's pictures; the session opens them when that is done."""
        if self._session.task is None:
            self.painting_changed.emit(True)
            self._sample = self._session.paint_sample(sample_folder())
            self._sample.ended.connect(self._on_sample_ended)

    def find_folder(self) -> None:
        """Let the person show where the images of the open project are now."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Where are the images now?"), str(Path.home())
        )
        if chosen:
            self._session.move_folder(Path(chosen))

    def _leave_project(self, leave_it: Callable[[], None]) -> None:
        running = self._session.works.running
        losses = list(dict.fromkeys(work.loss for work in running if work.is_lost_with_project))
        project = self._session.project
        if not self._leaving.asks(self.tr("Close the Project"), losses, project, leave_it):
            leave_it()

    def _open(self, path: Path) -> None:
        before, told = self._session.project, self._notices.notices()
        self._covers.keep()  # Of what is left for it.
        is_open = self._session.open(path)
        if self._session.project is not before:
            self._notices.withdraw_all(told)  # They were about what is closed now.
        if is_open:
            self.opened.emit()

    def _on_model_read(self, model: messages.BundleRead) -> None:
        project = self._session.project
        chosen = QFileDialog.getExistingDirectory(
            self._window,
            self.tr("Which images should “{name}” sort?").format(name=model.title),
            str(project.folder if project is not None else Path.home()),
        )
        if not chosen:
            return
        folder = Path(chosen)
        if project is not None and project.folder == folder.resolve():
            self._session.begin_from_model(model)
        else:
            self._leave_project(partial(self._open_from, folder, model))

    def _on_model_failed(self, message: str, is_bug: bool) -> None:
        self._notices.add(Notice(message, is_slip=not is_bug))

    def _open_from(self, folder: Path, model: messages.BundleRead) -> None:
        self._open(folder)
        project = self._session.project
        if project is not None and project.folder == folder.resolve():
            self._session.begin_from_model(model)

    def _repair(self) -> None:
        self._covers.keep()
        self._session.repair()

    def _close_project(self) -> None:
        self._covers.keep()
        self._session.close_project()

    def _on_sample_ended(self) -> None:
        self._sample = None
        self.painting_changed.emit(False)


def sample_folder() -> Path:
    """Where the sample's pictures are painted: in the person's documents, to be found again."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "Handful sample" / "Machine parts"
