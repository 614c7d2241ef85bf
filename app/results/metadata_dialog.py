"""Writing classes into the images' metadata, as keywords."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.look.words import percent_of, told
from app.results.plan_table import PlanTable
from app.results.result_dialog import ResultDialog
from app.session.session import Session
from app.session.tasks import Task
from engine import last_metadata_run, messages

_FULL, _STEM, _EMBEDDED = range(3)
_PERCENTS: Final = (50, 60, 70, 80, 90, 95, 99)
_DEFAULT_PERCENT: Final = 90
_INDENT_PX: Final = 26  # Below the words of a button, beside its ring.
_MOST_PROBLEMS: Final = 4


class MetadataDialog(ResultDialog):
    """Keywords in XMP: which, where, what would change, and the way back."""

    WIDTH_PX = 680

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self._can_undo = False
        self._is_previewed = False  # What is chosen; then it is written.
        self.undo_button = self.add_choice_button(self.tr("Undo Last Writing"), self._on_undo)
        self.result_undo_button = self.add_result_button(self.tr("Undo"), self._on_undo)
        self.offer_if(self.result_undo_button, self._can_undo_result)
        self.result_undo_button.setToolTip(
            self.tr("Give every file that was changed its bytes and times back")
        )

    def title(self) -> str:
        return self.tr("Write Metadata")

    def action_text(self) -> str:
        return self.tr("Preview")

    def explanation(self) -> str:
        return self.tr(
            "Each image gets its class as a keyword, which Lightroom, digiKam, darktable and other "
            "programs show and search. Keywords and all else that is there stay; pixels and dates "
            "are not touched. Your labels are found under “Handful”, predictions under “AI”. First "
            "you see what would change."
        )

    def build_choice(self, column: QVBoxLayout) -> None:
        where = QLabel(self.tr("Where"))
        where.setObjectName("section")
        self.places = QButtonGroup(self)
        column.addSpacing(GAP_PX)
        column.addWidget(where)
        for number, (text, note) in enumerate(
            (
                (
                    self.tr("Files beside the images: IMG_1.JPG.xmp"),
                    self.tr("For darktable, digiKam and Immich"),
                ),
                (
                    self.tr("Files beside the images: IMG_1.xmp"),
                    self.tr("For Lightroom and Bridge, which read them of raw files only"),
                ),
                (
                    self.tr("In the images’ own files"),
                    self.tr(
                        "JPEG and PNG, for Lightroom, Windows and most others; other images get a "
                        "file beside them"
                    ),
                ),
            )
        ):
            button = QRadioButton(text)
            button.setAccessibleDescription(note)
            explained = QLabel(note)
            explained.setObjectName("muted")
            explained.setWordWrap(True)
            explained.setContentsMargins(_INDENT_PX, 0, 0, 0)
            self.places.addButton(button, number)
            place = QVBoxLayout()
            place.setSpacing(0)
            place.addWidget(button)
            place.addWidget(explained)
            column.addLayout(place)
        self.places.button(_FULL).setChecked(True)
        self.places.idToggled.connect(self._forget_preview)
        self.above_field = QComboBox()
        for percent in _PERCENTS:
            self.above_field.addItem(percent_of(percent), percent)
        self.above_field.setCurrentIndex(_PERCENTS.index(_DEFAULT_PERCENT))
        self.above_field.currentIndexChanged.connect(self._forget_preview)
        caption = QLabel(self.tr("Write &predictions that are at least this sure:"))
        caption.setBuddy(self.above_field)
        self.above_field.setAccessibleName(
            self.tr("The least confidence of predictions that are written")
        )
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(caption)
        row.addWidget(self.above_field)
        row.addStretch(1)
        column.addSpacing(GAP_PX)
        column.addLayout(row)
        rest = QLabel(self.tr("Your labels are always written; “none of these” gets no keyword."))
        rest.setObjectName("muted")
        rest.setWordWrap(True)
        column.addWidget(rest)
        self._preview = self._build_preview()
        column.addWidget(self._preview)

    def _build_preview(self) -> QWidget:
        box = QWidget()
        self.preview_text = QLabel()
        self.preview_text.setWordWrap(True)
        self.preview_text.setTextFormat(Qt.TextFormat.PlainText)
        self.table = PlanTable()
        self.table.setAccessibleName(self.tr("What would change in which file"))
        self.left_text = QLabel()
        self.left_text.setWordWrap(True)
        self.left_text.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, GAP_PX, 0, 0)
        column.setSpacing(GAP_PX)
        column.addWidget(self.preview_text)
        column.addWidget(self.table)
        column.addWidget(self.left_text)
        box.hide()
        return box

    # --- What the skeleton asks -------------------------------------------------------------------

    def prepare(self) -> None:
        self._forget_preview()
        self._look_for_undo()

    def start(self) -> Task:
        is_dry_run = not self._is_previewed
        self._forget_preview()
        return self._begin(is_dry_run=is_dry_run)

    def take(self, result: messages.Result) -> bool:
        if isinstance(result, messages.MetadataWritten) and result.is_dry_run:
            self._show_preview(result)
            return True
        return False

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        if isinstance(result, messages.MetadataUndone):
            return self._undone_rows(result)
        assert isinstance(result, messages.MetadataWritten)
        count = QLocale().toString
        headline = (
            self.tr("1 image has its class as a keyword")
            if result.n_tagged == 1
            else self.tr("{count} images have their class as a keyword").format(
                count=count(result.n_tagged)
            )
        )
        numbers = (
            (self.tr("Your labels"), result.n_human),
            (self.tr("Predictions"), result.n_tagged - result.n_human),
            (self.tr("Had it before"), result.n_unchanged),
            (self.tr("New files beside images"), result.n_created),
            (self.tr("Files added to"), result.n_merged),
            (self.tr("Files no longer needed"), result.n_removed),
            (self.tr("Images written into"), result.n_embedded),
            (self.tr("Too unsure, or none of these"), result.n_silent),
        )
        rows = [(name, count(number)) for name, number in numbers if number]
        if result.n_instead:
            text = self.tr("{count}, which could not be written into without harm")
            rows.append(
                (self.tr("File beside instead"), text.format(count=count(result.n_instead)))
            )
        return headline, rows + self._problem_rows(result.problems)

    def place_of(self, result: messages.Result) -> Path | None:
        if isinstance(result, messages.MetadataWritten) and result.changes:
            return result.folder / result.changes[0].file
        return None

    def cancelled_text(self) -> str:
        return self.tr(
            "“{title}” was cancelled; what was done so far stays, and can be undone or the rest be "
            "done later."
        ).format(title=self.title())

    def choice_state(self) -> object:
        return self.places.checkedId(), self.above_field.currentIndex()

    def restore_choice(self, state: object) -> None:
        if isinstance(state, tuple):
            place, index = state
            self.places.button(place).setChecked(True)
            self.above_field.setCurrentIndex(index)

    # --- Private ----------------------------------------------------------------------------------

    def _begin(self, *, is_dry_run: bool) -> Task:
        place = self.places.checkedId()
        naming = messages.SidecarNaming
        task = self._session.results.write_metadata(
            messages.MetadataChoice(
                above=self.above_field.currentData() / 100,
                is_embedded=place == _EMBEDDED,
                naming=naming.STEM if place == _STEM else naming.FULL,
                is_dry_run=is_dry_run,
            )
        )
        task.ended.connect(self._look_for_undo)
        return task

    def _on_undo(self) -> None:
        task = self._session.results.undo_metadata()
        task.ended.connect(self._look_for_undo)
        self._forget_preview()
        self.follow(task)

    def _look_for_undo(self) -> None:
        project = self._session.project
        can_undo = project is not None and last_metadata_run(project.folder) is not None
        self._can_undo = can_undo
        self.undo_button.setEnabled(can_undo)
        self.undo_button.setToolTip(
            self.tr("Take back what was written last, also where it was interrupted")
            if can_undo
            else self.tr("Nothing was written in this folder")
        )
        self.show_buttons()

    def _can_undo_result(self) -> bool:
        """Also what an undo had to leave; the writing before that is another matter."""
        result = self.shown_result
        is_done = isinstance(result, messages.MetadataUndone) and not result.problems
        return self._can_undo and not is_done

    def _forget_preview(self) -> None:
        """The preview on screen is not that of what is chosen."""
        self._is_previewed = False
        self.start_button.setText(self.action_text())
        self.start_button.setToolTip(self.tr("See what would change; nothing is written"))
        self.forget_failure()
        if not self._preview.isHidden():
            self._preview.hide()
            self._text.show()
            self.fit()

    def _show_preview(self, result: messages.MetadataWritten) -> None:
        count = QLocale().toString
        n_files = result.n_created + result.n_merged + result.n_embedded + result.n_removed
        if n_files == 1:
            text = self.tr("1 file would change:")
        elif n_files:
            text = self.tr("{count} files would change:").format(count=count(n_files))
        else:
            text = self.tr("Nothing would change.")
        if n_files > len(result.changes):
            text = self.tr("{count} files would change; the first {shown} of them:").format(
                count=count(n_files), shown=count(len(result.changes))
            )
        self.preview_text.setText(text)
        problems = self._problem_texts(result.problems)
        self.left_text.setText("\n".join(problems))
        self.left_text.setVisible(bool(problems))
        lines, tips = [], []
        for change in result.changes:
            file = change.file
            if change.is_new:
                file = self.tr("{file} (new)").format(file=file)
            line = file, ", ".join(change.added), ", ".join(change.removed)
            lines.append(line)
            tips.append((told(change.instead) or line[0], *line[1:]))
        titles = self.tr("File"), self.tr("Added"), self.tr("Removed")
        self.table.show_lines(titles, lines, tips)
        if n_files:
            self._is_previewed = True
            one, many = self.tr("Write 1 File"), self.tr("Write {count} Files")
            self.start_button.setText(one if n_files == 1 else many.format(count=count(n_files)))
            self.start_button.setToolTip("")
        self._text.hide()  # It has been read, and a small screen needs the room.
        self._preview.show()
        self.fit()
        self.start_button.setFocus()
        self.reveal(self._preview)

    def _undone_rows(self, result: messages.MetadataUndone) -> tuple[str, list[tuple[str, str]]]:
        headline = (
            self.tr("Nothing was taken back")
            if result.problems and not result.n_restored
            else self.tr("1 file is as it was")
            if result.n_restored == 1
            else self.tr("{count} files are as they were").format(
                count=QLocale().toString(result.n_restored)
            )
        )
        return headline, self._problem_rows(result.problems)

    def _problem_rows(self, problems: tuple[str, ...]) -> list[tuple[str, str]]:
        texts = self._problem_texts(problems)
        return [(self.tr("Left alone"), "\n".join(texts))] if texts else []

    def _problem_texts(self, problems: tuple[str, ...]) -> list[str]:
        texts = [told(problem) for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > _MOST_PROBLEMS:
            texts.append(
                self.tr("{count} in all were left alone.").format(
                    count=QLocale().toString(len(problems))
                )
            )
        return texts
