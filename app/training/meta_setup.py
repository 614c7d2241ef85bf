"""What an encoder is to be trained on, how, and where to; and how long that takes here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QLocale, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import plain_tip
from app.look.theme import GAP_PX
from app.look.words import told
from app.session.meta_run import RunPlan, RunProgress
from app.training.effort import duration_text
from app.training.estimator import Estimator

RECIPE_FOLDER: Final = Path(__file__).resolve().parents[2] / "assets" / "recipes"
_SETTLE_MS: Final = 700  # Without a change; then it is timed.
_ROWS: Final = 3  # Of a list, at least.


class _LowList(QListWidget):
    """Asks for a few rows only; what is below it must be seen, too.

    Signals:
        remove_requested: Del was pressed.
    """

    remove_requested = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_requested.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(240, (_ROWS + 1) * self.fontMetrics().lineSpacing() + 2 * GAP_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class PathList(QWidget):
    """Folders and tar files: added by buttons or by dropping, removed by Del.

    Signals:
        changed: ``paths`` is new.
    """

    changed = Signal()

    def __init__(self, title: str, words: str, parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            title: what they are for.
            words: the same in a sentence.
        """
        super().__init__(parent)
        self._title = title
        heading = QLabel(title)
        heading.setObjectName("section")
        told = QLabel(words)
        told.setObjectName("muted")
        told.setWordWrap(True)
        self.list = _LowList()
        self.list.setAccessibleName(title)
        self.list.setAccessibleDescription(words)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.add_folder = QPushButton(self.tr("Add Folder…"))
        self.add_folder.clicked.connect(self._on_add_folder)
        self.add_tar = QPushButton(self.tr("Add Tar Files…"))
        self.add_tar.clicked.connect(self._on_add_tar)
        self.remove = QPushButton(self.tr("Remove"))
        self.remove.setToolTip(self.tr("Take the selected ones off the list (Del)"))
        self.remove.clicked.connect(self._on_remove)
        for button in (self.add_folder, self.add_tar, self.remove):
            button.setAccessibleName(
                self.tr("{action}: {list}").format(action=button.text().rstrip("…"), list=title)
            )
        buttons = QVBoxLayout()
        buttons.setSpacing(GAP_PX // 2)
        buttons.addWidget(self.add_folder)
        buttons.addWidget(self.add_tar)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.list, 1)
        row.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX // 2)
        column.addWidget(heading)
        column.addWidget(told)
        column.addLayout(row, 1)
        self.list.remove_requested.connect(self._on_remove)
        self.setAcceptDrops(True)
        self.list.itemSelectionChanged.connect(self._show_possible)
        self._show_possible()

    def paths(self) -> tuple[Path, ...]:
        """From the top down."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return tuple(Path(item.data(Qt.ItemDataRole.UserRole)) for item in items)

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show exactly these."""
        self.list.clear()
        self.add(paths)
        self.changed.emit()

    def add(self, paths: Sequence[Path]) -> None:
        """Add those that are not there yet."""
        known = set(self.paths())
        new = [path for path in dict.fromkeys(paths) if path not in known]
        for path in new:
            item = QListWidgetItem(f"{path.name}  —  {path.parent}")
            item.setToolTip(plain_tip(str(path)))
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            self.list.addItem(item)
        if new:
            self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add(_dropped(event))

    def _on_add_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self._title, self._place())
        if chosen:
            self.add([Path(chosen)])

    def _on_add_tar(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(
            self, self._title, self._place(), self.tr("Tar files (*.tar)")
        )
        self.add([Path(path) for path in chosen])

    def _on_remove(self) -> None:
        chosen = self.list.selectedItems()
        for item in chosen:
            self.list.takeItem(self.list.row(item))
        if chosen:
            self.changed.emit()

    def _show_possible(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))

    def _place(self) -> str:
        paths = self.paths()
        return str(paths[-1].parent if paths else Path.home())


