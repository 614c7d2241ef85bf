"""Why an image looks like a class: the heat map's reading, and the nearest labelled images."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import percent_text, plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.preview.heat_map import HeatLegend, heat_image
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine import ImageClass, messages

_COALESCE_MS: Final = 40  # While an arrow key is held down, only the last image is explained.
_SLOW_MS: Final = 400  # An answer that takes longer is announced.
_PICTURE_PX: Final = 66  # Three fit beside a scroll bar.
_STRIPE_PX: Final = 4

_Subject = tuple[int, int, int]  # Row, class, and the request that made the model.


class ExplanationPanel(QWidget):
    """Asks the engine why the image that is shown large has its score for a class.

    Its head is a button that is always there; the rest shows while the explanation is on. It asks
    anew whenever the image, the class or the predictions of the image change.

    Signals:
        toggled: whether the explanation is shown.
        heat_changed: a QImage to lay over the picture, or None.
        strength_changed: how much of it is to be seen, from 0 to 1.
        explained_changed: the class that is explained, NO_CLASS for none.
        image_requested: the row of an image to show instead.
    """

    toggled = Signal(bool)
    heat_changed = Signal(object)
    strength_changed = Signal(float)
    explained_changed = Signal(int)
    image_requested = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._is_on = False
        self._row = -1
        self._chosen = NO_CLASS  # By the person; else it is the most likely class.
        self._request_id = 0
        self._asked: _Subject | None = None  # What the newest request was about.
        self._trail: list[int] = []  # The images that were left for a neighbour of theirs.
        self._requested = -1  # The row that this panel asked for.
        self._build(theme)
        self._ask_timer = self._timer(_COALESCE_MS, self._ask)
        self._slow_timer = self._timer(_SLOW_MS, self._on_slow)
        session.rows_changed.connect(self._on_rows_changed)
        session.classes_changed.connect(self._follow)
        session.status_changed.connect(self._follow)
        thumbnails.arrived.connect(self._on_thumbnail)
        self.set_theme(theme)

    @property
    def is_on(self) -> bool:
        """Whether the explanation is shown."""
        return self._is_on

    def set_row(self, row: int) -> None:
        """Another image is shown large, or none (-1)."""
        if row == self._row:
            return
        self._row, self._chosen = row, NO_CLASS
        if row != self._requested:  # The person went on: there is nothing to come back to.
            self._trail.clear()
        self._requested = -1
        self._show_way_back()
        self._forget_answer()
        self._follow()

    def toggle(self) -> None:
        """Show the explanation, or hide it."""
        self.set_on(not self._is_on)

    def set_on(self, is_on: bool) -> None:
        """Show the explanation of the most likely class, or hide it."""
        if is_on == self._is_on:
            return
        self._is_on, self._chosen = is_on, NO_CLASS
        self._body.setVisible(is_on)
        self._name_button()
        if not is_on:
            self._trail.clear()
        self._show_way_back()
        self._forget_answer()
        self._follow()
        self.toggled.emit(is_on)

    def choose(self, class_id: int) -> None:
        """Explain another of the image's likely classes."""
        self.set_on(True)
        self._chosen = class_id
        self._follow()

    def choose_next(self) -> None:
        """Explain the next likely class, after the last one the first."""
        classes = self._likely()
        if classes:
            now = self.explained_class()
            place = classes.index(now) + 1 if self._is_on and now in classes else 0
            self.choose(classes[place % len(classes)])

    def explained_class(self) -> int:
        """The class that is explained, NO_CLASS where there is none or nothing is shown."""
        classes = self._likely() if self._is_on else []
        if self._chosen in classes:
            return self._chosen
        return classes[0] if classes else NO_CLASS

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._button.setIcon(icon("why"))
        self._back.setIcon(icon("previous", theme.accent))
        self._legend.set_theme(theme)
        for tile in self._tiles:
            tile.set_theme(theme)

    # --- Building ---------------------------------------------------------------------------------

    def _build(self, theme: Theme) -> None:
        self._button = QPushButton()
        self._button.setIconSize(QSize(18, 18))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setToolTip(
            self.tr("Show which parts of the picture speak for the class, and its nearest examples")
        )
        self._button.clicked.connect(self.toggle)
        self._name_button()
        self._back = QPushButton()
        self._back.setObjectName("link")
        self._back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._back.clicked.connect(self._on_back)
        self._back.hide()
        self._title, self._confidence = QLabel(), QLabel()
        self._title.setObjectName("section")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._confidence.setObjectName("muted")
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._confidence, 0, Qt.AlignmentFlag.AlignTop)
        self._legend = HeatLegend(theme)
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(0, 100)
        self.strength.setValue(100)
        self.strength.setSingleStep(10)
        self.strength.setPageStep(25)
        self.strength.setAccessibleName(self.tr("Strength of the colours"))
        self.strength.setToolTip(
            self.tr("How much of the colours is seen: to the left the picture itself comes out")
        )
        self.strength.valueChanged.connect(self._on_strength_moved)
        self._text, self._near_title = QLabel(), QLabel(self.tr("Nearest labelled images"))
        self._text.setObjectName("muted")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._near_title.setObjectName("section")
        self._tiles = [NeighbourTile(self._session, self._thumbnails, theme) for _ in range(3)]
        near = QHBoxLayout()
        near.setSpacing(GAP_PX)
        for tile in self._tiles:
            tile.clicked.connect(self._on_tile_clicked)
            near.addWidget(tile)
        near.addStretch(1)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, GAP_PX, 0, 0)
        body.setSpacing(GAP_PX)
        body.addLayout(head)
        body.addWidget(self._legend)
        body.addWidget(self.strength)
        body.addWidget(self._text)
        body.addWidget(self._near_title)
        body.addLayout(near)
        self._body.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX // 2)
        column.addWidget(self._button)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._body)

    def _timer(self, interval_ms: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer

    # --- Asking -----------------------------------------------------------------------------------

    def _on_rows_changed(self, rows: Rows | None) -> None:
        if rows is None or bool(np.any(rows == self._row)):
            self._follow()

    def _follow(self) -> None:
        """Bring what is shown to the image, the class and the predictions of now."""
        subject = self._subject()
        self.explained_changed.emit(self.explained_class())
        if not self._is_on:
            return
        if subject is None:
            self._forget_answer()
            self._show_message(self._why_not())
            return
        self._show_title()
        if subject != self._asked:
            if self._asked is None or subject[:2] != self._asked[:2]:
                self._show_nothing_yet()
            self._asked = subject
            if not self._ask_timer.isActive():  # Models may come faster than it waits.
                self._ask_timer.start()

    def _subject(self) -> _Subject | None:
        """What there is to explain, None for nothing."""
        item = self._session.image_class(self.explained_class())
        adapted = self._session.classifier.adapted
        if item is None or adapted is None:
            return None
        return self._row, int(item.class_id), adapted.request_id

    def _likely(self) -> list[int]:
        """The classes that the image has probabilities for, most likely first."""
        table = self._session.table
        if not 0 <= self._row < table.n_rows:
            return []
        return [
            class_id
            for class_id in table.predicted[self._row].tolist()
            if self._session.image_class(class_id) is not None
        ]

    def _ask(self) -> None:
        item = self._session.image_class(self.explained_class())
        if self._subject() is None or item is None:
            return
        session, bridge = self._session, self._session.bridge
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        command = messages.Explain(
            self._request_id,
            session.table.ref(self._row),
            item.class_id,
            session.classifier.support(),
        )
        self._slow_timer.start()
        bridge.ask(command, self._on_event)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.Explained():
                self._slow_timer.stop()
                self._show(event)
            case messages.JobFailed():
                self._slow_timer.stop()
                self.heat_changed.emit(None)
                self._show_message(event.message)
            case _:
                pass

    def _forget_answer(self) -> None:
        self._ask_timer.stop()
        self._slow_timer.stop()
        self._session.bridge.release(self._request_id)
        self._request_id, self._asked = 0, None
        self.heat_changed.emit(None)

    # --- Showing ----------------------------------------------------------------------------------

    def _show(self, event: messages.Explained) -> None:
        item = self._session.image_class(event.class_id)
        if item is None:
            return
        has_parts = not event.note  # Some encoders cannot tell parts of an image apart.
        self.heat_changed.emit(heat_image(event.heat) if has_parts else None)
        self._show_title()
        text = (
            self.tr(
                "Orange parts speak for {name}, blue ones against it; all together make its "
                "score, {score} (0: the average class)."
            )
            if has_parts
            else self.tr(
                "The score of {name} is {score} (0: the average class). The encoder in use cannot "
                "tell which parts of the picture speak for it; Handful's own can."
            )
        )
        self._text.setText(text.format(name=item.name, score=_signed(event.score)))
        table = self._session.table
        known = [
            (neighbour, table.row_of(neighbour.image_id))
            for neighbour in event.neighbours
            if table.row_of(neighbour.image_id) >= 0
        ]
        for place, tile in enumerate(self._tiles):
            tile.setVisible(place < len(known))
            if place < len(known):
                tile.show_neighbour(*known[place])
        if known:
            self._thumbnails.want_too([row for _, row in known])
        for part in (self._legend, self.strength):
            part.setVisible(has_parts)
        self._near_title.setVisible(bool(known))

    def _show_title(self) -> None:
        item = self._session.image_class(self.explained_class())
        if item is None:
            return
        table = self._session.table
        place = table.predicted[self._row].tolist().index(item.class_id)
        self._title.setText(self.tr("Why {name}?").format(name=item.name))
        self._confidence.setText(percent_text(float(table.probabilities[self._row, place])))
        self._title.show()
        self._confidence.show()

    def _show_nothing_yet(self) -> None:
        """Another image or class: what is said of the last one must not be taken for it."""
        self._slow_timer.stop()
        self._session.bridge.release(self._request_id)
        self.heat_changed.emit(None)
        self._text.setText("")
        self._show_parts(False)

    def _show_message(self, text: str) -> None:
        self._text.setText(text)
        self._title.hide()
        self._confidence.hide()
        self._show_parts(False)

    def _show_parts(self, are_shown: bool) -> None:
        for part in (self._legend, self.strength, self._near_title, *self._tiles):
            part.setVisible(are_shown)

    def _on_slow(self) -> None:
        if not self._text.text():
            self._text.setText(self.tr("Looking at the picture…"))

    def _why_not(self) -> str:
        session, table = self._session, self._session.table
        if not 0 <= self._row < table.n_rows:
            return ""
        if table.unreadable[self._row]:
            return self.tr("The picture cannot be read, so there is nothing to explain.")
        if session.engine_failure:
            return session.engine_failure
        if session.n_labelled_classes < 2:
            return self.tr("Label images of at least two classes first; then this tells why.")
        return self.tr("There is no prediction for this image yet.")

    def _name_button(self) -> None:
        name = self.tr("Hide why (W)") if self._is_on else self.tr("Why? (W)")
        self._button.setText(f" {name}")
        self._button.setAccessibleName(name)

    def _on_strength_moved(self, value: int) -> None:
        self.strength_changed.emit(value / 100)

    # --- Neighbours -------------------------------------------------------------------------------

    def _on_tile_clicked(self) -> None:
        tile = self.sender()
        assert isinstance(tile, NeighbourTile)
        self._trail.append(self._row)
        self._request(tile.row)

    def _on_back(self) -> None:
        if self._trail:
            self._request(self._trail.pop())

    def _request(self, row: int) -> None:
        self._requested = row
        self.image_requested.emit(row)

    def _show_way_back(self) -> None:
        self._back.setVisible(bool(self._trail))
        if self._trail:
            name = self._session.table.names[self._trail[-1]].rpartition("/")[2]
            short = self._back.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 140)
            # No letter of a name becomes a mnemonic.
            self._back.setText(self.tr("Back to {name}").format(name=short.replace("&", "&&")))

    def _on_thumbnail(self, image_id: int) -> None:
        row = self._session.table.row_of(image_id)
        for tile in self._tiles:
            if tile.row == row:
                tile.update()


