"""Saving predictions and exporting the model: where to, how far, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme
from app.look.words import listed, told_event
from app.session.session import Session
from app.session.tasks import Task
from app.window.progress_words import words_of
from engine import Project, messages

_WIDTH_PX: Final = 600
_Result = messages.ModelExported | messages.PredictionsSaved


class SaveDialog(QDialog):
    """One dialog for both results; subclasses say what is written.

    It does not hold up anything: labelling can go on while it works, and closing it leaves the
    work running in the background; only Cancel ends it.

    Signals:
        ended_unseen: a headline or a sentence, and whether it failed, while the dialog was closed.
    """

    ended_unseen = Signal(str, bool)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._task: Task | None = None
        self._project: Project | None = None  # That of the task.
        self._result: _Result | None = None
        self._is_news = False  # It ended unseen: the next time, show that.
        self.setWindowTitle(self.title())
        self.setFixedWidth(_WIDTH_PX)
        self._pages = (self._build_choice(), self._build_progress(), self._build_result())
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP_PX)
        self._buttons.addStretch(1)
        self.cancel_button = self._button(self.tr("Cancel"), self._on_cancel)
        self.close_button = self._button(self.tr("Close"), self.close)
        self.background_button = self._button(self.tr("Go On Working"), self.close)
        self.copy_button = self._button(self.tr("Copy"), self._on_copy)
        self.show_button = self._button(self.tr("Show in Folder"), self._on_show)
        self.start_button = self._button(self.action_text(), self._on_start)
        self.start_button.setObjectName("primary")
        self.start_button.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        for page in self._pages:  # Not a stack, which would be as high as the highest page.
            column.addWidget(page)
        column.addStretch(1)
        column.addLayout(self._buttons)
        self._show_page(0)
        session.project_changed.connect(self._on_project_changed)

    # --- What subclasses say ----------------------------------------------------------------------
    # Abstract in all but name: abc's metaclass cannot be combined with Qt's.

    def title(self) -> str:
        """The dialog's title."""
        raise NotImplementedError

    def action_text(self) -> str:
        """The text of the button that begins."""
        raise NotImplementedError

    def explanation(self) -> str:
        """What will be written, in one or two sentences."""
        raise NotImplementedError

    def default_path(self) -> Path:
        """Where to write, if the person never chose."""
        raise NotImplementedError

    def file_filter(self) -> str:
        """The filter of the file dialog."""
        raise NotImplementedError

    def start(self, out: Path) -> Task:
        """Begin."""
        raise NotImplementedError

    def result_rows(self, result: _Result) -> tuple[str, list[tuple[str, str]]]:
        """A headline, and what is to be known, as names and values."""
        raise NotImplementedError

    # --- For the window ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the dialog, ready for the next time unless it is still at work."""
        if self._task is None and not self._is_news:
            self.path_field.setText(str(self.default_path()))
            self._text.setText(self.explanation())
            self._failure.hide()
            self._show_page(0)
        self._is_news = False
        self.show()
        self.raise_()
        self.activateWindow()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme

    def kept_state(self) -> object:
        """What the dialog of a window built anew goes on from."""
        failure = "" if self._failure.isHidden() else self._failure.text()
        path = self.path_field.text()
        shown = self.isVisible(), self._is_news, path, failure
        return self._task, self._project, self._result, shown

    def restore_state(self, state: object) -> None:
        """Go on from what another one kept; what it began is followed here."""
        if not isinstance(state, tuple):
            return
        task, self._project, result, (is_visible, is_news, path, failure) = state
        self.path_field.setText(path)
        if path and self._session.project is not None:  # It was opened.
            self._text.setText(self.explanation())
        if task is not None and task.is_running:
            self.progress_text.setText(self.tr("Starting…"))
            self._bar.setRange(0, 0)
            self._follow(task)
            if task.progress is not None:
                self._on_progressed(told_event(task.progress))
        elif result is not None:
            self._show_result(result)
        elif failure:
            self._fail(failure)
        self._is_news = is_news
        if is_visible:
            self.show()

    def result_text(self) -> str:
        """The result as text, as Copy copies it."""
        if self._result is None:
            return ""
        headline, rows = self.result_rows(self._result)
        lines = [headline, *(f"{name}: {value}" for name, value in rows)]
        return "\n".join(lines).replace("\u200b", "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()

    # --- Building ---------------------------------------------------------------------------------

    def _build_choice(self) -> QWidget:
        page = QWidget()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # Classes are called what they are.
        caption = QLabel(self.tr("Save as"))
        caption.setObjectName("section")
        self.path_field = QLineEdit()
        self.path_field.setAccessibleName(self.tr("Save as"))
        browse = QPushButton(self.tr("Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._on_browse)
        self._failure = QLabel()
        self._failure.setObjectName("error")
        self._failure.setWordWrap(True)
        self._failure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._failure.hide()
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(browse)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX)
        column.addWidget(self._text)
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        column.addLayout(row)
        column.addWidget(self._failure)
        column.addStretch(1)
        return page

    def _build_progress(self) -> QWidget:
        page = QWidget()
        self.progress_text = QLabel()
        self.progress_text.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        note = QLabel(self.tr("You can close this window and go on labelling meanwhile."))
        note.setObjectName("muted")
        note.setWordWrap(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.progress_text)
        column.addWidget(self._bar)
        column.addWidget(note)
        column.addStretch(1)
        return page

    def _build_result(self) -> QWidget:
        page = QWidget()
        self._tick = QLabel()
        self.headline = QLabel()
        self.headline.setObjectName("title")
        self.headline.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(GAP_PX)
        head.addWidget(self._tick, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.headline, 1)
        card = QFrame()
        card.setObjectName("card")
        self._facts = QGridLayout(card)
        self._facts.setContentsMargins(2 * GAP_PX, 12, 2 * GAP_PX, 12)
        self._facts.setHorizontalSpacing(3 * GAP_PX)
        self._facts.setVerticalSpacing(GAP_PX)
        self._facts.setColumnStretch(1, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(card)
        column.addStretch(1)
        return page

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        self._buttons.addWidget(button)
        return button

    # --- Slots ------------------------------------------------------------------------------------

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.title(), self.path_field.text(), self.file_filter()
        )
        if chosen:
            self.path_field.setText(chosen)

    def _on_start(self) -> None:
        text = self.path_field.text().strip()
        reason = self._session.why_no_results()
        if not text:
            reason = self.tr("Choose where to save it.")
        if reason:
            self._fail(reason)
            return
        out = Path(text).expanduser()
        suffix = self.default_path().suffix
        if out.suffix.lower() != suffix:
            out = out.with_name(out.name + suffix)
        self.path_field.setText(str(out))
        self._result = None
        self.progress_text.setText(self.tr("Starting…"))
        self._bar.setRange(0, 0)
        self._project = self._session.project
        self._follow(self.start(out))

    def _on_cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self.close()

    def _on_project_changed(self) -> None:
        """Nobody waits for the results of a project that is closed; a moved folder is no end."""
        if self._task is not None and self._session.project is not self._project:
            self._task.abandon()

    def _on_progressed(self, progress: messages.Progress) -> None:
        self.cancel_button.setEnabled(self._task is None or not self._task.is_cancelling)
        self.progress_text.setText(words_of(progress))
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)

    def _on_succeeded(self, result: _Result) -> None:
        self._task = None
        headline = self._show_result(result)
        if not self.isVisible():
            self._is_news = True
            self.ended_unseen.emit(headline, False)

    def _show_result(self, result: _Result) -> str:
        """Show what came of it; return the headline."""
        self._result = result
        headline, rows = self.result_rows(result)
        self.headline.setText(headline)
        self._tick.setPixmap(pixmap("tick", self._theme.success, 24, self.devicePixelRatioF()))
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for line, (name, value) in enumerate(rows):
            key, text = QLabel(name), QLabel(value)
            key.setObjectName("muted")
            key.setAlignment(Qt.AlignmentFlag.AlignTop)
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addWidget(key, line, 0)
            self._facts.addWidget(text, line, 1)
        self._show_page(2)
        return headline

    def _on_failed(self, message: str, _is_bug: bool) -> None:
        self._task = None
        self._fail(message)
        if not self.isVisible():
            self._is_news = True
            self.ended_unseen.emit(message, True)

    def _on_cancelled(self) -> None:
        self._task = None
        self._failure.hide()
        self._show_page(0)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.result_text())

    def _on_show(self) -> None:
        if self._result is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._result.path.parent)))

    # --- Private ----------------------------------------------------------------------------------

    def _follow(self, task: Task) -> None:
        self._task = task
        task.progressed.connect(self._on_progressed)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_cancelled)
        self._show_page(1)

    def _fail(self, message: str) -> None:
        self._failure.setText(message)
        self._failure.show()
        self._show_page(0)

    def _show_page(self, page: int) -> None:
        for place, widget in enumerate(self._pages):
            widget.setVisible(place == page)
        self.cancel_button.setVisible(page < 2)
        self.cancel_button.setEnabled(True)
        self.start_button.setVisible(page == 0)
        self.background_button.setVisible(page == 1)
        for button in (self.copy_button, self.show_button, self.close_button):
            button.setVisible(page == 2)
        # adjustSize() takes the height of a narrower dialog, in which the texts need more lines.
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(_WIDTH_PX, layout.totalHeightForWidth(_WIDTH_PX))


