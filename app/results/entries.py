"""All that leaves the program and comes back: the entries of the Results menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.look.theme import Theme
from app.results.crops_dialog import CropsDialog
from app.results.detections_dialog import DetectionsDialog
from app.results.export_dialog import ExportDialog
from app.results.import_labels_dialog import ImportLabelsDialog
from app.results.labels_dialog import LabelsDialog
from app.results.metadata_dialog import MetadataDialog
from app.results.predictions_dialog import PredictionsDialog
from app.results.result_dialog import ResultDialog
from app.results.sort_dialog import SortDialog
from app.session.session import Session


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its action and its dialog.

    ``name`` is that of the action in the settings of keys (never to be changed); ``text`` has the
    mnemonic, ``tip`` says what it is for in half a line. ``dialog`` makes the dialog when it is
    first asked for; None where the window connects the action itself. ``why_not`` says why it
    cannot be done now, which disables it; empty where it can. A line parts it from what comes
    before where it ``begins_group``. One that ``opens`` something is in the menu File instead.
    """

    name: str
    text: str
    tip: str
    dialog: Callable[[Session, Theme, QWidget], ResultDialog] | None
    picture: str = ""
    keys: tuple[str, ...] = ()
    why_not: Callable[[Session], str] = Session.why_no_results
    begins_group: bool = False
    opens: bool = False


class ResultEntries(QObject):
    """Makes the entries, in the language now spoken."""

    def all(self) -> tuple[Entry, ...]:
        """The entries in the order of the menu."""
        return (
            # --- Tables -----------------------------------------------------------------------
            Entry(
                "save",
                self.tr("&Save Predictions…"),
                self.tr("Save the predictions as a table"),
                PredictionsDialog,
                "table",
                ("Ctrl+S",),
            ),
            # --- Models -----------------------------------------------------------------------
            Entry(
                "export",
                self.tr("&Export Model…"),
                self.tr("Export the model as ONNX"),
                ExportDialog,
                "export",
                ("Ctrl+E",),
            ),
            # --- Images into folders ----------------------------------------------------------
            Entry(
                "sort",
                self.tr("Sort into &Folders…"),
                self.tr("Copy, link or move the images into a folder per class"),
                SortDialog,
                "folder",
                begins_group=True,
            ),
            # --- Metadata of images -----------------------------------------------------------
            Entry(
                "metadata",
                self.tr("Write &Metadata…"),
                self.tr("Write classes as keywords that other programs read"),
                MetadataDialog,
            ),
            # --- Labels for other programs ----------------------------------------------------
            Entry(
                "export_labels",
                self.tr("Export &Labels…"),
                self.tr("Export your labels for another program"),
                LabelsDialog,
                "labels-out",
                why_not=Session.why_no_labels,
                begins_group=True,
            ),
            # --- Labels of other programs -----------------------------------------------------
            Entry(
                "import_labels",
                self.tr("&Import Labels…"),
                self.tr("Take in labels that another program made"),
                ImportLabelsDialog,
                "import",
                why_not=Session.why_not_open,
            ),
            # --- Camera traps -----------------------------------------------------------------
            Entry(
                "open_detections",
                self.tr("Open Mega&Detector Results…"),
                self.tr("Cut out what MegaDetector found, to label it"),
                CropsDialog,
                "crop",
                why_not=lambda _session: "",  # It needs neither a folder nor an encoder.
                opens=True,
            ),
            Entry(
                "write_detections",
                self.tr("Write Mega&Detector Results…"),
                self.tr("Write the classes of crops back into the detector’s file"),
                DetectionsDialog,
                why_not=lambda session: session.results.why_no_detections(),
                begins_group=True,
            ),
            # --- Watched folders --------------------------------------------------------------
            Entry(
                "watch",
                self.tr("&Watch This Folder"),
                self.tr("Classify images as they come to the folder"),
                None,  # And without a picture, in whose place is the tick.
                why_not=Session.why_not_open,
                begins_group=True,
            ),
        )
