"""How far the encoder is that is being added, and a button that stops it."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.progress_words import words_of
from app.session.encoders import Encoders


class AddingStrip(QWidget):
    """Shown only while an encoder is being added; that goes on when the settings are closed."""

    def __init__(self, encoders: Encoders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._encoders = encoders
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.setAccessibleName(self.tr("Cancel adding the encoder"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self._on_cancel)
        texts = QVBoxLayout()
        texts.addWidget(self.text)
        texts.addWidget(self.bar)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addLayout(texts, 1)
        line.addWidget(self.cancel_button)
        encoders.changed.connect(self._on_changed)
        self._on_changed()

    def _on_changed(self) -> None:
        if self._encoders.task is not None:
            self._encoders.task.progressed.connect(self._show)
        self._show()

    def _show(self) -> None:
        task = self._encoders.task
        self.setVisible(task is not None)
        if task is None:
            return
        progress = task.progress
        self.cancel_button.setEnabled(not task.is_cancelling)
        self.text.setText(
            self.tr("Adding the encoder…") if progress is None else words_of(progress)
        )
        self.bar.setRange(0, progress.total if progress is not None else 0)
        self.bar.setValue(progress.done if progress is not None else 0)

    def _on_cancel(self) -> None:
        if self._encoders.task is not None:
            self._encoders.task.cancel()
