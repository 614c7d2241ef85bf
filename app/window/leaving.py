"""The one question before work under way is left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget


class LeaveQuestion(QObject):
    """Asks once, whether to leave work that is under way.

    Attributes:
        box: the question while it stands there.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.box: QMessageBox | None = None

    def ask(self, title: str, losses: list[str], leave_it: Callable[[], None]) -> None:
        """Ask, or bring the question to the front that stands there already.

        Args:
            title: what the person is about to do.
            losses: what it would cost, a sentence each.
            leave_it: does it.
        """
        if self.box is not None:
            self.box.raise_()
            self.box.activateWindow()
            return
        box = self.box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(title)
        box.setText(self.tr("Work is still under way."))
        box.setInformativeText("\n\n".join([*losses, self.tr("Your labels are all saved.")]))
        leave = box.addButton(self.tr("Leave Anyway"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(self.tr("Keep Working"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)

        def leave_anyway() -> None:  # Without what the button would tell of itself.
            leave_it()

        leave.clicked.connect(leave_anyway)
        box.destroyed.connect(self._on_gone)
        box.open()

    def _on_gone(self) -> None:
        self.box = None
