"""Below the map: what colours and signs mean, how far the layout is, the way to the tiles."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.map.legend import Entry, Legend
from app.map.looks import ColourBy, Looks
from app.map.map_layout import MapLayout
from app.map.map_words import work_text
from app.map.sprites import Sign
from app.session.folder_reader import FolderReader

_BAR_PX: Final = 120


class Strip(QFrame):
    """Legend, progress and buttons.

    Signals:
        sign_chosen: the sign of an entry of the legend that was clicked.
        gallery_requested: show what is selected as tiles.
        stop_requested: leave the map as it is.
    """

    sign_chosen = Signal(int)
    gallery_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.legend = Legend()
        self.legend.chosen.connect(self.sign_chosen)
        self.gallery_button = QPushButton(self.tr("Show in Gallery"))
        self.gallery_button.setToolTip(self.tr("Show the selected images as tiles"))
        self.gallery_button.clicked.connect(self.gallery_requested)
        self._work = QWidget()
        self.work_text = QLabel()
        self.work_text.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR_PX)
        self.stop_button = QPushButton(self.tr("Stop"))
        self.stop_button.setToolTip(self.tr("Leave the map as it is now"))
        self.stop_button.clicked.connect(self.stop_requested)
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(GAP_PX)
        work.addWidget(self._bar)
        work.addWidget(self.work_text, 1)
        work.addWidget(self.stop_button)
        below = QHBoxLayout()
        below.setSpacing(GAP_PX)
        below.addWidget(self.legend, 1)
        below.addWidget(self.gallery_button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        lines.setSpacing(GAP_PX)
        lines.addWidget(self._work)
        lines.addLayout(below)

    def show_work(self, reader: FolderReader, layout: MapLayout) -> None:
        """How far the layout is, or what it lacks."""
        text = work_text(reader, layout)
        self._work.setVisible(bool(text))
        self.work_text.setText(text)
        is_better_coming = layout.is_working and layout.progress is not None
        self._bar.setVisible(is_better_coming)
        self.stop_button.setVisible(is_better_coming)
        if layout.progress is not None:
            self._bar.setMaximum(layout.progress.total)
            self._bar.setValue(layout.progress.done)

    def show_legend(self, by: ColourBy, shown: Looks, theme: Theme) -> None:
        """What signs and colours there are, and on how many points."""
        counts = {sign: int(np.count_nonzero(shown.which(sign))) for sign in Sign}
        entries = [
            (Sign.CROSS, theme.error, self.tr("Label looks wrong")),
            (Sign.TRIANGLE, theme.warning, self.tr("Like none of the classes")),
            (Sign.DIAMOND, theme.accent, self.tr("Unsure")),
            (Sign.DISC, theme.muted, self.tr("Labels")),
            (Sign.RING, theme.muted, self.tr("Predictions")),
            (Sign.DOT, theme.muted, self.tr("Not classified")),
        ]
        self.legend.show_entries(
            tuple(Entry(sign, colour, text, counts[sign]) for sign, colour, text in entries),
            theme,
            has_ramp=by is ColourBy.CONFIDENCE and counts[Sign.RING] > 0,
        )
