"""Labels from another program: what would happen, shown before anything does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.look.notices import Notice, Severity
from app.look.theme import GAP_PX
from app.look.words import listed
from app.results.result_dialog import ResultDialog
from app.results.unmatched_list import UnmatchedList
from app.session.tasks import Task
from engine import ImportPlan, Project, label_formats, messages, unmatched_table, write_whole

_MOST_NAMED: Final = 12
_MOST_PAIRS: Final = 3
SUFFIXES: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".zip", ".tm")
"""What files of labels end with; none of them is an image's or a project's."""


class ImportLabelsDialog(ResultDialog):
    """A file or folder, the plan of what its labels would change, and the one step that does it."""

    def title(self) -> str:
        return self.tr("Import Labels")

    def action_text(self) -> str:
        return self.tr("Read")

    def explanation(self) -> str:
        titles = [item.title for item in label_formats() if item.read is not None]
        return self.tr(
            "Labels that another program made, for the images of this folder: {formats}, or a zip "
            "of one of these. Before anything changes you see what would."
        ).format(formats=listed(titles))

    def why_not(self) -> str:
        if not self.path_field.text().strip():
            return self.tr("Choose a file or folder to read.")
        return self._session.why_not_open()

    # --- Building ---------------------------------------------------------------------------------

    def build_choice(self, column: QVBoxLayout) -> None:
        self._read: messages.LabelsRead | None = None
        self._plan: ImportPlan | None = None
        self._read_for: Project | None = None
        caption = QLabel(self.tr("Read from"))
        caption.setObjectName("section")
        self.path_field = QLineEdit()
        self.path_field.setAccessibleName(self.tr("Read from"))
        self.path_field.textChanged.connect(self._forget)
        self.file_button = QPushButton(self.tr("File…"))
        self.folder_button = QPushButton(self.tr("Folder…"))
        self.file_button.clicked.connect(self._on_file)
        self.folder_button.clicked.connect(self._on_folder)
        self.format_box = QComboBox()
        self.format_box.setAccessibleName(self.tr("Format"))
        self.format_box.addItem(self.tr("Any format, recognised by itself"), "")
        for item in label_formats():
            if item.read is not None:
                self.format_box.addItem(item.title, item.key)
        self.format_box.currentIndexChanged.connect(self._forget)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.path_field, 1)
        for button in (self.file_button, self.folder_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        column.addLayout(row)
        column.addWidget(self.format_box)
        column.addWidget(self._build_plan())

    def _build_plan(self) -> QWidget:
        self._plan_page = QWidget()
        self.plan_headline = QLabel()
        self.plan_headline.setObjectName("title")
        self.plan_headline.setWordWrap(True)
        card = QFrame()
        card.setObjectName("card")
        self._plan_facts = QGridLayout(card)
        self._plan_facts.setContentsMargins(2 * GAP_PX, 12, 2 * GAP_PX, 12)
        self._plan_facts.setHorizontalSpacing(3 * GAP_PX)
        self._plan_facts.setVerticalSpacing(GAP_PX)
        self._plan_facts.setColumnStretch(1, 1)
        self._others = QWidget()
        self._others_text = _text()
        self.keep_button = QRadioButton(self.tr("Keep mine"))
        self.replace_button = QRadioButton(self.tr("Take theirs"))
        self.keep_button.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.keep_button)
        group.addButton(self.replace_button)
        group.buttonToggled.connect(self._show_plan)
        choices = QHBoxLayout()
        choices.setSpacing(2 * GAP_PX)
        choices.addWidget(self.keep_button)
        choices.addWidget(self.replace_button)
        choices.addStretch(1)
        others = QVBoxLayout(self._others)
        others.setContentsMargins(0, 0, 0, 0)
        others.addWidget(self._others_text)
        others.addLayout(choices)
        self.predictions_box = QCheckBox()
        self.predictions_box.toggled.connect(self._show_plan)
        self._notes = _text()
        self._notes.setObjectName("muted")
        self._list_caption = QLabel()
        self._list_caption.setObjectName("section")
        self.unmatched = UnmatchedList()
        self.save_list_button = QPushButton(self.tr("Save This List…"))
        self.save_list_button.setAutoDefault(False)
        self.save_list_button.clicked.connect(self._on_save_list)
        foot = QHBoxLayout()
        foot.addWidget(self._list_caption, 1)
        foot.addWidget(self.save_list_button)
        column = QVBoxLayout(self._plan_page)
        column.setContentsMargins(0, GAP_PX, 0, 0)
        column.setSpacing(GAP_PX)
        for widget in (
            self.plan_headline,
            card,
            self._others,
            self.predictions_box,
            self._notes,
        ):
            column.addWidget(widget)
        column.addLayout(foot)
        column.addWidget(self.unmatched)
        self._plan_page.hide()
        return self._plan_page

    # --- For the window ---------------------------------------------------------------------------

    def takes(self, path: Path) -> bool:
        """Whether a file that is dropped on the window is one of labels for the open project."""
        is_named_so = path.suffix.lower() in SUFFIXES and path.is_file()
        return is_named_so and not self._session.why_not_open()

    def begin_with(self, path: Path) -> None:
        """Show the dialog and read that file, unless it is at work with another one."""
        self.begin()
        if self._task is None:
            self.path_field.setText(str(path))
            self._on_start()

    def prepare(self) -> None:
        if self._session.project is not self._read_for:
            self.path_field.clear()
        self._forget()

    def cancelled_text(self) -> str:
        return self.tr("“{title}” was cancelled; no label was changed.").format(title=self.title())

    def choice_state(self) -> object:
        chosen = self.path_field.text(), self.format_box.currentData()
        taken = self.replace_button.isChecked(), self.predictions_box.isChecked()
        return chosen, taken, self._read, self._read_for

    def restore_choice(self, state: object) -> None:
        if not isinstance(state, tuple):
            return
        (path, key), (is_replacing, with_predictions), read, read_for = state
        self.path_field.setText(path)
        self.format_box.setCurrentIndex(max(0, self.format_box.findData(key)))
        self.replace_button.setChecked(is_replacing)
        self.predictions_box.setChecked(with_predictions)
        self._read, self._read_for = read, read_for
        self._show_plan()

    # --- Reading ----------------------------------------------------------------------------------

    def start(self) -> Task:
        path = Path(self.path_field.text().strip()).expanduser()
        self._read_for = self._session.project
        return self._session.results.read_labels(path, str(self.format_box.currentData()))

    def take(self, result: messages.Result) -> bool:
        assert isinstance(result, messages.LabelsRead)
        self._read = result
        self._show_plan()
        if not self.isVisible():
            self._is_news = True
            self.ended_unseen.emit(self.plan_headline.text(), False)
        return True

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        raise NotImplementedError  # What is read is a plan; what is done is told by a notice.

    def _on_start(self) -> None:
        if self._plan is None:
            super()._on_start()
            return
        self._show_plan()  # Labels may have been given meanwhile.
        if self._plan.n_taken and self._session.import_labels(self._plan):
            self._forget()
            self.close()

    def _on_project_changed(self) -> None:
        super()._on_project_changed()
        if self._session.project is not self._read_for:
            self._forget()

    def _on_file(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.title(),
            self._beside(),
            self.tr("Files of labels ({patterns})").format(patterns=patterns)
            + ";;"
            + self.tr("All files (*)"),
        )
        self._read_chosen(chosen)

    def _on_folder(self) -> None:
        self._read_chosen(QFileDialog.getExistingDirectory(self, self.title(), self._beside()))

    def _beside(self) -> str:
        given, project = self.path_field.text().strip(), self._session.project
        return given or (str(project.folder) if project is not None else str(Path.home()))

    def _read_chosen(self, chosen: str) -> None:
        if chosen:
            self.path_field.setText(chosen)
            self._on_start()

    # --- The plan ---------------------------------------------------------------------------------

    def _forget(self) -> None:
        """What was read is not what is chosen now."""
        self._read = self._plan = None
        self._plan_page.hide()
        if hasattr(self, "start_button"):  # Not while the dialog is made.
            self._text.show()
            self.start_button.setText(self.action_text())
            self.start_button.setEnabled(True)
            self._failure.hide()
            self.fit()

    def _show_plan(self) -> None:
        read = self._read
        if read is None or self._session.project is not self._read_for:
            return
        plan = self._plan = self._session.plan_import(
            read,
            with_predictions=self.predictions_box.isChecked(),
            is_replacing=self.replace_button.isChecked(),
        )
        count = QLocale().toString
        one = self.tr("1 label can be imported from {name}")
        many = self.tr("{count} labels can be imported from {name}")
        self.plan_headline.setText(
            (one if plan.n_taken == 1 else many).format(
                count=count(plan.n_taken), name=read.path.name
            )
        )
        self._show_facts(read, plan)
        n_changing = len(plan.changing)
        self._others.setVisible(n_changing > 0)
        one = self.tr("1 image has another label of yours.")
        many = self.tr("{count} images have other labels of yours.")
        pair = self.tr("“{mine}” here, “{theirs}” there: {count}")
        self._others_text.setText(
            "\n".join(
                [
                    (one if n_changing == 1 else many).format(count=count(n_changing)),
                    *(
                        pair.format(mine=mine, theirs=theirs, count=count(n_images))
                        for mine, theirs, n_images in plan.differing[:_MOST_PAIRS]
                    ),
                ]
            )
        )
        self.predictions_box.setVisible(plan.n_predicted > 0)
        one = self.tr("Also take 1 label that a machine predicted")
        many = self.tr("Also take {count} labels that a machine predicted")
        self.predictions_box.setText(
            (one if plan.n_predicted == 1 else many).format(count=count(plan.n_predicted))
        )
        notes = [str(notice) for notice in read.notices]
        for name, known in plan.renamed[:_MOST_PAIRS]:
            notes.append(self.tr("“{name}” is the class “{known}”.").format(name=name, known=known))
        n_ending = dict(read.found_by).get(messages.FoundBy.ENDING, 0)
        if n_ending:
            one = self.tr("1 image was found by the end of its path alone.")
            many = self.tr("{count} images were found by the end of their path alone.")
            notes.append((one if n_ending == 1 else many).format(count=count(n_ending)))
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        n_unmatched = len(read.unmatched)
        for widget in (self._list_caption, self.unmatched, self.save_list_button):
            widget.setVisible(n_unmatched > 0)
        one, many = self.tr("1 label cannot be taken"), self.tr("{count} labels cannot be taken")
        self._list_caption.setText(
            (one if n_unmatched == 1 else many).format(count=count(n_unmatched))
        )
        self.unmatched.show_labels(read.unmatched)
        self._text.hide()  # It has been read, and a small screen needs the room.
        self._plan_page.show()
        self._failure.setText(plan.refusal)
        self._failure.setVisible(bool(plan.refusal))
        self.start_button.setText(self.tr("Import"))
        self.start_button.setEnabled(plan.n_taken > 0 and not plan.refusal)
        self.fit()
        if plan.refusal:
            self.reveal(self._failure)

    def _show_facts(self, read: messages.LabelsRead, plan: ImportPlan) -> None:
        while (item := self._plan_facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        count = QLocale().toString
        rows = [
            (self.tr("Format"), read.format_title),
            (self.tr("Without a label so far"), count(len(plan.new))),
        ]
        if plan.n_equal:
            rows.append((self.tr("Labelled so already"), count(plan.n_equal)))
        if plan.fresh:
            names = listed(plan.fresh[:_MOST_NAMED])
            n_more = len(plan.fresh) - _MOST_NAMED
            if n_more > 0:
                more = self.tr("{names} and {count} more")
                names = more.format(names=names, count=count(n_more))
            rows.append((self.tr("New classes"), names))
        for line, (name, value) in enumerate(rows):
            key, text = QLabel(name), _text()
            key.setObjectName("muted")
            key.setAlignment(Qt.AlignmentFlag.AlignTop)
            text.setText(value)
            self._plan_facts.addWidget(key, line, 0)
            self._plan_facts.addWidget(text, line, 1)

    def _on_save_list(self) -> None:
        read = self._read
        if read is None:
            return
        wished = read.path.with_name(f"{read.path.stem}-not-taken.csv")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save This List"), str(wished), self.tr("Tables (*.csv)")
        )
        if not chosen:
            return
        try:
            write_whole(Path(chosen), unmatched_table(read.unmatched))
        except OSError as error:
            text = self.tr("{path} could not be written: {reason}.")
            self._failure.setText(text.format(path=chosen, reason=error.strerror or str(error)))
            self._failure.show()
            self.fit()
            self.reveal(self._failure)
            return
        self._session.noticed.emit(
            Notice(self.tr("Saved {name}.").format(name=Path(chosen).name), Severity.INFORMATION)
        )


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)  # Classes and files are called what they are.
    return label