class NeighbourTile(QAbstractButton):
    """A labelled image: its thumbnail, its class, and how similar it is. A click shows it."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._theme = theme
        self.row = -1
        self._item: ImageClass | None = None
        self._similarity = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.update()

    def show_neighbour(self, neighbour: messages.Neighbour, row: int) -> None:
        """Show a labelled image, which is in that row of the table."""
        self.row, self._similarity = row, neighbour.similarity
        self._item = self._session.image_class(neighbour.class_id)
        file_name = self._session.table.names[row]
        words = self.tr("{name}, similarity {value} of at most 1").format(
            name="" if self._item is None else self._item.name, value=self.texts()[1]
        )
        self.setToolTip(plain_tip(f"{file_name}\n{words}"))
        self.setAccessibleName(f"{file_name}: {words}")
        self.update()

    def texts(self) -> tuple[str, str]:
        """What is written below the picture: the class and the similarity."""
        value = QLocale().toString(self._similarity, "f", 2).replace("-", "−")
        return ("" if self._item is None else self._item.name, value)

    def sizeHint(self) -> QSize:
        below = GAP_PX + _STRIPE_PX + 2 * self.fontMetrics().height()
        return QSize(_PICTURE_PX, _PICTURE_PX + below)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = _PICTURE_PX
        box = QRect(0, 0, side, side)
        self._paint_picture(painter, box)
        name, value = self.texts()
        flags, metrics, line = Qt.AlignmentFlag, self.fontMetrics(), self.fontMetrics().height()
        if self._item is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._item.colour))
            stripe = QRectF(0, side + GAP_PX // 2, side, _STRIPE_PX)
            painter.drawRoundedRect(stripe, _STRIPE_PX / 2, _STRIPE_PX / 2)
        words = QRect(0, side + GAP_PX + _STRIPE_PX, side, line)
        painter.setPen(QColor(theme.text))
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, side)
        painter.drawText(words, flags.AlignLeft | flags.AlignVCenter, short)
        painter.setPen(QColor(theme.muted))
        painter.drawText(words.translated(0, line), flags.AlignLeft | flags.AlignVCenter, value)
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(box, 6, 6)
        known = 0 <= self.row < self._session.table.n_rows
        image_id = self._session.table.image_id(self.row) if known else None
        pixels = None if image_id is None else self._thumbnails.pixmap(image_id)
        if pixels is None or pixels.isNull():
            glyph = pixmap("image", theme.border, 24, self.devicePixelRatioF())
            painter.drawPixmap(box.center().x() - 11, box.center().y() - 11, glyph)
        else:
            # Cut to a square: at this size more is seen than of the whole picture in a frame.
            side = min(pixels.width(), pixels.height())
            cut = QRect(0, 0, side, side)
            cut.moveCenter(pixels.rect().center())
            rounded = QPainterPath()
            rounded.addRoundedRect(QRectF(box), 6, 6)
            painter.save()
            painter.setClipPath(rounded)
            painter.drawPixmap(box, pixels, cut)
            painter.restore()
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 6, 6)


def _signed(score: float) -> str:
    """A score with its sign, a minus as long as the plus."""
    tenths = round(10 * score)
    size = QLocale().toString(abs(tenths) / 10, "f", 1)
    return size if tenths == 0 else f"{'+' if tenths > 0 else '−'}{size}"
