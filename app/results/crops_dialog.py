"""Detections of MegaDetector, cut out to be labelled: which, of what, and where to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.look.words import percent_of
from app.results.result_dialog import ResultDialog, breakable
from app.session.session import Session
from app.session.tasks import Task
from engine import looks_like_detections, messages

_PERCENTS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90)
_USUAL_PERCENT: Final = 20  # What MegaDetector 5 is usually believed from.
_ANIMALS: Final = ("animal",)
_ALL: Final = ("animal", "person", "vehicle")


class CropsDialog(ResultDialog):
    """A file of results, the folder of its images, and the folder that the crops go into.

    Signals:
        open_requested: the folder of crops, to be opened as a folder of images.
    """

    open_requested = Signal(Path)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.open_button = self.add_result_button(self.tr("Open the Crops"), self._on_open)
        self.open_button.setObjectName("primary")
        self.open_button.style().polish(self.open_button)  # It has its looks already.

    def title(self) -> str:
        return self.tr("Open MegaDetector Results")

    def action_text(self) -> str:
        return self.tr("Cut Out")

    def explanation(self) -> str:
        return self.tr(
            "MegaDetector says where in your images an animal is; here you teach which. Each "
            "detection becomes an image in a folder of its own, to be labelled like any other. "
            "Then the classes can be written back into MegaDetector’s file."
        )

    def why_not(self) -> str:
        for field, text in (
            (self.results_field, self.tr("Choose the file with the results.")),
            (self.images_field, self.tr("Choose the folder of the images.")),
            (self.crops_field, self.tr("Choose a folder for the crops.")),
        ):
            if not field.text().strip():
                return text
        return ""

    # --- Building ---------------------------------------------------------------------------------

    def build_choice(self, column: QVBoxLayout) -> None:
        self.results_field = QLineEdit()
        self.images_field = QLineEdit()
        self.crops_field = QLineEdit()
        self._chosen: set[QLineEdit] = set()  # By the person; the others follow from the file.
        for field, text, browse in (
            (self.results_field, self.tr("Results (a JSON file)"), self._on_browse_results),
            (self.images_field, self.tr("Folder of the images"), self._on_browse_images),
            (self.crops_field, self.tr("Folder for the crops"), self._on_browse_crops),
        ):
            caption = QLabel(text)
            caption.setObjectName("section")
            caption.setBuddy(field)
            field.setAccessibleName(text)
            field.textEdited.connect(self._on_edited)
            field.textChanged.connect(self.forget_failure)
            button = QPushButton(self.tr("Browse…"))
            button.setAccessibleDescription(text)
            button.setAutoDefault(False)
            button.clicked.connect(browse)
            row = QHBoxLayout()
            row.setSpacing(GAP_PX)
            row.addWidget(field, 1)
            row.addWidget(button)
            column.addSpacing(GAP_PX)
            column.addWidget(caption)
            column.addLayout(row)
        self.confidence_box = QComboBox()
        for percent in _PERCENTS:
            self.confidence_box.addItem(percent_of(percent), percent)
        self.confidence_box.setCurrentIndex(_PERCENTS.index(_USUAL_PERCENT))
        self.confidence_box.currentIndexChanged.connect(self.forget_failure)
        sure = QLabel(self.tr("Detections that are at least this &sure:"))
        sure.setBuddy(self.confidence_box)
        self.confidence_box.setAccessibleName(
            self.tr("The least confidence of detections that are cut out")
        )
        self.all_box = QCheckBox(self.tr("&People and vehicles, too"))
        self.all_box.toggled.connect(self.forget_failure)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP_PX)
        grid.setVerticalSpacing(GAP_PX)
        grid.addWidget(sure, 0, 0)
        grid.addWidget(self.confidence_box, 0, 1)
        grid.addWidget(self.all_box, 1, 0, 1, 2)
        grid.setColumnStretch(2, 1)
        column.addSpacing(GAP_PX)
        column.addLayout(grid)

    # --- What every result dialog says ------------------------------------------------------------

    def takes(self, path: Path) -> bool:
        """Whether a file that is dropped on the window is one of detections."""
        return looks_like_detections(path)

    def begin_with(self, path: Path) -> None:
        """Show the dialog with that file, unless it is at work with another one."""
        self.begin()
        if self._task is None:
            self.results_field.setText(str(path))
            self._chosen -= {self.images_field, self.crops_field}
            self._fill_in()

    def start(self) -> Task:
        categories = _ALL if self.all_box.isChecked() else _ANIMALS
        return self._session.results.make_crops(
            _path_in(self.results_field),
            _path_in(self.images_field),
            _path_in(self.crops_field),
            categories,
            int(self.confidence_box.currentData()) / 100,
        )

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(result, messages.CropsMade)
        count = QLocale().toString
        headline = (
            self.tr("1 detection is an image of its own now")
            if result.n_crops == 1
            else self.tr("{count} detections are images of their own now").format(
                count=count(result.n_crops)
            )
        )
        rows = [(self.tr("Images they are of"), count(result.n_images))]
        if result.n_made < result.n_crops:
            rows.append((self.tr("Cut out now"), count(result.n_made)))
        if result.n_left_out:
            rows.append((self.tr("Images left out"), count(result.n_left_out)))
        rows += [
            (self.tr("Name"), result.path.name),
            (self.tr("Folder"), breakable(result.path.parent)),
        ]
        if result.notices:
            rows.append((self.tr("To know"), "\n".join(result.notices)))
        return headline, rows

    def cancelled_text(self) -> str:
        return self.tr(
            "“{title}” was cancelled; the crops made so far stay, and the next time goes on from "
            "there."
        ).format(title=self.title())

    def choice_state(self) -> object:
        fields = (self.results_field, self.images_field, self.crops_field)
        texts = tuple(field.text() for field in fields)
        chosen = tuple(field in self._chosen for field in fields)
        return texts, chosen, self.confidence_box.currentIndex(), self.all_box.isChecked()

    def restore_choice(self, state: object) -> None:
        if isinstance(state, tuple):
            texts, chosen, place, has_all = state
            fields = (self.results_field, self.images_field, self.crops_field)
            for field, text, is_chosen in zip(fields, texts, chosen, strict=True):
                field.setText(text)
                if is_chosen:
                    self._chosen.add(field)
            self.confidence_box.setCurrentIndex(place)
            self.all_box.setChecked(has_all)

    def result_default(self) -> QPushButton:
        return self.open_button

    # --- Slots ------------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        """Crops belong to no project: they go on."""

    def _on_edited(self) -> None:
        field = self.sender()
        assert isinstance(field, QLineEdit)
        self._choose(field, field.text())

    def _on_browse_results(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.title(), self.results_field.text(), self.tr("Results (*.json)")
        )
        if chosen:
            self._choose(self.results_field, chosen)

    def _on_browse_images(self) -> None:
        self._browse_folder(self.images_field, self.tr("The folder of the images"))

    def _on_browse_crops(self) -> None:
        self._browse_folder(self.crops_field, self.tr("An empty folder for the crops"))

    def _on_open(self) -> None:
        result = self.shown_result
        if isinstance(result, messages.CropsMade):
            self.close()
            self.open_requested.emit(result.path)

    # --- Private ----------------------------------------------------------------------------------

    def _browse_folder(self, field: QLineEdit, title: str) -> None:
        chosen = QFileDialog.getExistingDirectory(self, title, field.text())
        if chosen:
            self._choose(field, chosen)

    def _choose(self, field: QLineEdit, text: str) -> None:
        field.setText(text)
        self._chosen.add(field)
        self._fill_in()

    def _fill_in(self) -> None:
        """The images usually lie beside the file, and their crops go beside them."""
        results = self.results_field.text().strip()
        if results and self.images_field not in self._chosen:
            self.images_field.setText(str(_path_in(self.results_field).parent))
        if self.images_field.text().strip() and self.crops_field not in self._chosen:
            images = _path_in(self.images_field)
            name = self.tr("{folder} crops").format(folder=images.name or self.tr("Images"))
            self.crops_field.setText(str(images.parent / name))


def _path_in(field: QLineEdit) -> Path:
    return Path(field.text().strip()).expanduser()