class ExportDialog(SaveDialog):
    """The adapted model as an ONNX file."""

    def title(self) -> str:
        return self.tr("Export Model as ONNX")

    def action_text(self) -> str:
        return self.tr("Export")

    def explanation(self) -> str:
        without = self._session.classifier.classes_without_examples()
        classes = self._session.classes
        text = self.tr(
            "One file with the network, its preprocessing and your classes ({names}). It takes "
            "images of any size and gives probabilities, in any program that reads ONNX. Before "
            "it gets its name it is run on your own images and compared with Handful."
        ).format(names=listed(item.name for item in classes if item.class_id not in without))
        left_out = [f"“{item.name}”" for item in classes if item.class_id in without]
        if len(left_out) == 1:
            text += " " + self.tr("{name} has no example and is left out.").format(name=left_out[0])
        elif left_out:
            text += " " + self.tr("{names} have no example and are left out.").format(
                names=listed(left_out)
            )
        return text

    def default_path(self) -> Path:
        return _default_path(self._session, "model", "-model.onnx")

    def file_filter(self) -> str:
        return self.tr("ONNX models (*.onnx)")

    def start(self, out: Path) -> Task:
        return self._session.export_model(out)

    def result_rows(self, result: _Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.ModelExported)
        found, count = result.certificate, QLocale().toString
        agree = self.tr("{agree} of {clear} clear files get the same class (margin over {margin})")
        difference = self.tr("largest difference in probability {difference}")

        def lines(n_agree: int, n_clear: int, margin: float, largest: float) -> str:
            first = agree.format(agree=count(n_agree), clear=count(n_clear), margin=f"{margin:g}")
            return f"{first};\n{difference.format(difference=_small(largest))}"

        if found.n_agree_rule < found.n_clear_rule:
            headline = self.tr("Exported, but not every image got the same class")
        else:
            headline = self.tr("Exported, and checked on {count} of your images").format(
                count=count(found.n_files)
            )
        others = [path.name for path in result.files if path != result.path]
        rows = [
            (
                self.tr("Read as Handful does"),
                lines(
                    found.n_agree_rule,
                    found.n_clear_rule,
                    found.margin_rule,
                    found.max_difference_rule,
                ),
            ),
            (
                self.tr("Read in full"),
                lines(
                    found.n_agree_full,
                    found.n_clear_full,
                    found.margin_full,
                    found.max_difference_full,
                ),
            ),
            (self.tr("Files checked"), count(found.n_files)),
            (self.tr("Checked with"), f"onnxruntime {found.onnxruntime_version}"),
            (self.tr("Size"), _size_text(result.size_bytes)),
            (self.tr("File"), result.path.name),
            (self.tr("Folder"), _breakable(result.path.parent)),
        ]
        if others:
            rows.append((self.tr("With it"), listed(others)))
        return headline, rows


