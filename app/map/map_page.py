"""All images as points, alike ones near each other: to see classes as wholes and label by areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QLocale, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QComboBox,
    QLabel,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.map.hover_card import HoverCard
from app.map.looks import ColourBy, Looks, looks
from app.map.map_layout import FEWEST, MapLayout
from app.map.map_words import why_no_map
from app.map.names import class_names
from app.map.sprites import Sign
from app.map.strip import Strip
from app.session.session import Session
from engine.messages import ClassId, ImageId

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas

_REPAINT_MS: Final = 60  # Predictions come in chunks; the points are coloured so often at most.


class MapPage(Page):
    """The map with its legend, its tools and the progress of its layout.

    Signals:
        images_requested: show these images in the gallery.
        image_requested: show this image large.
        menu_requested: a context menu for the chosen images, at a global position.
        selection_changed: other images are selected.
    """

    images_requested = Signal(object)
    image_requested = Signal(int)
    menu_requested = Signal(QPoint)
    selection_changed = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        describe: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; what it takes long to load is loaded when it is first shown.

        Args:
            session: its images and classes.
            thumbnails: for the picture beside the pointer.
            theme: the colours to begin with.
            describe: label or prediction of a row in words.
        """
        self._session = session
        self._describe = describe
        self._thumbnails = thumbnails
        self._is_built = False
        self._looks: Looks | None = None
        self._card: HoverCard | None = None
        self.canvas: MapCanvas | None = None  # From the first time that the page is shown.
        super().__init__(self.tr("Map"), theme, parent)
        self.layout_ = MapLayout(session, self)
        self._shown_tuning = ""
        self._wanted: list[ImageId] = []  # To be selected once they are on the map.
        self._build()
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(_REPAINT_MS)
        self._repaint.timeout.connect(self._show_looks)
        self.layout_.moved.connect(self._show_points)
        self.layout_.changed.connect(self._show_state)
        session.audit.changed.connect(self._repaint_soon)
        session.rows_changed.connect(self._repaint_soon)
        session.classes_changed.connect(self._repaint_soon)
        session.predictions_changed.connect(self._repaint_soon)
        self._is_built = True
        self.set_theme(theme)

    # --- For the window ---------------------------------------------------------------------------

    def key_help(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Drag, Shift+Drag, Ctrl+Drag"), self.tr("Select by lasso, add, invert")),
            (self.tr("Right button, Space+Drag"), self.tr("Move the map")),
            (self.tr("Arrow keys"), self.tr("Go to the nearest image")),
            (self.tr("Space"), self.tr("Select the image, or not")),
            (self.tr("Enter"), self.tr("Show the image large")),
            (self.tr("+, -, Home"), self.tr("Zoom in, out, whole map")),
            (self.tr("Esc"), self.tr("Select nothing, then back to all images")),
        ]

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if not self._is_built:
            return
        for button, name in self._icons:
            button.setIcon(icon(name))
        if self.canvas is not None:
            self.canvas.set_theme(theme)
            self._show_looks()

    def begin(self) -> None:
        self._make_canvas()
        self.layout_.open()
        self._show_points()
        self._show_state()

    def end(self) -> None:
        self._repaint.stop()
        self.layout_.close()
        self._card_clear()

    def chosen_image(self) -> ImageId | None:
        """The image that the keyboard is at, or the only one selected."""
        if self.canvas is None:
            return None
        chosen, row = self.canvas.selected_rows(), self.canvas.current_row()
        if row < 0 and len(chosen) == 1:
            row = int(chosen[0])
        return self._session.table.image_id(row) if row >= 0 else None

    def chosen_images(self) -> list[ImageId]:
        """The selected images; where none is, the one that the keyboard is at."""
        if self.canvas is None:
            return []
        chosen = self.canvas.selected_rows()
        if not len(chosen):
            image = self.chosen_image()
            return [] if image is None else [image]
        return [self._session.table.image_id(row) for row in chosen.tolist()]

    def kept_state(self) -> object:
        return (
            self._colour.currentIndex(),
            self._rectangle.isChecked(),
            self.chosen_images(),
            self.layout_.kept_state(),
        )

    def restore_state(self, state: object) -> None:
        if not isinstance(state, tuple):
            return
        colour, is_rectangle, chosen, layout = state
        self._colour.setCurrentIndex(colour)
        self._rectangle.setChecked(is_rectangle)
        self._on_tool_chosen()
        self.layout_.restore_state(layout)
        self.select_images(chosen)

    def take_class(self, class_id: ClassId) -> bool:
        """Label what is selected, as one edit."""
        return self._session.label(self.chosen_images(), class_id)

    def select_images(self, images: list[ImageId]) -> None:
        """Select these, as far as they are on the map, and bring them into view."""
        self._wanted = images
        self._select_wanted()

    def zoom(self, factor: float) -> None:
        """Show less of the map (factor above one), or more."""
        if self.canvas is not None:
            self.canvas.zoom(factor)

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self._icons: list[tuple[QToolButton, str]] = []
        self._colour = QComboBox()
        self._colour.setAccessibleName(self.tr("Colours show"))
        self._colour.setToolTip(self.tr("What the colours of the points tell"))
        self._colour.addItem(self.tr("Class"), ColourBy.CLASS)
        self._colour.addItem(self.tr("Confidence"), ColourBy.CONFIDENCE)
        self._colour.addItem(self.tr("What to check"), ColourBy.AUDIT)
        self._colour.activated.connect(self._on_colour_chosen)
        self._tools = QButtonGroup(self)
        self._lasso = self._tool_button("lasso", self.tr("Lasso"), is_tool=True)
        self._lasso.setToolTip(
            self.tr("Lasso: drag around images to select them (Shift adds, Ctrl inverts)")
        )
        self._rectangle = self._tool_button("select-rectangle", self.tr("Rectangle"), is_tool=True)
        self._rectangle.setToolTip(
            self.tr("Rectangle: drag over images to select them (Shift adds, Ctrl inverts)")
        )
        self._lasso.setChecked(True)
        self._tools.buttonClicked.connect(self._on_tool_chosen)
        self._fit = self._tool_button("fit", self.tr("Whole map"))
        self._fit.setToolTip(self.tr("Show the whole map (Home)"))
        self._fit.clicked.connect(self._on_fit)
        self._anew = self._tool_button("refresh", self.tr("Arrange anew"))
        self._anew.setToolTip(
            self.tr("Arrange anew: lay all images out from the start, also those that came later")
        )
        self._anew.clicked.connect(self.layout_.make_anew)
        colour_label = QLabel(self.tr("Colours show"))
        colour_label.setObjectName("muted")
        colour_label.setBuddy(self._colour)
        for part in (colour_label, self._colour):
            self.head.insertWidget(self.head.indexOf(self.position), part)
        for button in (self._lasso, self._rectangle, self._fit, self._anew):
            self.head.insertWidget(self.head.indexOf(self.position), button)
        self._nothing = QLabel()
        self._nothing.setObjectName("title")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(4 * GAP_PX, 0, 4 * GAP_PX, 0)
        self._ground = QWidget()
        self._ground.setObjectName("ground")
        QVBoxLayout(self._ground).addWidget(self._nothing)
        self._stack = QStackedLayout()
        self.column.addLayout(self._stack, 1)  # First: it shows what it is given, else as a window.
        self._stack.addWidget(self._ground)
        self.strip = Strip()
        self.strip.sign_chosen.connect(self._on_legend)
        self.strip.gallery_requested.connect(self._on_gallery)
        self.strip.stop_requested.connect(self.layout_.stop)
        self.column.addWidget(self.strip)

    def _tool_button(self, picture: str, text: str, *, is_tool: bool = False) -> QToolButton:
        button = QToolButton()
        button.setObjectName("flat")
        button.setIconSize(QSize(20, 20))
        button.setAccessibleName(text)
        button.setCheckable(is_tool)
        if is_tool:
            self._tools.addButton(button)
        self._icons.append((button, picture))
        return button

    def _make_canvas(self) -> None:
        if self.canvas is not None:
            return
        # Here: pyqtgraph takes a third of a second, for which the window's start need not wait.
        from app.map.canvas import MapCanvas

        canvas = MapCanvas(self._theme)
        canvas.setAccessibleName(self.tr("Map of the images"))
        canvas.selection_changed.connect(self._on_selection_changed)
        canvas.hovered.connect(self._on_hovered)
        canvas.opened.connect(self._on_opened)
        canvas.menu_requested.connect(self.menu_requested)
        canvas.left.connect(self.left)
        self._card = HoverCard(self._session, self._thumbnails, canvas)
        self._stack.addWidget(canvas)
        self.canvas = canvas

    # --- Slots ------------------------------------------------------------------------------------

    def _on_colour_chosen(self) -> None:
        self._show_looks()

    def _on_tool_chosen(self) -> None:
        if self.canvas is not None:
            self.canvas.lasso.is_free = self._lasso.isChecked()
            self.canvas.setFocus()

    def _on_fit(self) -> None:
        if self.canvas is not None:
            self.canvas.fit()
            self.canvas.setFocus()

    def _on_legend(self, sign: int) -> None:
        if self.canvas is not None and self._looks is not None:
            self.canvas.select_rows(self.canvas.rows[self._looks.which(Sign(sign))])
            self.canvas.setFocus()

    def _on_gallery(self) -> None:
        self.images_requested.emit(self.chosen_images())

    def _on_selection_changed(self) -> None:
        assert self.canvas is not None
        self._wanted = []
        self._show_selection()
        self._card_clear()
        self.canvas.setAccessibleDescription(self._summary())
        QAccessible.updateAccessibility(
            QAccessibleEvent(self.canvas, QAccessible.Event.DescriptionChanged)
        )
        self.selection_changed.emit()

    def _on_hovered(self, row: int, place: QPointF) -> None:
        if row < 0 or self._card is None:
            self._card_clear()
        else:
            self._card.show_row(row, self._describe(row), place)

    def _card_clear(self) -> None:
        if self._card is not None:
            self._card.clear()

    def _on_opened(self, row: int) -> None:
        self.image_requested.emit(int(self._session.table.image_id(row)))

    def _repaint_soon(self) -> None:
        if self.isVisible() and not self._repaint.isActive():
            self._repaint.start()

    # --- What is shown ----------------------------------------------------------------------------

    def _colour_by(self) -> ColourBy:
        chosen = self._colour.currentData()
        assert isinstance(chosen, ColourBy)
        return chosen

    def _show_points(self) -> None:
        if self.canvas is None or (len(self.layout_.rows) and not self.isVisible()):
            return  # Rows of a project that was closed are let go of at once.
        tuning = self.layout_.tuning
        self.canvas.set_points(
            self.layout_.rows, self.layout_.positions, calmly=tuning != self._shown_tuning
        )
        self._shown_tuning = tuning
        self._select_wanted()
        self._show_looks()
        self._show_state()

    def _select_wanted(self) -> None:
        if self.canvas is None or not len(self.canvas.rows) or not self._wanted:
            return
        wanted = self._wanted
        rows = self._session.table.rows_of(np.array(wanted, np.int64))
        self.canvas.select_rows(rows[rows >= 0])
        self._wanted = wanted if self.layout_.is_working else []

    def _show_looks(self) -> None:
        canvas = self.canvas
        if canvas is None or self._session.project is None:
            return
        table, by = self._session.table, self._colour_by()
        doubtful = set(np.flatnonzero(table.doubtful).tolist())
        self._looks = looks(self._session, canvas.rows, by, self._theme, doubtful)
        names = []
        if by is ColourBy.CLASS:
            names = class_names(self._session, canvas.rows, canvas.positions)
        canvas.set_looks(self._looks, names)
        self.strip.show_legend(by, self._looks, self._theme)
        self._show_selection()

    def _show_selection(self) -> None:
        if self.canvas is None:
            return
        n_chosen, n_images = len(self.canvas.selected_rows()), len(self.canvas.rows)
        count, total = QLocale().toString(n_chosen), QLocale().toString(n_images)
        if n_chosen == 1:
            text = self.tr("1 of {total} selected").format(total=total)
        elif n_chosen:
            text = self.tr("{count} of {total} selected").format(count=count, total=total)
        else:
            text = self.tr("{total} images").format(total=total)
        self.position.setText(text if n_images else "")
        self.strip.gallery_button.setEnabled(n_chosen > 0 or self.canvas.current_row() >= 0)

    def _show_state(self) -> None:
        if self.canvas is None:
            return
        state = self.layout_
        has_map = state.method is not None and state.n_known >= FEWEST
        focused = QApplication.focusWidget()
        has_focus = focused is self or focused is self._stack.currentWidget()
        shown = self.canvas if has_map else self._ground
        self._stack.setCurrentWidget(shown)
        self.lead_focus_to(shown)  # What is hidden takes no focus.
        if has_focus:
            shown.setFocus()
        self.strip.setVisible(has_map)
        for button in (self._colour, self._lasso, self._rectangle, self._fit):
            button.setEnabled(has_map)
        self._anew.setEnabled(has_map and not state.is_working)
        if not has_map:
            self._card_clear()
            self.position.clear()
            self._nothing.setText(why_no_map(self._session, state))
            return
        self.strip.show_work(self._session.reader, state)

    def _summary(self) -> str:
        """What is selected, and where the keyboard is, for whom does not see it."""
        assert self.canvas is not None
        row, parts = self.canvas.current_row(), [self.position.text()]
        if row >= 0:
            parts.append(f"{self._session.table.names[row]}, {self._describe(row)}")
        return "; ".join(parts)
