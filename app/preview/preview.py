"""The larger view of one image: the picture, what it is, and what it could be."""

from __future__ import annotations

from typing import Final, NamedTuple

from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import percent_text
from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme, text_on
from app.look.words import listed, percent_of
from app.preview.explanation_panel import ExplanationPanel
from app.preview.image_view import ImageView
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine import messages

_SIDE_PX: Final = 264
_NARROW_PX: Final = 780  # Below, the bar leaves out what can be spared.
_FIRST_SIDE_PX: Final = 2560  # Enough for most screens; more is fetched when one zooms in.
_MAX_SIDE_PX: Final = 8192
_BAR_PX: Final = 36
_BAR_PAD_PX: Final = 6
_COALESCE_MS: Final = 40  # While an arrow key is held down, only the last image is decoded.


class Preview(QWidget):
    """One image, large.

    Signals:
        step_requested: +1 for the next image, -1 for the previous one.
        left: back to all images.
        image_requested: the row of another image to show.
        menu_requested: a context menu for the image, at a global position.
    """

    step_requested = Signal(int)
    left = Signal()
    image_requested = Signal(int)
    menu_requested = Signal(QPoint)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Larger view"))
        self._session = session
        self._thumbnails = thumbnails
        self._theme = theme
        self._row = -1
        self._request_id = 0
        self._size_px: tuple[int, int] | None = None
        self._loaded_side_px = 0
        self._asked_side_px = 0
        self._as_network = False  # Show what the network looks at, in place of the image.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_COALESCE_MS)
        self._timer.timeout.connect(self._load)
        self.view = ImageView()
        self.explanation = ExplanationPanel(session, thumbnails, theme)
        self._build()
        self.view.zoom_changed.connect(self._on_zoom_changed)
        self.explanation.heat_changed.connect(self.view.show_overlay)
        self.explanation.strength_changed.connect(self.view.set_overlay_strength)
        self.explanation.explained_changed.connect(self._bars.mark)
        self.explanation.image_requested.connect(self.image_requested)
        # An explanation needs the room.
        self.explanation.toggled.connect(self._rule.setHidden)
        self.explanation.toggled.connect(self._keys.setHidden)
        self._bars.chosen.connect(self.explanation.choose)
        session.rows_changed.connect(self._show_state)
        session.classes_changed.connect(self._show_state)
        session.project_changed.connect(self.clear)
        self.set_theme(theme)

    @property
    def row(self) -> int:
        """The row that is shown, -1 for none."""
        return self._row

    def show_row(self, row: int, position: str) -> None:
        """Show an image.

        Args:
            row: its row in the table.
            position: where it stands among the others, in words.
        """
        self._position.setText(position)
        if row == self._row:
            self._show_state()
            return
        self._row, self._size_px = row, None
        self._loaded_side_px, self._asked_side_px = 0, _FIRST_SIDE_PX
        table = self._session.table
        folder, _, name = table.names[row].rpartition("/")
        self._name.setText(name)
        self._folder.setText(folder)
        self._folder.setVisible(bool(folder))
        small = self._thumbnails.pixmap(table.image_id(row))
        if self._as_network:
            self.view.clear()
        elif small is not None and not small.isNull():
            # At once, a little blurred; the sharp picture follows.
            side_px = 2048 // max(small.width(), small.height())
            self.view.show_pixmap(small, small.width() * side_px, small.height() * side_px)
            self.view.fit()
        else:
            self.view.clear()
        self._message.hide()
        self._show_state()
        self.explanation.set_row(row)
        self._timer.start()

    def clear(self) -> None:
        """Show nothing."""
        self._timer.stop()
        self.explanation.set_on(False)
        self.explanation.set_row(-1)
        self._session.bridge.release(self._request_id)
        self._row, self._request_id = -1, 0
        self.view.clear()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        for button, name in (
            (self._back, "grid"),
            (self._previous, "previous"),
            (self._next, "next"),
            (self._zoom_out, "zoom-out"),
            (self._zoom_in, "zoom-in"),
            (self._fit, "fit"),
            (self._actual, "actual-size"),
            (self.network_button, "model-view"),
        ):
            button.setIcon(icon(name))
        self._broken.setPixmap(pixmap("image-broken", theme.error, 48, self.devicePixelRatioF()))
        self._bars.set_theme(theme)
        self.explanation.set_theme(theme)
        self._show_state()

    def key_help(self) -> list[tuple[str, str]]:
        """The keys that mean something here; for the key sheet."""
        return [
            (self.tr("Right, Down, Page Down"), self.tr("The next image")),
            (self.tr("Left, Up, Page Up"), self.tr("The image before")),
            (self.tr("M"), self.tr("The picture as the model sees it, and back")),
            (self.tr("Esc, Enter, Space"), self.tr("Back to all images")),
        ]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        has_room = event.size().width() >= _NARROW_PX
        # The wheel zooms, too, and the menu; which image it is of how many stands nowhere else.
        for widget in (self._zoom, self._zoom_out, self._zoom_in):
            widget.setVisible(has_room)
        style = Qt.ToolButtonStyle
        self._back.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if has_room else style.ToolButtonIconOnly
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key
        match event.key():
            case key.Key_Right | key.Key_Down | key.Key_PageDown:
                self.step_requested.emit(1)
            case key.Key_Left | key.Key_Up | key.Key_PageUp:
                self.step_requested.emit(-1)
            case key.Key_M:
                self.network_button.toggle()
            case key.Key_Escape | key.Key_Return | key.Key_Enter | key.Key_Space:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._row >= 0:
            by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
            place = self.mapToGlobal(self.view.geometry().center())
            self.menu_requested.emit(place if by_key else event.globalPos())

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self._back = self._button(self.tr("Back to all images (Esc)"), self.left.emit)
        self._back.setText(" " + self.tr("All images"))
        self._back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._previous = self._button(self.tr("Previous image (Left)"), self._on_previous)
        self._next = self._button(self.tr("Next image (Right)"), self._on_next)
        self._position = QLabel()
        self._position.setObjectName("muted")
        self._zoom_out = self._button(self.tr("Zoom out (Ctrl+-)"), self.zoom_out)
        self._zoom_in = self._button(self.tr("Zoom in (Ctrl++)"), self.zoom_in)
        self._fit = self._button(self.tr("Fit (Ctrl+0)"), self.view.fit)
        self._actual = self._button(self.tr("Original size (Ctrl+1)"), self.view.actual_size)
        self.network_button = self._button(
            self.tr("What the model sees: the picture as the network gets it (M)")
        )
        self.network_button.setCheckable(True)
        self.network_button.toggled.connect(self._on_network_toggled)
        self._zoom = QLabel()
        self._zoom.setObjectName("muted")
        self._zoom.setMinimumWidth(48)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setContentsMargins(GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        head.setSpacing(GAP_PX // 2)
        head.addWidget(self._back)
        head.addSpacing(GAP_PX)
        for widget in (self._previous, self._next, self._position):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.network_button)
        for widget in (self._zoom, self._zoom_out, self._zoom_in, self._fit, self._actual):
            head.addWidget(widget)
        self._message = QWidget()
        self._broken, self._reason = QLabel(), QLabel()
        self._reason.setWordWrap(True)
        self._reason.setObjectName("error")
        message = QVBoxLayout(self._message)
        message.addStretch(1)
        for label in (self._broken, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            message.addWidget(label)
        message.addStretch(1)
        self._message.hide()
        picture = QVBoxLayout()
        picture.setSpacing(0)
        bar = QWidget()
        bar.setObjectName("page")
        bar.setLayout(head)
        picture.addWidget(bar)
        picture.addWidget(self.view, 1)
        picture.addWidget(self._message, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(picture, 1)
        row.addWidget(self._build_side())

    def _build_side(self) -> QWidget:
        side = QWidget()
        side.setObjectName("panel")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name, self._folder, self._facts = QLabel(), QLabel(), QLabel()
        self._name.setObjectName("title")
        for label in (self._name, self._folder, self._facts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._folder.setObjectName("muted")
        self._facts.setObjectName("muted")
        self._state_title = QLabel(self.tr("Class"))
        self._state_title.setObjectName("section")
        self._state = QLabel()
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._bars_title = QLabel(self.tr("What the model says"))
        self._bars_title.setObjectName("section")
        self._bars = ProbabilityBars(self._theme)
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
        for widget in (self._name, self._folder, self._facts):
            column.addWidget(widget)
        column.addSpacing(GAP_PX)
        column.addWidget(self._state_title)
        column.addWidget(self._state)
        column.addSpacing(GAP_PX)
        column.addWidget(self._bars_title)
        column.addWidget(self._bars)
        column.addSpacing(GAP_PX)
        column.addWidget(self.explanation)
        column.addStretch(1)
        column.addWidget(self._rule)
        column.addSpacing(GAP_PX)
        column.addWidget(self._keys)
        scroll = QScrollArea()  # In a low window what is explained does not fit.
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFixedWidth(_SIDE_PX)
        scroll.setWidgetResizable(True)
        scroll.setWidget(side)
        return scroll

    def _button(self, tip: str, slot: object = None) -> QToolButton:
        button = QToolButton()
        button.setObjectName("flat")
        button.setIconSize(QSize(20, 20))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if slot is not None:
            button.clicked.connect(slot)
        return button

    # --- Slots ------------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """One step larger."""
        self.view.zoom_by(1)

    def zoom_out(self) -> None:
        """One step smaller."""
        self.view.zoom_by(-1)

    def _on_network_toggled(self, is_on: bool) -> None:
        self._as_network = is_on
        self._size_px, self._loaded_side_px = None, 0
        self._asked_side_px = _FIRST_SIDE_PX
        self._timer.start()

    def _on_previous(self) -> None:
        self.step_requested.emit(-1)

    def _on_next(self) -> None:
        self.step_requested.emit(1)

    def _on_zoom_changed(self, zoom: float) -> None:
        self._zoom.setText(percent_of(round(100 * zoom)) if self._size_px else "")
        if self._size_px is None or self._asked_side_px == _MAX_SIDE_PX:
            return
        if self._loaded_side_px < min(1.0, zoom) * max(self._size_px):
            self._asked_side_px = _MAX_SIDE_PX
            self._timer.start()

    def _load(self) -> None:
        if self._row < 0:
            return
        bridge = self._session.bridge
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        ref = self._session.table.ref(self._row)
        command = messages.LoadPreview(self._request_id, ref, self._asked_side_px, self._as_network)
        bridge.ask(command, self._on_event)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.PreviewReady():
                height, width = event.pixels.shape[:2]
                self._size_px = (event.width_px, event.height_px)
                # Of what the network gets there is no more than this.
                self._loaded_side_px = (
                    max(self._size_px) if event.is_network_input else max(height, width)
                )
                self.view.show()
                self._message.hide()
                if event.is_network_input:
                    self.view.show_array(event.pixels, width, height)
                    self.view.fit()
                else:
                    self.view.show_array(event.pixels, event.width_px, event.height_px)
            case messages.JobFailed():
                self._fail(event.message)
            case messages.ImageUnreadable():
                self._session.reader.on_read(event)
                self._fail(event.reason)
            case _:
                return
        self._show_state()

    def _fail(self, reason: str) -> None:
        self.view.clear()
        self.view.hide()
        self._reason.setText(reason)
        self._message.show()

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
        self._facts.setText(facts)
        label = self._session.image_class(int(table.labels[row]))
        if label is not None:
            self._state.setText(self.tr("Labelled {name}").format(name=label.name))
            self._state.setStyleSheet(
                f"background: {label.colour}; color: {text_on(label.colour)}; "
                "border-radius: 12px; padding: 4px 12px; font-weight: 600;"
            )
        else:
            unread = bool(table.unreadable[row])
            self._state.setText(self.tr("Cannot be read") if unread else self.tr("Not labelled"))
            self._state.setStyleSheet(
                f"border: 1px solid {self._theme.border}; color: {self._theme.muted}; "
                "border-radius: 12px; padding: 3px 11px;"
            )
        bars = []
        for class_id, probability in zip(
            table.predicted[row].tolist(), table.probabilities[row].tolist(), strict=True
        ):
            item = self._session.image_class(class_id) if class_id != NO_CLASS else None
            if item is not None:
                bars.append(Bar(class_id, item.name, item.colour, float(probability)))
        self._bars.show_bars(bars)
        title = self.tr("What the model says")
        if bars and label is None and table.is_unsure(row):
            title = self.tr("What the model says (unsure)")
        if bars and label is None and table.is_like_none(self._row):
            title = self.tr("What the model says, or none of these")
        self._bars_title.setText(title)


class Bar(NamedTuple):
    """A class, and how probable it is."""

    class_id: int
    name: str
    colour: str
    value: float


class ProbabilityBars(QWidget):
    """The most likely classes as horizontal bars with percentages; a click chooses one.

    Signals:
        chosen: the number of the class that was clicked.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[Bar] = []
        self._marked = NO_CLASS
        self._hovered = -1
        self.setMouseTracking(True)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.update()

    def show_bars(self, bars: list[Bar]) -> None:
        """Show classes, most likely first."""
        if bars != self._bars:
            self._bars, self._hovered = bars, -1
            self.setAccessibleName(listed(f"{bar.name} {percent_text(bar.value)}" for bar in bars))
            self.setToolTip(self.tr("Click a class to see what speaks for it") if bars else "")
            self.unsetCursor()
            self.updateGeometry()
            self.update()

    def mark(self, class_id: int) -> None:
        """Single out the class that is explained, or none (NO_CLASS)."""
        if class_id != self._marked:
            self._marked = class_id
            self.update()

    def texts(self) -> list[str]:
        """What the bars say."""
        return [f"{bar.name} {percent_text(bar.value)}" for bar in self._bars]

    def marked(self) -> str:
        """The name of the class that is singled out, empty for none."""
        return next((bar.name for bar in self._bars if bar.class_id == self._marked), "")

    def rect_of(self, place: int) -> QRectF:
        """The room of a bar, from the most likely one down."""
        return QRectF(0, place * _BAR_PX, self.width(), _BAR_PX)

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self._bars)) * _BAR_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and place >= 0:
            self.chosen.emit(self._bars[place].class_id)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        flags = Qt.AlignmentFlag
        if not self._bars:
            painter.setPen(QColor(self._theme.muted))
            words = self.rect().adjusted(_BAR_PAD_PX, 0, 0, 0)
            painter.drawText(words, flags.AlignLeft | flags.AlignTop, self.tr("Nothing yet."))
        for place, bar in enumerate(self._bars):
            self._paint_ground(painter, place)
            room = self.rect_of(place).adjusted(_BAR_PAD_PX, 0, -_BAR_PAD_PX, 0)
            left, top, width = room.left(), room.top() + 3, room.width()
            percent = percent_text(bar.value)
            percent_px = self.fontMetrics().horizontalAdvance(percent)
            elided = self.fontMetrics().elidedText(
                bar.name, Qt.TextElideMode.ElideRight, int(width - percent_px - 12)
            )
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(left, top, width, 20), flags.AlignVCenter, elided)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(
                QRectF(left, top, width, 20), flags.AlignVCenter | flags.AlignRight, percent
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.border))
            painter.drawRoundedRect(QRectF(left, top + 22, width, 6), 3, 3)
            painter.setBrush(QColor(bar.colour))
            painter.drawRoundedRect(QRectF(left, top + 22, max(6.0, width * bar.value), 6), 3, 3)
        painter.end()

    def _paint_ground(self, painter: QPainter, place: int) -> None:
        is_marked = self._bars[place].class_id == self._marked
        if is_marked or place == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.accent_soft if is_marked else self._theme.hover))
            painter.drawRoundedRect(self.rect_of(place), 6, 6)

    def _place_at(self, point: QPointF) -> int:
        """Which bar is there, -1 for none."""
        place = int(point.y() // _BAR_PX)
        return place if self.rect().contains(point.toPoint()) and place < len(self._bars) else -1

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            if place >= 0:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            else:
                self.unsetCursor()
            self.update()
