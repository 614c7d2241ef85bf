"""The larger view of one image: the picture, what it is, and what it could be."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.look.words import percent_of
from app.preview.image_view import ImageView
from app.preview.side_panel import SidePanel
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
        group_requested: each of the images that show the same, or one tile for them again.
    """

    step_requested = Signal(int)
    left = Signal()
    image_requested = Signal(int)
    menu_requested = Signal(QPoint)
    group_requested = Signal()

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
        self.side = SidePanel(session, thumbnails, theme)
        self.explanation = self.side.explanation
        self._build()
        self.view.zoom_changed.connect(self._on_zoom_changed)
        self.explanation.heat_changed.connect(self.view.show_overlay)
        self.explanation.strength_changed.connect(self.view.set_overlay_strength)
        self.explanation.image_requested.connect(self.image_requested)
        self.side.stack.group_requested.connect(self.group_requested)
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
            return
        self._row, self._size_px = row, None
        self._loaded_side_px, self._asked_side_px = 0, _FIRST_SIDE_PX
        table = self._session.table
        self._zoom.clear()
        self._show_message(False)
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
        self.side.show_row(row)
        self._timer.start()

    def clear(self) -> None:
        """Show nothing."""
        self._timer.stop()
        self.side.clear()
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
        self.side.set_theme(theme)

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
        self._message.setObjectName("ground")
        self._message.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._broken, self._reason = QLabel(), QLabel()
        self._reason.setWordWrap(True)
        self._reason.setObjectName("error")
        message = QVBoxLayout(self._message)
        message.setContentsMargins(4 * GAP_PX, 0, 4 * GAP_PX, 0)
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
        row.addWidget(self.side)

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
                self._show_message(False)
                self.side.show_size(self._size_px, as_network=event.is_network_input)
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
                pass

    def _show_message(self, is_shown: bool) -> None:
        """In place of the picture; there is nothing to zoom then."""
        self._message.setVisible(is_shown)
        self.view.setVisible(not is_shown)
        for button in (self._zoom_out, self._zoom_in, self._fit, self._actual):
            button.setEnabled(not is_shown)

    def _fail(self, reason: str) -> None:
        self.view.clear()
        self._zoom.clear()
        self._reason.setText(reason)
        self._show_message(True)
