"""Classes of crops, written back into the detector's file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale

from app.results.result_dialog import breakable
from app.results.save_dialog import SaveDialog, kept_or_default_path
from app.session.tasks import Task
from engine import messages


class DetectionsDialog(SaveDialog):
    """The results of MegaDetector, with a class for every detection that was cut out."""

    def title(self) -> str:
        return self.tr("Write MegaDetector Results")

    def action_text(self) -> str:
        return self.tr("Write")

    def explanation(self) -> str:
        return self.tr(
            "A copy of MegaDetector’s file with a class for every crop, as AddaxAI and Timelapse "
            "read it: your labels with certainty, predictions with their probabilities. "
            "Everything else in it stays as it was."
        )

    def why_not(self) -> str:
        if not self.path_field.text().strip():
            return self.tr("Choose where to save it.")
        return self._session.results.why_no_detections()

    def default_path(self) -> Path:
        return kept_or_default_path(self._session, "detections", "-classified.json")

    def file_filter(self) -> str:
        return self.tr("Results (*.json)")

    def start_to(self, out: Path) -> Task:
        return self._session.results.begin_result(
            "detections",
            self.tr("Writing MegaDetector results"),
            out,
            lambda number, snapshot: messages.WriteDetections(number, snapshot, out),
        )

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.DetectionsWritten)
        count = QLocale().toString
        n_written = result.n_labels + result.n_predictions
        headline = (
            self.tr("1 detection has a class now")
            if n_written == 1
            else self.tr("{count} detections have a class now").format(count=count(n_written))
        )
        rows = [
            (self.tr("With your label"), count(result.n_labels)),
            (self.tr("With a prediction"), count(result.n_predictions)),
        ]
        if result.n_without:
            rows.append((self.tr("Crops without a class"), count(result.n_without)))
        rows += [
            (self.tr("Name"), result.path.name),
            (self.tr("Folder"), breakable(result.path.parent)),
        ]
        return headline, rows