class MetaSetup(QWidget):
    """The questions before a run, each with an answer to begin with.

    Signals:
        ready_changed: whether a run can be started may be new.
    """

    ready_changed = Signal()

    def __init__(self, estimator: Estimator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._estimator = estimator
        self._is_active = False
        self._asked: tuple[Path, tuple[Path, ...], tuple[Path, ...]] | None = None
        self._told = self._refusal = ""  # Of what was asked for last.
        self._is_skipped = False
        words = QLabel(
            self.tr(
                "The encoder that comes with Handful knows many kinds of pictures. Trained on "
                "labelled images of your own field it can tell apart what that one sees alike. It "
                "learns how to tell classes apart in general, so many classes count more than "
                "many images."
            )
        )
        words.setWordWrap(True)
        self.data = PathList(
            self.tr("Learn from"),
            self.tr(
                "Image sets: folders with a folder of images for each class, or tar files of these."
            ),
        )
        self.validation = PathList(
            self.tr("Judge by"),
            self.tr(
                "Other sets of the kind that you label. Only where the encoder helps on them, it "
                "is changed as far as that; without any, by the smallest step."
            ),
        )
        self.recipe = QComboBox()
        self.recipe.setAccessibleName(self.tr("How long to train"))
        for text, name in (
            (self.tr("Short: 100 steps, two views of each image"), "minimal.toml"),
            (self.tr("Full: 350 steps, three views of each image"), "full.toml"),
        ):
            self.recipe.addItem(text, str(RECIPE_FOLDER / name))
        self.recipe.addItem(self.tr("Recipe file…"), "")
        self.recipe.activated.connect(self._on_recipe)
        self.out = QLineEdit(str(Path.home() / "Handful encoder"))
        self.out.setAccessibleName(self.tr("Folder of the run"))
        self.out.textChanged.connect(self._on_changed)
        browse = QPushButton(self.tr("Browse…"))
        browse.clicked.connect(self._on_browse)
        self.estimate = QLabel()
        self.estimate.setWordWrap(True)
        self.estimate.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("How far the timing is"))
        self.skip = QPushButton()
        self.skip.clicked.connect(self._on_skip)
        timing = QHBoxLayout()
        timing.setSpacing(GAP_PX)
        timing.addWidget(self.bar, 1)
        timing.addWidget(self.skip)
        timing.addStretch()
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP_PX)
        grid.setVerticalSpacing(GAP_PX)
        for row, (text, field) in enumerate(
            ((self.tr("&Training:"), self.recipe), (self.tr("&Write to:"), self.out))
        ):
            label = QLabel(text)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(browse, 1, 2)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX + GAP_PX // 2)
        column.addWidget(words)
        column.addWidget(self.data, 1)
        column.addWidget(self.validation, 1)
        column.addLayout(grid)
        column.addWidget(self.estimate)
        column.addLayout(timing)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self.data.changed.connect(self._on_changed)
        self.validation.changed.connect(self._on_changed)
        estimator.answered.connect(self._on_answered)
        estimator.progressed.connect(self._on_progressed)
        self._on_changed()

    def plan(self) -> RunPlan:
        """What is asked for as it stands."""
        return RunPlan(
            Path(self.recipe.currentData() or ""),
            self.data.paths(),
            self.validation.paths(),
            Path(self.out.text().strip()).expanduser(),
        )

    def set_plan(self, plan: RunPlan) -> None:
        """Begin with the answers of another run."""
        with QSignalBlocker(self):
            self._choose_recipe(plan.recipe)
            self.data.set_paths(plan.data)
            self.validation.set_paths(plan.validation)
            self.out.setText(str(plan.out))
        self.ready_changed.emit()

    def why_not(self) -> str:
        """Why a run cannot be started; empty where it can."""
        plan = self.plan()
        if not plan.data:
            return self.tr("Add images to learn from.")
        if not self.out.text().strip():
            return self.tr("Say where the encoder is to be written.")
        if not plan.out.is_absolute():
            return self.tr("Give the whole path of the folder to write to.")
        if plan.out.is_file():
            return self.tr("{path} is a file; give a folder to write to.").format(path=plan.out)
        if (plan.out / "record.json").exists() or (plan.out / "checkpoint.safetensors").exists():
            return self.tr("{path} holds a training already; give another folder.").format(
                path=plan.out
            )
        return self._refusal

    def set_active(self, is_active: bool) -> None:
        """Time what is asked for only while the questions are on screen."""
        self._is_active = is_active
        if is_active:
            self._is_skipped = False
            self._on_changed()
        else:
            self._settle.stop()
            self._estimator.cancel()

    def _on_changed(self) -> None:
        plan = self.plan()
        asked = (plan.recipe, plan.data, plan.validation)
        if asked != self._asked:  # Where to write to makes no difference.
            self._asked, self._told, self._refusal = asked, "", ""
            self._estimator.cancel()
        reason = self.why_not()
        if reason or self._told or self._is_skipped:
            self._settle.stop()
        elif self._is_active and not self._estimator.is_running:
            self._settle.start()
        self._show_estimate()
        self.ready_changed.emit()

    def _show_estimate(self, progress: RunProgress | None = None) -> None:
        """How long it takes, why it cannot begin, or what the timing is at."""
        text = self.why_not() or self._told
        is_timing = not text and not self._is_skipped
        self.bar.setVisible(is_timing)
        self.skip.setVisible(not text)
        if self._is_skipped:
            self.skip.setText(self.tr("Time It"))
            self.skip.setToolTip(self.tr("Find out how long the training takes on this computer"))
            text = text or self.tr("How long it takes on this computer was not timed.")
        else:
            self.skip.setText(self.tr("Skip"))
            self.skip.setToolTip(self.tr("Do not find out how long it takes"))
        if progress is None:
            self.bar.setRange(0, 0)
            text = text or self.tr(
                "Timing how long it takes on this computer… You need not wait for it."
            )
        else:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            text = text or self.tr(
                "Timing how long it takes on this computer: {step}… You need not wait for it."
            ).format(step=told(progress.text))
        self.estimate.setText(text)

    def _on_progressed(self, progress: RunProgress) -> None:
        self._show_estimate(progress)

    def _on_skip(self) -> None:
        self._is_skipped = not self._is_skipped
        self._estimator.cancel()
        self._on_changed()

    def _on_settled(self) -> None:
        self._estimator.ask(self.plan())

    def _on_answered(self, answer: object) -> None:
        if isinstance(answer, dict):
            self._told = self._estimate_text(answer)
        else:  # It would fail the same way, so it is told before it begins.
            self._refusal = told(str(answer))
        self._show_estimate()
        self.ready_changed.emit()

    def _estimate_text(self, estimate: dict[str, Any]) -> str:
        locale = QLocale()

        def number(name: str) -> str:
            return locale.toString(int(estimate[name]))

        low, high = duration_text(estimate["low_s"]), duration_text(estimate["high_s"])
        text = self.tr(
            "It takes between {low} and {high} on this computer, as busy as it is now, and gives "
            "way to everything else. {images} images of {classes} classes, {steps} steps at {rate} "
            "a second; {size} are kept in the folder."
        )
        if low == high:
            text = self.tr(
                "It takes about {low} on this computer, as busy as it is now, and gives way to "
                "everything else. {images} images of {classes} classes, {steps} steps at {rate} a "
                "second; {size} are kept in the folder."
            )
        return text.format(
            low=low,
            high=high,
            images=number("n_images"),
            classes=number("n_classes"),
            steps=number("n_steps"),
            rate=locale.toString(float(estimate["steps_per_s"]), "f", 1),
            size=locale.formattedDataSize(
                int(estimate["bytes_on_disk"]), 0, QLocale.DataSizeFormat.DataSizeSIFormat
            ),
        )

    def _on_recipe(self, index: int) -> None:
        if self.recipe.itemData(index) == "":
            chosen, _ = QFileDialog.getOpenFileName(
                self, self.tr("A recipe"), str(RECIPE_FOLDER), self.tr("Recipes (*.toml)")
            )
            self._choose_recipe(Path(chosen) if chosen else RECIPE_FOLDER / "minimal.toml")
        self._on_changed()

    def _choose_recipe(self, path: Path) -> None:
        index = self.recipe.findData(str(path))
        if index < 0:
            index = self.recipe.count() - 1
            self.recipe.insertItem(index, f"{path.name}  —  {path.parent}", str(path))
        self.recipe.setCurrentIndex(index)

    def _on_browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Folder of the run"), str(Path(self.out.text()).parent)
        )
        if chosen:
            self.out.setText(chosen)


def _dropped(event: QDropEvent) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir() or path.suffix.lower() == ".tar"]
