"""Exporting the labels for other programs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
)

from app.look.theme import GAP_PX
from app.look.words import told
from app.results.result_dialog import breakable
from app.results.save_dialog import SaveDialog, kept_or_default_path
from app.session.tasks import Task
from engine import label_formats, messages


class LabelsDialog(SaveDialog):
    """The labels, in a format of another program."""

    def title(self) -> str:
        return self.tr("Export Labels")

    def action_text(self) -> str:
        return self.tr("Export")

    def explanation(self) -> str:
        return self.tr(
            "The classes of your labelled images, as another program reads them. The images "
            "themselves stay where and as they are."
        )

    def build_options(self, column: QVBoxLayout) -> None:
        self._formats = {item.key: item for item in label_formats() if item.write is not None}
        self._key = next(iter(self._formats))
        self.format_buttons = {key: QRadioButton(item.title) for key, item in self._formats.items()}
        caption = QLabel(self.tr("Format"))
        caption.setObjectName("section")
        group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP_PX)
        grid.setVerticalSpacing(GAP_PX // 2)
        grid.setColumnStretch(1, 1)
        for line, (key, item) in enumerate(self._formats.items()):
            button, reader = self.format_buttons[key], QLabel(told(item.consumer))
            button.setAccessibleDescription(reader.text())
            button.clicked.connect(self._on_format_clicked)
            reader.setObjectName("muted")
            reader.setWordWrap(True)
            reader.setTextFormat(Qt.TextFormat.PlainText)
            group.addButton(button)
            grid.addWidget(button, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(reader, line, 1, Qt.AlignmentFlag.AlignVCenter)
        self.predictions_box = QCheckBox(self.tr("With the predictions, marked as such"))
        self.links_box = QCheckBox(self.tr("Hard links to the images in place of copies"))
        column.addSpacing(GAP_PX)
        column.addWidget(caption)
        column.addLayout(grid)
        column.addSpacing(GAP_PX)
        column.addWidget(self.predictions_box)
        column.addWidget(self.links_box)

    def prepare(self) -> None:
        self._show_format()
        super().prepare()

    def why_not(self) -> str:
        if not self.path_field.text().strip():
            return self.tr("Choose where to save it.")
        return self._session.why_no_labels()

    def default_path(self) -> Path:
        return kept_or_default_path(
            self._session,
            self._kind,
            f"-labels{self.suffix()}" if self.suffix() else f"-{self._key}",
        )

    def replaced(self, out: Path) -> list[Path]:
        # A folder that has something in it is refused.
        return [] if self._formats[self._key].is_folder else super().replaced(out)

    def other_suffixes(self) -> frozenset[str]:
        return frozenset(item.suffix for item in self._formats.values() if item.suffix)

    def file_filter(self) -> str:
        if self.suffix():
            return self.tr("Tables (*.csv)") if self.suffix() == ".csv" else f"*{self.suffix()}"
        return self.tr("New folders (*)")

    def suffix(self) -> str:
        return self._formats[self._key].suffix

    def start_to(self, out: Path) -> Task:
        key, with_predictions = self._key, _is_on(self.predictions_box)
        copy_images = not _is_on(self.links_box)
        return self._session.results.begin_result(
            self._kind,
            self.tr("Exporting the labels"),
            out,
            lambda number, snapshot: messages.SaveLabels(
                number, snapshot, out, key, with_predictions, copy_images
            ),
        )

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.LabelsSaved)
        count = QLocale().toString
        headline = (
            self.tr("Exported 1 label")
            if result.n_labels == 1
            else self.tr("Exported {count} labels").format(count=count(result.n_labels))
        )
        rows = []
        if result.n_predictions:
            rows.append((self.tr("Predictions"), count(result.n_predictions)))
        if result.n_left_out:
            rows.append((self.tr("Images left out"), count(result.n_left_out)))
        rows += [
            (self.tr("Name"), result.path.name),
            (self.tr("Folder"), breakable(result.path.parent)),
        ]
        if result.notices:
            rows.append((self.tr("To know"), "\n".join(result.notices)))
        return headline, rows

    def choice_state(self) -> object:
        boxes = self.predictions_box.isChecked(), self.links_box.isChecked()
        return self._key, *boxes, self.path_field.text()

    def restore_choice(self, state: object) -> None:
        match state:
            case (str(key), bool(predictions), bool(links), str(path)) if key in self._formats:
                self._key = key
                self.predictions_box.setChecked(predictions)
                self.links_box.setChecked(links)
                self.path_field.setText(path)
                self._show_format()

    # --- Private ----------------------------------------------------------------------------------

    @property
    def _kind(self) -> str:
        """Under which the place is remembered."""
        return f"labels-{self._key}"

    def _on_format_clicked(self) -> None:
        key = next(key for key, button in self.format_buttons.items() if button.isChecked())
        if key != self._key:
            self._key = key
            self._show_format()
            self.show_free(self.default_path())

    def _show_format(self) -> None:
        """What is possible with the format."""
        self.format_buttons[self._key].setChecked(True)
        chosen = self._formats[self._key]
        if chosen.marks_predictions:
            reason = self._session.why_no_results()
        else:
            reason = self.tr("{format} cannot tell predictions from your labels.").format(
                format=chosen.title
            )
        self.predictions_box.setEnabled(not reason)
        self.predictions_box.setToolTip(
            reason or self.tr("Also what the model says of the images that have no label of yours")
        )
        self.links_box.setEnabled(chosen.holds_images)
        self.links_box.setToolTip(
            self.tr("They take no further room, but a change to one is a change to the original")
            if chosen.holds_images
            else self.tr("{format} holds no images.").format(format=chosen.title)
        )


def _is_on(box: QCheckBox) -> bool:
    """Whether it is chosen, and can be: one that does not apply keeps its tick for the next."""
    return box.isEnabled() and box.isChecked()
