"""Saving the predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QVBoxLayout

from app.look.theme import GAP_PX
from app.results.result_dialog import breakable
from app.results.save_dialog import SaveDialog, kept_or_default_path
from app.session.tasks import Task
from engine import messages
from engine.messages import TableFormat

_INDENT_PX: Final = 26  # Of what a radio button says below itself: under its text.
_SUFFIXES: Final = frozenset((*(item.suffix for item in TableFormat), ".ndjson", ".xlsx", ".xls"))
_BY_SUFFIX: Final = {
    ".jsonl": TableFormat.JSON_LINES,
    ".ndjson": TableFormat.JSON_LINES,
    ".parquet": TableFormat.PARQUET,
}


class PredictionsDialog(SaveDialog):
    """The predictions as a table, in one of four formats."""

    def title(self) -> str:
        return self.tr("Save Predictions")

    def action_text(self) -> str:
        return self.tr("Save")

    def explanation(self) -> str:
        return self.tr(
            "A table with one row per image: file name, class, confidence, and whether you or the "
            "model gave the class. Files that cannot be read are listed in a second table."
        )

    def build_options(self, column: QVBoxLayout) -> None:
        caption = QLabel(self.tr("Format"))
        caption.setObjectName("section")
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        self._formats = QButtonGroup(self)
        self.format_buttons: dict[TableFormat, QRadioButton] = {}
        for table_format, title, purpose in (
            (
                excel_format(),
                self.tr("CSV for Excel"),
                self.tr("Excel opens it with a double-click, accents and all."),
            ),
            (
                TableFormat.CSV,
                self.tr("CSV"),
                self.tr("Commas and decimal points everywhere, for scripts and other programs."),
            ),
            (
                TableFormat.JSON_LINES,
                self.tr("JSON Lines"),
                self.tr("An object a line, with all probabilities, for programs."),
            ),
            (
                TableFormat.PARQUET,
                self.tr("Parquet"),
                self.tr("Small and typed, for pandas, Polars, DuckDB and R."),
            ),
        ):
            button = QRadioButton(title)
            button.setAccessibleDescription(purpose)
            about = QLabel(purpose)
            about.setObjectName("muted")
            about.setWordWrap(True)
            about.setContentsMargins(_INDENT_PX, 0, 0, 0)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(button)
            pair.addWidget(about)
            column.addLayout(pair)
            self._formats.addButton(button)
            self.format_buttons[table_format] = button
        self._formats.buttonClicked.connect(self._on_format_chosen)

    @property
    def table_format(self) -> TableFormat:
        """The format that is chosen."""
        chosen = self._formats.checkedButton()
        return next(item for item, button in self.format_buttons.items() if button is chosen)

    def prepare(self) -> None:
        kept = self._session.preferences.table_format
        if kept in (TableFormat.EXCEL_CSV, TableFormat.EXCEL_CSV_SEMICOLON, ""):
            kept = excel_format()  # The system may count otherwise now.
        known = {item.value: button for item, button in self.format_buttons.items()}
        known.get(kept, self.format_buttons[excel_format()]).setChecked(True)
        super().prepare()
        self._on_format_chosen()

    def default_path(self) -> Path:
        return kept_or_default_path(self._session, "predictions", "-predictions.csv")

    def file_filter(self) -> str:
        if self.table_format is TableFormat.JSON_LINES:
            return self.tr("JSON Lines (*.jsonl)")
        if self.table_format is TableFormat.PARQUET:
            return self.tr("Parquet (*.parquet)")
        return self.tr("Tables (*.csv)")

    def suffix(self) -> str:
        return self.table_format.suffix

    def other_suffixes(self) -> frozenset[str]:
        return _SUFFIXES

    def choose_form(self, suffix: str) -> None:
        self.format_buttons[_BY_SUFFIX.get(suffix, excel_format())].setChecked(True)

    def start_to(self, out: Path) -> Task:
        return self._session.results.save_predictions(out, self.table_format)

    def choice_state(self) -> object:
        return super().choice_state(), self._formats.checkedButton() and self.table_format

    def restore_choice(self, state: object) -> None:
        if isinstance(state, tuple):
            path, table_format = state
            super().restore_choice(path)
            if table_format in self.format_buttons:
                self.format_buttons[table_format].setChecked(True)

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
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
            (self.tr("Folder"), breakable(result.path.parent)),
        ]
        if result.errors_path is not None:
            rows.append((self.tr("Unreadable files"), count(result.n_errors)))
            rows.append((self.tr("Listed in"), result.errors_path.name))
        return headline, rows

    def _on_format_chosen(self) -> None:
        path = Path(self.path_field.text())
        if path.suffix.lower() in _SUFFIXES:  # Else it is part of the name.
            path = path.with_suffix(self.suffix())
            if self.path_field.isModified():
                self.path_field.setText(str(path))
                self.path_field.setModified(True)  # It is still what the person typed.
            else:
                self.show_free(path)


def excel_format() -> TableFormat:
    """The CSV that Excel opens right on this system, whatever language the program speaks."""
    is_comma = QLocale.system().decimalPoint() == ","
    return TableFormat.EXCEL_CSV_SEMICOLON if is_comma else TableFormat.EXCEL_CSV
