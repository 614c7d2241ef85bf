"""Order, groups and size of the tiles, and how many are selected."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from app.gallery.arrangement import Arrangement, Sort
from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.look.words import percent_of
from app.session.preferences import MAX_TILE_PX, MIN_TILE_PX
from app.session.session import Session


class OrderRow(QWidget):
    """Shows in which order the tiles are, whether alike images lie under one, and how large.

    Signals:
        sort_chosen: a :class:`Sort`, possibly the one that is on.
        grouping_chosen: whether images that show the same lie under one tile.
        refresh_requested: scan, filter and sort again.
        side_changed: the tiles' side in pixels.
    """

    sort_chosen = Signal(object)
    grouping_chosen = Signal(bool)
    refresh_requested = Signal()
    side_changed = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._sort = Sort.NAME
        self.refresh = QToolButton()
        self.refresh.setObjectName("flat")
        self.refresh.setText(self.tr("Refresh"))
        self.refresh.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.refresh.setToolTip(self.tr("New predictions: filter and sort again (F5)"))
        self.refresh.clicked.connect(self.refresh_requested)
        self.refresh.hide()
        self.group = QToolButton()
        self.group.setObjectName("chip")
        self.group.setCheckable(True)
        self.group.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.group.setText(" " + self.tr("Group similar"))
        self.group.setToolTip(
            self.tr(
                "Lay bursts, copies and near-duplicates under one tile each (Ctrl+Shift+G); "
                "Ctrl+G opens and closes a group"
            )
        )
        self.group.clicked.connect(self.grouping_chosen)
        self.chosen = QLabel()
        self.chosen.setObjectName("muted")
        self.chosen.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.chosen.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.sort = _OrderBox()
        self.sort.setAccessibleName(self.tr("Order"))
        self.sort.setToolTip(self.tr("Order of the images"))
        for text, sort in (
            (self.tr("Name"), Sort.NAME),  # With folders their names come first.
            (self.tr("Oldest first"), Sort.OLDEST_FIRST),
            (self.tr("Newest first"), Sort.NEWEST_FIRST),
            (self.tr("Most confident first"), Sort.CONFIDENT_FIRST),
            (self.tr("Most unsure first"), Sort.UNSURE_FIRST),
            (self.tr("Least like any class first"), Sort.LIKE_NONE_FIRST),
            (self.tr("Similar to the selection"), Sort.SIMILAR_FIRST),
        ):
            self.sort.addItem(text, sort)
        self.sort.view().setMinimumWidth(220)
        self.sort.activated.connect(self._on_sort)
        self._small, self._large = QLabel(), QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(MIN_TILE_PX, MAX_TILE_PX)
        self.slider.setSingleStep(16)
        self.slider.setPageStep(32)
        self.slider.setFixedWidth(88)
        self.slider.setAccessibleName(self.tr("Tile size"))
        self.slider.setToolTip(self.tr("Tile size (Ctrl and mouse wheel)"))
        self.slider.setValue(self._session.preferences.tile_px)
        self.slider.valueChanged.connect(self.side_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self.group)
        row.addWidget(self.refresh)
        row.addWidget(self.chosen, 1)
        for widget in (self.sort, self._small, self.slider, self._large):
            row.addWidget(widget)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        ratio = self.devicePixelRatioF()
        self._small.setPixmap(pixmap("small-tiles", theme.muted, 16, ratio))
        self._large.setPixmap(pixmap("large-tile", theme.muted, 16, ratio))
        self.refresh.setIcon(icon("refresh", theme.accent))
        self.group.setIcon(icon("stack", theme.text))

    def show_arrangement(self, arrangement: Arrangement) -> None:
        """Show which order is on, and whether images are grouped."""
        self._sort = arrangement.sort
        self.group.setChecked(arrangement.is_grouped)
        self._show_sort()

    def show_folders(self, has_folders: bool) -> None:
        """Offer orders with and without the folders, where there are any."""
        place = self.sort.findData(Sort.FILE_NAME)
        if has_folders and place < 0:
            self.sort.insertItem(1, self.tr("Name"), Sort.FILE_NAME)
        elif not has_folders and place >= 0:
            self.sort.removeItem(place)
        text = self.tr("Folder and name") if has_folders else self.tr("Name")
        self.sort.setItemText(self.sort.findData(Sort.NAME), text)
        self._show_sort()

    def show_progress(self, progress: float | None) -> None:
        """Say how far the search for groups is, in [0, 1]; None where none is under way."""
        text = self.tr("Group similar")
        if (
            progress is not None
            and self.group.isChecked()
            and not self._session.likeness.is_grouped
        ):
            percent = percent_of(round(100 * progress))
            text = self.tr("Grouping… {percent}").format(percent=percent)
        self.group.setText(f" {text}")  # Qt leaves no room behind the icon.

    def show_selected(self, n_images: int) -> None:
        """Say how many images are selected."""
        text = ""
        if n_images > 1:
            count = QLocale().toString(n_images)
            text = self.tr("{count} images selected").format(count=count)
        self.chosen.setText(text)

    def show_out_of_date(self, is_so: bool) -> None:
        """Say whether filtering and sorting anew would show something else."""
        self.refresh.setVisible(is_so)

    def needed_px(self) -> int:
        """The width of all that is shown, the number of selected images left out."""
        parts = (self.group, self.refresh, self.sort, self._small, self.slider, self._large)
        return sum(part.sizeHint().width() + GAP_PX for part in parts if not part.isHidden())

    def _on_sort(self) -> None:
        self.sort_chosen.emit(self.sort.currentData())

    def _show_sort(self) -> None:
        """Where no image is in a folder, by folder and name and by name are the same."""
        self.sort.setCurrentIndex(max(0, self.sort.findData(self._sort)))
        self.sort.updateGeometry()


class _OrderBox(QComboBox):
    """As wide as what is chosen: the filters need the room that the longest entry would take."""

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        texts = [self.itemText(place) for place in range(self.count())]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
        spared = widest - metrics.horizontalAdvance(self.currentText())
        return super().sizeHint() - QSize(spared, 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
