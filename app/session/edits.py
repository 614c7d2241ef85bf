"""The undo stack: every entry is a change that is on disk already."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand

from app.look.words import told
from engine import Change


class Edit(QUndoCommand):
    """A change that was applied to the project, and the change that takes it back.

    Qt's undo stack moves its index even when undoing fails. So the session applies the change to
    the project first, and moves the stack only when that worked; undo() and redo() do nothing.
    """

    def __init__(self, forward: Change, backward: Change) -> None:
        super().__init__(told(forward.action))
        self.forward = forward
        self.backward = backward

    def tell_anew(self) -> None:
        """The language is another one."""
        self.setText(told(self.forward.action))
