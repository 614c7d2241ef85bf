"""What the dialogs that write a file share: where to."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX
from app.look.words import listed
from app.results.result_dialog import ResultDialog
from app.session.session import Session
from app.session.tasks import Task


class SaveDialog(ResultDialog):
    """A :class:`ResultDialog` for one file; subclasses say what is written.

    It begins with a name that is free. Where there is something of the name that the person gives,
    a question in the dialog comes before it is replaced, unless the system's dialog has just asked.
    """

    # --- What subclasses say ----------------------------------------------------------------------

    def default_path(self) -> Path:
        """Where to write, if the person never chose."""
        raise NotImplementedError

    def file_filter(self) -> str:
        """The filter of the file dialog."""
        raise NotImplementedError

    def suffix(self) -> str:
        """What the file's name ends with, the dot included; empty for any ending."""
        return self.default_path().suffix

    def other_suffixes(self) -> frozenset[str]:
        """Endings of the other forms there are, which a name may have until the form is chosen."""
        return frozenset()

    def choose_form(self, suffix: str) -> None:
        """Choose the form of an ending among :meth:`other_suffixes` that the person gave."""

    def replaced(self, out: Path) -> list[Path]:
        """What would be written over, so that the person is asked."""
        return [out] if out.is_file() else []

    def build_options(self, column: QVBoxLayout) -> None:
        """Put what else there is to choose above the file's name."""

    def start_to(self, out: Path) -> Task:
        """Begin."""
        raise NotImplementedError

    # --- What every result dialog says ------------------------------------------------------------

    def build_choice(self, column: QVBoxLayout) -> None:
        self.build_options(column)
        caption = QLabel(self.tr("Save as"))
        caption.setObjectName("section")
        self.path_field = QLineEdit()
        self.path_field.setAccessibleName(self.tr("Save as"))
        self.path_field.textChanged.connect(self.forget_failure)
        self.path_field.textEdited.connect(self._on_path_edited)
        self.path_field.textChanged.connect(self._withdraw_question)
        browse = QPushButton(self.tr("Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._on_browse)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(browse)
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        column.addLayout(row)
        column.addWidget(self._build_question())
        self._agreed: Path | None = None  # What the system's dialog asked about.

    def _build_question(self) -> QWidget:
        self.question = QWidget()
        self.question_text = QLabel()
        self.question_text.setWordWrap(True)
        self.question_text.setTextFormat(Qt.TextFormat.PlainText)
        self.replace_button = QPushButton(self.tr("Replace"))
        self.replace_button.clicked.connect(self._on_replace)
        self.keep_button = QPushButton()
        self.keep_button.clicked.connect(self._on_keep)
        for button in (self.replace_button, self.keep_button):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addStretch(1)
        row.addWidget(self.replace_button)
        row.addWidget(self.keep_button)
        column = QVBoxLayout(self.question)
        column.setContentsMargins(0, GAP_PX, 0, 0)
        column.setSpacing(GAP_PX)
        column.addWidget(self.question_text)
        column.addLayout(row)
        self.question.hide()
        return self.question

    def prepare(self) -> None:
        self._agreed = None
        self._withdraw_question()
        self.show_free(self.default_path())

    def why_not(self) -> str:
        if not self.path_field.text().strip():
            return self.tr("Choose where to save it.")
        return super().why_not()

    def start(self) -> Task:
        return self.start_to(self._take_name())

    def choice_state(self) -> object:
        return self.path_field.text()

    def restore_choice(self, state: object) -> None:
        if isinstance(state, str):
            self.path_field.setText(state)

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.title(), self.path_field.text(), self.file_filter()
        )
        if chosen:
            self.path_field.setText(chosen)
            self._agreed = Path(chosen)
            self._on_path_edited(chosen)

    # --- For subclasses ---------------------------------------------------------------------------

    def show_free(self, path: Path) -> None:
        """Propose a path or, where it is taken, the next name that is free."""
        self.path_field.setText(str(free_path(path, has_suffix=bool(self.suffix()))))

    # --- The question -----------------------------------------------------------------------------

    def _on_start(self) -> None:
        if self.why_not():
            super()._on_start()  # It says so.
            return
        out = self._take_name()
        taken = [] if out == self._agreed else self.replaced(out)
        if taken:
            self._ask(taken)
        else:
            super()._on_start()

    def _ask(self, taken: list[Path]) -> None:
        self._failure.hide()
        names = listed(f"“{path.name}”" for path in taken)
        pattern = (
            self.tr("{name} is there already. Replace it?")
            if len(taken) == 1
            else self.tr("{name} are there already. Replace them?")
        )
        self.question_text.setText(pattern.format(name=names))
        out = Path(self.path_field.text())
        self._free = free_path(out, has_suffix=bool(self.suffix()), is_taken=self._is_taken)
        shown = (
            self.fontMetrics()
            .elidedText(self._free.name, Qt.TextElideMode.ElideMiddle, self.WIDTH_PX // 2)
            .replace("&", "&&")
        )  # Of a name, and no key.
        self.keep_button.setText(self.tr("Use “{name}”").format(name=shown))
        for button in (self.replace_button, self.keep_button):
            button.setAccessibleDescription(self.question_text.text())
            button.setAutoDefault(True)  # Enter presses what has the focus, while it is asked.
        self.question.show()
        self.start_button.setEnabled(False)  # A double click on it is no answer.
        self.fit()
        self.reveal(self.question)
        self.keep_button.setFocus()

    def _is_taken(self, path: Path) -> bool:
        return os.path.lexists(path) or bool(self.replaced(path))

    def _withdraw_question(self) -> None:
        if not self.question.isHidden():
            self.question.hide()
            for button in (self.replace_button, self.keep_button):
                button.setAutoDefault(False)
            self.start_button.setEnabled(True)
            self.start_button.setDefault(True)
            self.fit()

    def _on_replace(self) -> None:
        self._withdraw_question()
        self._agreed = Path(self.path_field.text())
        self._on_start()
        self._agreed = None  # The next time is another one.

    def _on_keep(self) -> None:
        self.path_field.setText(str(self._free))
        self._on_start()

    # --- The name ---------------------------------------------------------------------------------

    def _on_path_edited(self, text: str) -> None:
        suffix = Path(text.strip()).suffix.lower()
        if suffix != self.suffix() and suffix in self.other_suffixes():
            self.choose_form(suffix)

    def _take_name(self) -> Path:
        """The path as it will be, shown before anything is written."""
        out = Path(self.path_field.text().strip()).expanduser()
        suffix = self.suffix()
        if suffix and out.suffix.lower() != suffix:
            is_other = out.suffix.lower() in self.other_suffixes()
            out = out.with_suffix(suffix) if is_other else out.with_name(out.name + suffix)
        if self.path_field.text() != str(out):
            self.path_field.setText(str(out))
        return out


def free_path(
    path: Path,
    *,
    has_suffix: bool,
    is_taken: Callable[[Path], bool] = os.path.lexists,
) -> Path:
    """A name that is not taken yet: the same, or with the next number behind it.

    Args:
        path: a file or a folder.
        has_suffix: whether its name ends in one that stays.
        is_taken: whether there is something of that name.
    """
    if not is_taken(path):
        return path
    suffix = path.suffix if has_suffix else ""
    stem = path.name.removesuffix(suffix)
    numbered = re.fullmatch(r"(.+)-(\d{1,3})", stem)
    first = int(numbered[2]) + 1 if numbered else 2
    stem = numbered[1] if numbered else stem
    for number in itertools.count(first):
        found = path.with_name(f"{stem}-{number}{suffix}")
        if not is_taken(found):
            return found
    raise AssertionError("unreachable")


def kept_or_default_path(session: Session, kind: str, ending: str) -> Path:
    """Where results of a kind went the last time, else beside the folder of images."""
    project = session.project
    assert project is not None
    kept = session.preferences.output_path(project.path, kind)
    if kept is not None and kept.parent.is_dir():
        return kept
    folder = project.folder
    beside = folder.parent if os.access(folder.parent, os.W_OK) else Path.home()
    return beside / f"{folder.name or 'images'}{ending}"
