"""Beside the picture: what file it is, its class, what the model says, and why."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.gallery.gallery_model import plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.theme import GAP_PX, Theme, text_on
from app.preview.explanation_panel import ExplanationPanel
from app.preview.probability_bars import Bar, ProbabilityBars
from app.preview.stack_card import StackCard
from app.session.image_table import NO_CLASS
from app.session.session import Session

_LEAST_PX: Final = 264
_BAR_PX: Final = 14  # A scroll bar.
_WIDTH: Final = 15.5  # Lines of text; that is as wide as the above at the usual size.


class SidePanel(QScrollArea):
    """What is known of the image that is shown large; it scrolls where the window is low."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._row = -1
        self._size_px: tuple[int, int] | None = None
        self._as_network = False
        self.bars = ProbabilityBars(theme)
        self.explanation = ExplanationPanel(session, thumbnails, theme)
        self.stack = StackCard()
        self._build()
        self.explanation.explained_changed.connect(self.bars.mark)
        # An explanation needs the room.
        self.explanation.toggled.connect(self._rule.setHidden)
        self.explanation.toggled.connect(self._keys.setHidden)
        self.bars.chosen.connect(self.explanation.choose)
        session.rows_changed.connect(self._show_state)
        session.classes_changed.connect(self._show_state)

    def show_row(self, row: int) -> None:
        """Show what is known of another image.

        Args:
            row: its row in the table.
        """
        self._row, self._size_px = row, None
        folder, _, name = self._session.table.names[row].rpartition("/")
        self._show_short(self.name, name, Qt.TextElideMode.ElideMiddle)
        self._show_short(self._folder, folder, Qt.TextElideMode.ElideMiddle)
        self._folder.setVisible(bool(folder))
        self._show_state()
        self.explanation.set_row(row)

    def show_size(self, size_px: tuple[int, int], *, as_network: bool) -> None:
        """The picture was read.

        Args:
            size_px: width and height of the original.
            as_network: it is shown as the network gets it.
        """
        self._size_px, self._as_network = size_px, as_network
        self._show_state()

    def clear(self) -> None:
        """Nothing is shown."""
        self.explanation.set_on(False)
        self.explanation.set_row(-1)
        self._row = -1

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.bars.set_theme(theme)
        self.explanation.set_theme(theme)
        self.stack.set_colours()
        self._show_state()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._set_width()
        super().changeEvent(event)

    # --- Private ----------------------------------------------------------------------------------

    def _build(self) -> None:
        side = QWidget()
        side.setObjectName("panel")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name, self._folder, self.facts = QLabel(), QLabel(), QLabel()
        self.name.setObjectName("title")
        for label in (self.name, self._folder, self.facts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._folder.setObjectName("muted")
        self.facts.setObjectName("muted")
        state_title = QLabel(self.tr("Class"))
        state_title.setObjectName("section")
        self.state = QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.bars_title = QLabel(self.tr("What the model says"))
        self.bars_title.setObjectName("section")
        self.bars_title.setWordWrap(True)
        self._keys = QLabel(
            self.tr(
                "Number keys label, 0 says none of these, Delete takes the label off, the arrow "
                "keys go on."
            )
        )
        self._keys.setObjectName("muted")
        self._keys.setWordWrap(True)
        self._rule = QFrame()
        self._rule.setObjectName("rule")
        column = QVBoxLayout(side)
        column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX // 2)
        for widget in (self.name, self._folder, self.facts):
            column.addWidget(widget)
        column.addWidget(self.stack)
        column.addSpacing(GAP_PX)
        column.addWidget(state_title)
        column.addWidget(self.state)
        column.addSpacing(GAP_PX)
        column.addWidget(self.bars_title)
        column.addWidget(self.bars)
        column.addSpacing(GAP_PX)
        column.addWidget(self.explanation)
        column.addStretch(1)
        column.addWidget(self._rule)
        column.addSpacing(GAP_PX)
        column.addWidget(self._keys)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._set_width()
        self.setWidgetResizable(True)
        self.setWidget(side)

    def _set_width(self) -> None:
        self.setFixedWidth(max(_LEAST_PX, round(_WIDTH * self.fontMetrics().height())))

    def _show_short(self, label: QLabel, text: str, mode: Qt.TextElideMode) -> None:
        """As much of a text as there is room for; names have no spaces at which they could wrap."""
        room = self.width() - 4 * GAP_PX - _BAR_PX
        if label is self.state:
            room -= 3 * GAP_PX  # Of its pill.
        label.ensurePolished()
        short = label.fontMetrics().elidedText(text, mode, room)
        label.setText(short)
        label.setToolTip(plain_tip(text) if short != text else "")

    def _show_state(self) -> None:
        table = self._session.table
        if not 0 <= self._row < table.n_rows:
            return
        row, locale = self._row, QLocale()
        facts = locale.formattedDataSize(
            int(table.sizes[row]), 1, QLocale.DataSizeFormat.DataSizeSIFormat
        )
        if self._size_px is not None:
            facts = f"{self._size_px[0]} × {self._size_px[1]} · {facts}"
            if self._as_network:
                facts += "\n" + self.tr("Shown as the model sees it: made into a square.")
        self.facts.setText(facts)
        unread = bool(table.unreadable[row])
        label = self._session.image_class(int(table.labels[row]))
        if label is not None:
            text = self.tr("Labelled {name}").format(name=label.name)
            self.state.setStyleSheet(
                f"background: {label.colour}; color: {text_on(label.colour)}; "
                "border-radius: 12px; padding: 4px 12px; font-weight: 600;"
            )
        else:
            words = self.tr("Set aside") if table.set_aside[row] else self.tr("Not labelled")
            text = self.tr("Cannot be read") if unread else words
            self.state.setStyleSheet(
                f"border: 1px solid {self._theme.border}; color: {self._theme.muted}; "
                "border-radius: 12px; padding: 3px 11px;"
            )
        self._show_short(self.state, text, Qt.TextElideMode.ElideRight)
        bars: list[Bar] = []
        for class_id, probability in zip(
            table.predicted[row].tolist(), table.probabilities[row].tolist(), strict=True
        ):
            item = self._session.image_class(class_id) if class_id != NO_CLASS else None
            if item is not None:
                bars.append(Bar(class_id, item.name, item.colour, float(probability)))
        self.bars.show_bars(
            bars,
            self.tr("Nothing: it cannot be read.") if unread else self.tr("Nothing yet."),
        )
        title = self.tr("What the model says")
        if bars and label is None and table.is_unsure(row):
            title = self.tr("What the model says (unsure)")
        if bars and label is None and table.is_like_none(self._row):
            title = self.tr("What the model says, or none of these")
        self.bars_title.setText(title)