class PredictionsDialog(SaveDialog):
    """The predictions as a table."""

    def title(self) -> str:
        return self.tr("Save Predictions")

    def action_text(self) -> str:
        return self.tr("Save")

    def explanation(self) -> str:
        return self.tr(
            "A CSV table with one row per image: file name, class, confidence, and whether you "
            "or the model gave the class. Files that cannot be read are listed in a second table."
        )

    def default_path(self) -> Path:
        return _default_path(self._session, "predictions", "-predictions.csv")

    def file_filter(self) -> str:
        return self.tr("Tables (*.csv)")

    def start(self, out: Path) -> Task:
        return self._session.save_predictions(out)

    def result_rows(self, result: _Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.PredictionsSaved)
        count = QLocale().toString
        headline = (
            self.tr("Saved the prediction of 1 image")
            if result.n_rows == 1
            else self.tr("Saved the predictions of {count} images").format(
                count=count(result.n_rows)
            )
        )
        rows = [
            (self.tr("Rows"), count(result.n_rows)),
            (self.tr("File"), result.path.name),
            (self.tr("Folder"), _breakable(result.path.parent)),
        ]
        if result.errors_path is not None:
            rows.append((self.tr("Unreadable files"), count(result.n_errors)))
            rows.append((self.tr("Listed in"), result.errors_path.name))
        return headline, rows


def _default_path(session: Session, kind: str, ending: str) -> Path:
    project = session.project
    assert project is not None
    kept = session.preferences.output_path(project.path, kind)
    if kept is not None and kept.parent.is_dir():
        return kept
    folder = project.folder
    beside = folder.parent if os.access(folder.parent, os.W_OK) else Path.home()
    return beside / f"{folder.name or 'images'}{ending}"


def _size_text(n_bytes: int) -> str:
    return QLocale().formattedDataSize(n_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def _small(value: float) -> str:
    return f"{value:.1e}" if 0 < value < 0.001 else f"{value:.4f}"


def _breakable(path: Path) -> str:
    # A zero-width space after each separator lets a long path break over lines.
    return str(path).replace("/", "/\u200b").replace("\\", "\\\u200b")
