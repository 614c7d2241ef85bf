"""Sorting the images into folders: a choice, what it would do, doing it, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.look.words import percent_of
from app.results.plan_table import PlanTable
from app.results.result_dialog import ResultDialog, breakable
from app.results.save_dialog import kept_or_default_path
from app.session.session import Session
from app.session.tasks import Task
from engine import has_sorting_to_undo, has_unfinished_sorting, messages
from engine.messages import SortHow

_N_REASONS: Final = 3


class SortDialog(ResultDialog):
    """Images into a folder per class; a plan is shown before anything is touched."""

    WIDTH_PX = 680

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self._is_unfinished = self._can_go_back = False
        self._plan: messages.SortPlan | None = None  # That on screen, of the choice as it is.
        self.resume_button = self.add_choice_button(self.tr("Go On"), self._on_resume)
        self.back_button = self.add_choice_button(self.tr("Take Back"), self._on_take_back)
        self.undo_button = self.add_result_button(self.tr("Undo"), self._on_undo)
        self.offer_if(self.resume_button, lambda: self._is_unfinished)
        self.offer_if(self.start_button, lambda: not self._is_unfinished)
        self.offer_if(self.back_button, lambda: self._can_go_back)
        self.offer_if(self.undo_button, self._can_undo_result)
        for button, tip in (
            (self.resume_button, self.tr("Sort the images that are not in their folders yet")),
            (
                self.back_button,
                self.tr(
                    "Put the files of the last sorting back, and remove the folders made for it"
                ),
            ),
            (self.undo_button, self.tr("Put every file back, and remove the folders made for it")),
        ):
            button.setToolTip(tip)
        for switch in (*self.how_buttons.values(), self.labelled_check, self.flatten_check):
            switch.toggled.connect(self._forget_plan)
        self.unsure_spin.valueChanged.connect(self._forget_plan)
        self.path_field.textChanged.connect(self._forget_plan)
        self.path_field.editingFinished.connect(self._show_unfinished)
        self._show_unfinished()

    # --- The choice -------------------------------------------------------------------------------

    def title(self) -> str:
        return self.tr("Sort into Folders")

    def action_text(self) -> str:
        return self.tr("Preview")

    def explanation(self) -> str:
        return self.tr(
            "Puts every image into the folder of its class, yours before the predicted one. "
            "Nothing is written over, and all of it can be taken back. First you see what it would "
            "do."
        )

    def build_choice(self, column: QVBoxLayout) -> None:
        column.addSpacing(GAP_PX)
        column.addWidget(_section(self.tr("What becomes of the files")))
        self._how = QButtonGroup(self)
        self.how_buttons: dict[SortHow, QRadioButton] = {}
        row = QHBoxLayout()
        row.setSpacing(2 * GAP_PX)
        for how, text, tip in (
            (SortHow.COPY, self.tr("Copy"), self.tr("The files stay where they are")),
            (
                SortHow.LINK,
                self.tr("Hard link"),
                self.tr("Second names of the same files, which take no room on the disk"),
            ),
            (
                SortHow.MOVE,
                self.tr("Move"),
                self.tr("This project finds them where they go; sidecars (.xmp, .json) go along"),
            ),
        ):
            button = QRadioButton(text)
            button.setToolTip(tip)
            self._how.addButton(button)
            self.how_buttons[how] = button
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.how_buttons[SortHow.COPY].setChecked(True)
        column.addSpacing(GAP_PX)
        column.addWidget(_section(self.tr("Which, and how")))
        self.unsure_spin = QSpinBox()
        self.unsure_spin.setRange(0, 100)
        self.unsure_spin.lineEdit().setTextMargins(GAP_PX - 2, 0, 0, 0)  # No style sheet does it.
        self.unsure_spin.setSuffix(percent_of(1).partition(QLocale().toString(1))[2])
        self.unsure_spin.setAccessibleName(self.tr("Predictions below this go to “_unsure”"))
        self.unsure_spin.setToolTip(self.tr("0 %: none is taken for unsure"))
        row = QHBoxLayout()
        label = QLabel(self.tr("Predictions go to “_unsure” below"))
        label.setBuddy(self.unsure_spin)
        row.addWidget(label)
        row.addWidget(self.unsure_spin)
        row.addStretch(1)
        column.addLayout(row)
        self.labelled_check = QCheckBox(self.tr("Only images that you labelled"))
        self.flatten_check = QCheckBox(self.tr("Without the folders that the images lie in now"))
        self.flatten_check.setToolTip(
            self.tr("Where two have the same name, both get some digits more")
        )
        row = QHBoxLayout()
        row.setSpacing(2 * GAP_PX)
        for check in (self.labelled_check, self.flatten_check):
            row.addWidget(check)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(GAP_PX)
        caption = _section(self.tr("Into the folder"))
        self.path_field = QLineEdit()
        self.path_field.setAccessibleName(self.tr("Into the folder"))
        browse = QPushButton(self.tr("Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._on_browse)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(browse)
        column.addWidget(caption)
        column.addLayout(row)
        self._build_plan(column)

    def _build_plan(self, column: QVBoxLayout) -> None:
        self.plan_table = PlanTable(numbers=(1,))
        self.plan_table.setAccessibleName(self.tr("What it would do"))
        self.plan_text = QLabel()
        self.plan_text.setWordWrap(True)
        self.plan_text.setTextFormat(Qt.TextFormat.PlainText)
        self.unfinished_text = QLabel()
        self.unfinished_text.setWordWrap(True)
        for widget in (self.plan_table, self.plan_text, self.unfinished_text):
            widget.hide()
            column.addWidget(widget)

    def prepare(self) -> None:
        self.path_field.setText(str(kept_or_default_path(self._session, "sorted", "-sorted")))
        self.unsure_spin.setValue(0)  # As without --unsure-below; the gallery's unsure is a margin.
        self._forget_plan()
        self._show_unfinished()

    def choice(self) -> messages.SortChoice:
        """What is chosen."""
        return messages.SortChoice(
            target=self._target(),
            how=next(how for how, button in self.how_buttons.items() if button.isChecked()),
            flatten=self.flatten_check.isChecked(),
            unsure_below=self.unsure_spin.value() / 100,
            labelled_only=self.labelled_check.isChecked(),
        )

    def why_not(self) -> str:
        if not self.path_field.text().strip():
            return self.tr("Choose a folder to sort into.")
        return super().why_not()

    def cancelled_text(self) -> str:
        if has_unfinished_sorting(self._target()):
            return self.tr(
                "“{title}” was cancelled; what was sorted so far stays, and the dialog can go on "
                "with it or take it back."
            ).format(title=self.title())
        return super().cancelled_text()

    def choice_state(self) -> object:
        return self.choice(), self.path_field.text()

    def restore_choice(self, state: object) -> None:
        if isinstance(state, tuple):
            choice, path = state
            self.how_buttons[choice.how].setChecked(True)
            self.flatten_check.setChecked(choice.flatten)
            self.labelled_check.setChecked(choice.labelled_only)
            self.unsure_spin.setValue(round(100 * choice.unsure_below))
            self.path_field.setText(path)

    # --- The plan ---------------------------------------------------------------------------------

    def start(self) -> Task:
        if self._plan is not None:
            plan, self._plan = self._plan, None
            return self._session.results.sort_files(plan)
        return self._session.results.plan_sorting(self.choice())

    def take(self, result: messages.Result) -> bool:
        if not isinstance(result, messages.SortingPlanned):
            return False
        self._show_plan(result)
        return True

    def _on_succeeded(self, result: messages.Result) -> None:
        super()._on_succeeded(result)
        if isinstance(result, messages.SortingPlanned) and result.problem:
            self.fail(result.problem)
            self._show_unfinished()

    def _show_plan(self, event: messages.SortingPlanned) -> None:
        plan = event.plan
        count = QLocale().toString
        lines = []
        for folder in plan.folders:
            name = folder.folder
            if folder.label not in ("", folder.folder):
                text = self.tr("{folder} (class “{label}”)")
                name = text.format(folder=folder.folder, label=folder.label)
            example = folder.examples[0][1] if folder.examples else ""
            lines.append((name, count(folder.n_images), example))
        titles = self.tr("Folder"), self.tr("Images"), self.tr("For example")
        self.plan_table.show_lines(titles, lines)
        self.plan_text.setText("\n".join(self._plan_lines(event)))
        self.plan_text.show()
        self._text.hide()  # It has been read, and a small screen needs the room.
        if not event.problem and plan.files:
            self._plan = plan
            self.start_button.setText(self._do_text(plan))
        self.fit()
        self.start_button.setFocus()
        self.reveal(self.plan_text)

    def _plan_lines(self, event: messages.SortingPlanned) -> list[str]:
        plan, count = event.plan, QLocale().toString
        lines = []
        if plan.n_there == 1:
            lines.append(self.tr("1 image is there already."))
        elif plan.n_there:
            lines.append(
                self.tr("{count} images are there already.").format(count=count(plan.n_there))
            )
        if plan.n_renamed == 1:
            text = self.tr("1 image gets another name, since its own is taken: {name}")
            lines.append(text.format(name=plan.renamed[0][1]))
        elif plan.n_renamed:
            text = self.tr(
                "{count} images get other names, since theirs are taken; for example {name}"
            )
            lines.append(text.format(count=count(plan.n_renamed), name=plan.renamed[0][1]))
        if plan.bytes_needed:
            size = QLocale().formattedDataSize
            kind = QLocale.DataSizeFormat.DataSizeSIFormat
            text = self.tr("They take {needed} of the {free} that are free.")
            lines.append(
                text.format(
                    needed=size(plan.bytes_needed, 1, kind), free=size(plan.bytes_free, 1, kind)
                )
            )
        return [*lines, *self._left_out_lines(event.n_left_out, event.left_out)]

    def _do_text(self, plan: messages.SortPlan) -> str:
        """What the button does, with the plan."""
        one, many = {
            SortHow.COPY: (self.tr("Copy 1 Image"), self.tr("Copy {count} Images")),
            SortHow.LINK: (self.tr("Link 1 Image"), self.tr("Link {count} Images")),
            SortHow.MOVE: (self.tr("Move 1 Image"), self.tr("Move {count} Images")),
        }[plan.choice.how]
        if plan.n_images == 1:
            return one
        return many.format(count=QLocale().toString(plan.n_images))

    def _left_out_lines(self, n_left_out: int, left_out: tuple[messages.LeftOut, ...]) -> list[str]:
        if not n_left_out:
            return []
        text = self.tr("{count} files are left as they are:").format(
            count=QLocale().toString(n_left_out)
        )
        if n_left_out == 1:
            text = self.tr("1 file is left as it is:")
        pattern = self.tr("{name}: {reason}")
        shown = [pattern.format(name=item.name, reason=item.reason) for item in left_out]
        more = ["…"] if n_left_out > _N_REASONS else []
        return [text, *shown[:_N_REASONS], *more]

    # --- The result -------------------------------------------------------------------------------

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.FilesSorted)
        count = QLocale().toString(result.n_images)
        one = result.n_images == 1
        if result.is_undo and result.how is not SortHow.MOVE:
            headline = self.tr("Taken back: {count} files are removed from the folders")
            headline = self.tr("Taken back: 1 file is removed from its folder") if one else headline
        elif result.is_undo:
            headline = self.tr("Taken back: {count} images are where they were")
            headline = self.tr("Taken back: 1 image is where it was") if one else headline
        elif result.how is SortHow.COPY:
            headline = self.tr("Copied 1 image") if one else self.tr("Copied {count} images")
        elif result.how is SortHow.LINK:
            headline = self.tr("Linked 1 image") if one else self.tr("Linked {count} images")
        else:
            headline = self.tr("Moved 1 image") if one else self.tr("Moved {count} images")
        rows = [(self.tr("Images"), count)] if not result.is_undo else []
        if not result.is_undo or result.target.exists():
            rows.append((self.tr("Folder"), breakable(result.target)))
        if result.n_edited:
            text = self.tr("{count} were edited since, and are back as they were edited")
            if result.n_edited == 1:
                text = self.tr("1 was edited since, and is back as it was edited")
            edited = text.format(count=QLocale().toString(result.n_edited))
            rows.append((self.tr("Edited"), edited))
        left = self._left_out_lines(result.n_left_out, result.left_out)
        if left:
            rows.append((self.tr("Left alone"), "\n".join(left)))
        return headline.format(count=count), rows

    def place_of(self, result: messages.Result) -> Path | None:
        if isinstance(result, messages.FilesSorted) and not result.is_undo:
            return result.target
        return None

    # --- Slots ------------------------------------------------------------------------------------

    def _on_browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.title(), self.path_field.text())
        if chosen:
            self.path_field.setText(chosen)
            self._show_unfinished()

    def _on_resume(self) -> None:
        self.follow(self._session.results.resume_sorting(self._target()))

    def _on_undo(self) -> None:
        result = self.shown_result
        target = result.target if isinstance(result, messages.FilesSorted) else self._target()
        self.follow(self._session.results.undo_sorting(target))

    def _on_take_back(self) -> None:
        """Of the folder that is chosen, whatever the last result was about."""
        self.follow(self._session.results.undo_sorting(self._target()))

    def _on_cancelled(self) -> None:
        super()._on_cancelled()
        self._forget_plan()
        self._show_unfinished()

    def _on_failed(self, message: str, is_bug: bool) -> None:
        self._forget_plan()
        super()._on_failed(message, is_bug)
        self._show_unfinished()

    # --- Private ----------------------------------------------------------------------------------

    def _target(self) -> Path:
        return Path(self.path_field.text().strip()).expanduser().absolute()

    def _can_undo_result(self) -> bool:
        result = self.shown_result
        return isinstance(result, messages.FilesSorted) and not result.is_undo

    def _forget_plan(self) -> None:
        """The plan on screen is not that of what is chosen."""
        self._plan = None
        self.forget_failure()
        was_shown = not (self.plan_table.isHidden() and self.plan_text.isHidden())
        self.plan_table.hide()
        self.plan_text.hide()
        self._text.show()
        self.start_button.setText(self.action_text())
        if was_shown:
            self.fit()

    def _show_unfinished(self) -> None:
        """Offer to go on where a sorting was interrupted, and back where there is one at all."""
        text = self.path_field.text().strip()
        is_unfinished = bool(text) and has_unfinished_sorting(self._target())
        can_go_back = is_unfinished or (bool(text) and has_sorting_to_undo(self._target()))
        self.unfinished_text.setText(
            self.tr(
                "A sorting into this folder was interrupted. Go on with it, or take back what was "
                "done."
            )
            if is_unfinished
            else self.tr("Images were sorted into this folder before; that can be taken back.")
        )
        self.unfinished_text.setVisible(can_go_back)
        self._is_unfinished, self._can_go_back = is_unfinished, can_go_back
        self.show_buttons()
        self.fit()

    def _show_page(self, page: int) -> None:
        super()._show_page(page)
        if hasattr(self, "undo_button"):  # Else it is being built.
            self._show_unfinished()


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("section")
    return label
