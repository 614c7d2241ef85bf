"""What is asked before work under way, or a project that was deleted, is left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from app.look.words import told
from app.session.pulse import answers
from engine import Project, ProjectError


class LeaveQuestion(QObject):
    """Asks once, whether to leave work that is under way, and what becomes of a deleted project.

    Attributes:
        box: the question while it stands there.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.box: QMessageBox | None = None

    def asks(
        self,
        title: str,
        losses: list[str],
        project: Project | None,
        leave_it: Callable[[], None],
    ) -> bool:
        """Ask what there is to ask, or bring the question to the front that stands there already.

        Args:
            title: what the person is about to do.
            losses: what it would cost, a sentence each.
            project: what is open.
            leave_it: does it, once all is answered.

        Returns:
            False where nothing has to be asked, and ``leave_it`` is for the caller to do.
        """
        if self.box is not None:
            self.box.raise_()
            self.box.activateWindow()
            return True
        if losses:
            self._ask_of_work(title, losses, project, leave_it)
        elif project is not None and self._is_deleted(project):
            self._ask_of_deleted(title, project, leave_it)
        return self.box is not None

    def _is_deleted(self, project: Project) -> bool:
        """False also where its drive does not answer, or another has asked while that was waited
        for."""
        return answers(project.path) and self.box is None and project.is_deleted

    def _ask_of_work(
        self,
        title: str,
        losses: list[str],
        project: Project | None,
        leave_it: Callable[[], None],
    ) -> None:
        box = self._box(title, self.tr("Work is still under way."))
        box.setInformativeText("\n\n".join([*losses, self.tr("Your labels are all saved.")]))
        leave = box.addButton(self.tr("Leave Anyway"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(self.tr("Keep Working"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)

        def leave_anyway() -> None:
            self._let_go()
            if not self.asks(title, [], project, leave_it):
                leave_it()

        leave.clicked.connect(leave_anyway)
        box.open()

    def _ask_of_deleted(self, title: str, project: Project, leave_it: Callable[[], None]) -> None:
        """What was thrown away on purpose stays so; what was not is the person's work."""
        box = self._box(title, self.tr("The project was deleted while it was open."))
        box.setInformativeText(
            self.tr(
                "{path} can be written again with all that was labelled, or stay deleted. If it "
                "stays deleted, a backup of it is kept, from which “handful recover” brings it "
                "back."
            ).format(path=project.path)
        )
        for label in box.findChildren(QLabel):  # What is in a path is no markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
        write = box.addButton(self.tr("Write It Again"), QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(self.tr("Leave It Deleted"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(write)
        box.setEscapeButton(cancel)

        def write_again() -> None:
            self._let_go()
            project.stay_deleted(stays=False)
            try:
                project.write_again()
            except ProjectError as error:  # Closing would only tell a window that is gone.
                self._tell_of_failure(title, error)
            else:
                leave_it()

        def stay_deleted() -> None:
            self._let_go()
            project.stay_deleted()
            try:
                leave_it()
            finally:  # What was to be opened instead may have failed, and this is open still.
                project.stay_deleted(stays=False)

        write.clicked.connect(write_again)
        stay.clicked.connect(stay_deleted)
        box.open()

    def _tell_of_failure(self, title: str, error: ProjectError) -> None:
        box = self._box(title, self.tr("The project was not written again, so it stays open."))
        box.setIcon(QMessageBox.Icon.Warning)
        box.setInformativeText(told(str(error)))
        box.setStandardButtons(QMessageBox.StandardButton.Ok)
        for label in box.findChildren(QLabel):
            label.setTextFormat(Qt.TextFormat.PlainText)
        box.open()

    def _box(self, title: str, text: str) -> QMessageBox:
        box = self.box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(title)
        box.setText(text)
        box.destroyed.connect(self._on_gone)
        return box

    def _let_go(self) -> None:
        """It is answered; another may be asked before it is gone."""
        if self.box is not None:
            self.box.destroyed.disconnect(self._on_gone)
            self.box = None

    def _on_gone(self) -> None:
        self.box = None
