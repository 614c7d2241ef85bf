"""What stands above the tiles: the filters that are on and can be chosen, and the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.gallery.arrangement import Arrangement, Show, counts
from app.gallery.order_row import OrderRow
from app.look.icons import icon, swatch
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS, NONE_SCORE, UNSURE_MARGIN
from app.session.session import Session
from engine import SHOWN_ODDS
from engine.messages import NONE_OF_THESE

_NAME_PX: Final = 120  # Of a class or a searched name.
# In this order they get a place of their own where there is room; the others are in a menu.
_BY_IMPORTANCE: Final = (
    Show.ALL,
    Show.UNLABELLED,
    Show.LABELLED,
    Show.UNSURE,
    Show.CONFIDENT,
    Show.DOUBTFUL,
    Show.SET_ASIDE,
    Show.LIKE_NONE,
    Show.UNREADABLE,
    Show.ALIKE,
)
# Those of which there is nothing are in the menu, too.
_SELDOM: Final = (
    Show.CONFIDENT,
    Show.DOUBTFUL,
    Show.SET_ASIDE,
    Show.LIKE_NONE,
    Show.UNREADABLE,
    Show.ALIKE,
)


class GalleryHead(QWidget):
    """Shows an arrangement, and lets a person change it.

    Every filter that is on is a filled pill with a cross, which takes it off again.

    Signals:
        state_chosen: a :class:`Show`.
        class_chosen: a class, NO_CLASS for any.
        name_cleared: any name will do again.
        cleared: no filter at all.
    """

    state_chosen = Signal(object)
    class_chosen = Signal(int)
    name_cleared = Signal()
    cleared = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._arrangement = Arrangement()
        self._numbers: dict[Show, int] = {}
        self._said: object = None  # What the pills were fitted to last.
        self._cross = QIcon()
        self._class_name = ""
        # What is said above the tiles follows from their width, and not the other way round: else
        # a filter that comes would take its room from the classes, and never give it back.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.filters = QHBoxLayout()
        self.filters.setSpacing(GAP_PX)
        self.order = OrderRow(session)
        self.lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.lines.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self.lines.setSpacing(GAP_PX)
        self.lines.addLayout(self.filters)
        self.lines.addWidget(self.order)
        self._make_filters()

    # --- For the gallery --------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.order.set_theme(theme)
        self._cross = icon("close", theme.text)
        for button in (self.name_pill, self.class_cross):
            button.setIcon(self._cross)
        for button in (self.class_pill, self.more):
            button.setIcon(icon("down", theme.muted))
        self._write()

    def show_arrangement(self, arrangement: Arrangement, numbers: dict[Show, int]) -> None:
        """Show which filters and which order are on, and how many images each state has."""
        is_other = arrangement != self._arrangement
        self._arrangement, self._numbers = arrangement, numbers
        self.order.show_arrangement(arrangement)
        if is_other:
            self._write()
        else:
            self._fit()

    def show_classes(self) -> None:
        """The classes are others."""
        self._class_menu.clear()
        for item in self._session.offered:
            if item.class_id == NONE_OF_THESE:
                self._class_menu.addSeparator()
            action = self._class_menu.addAction(swatch(item.colour), item.name.replace("&", "&&"))
            action.setData(int(item.class_id))
        self._class_menu.addSeparator()
        every = self._class_menu.addAction(self.tr("Any class"))
        every.setData(NO_CLASS)
        self.class_pill.setEnabled(bool(self._session.classes))
        self._write()

    def show_out_of_date(self, is_so: bool) -> None:
        """Say whether filtering and sorting anew would show something else."""
        self.order.show_out_of_date(is_so)
        self._fit()

    def show_folders(self, has_folders: bool) -> None:
        """Say whether any image is in a sub-folder."""
        self.order.show_folders(has_folders)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # --- Building ---------------------------------------------------------------------------------

    def _make_filters(self) -> None:
        self.chips: dict[Show, QToolButton] = {}
        for show in (*_BY_IMPORTANCE, Show.PREDICTED, Show.TO_LABEL, Show.THESE):
            chip = self._pill()
            chip.setCheckable(True)
            chip.clicked.connect(self._on_chip)
            self.chips[show] = chip
            self.filters.addWidget(chip)
        self.more = self._pill()
        self.more.setText(self.tr("More"))
        self.more.setToolTip(self.tr("More filters"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more_menu = self._menu_of(self.more)
        self._more_menu.setToolTipsVisible(True)
        self._more_menu.aboutToShow.connect(self._fill_more)
        self._more_menu.triggered.connect(self._on_more_chosen)
        self.class_pill = self._pill()
        self.class_pill.setToolTip(self.tr("Show images labelled or predicted as one class"))
        self.class_pill.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.class_pill.setCheckable(True)
        self._class_menu = self._menu_of(self.class_pill)
        self._class_menu.triggered.connect(self._on_class_chosen)
        self._class_menu.aboutToHide.connect(self._write)
        self.class_cross = QToolButton()
        self.class_cross.setObjectName("flat")
        self._named(self.class_cross, self.tr("Show all classes again"))
        self.class_cross.clicked.connect(self._on_class_cleared)
        self.name_pill = self._pill()
        self.name_pill.setCheckable(True)
        self._named(self.name_pill, self.tr("Show all names again"))
        self.name_pill.clicked.connect(self.name_cleared)
        self.clear = QToolButton()
        self.clear.setObjectName("flat")
        self.clear.setText(self.tr("Clear"))
        self._named(self.clear, self.tr("Clear all filters"))
        self.clear.clicked.connect(self.cleared)
        for button in (self.more, self.class_pill, self.class_cross, self.name_pill, self.clear):
            self.filters.addWidget(button)
        self.filters.addStretch(1)

    def _pill(self) -> QToolButton:
        pill = QToolButton()
        pill.setObjectName("chip")
        pill.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        pill.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The cross behind the text.
        return pill

    def _menu_of(self, pill: QToolButton) -> QMenu:
        menu = QMenu(self)
        menu.setLayoutDirection(self.layoutDirection())  # Not the mirrored pill's.
        pill.setMenu(menu)
        return menu

    def _named(self, button: QToolButton, text: str) -> None:
        button.setToolTip(text)
        button.setAccessibleName(text)

    # --- Slots ------------------------------------------------------------------------------------

    def _on_chip(self) -> None:
        show = next(show for show, chip in self.chips.items() if chip is self.sender())
        self.state_chosen.emit(Show.ALL if show is self._arrangement.show else show)
        self._write()  # Qt has unticked the pill that was clicked to stay as it is.

    def _fill_more(self) -> None:
        self._more_menu.clear()
        names, uncounted = self._names(), (Show.TO_LABEL,)
        numbers = {**counts(self._session.table, self._arrangement, uncounted), **self._numbers}
        for show, chip in self.chips.items():
            if chip.isHidden() and show is not Show.THESE:
                number = QLocale().toString(numbers.get(show, 0))
                action = self._more_menu.addAction(f"{names[show]}\t{number}")
                action.setToolTip(chip.toolTip())
                action.setData(show)

    def _on_more_chosen(self, action: QAction) -> None:
        self.state_chosen.emit(action.data())

    def _on_class_chosen(self, action: QAction) -> None:
        self.class_chosen.emit(int(action.data()))

    def _on_class_cleared(self) -> None:
        self.class_chosen.emit(NO_CLASS)

    # --- Showing ----------------------------------------------------------------------------------

    def _write(self) -> None:
        """Bring every pill to what is on."""
        now, tips = self._arrangement, self._tips()
        for show, chip in self.chips.items():
            is_on = show is now.show
            chip.setToolTip(tips[show])
            chip.setAccessibleDescription(tips[show])
            chip.setChecked(is_on)
            chip.setIcon(self._cross if is_on and show is not Show.ALL else QIcon())
        item = self._session.image_class(now.class_id) if now.class_id != NO_CLASS else None
        self._class_name = "" if item is None else item.name
        self.class_pill.setAccessibleName(
            self.tr("Class")
            if item is None
            else self.tr("Only the class {name}").format(name=item.name)
        )
        self.class_pill.setChecked(item is not None)
        self.class_cross.setVisible(item is not None)
        self.name_pill.setVisible(bool(now.name))
        self.name_pill.setChecked(True)
        self.clear.setVisible(now.n_filters > 1)
        self._said = None
        self._fit()

    def _short(self, name: str, room_px: int) -> str:
        metrics = self.class_pill.fontMetrics()
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room_px)
        return short.replace("&", "&&")  # No letter of a name becomes a mnemonic.

    def _fit(self) -> None:
        """Say as much above the tiles as there is room for, on one line if that will do."""
        said = self.width(), self._arrangement, self._numbers, self.order.needed_px()
        if said == self._said:
            return  # Counts come ten times a second, and measuring words takes some milliseconds.
        self._said = said
        now, numbers = self._arrangement.show, self._numbers
        wanted = [
            show
            for show in _BY_IMPORTANCE
            if show is now
            or show not in _SELDOM
            or numbers.get(Show.PREDICTED if show is Show.CONFIDENT else show, 0) > 0
        ]
        if now not in wanted:
            wanted.append(now)
        droppable = [show for show in wanted if show not in (Show.ALL, now)]
        room = self.width() - 4 * GAP_PX
        others = [self.more, self.class_pill, self.class_cross, self.name_pill, self.clear]
        order = self.order.needed_px()
        has_one_line = True
        for has_numbers, has_one_line, n_dropped, name_px in (
            (True, True, 0, _NAME_PX),
            *((True, False, count, _NAME_PX) for count in range(len(droppable) - 2)),
            *((False, False, count, _NAME_PX) for count in range(len(droppable) + 1)),
            (False, False, len(droppable), _NAME_PX // 2),
        ):
            dropped = droppable[len(droppable) - n_dropped :]
            shown = [show for show in wanted if show not in dropped]
            self._name_chips(has_numbers=has_numbers)
            self._name_others(name_px)
            needed = self._width_of([*(self.chips[show] for show in shown), *others])
            if needed + (order if has_one_line else 0) <= room:
                break
        for show, chip in self.chips.items():
            chip.setVisible(show in shown)
        self.lines.setDirection(
            QBoxLayout.Direction.LeftToRight if has_one_line else QBoxLayout.Direction.TopToBottom
        )

    def _width_of(self, widgets: Sequence[QWidget]) -> int:
        """What they take side by side; but for pills, which may be hidden, those that are shown."""
        chips = self.chips.values()
        shown = [item for item in widgets if item in chips or not item.isHidden()]
        return sum(item.sizeHint().width() + GAP_PX for item in shown)

    def _name_chips(self, *, has_numbers: bool) -> None:
        for show, name in self._names().items():
            number = QLocale().toString(self._numbers.get(show, 0))
            is_told = has_numbers or show is self._arrangement.show
            self.chips[show].setText(f"{name}  {number}" if is_told else name)

    def _name_others(self, room_px: int) -> None:
        name = self._short(self._class_name, room_px)
        self.class_pill.setText(name or self.tr("Class"))
        sought = self._short(self._arrangement.name, room_px)
        self.name_pill.setText(self.tr("“{text}”").format(text=sought))

    def _tips(self) -> dict[Show, str]:
        """What each state lets through, and so what bounds its number."""
        locale = QLocale()
        margin, none, confidence = (
            locale.toString(round(100 * share))
            for share in (UNSURE_MARGIN, NONE_SCORE, self._arrangement.threshold)
        )
        return {
            Show.ALL: self.tr("Every image of the folder"),
            Show.UNLABELLED: self.tr("Images without a label of yours that can be read"),
            Show.LABELLED: self.tr(
                "Images that you labelled, those labelled “none of these” among them"
            ),
            Show.PREDICTED: self.tr("Unlabelled images that have a prediction"),
            Show.UNSURE: self.tr(
                "Unlabelled images whose two most likely classes are less than {margin} percentage "
                "points apart"
            ).format(margin=margin),
            Show.CONFIDENT: self.tr(
                "Predictions with a confidence of at least {percent} %, without images that look "
                "like none of these or are set aside; and how good they are"
            ).format(percent=confidence),
            Show.LIKE_NONE: self.tr(
                "Unlabelled images that look like none of the classes: that score is {percent} % "
                "or more"
            ).format(percent=none),
            Show.DOUBTFUL: self.tr(
                "Labels of yours that look wrong: a model of all other labels finds another class "
                "at least {odds} times as likely, or the same picture has another label"
            ).format(odds=locale.toString(round(SHOWN_ODDS))),
            Show.SET_ASIDE: self.tr("Images without a label that you set aside for later"),
            Show.ALIKE: self.tr("Bursts, copies and near-duplicates, each image counted"),
            Show.UNREADABLE: self.tr("Files that cannot be read, and why"),
            Show.TO_LABEL: self.tr(
                "Unlabelled images whose two most likely classes are less than {margin} percentage "
                "points apart, of a class also those that may be of it; one of those that show the "
                "same, and none that is set aside"
            ).format(margin=margin),
            Show.THESE: self.tr("Images that another page named"),
        }

    def _names(self) -> dict[Show, str]:
        return {
            Show.ALL: self.tr("All"),
            Show.UNLABELLED: self.tr("Unlabelled"),
            Show.LABELLED: self.tr("Labelled"),
            Show.PREDICTED: self.tr("Predicted"),
            Show.UNSURE: self.tr("Unsure"),
            Show.CONFIDENT: self.tr("Confident"),
            Show.LIKE_NONE: self.tr("None of these?"),
            Show.DOUBTFUL: self.tr("Looks wrong"),
            Show.SET_ASIDE: self.tr("Set aside"),
            Show.ALIKE: self.tr("Duplicates, bursts"),
            Show.UNREADABLE: self.tr("Unreadable"),
            Show.TO_LABEL: self.tr("Worth labelling"),
            Show.THESE: self.tr("Found"),
        }
