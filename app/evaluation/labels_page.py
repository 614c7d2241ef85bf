"""The page about the labels: are there enough, which look wrong, which images are the same."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.evaluation.label_review import LabelReview
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap, swatch
from app.look.page import Page
from app.look.plots import IntervalBar, LearningCurve
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import (
    NONE_OF_THESE,
    ClassId,
    ClassReach,
    DoubtfulLabel,
    ImageId,
    LabelsReviewed,
)

_WIDTH_PX: Final = 980
_MAX_DOUBTFUL: Final = 20
_MAX_GROUPS: Final = 12
_SIDE_BY_SIDE_PX: Final = 820  # Below, the curve is under the table.
_NAME_PX: Final = 220
_CHANGE_PX: Final = 160  # Of a name on a button.
_PICTURE_PX: Final = 104
_SMALL_PX: Final = 48


class LabelsPage(Page):
    """Everything that the engine has to say about the labels, the most useful first.

    Signals:
        images_requested: images to look at in the gallery.
        image_requested: one image to see large.
        spot_check_requested: check predictions drawn at random.
    """

    images_requested = Signal(object)
    image_requested = Signal(int)
    spot_check_requested = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        super().__init__(self.tr("Check the labels"), theme, parent)
        self._thumbnails = thumbnails
        self.review = LabelReview(session, self)
        self._shown: object = None
        self._halves: QBoxLayout | None = None  # The table of classes, and the curve.
        self._frame = QWidget()
        self._frame.setMaximumWidth(_WIDTH_PX)
        self._frame.setLayout(QVBoxLayout())
        self._start_body()
        ground = QWidget()
        ground.setObjectName("ground")
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self._frame, 100)
        row.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(ground)
        self.column.addWidget(self._scroll, 1)
        check = QPushButton(self.tr("Spot Check"))
        check.setToolTip(
            self.tr("See how many predictions are right, by a few drawn at random (F8)")
        )
        check.clicked.connect(self.spot_check_requested)
        self.head.addWidget(check)
        self.review.changed.connect(self._show)
        session.classes_changed.connect(self._on_session_changed)
        session.rows_changed.connect(self._on_session_changed)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "review"):  # The base class asks once before there is one.
            self._shown = None
            self._on_session_changed()

    def kept_state(self) -> object:
        return self.review.kept_state()

    def restore_state(self, state: object) -> None:
        self.review.restore_state(state)

    def begin(self) -> None:
        self.review.open()
        self._show()

    def end(self) -> None:
        self.review.close()

    def chosen_image(self) -> ImageId | None:
        row = self._row_with_focus()
        return None if row is None else row.doubtful.image_id

    def take_class(self, class_id: ClassId) -> bool:
        """Give that class to the doubtful image whose row has the keyboard's attention."""
        image = self.chosen_image()
        return image is not None and self._session.label([image], class_id)

    def doubtful_rows(self) -> list[DoubtfulRow]:
        """The rows of labels that look wrong."""
        return self.body.findChildren(DoubtfulRow)

    def texts(self) -> list[str]:
        """All that is said, in order."""
        return [label.text() for label in self.body.findChildren(QLabel) if label.text()]

    # --- Showing ----------------------------------------------------------------------------------

    def _start_body(self) -> None:
        """Put an empty page in the place of what is shown."""
        self.body = QWidget()
        self._lines = QVBoxLayout(self.body)
        self._lines.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX)
        self._lines.setSpacing(2 * GAP_PX)
        frame = self._frame.layout()
        assert frame is not None
        frame.setContentsMargins(0, 0, 0, 0)
        frame.addWidget(self.body)

    def _on_session_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        review = self.review
        if review.is_waiting:
            waiting = (
                self.tr("Looking at the labels…")
                if review.result is None
                else self.tr("Looking again…")
            )
            self.position.setText(waiting)
        else:
            self.position.setText("")
        result, doubtful = review.result, review.doubtful
        wanted = (
            result,
            [(item.image_id, item.class_id) for item in doubtful],
            self._session.classes,
            review.failure,
        )
        if wanted == self._shown:
            return
        self._shown = wanted
        place = self._place_with_focus()
        self._halves = None
        old = self.body
        self._start_body()
        old.hide()
        old.deleteLater()  # Not at once: one of its buttons may have been pressed just now.
        if review.failure:
            self._lines.addWidget(self._card([self._label(review.failure, "error")]))
        elif result is not None:
            self._add_reach(result)
            self._add_doubtful(doubtful)
            self._add_duplicates(result.duplicates)
        self._lines.addStretch(1)
        self._want_pictures()
        rows = self.doubtful_rows()
        if place >= 0 and rows:
            rows[min(place, len(rows) - 1)].keep_button.setFocus()
        elif place >= 0:
            self.setFocus()

    def _place_with_focus(self) -> int:
        row = self._row_with_focus()
        return -1 if row is None else self.doubtful_rows().index(row)

    def _row_with_focus(self) -> DoubtfulRow | None:
        focused = QApplication.focusWidget()
        if focused is None:
            return None
        return next((row for row in self.doubtful_rows() if row.isAncestorOf(focused)), None)

    def _want_pictures(self) -> None:
        table = self._session.table
        rows = [table.row_of(picture.image_id) for picture in self.body.findChildren(SmallPicture)]
        self._thumbnails.want_too([row for row in rows if row >= 0])

    # --- Have I labelled enough? ------------------------------------------------------------------

    def _add_reach(self, result: LabelsReviewed) -> None:
        advice = self._label(result.advice, "title")
        if result.accuracy is None:
            text = self.tr(
                "How good the answers are can be told from five independent labelled images of "
                "most classes on."
            )
        else:
            text = self.tr(
                "With the instant effort about {percent} % of other images are recognised, "
                "between {low} and {high} % (95 %). That is told from held-out labels, near-"
                "duplicates counted once, and from the confidences; classes count alike."
            ).format(
                percent=round(100 * result.accuracy),
                low=round(100 * result.low),
                high=round(100 * result.high),
            )
        card = self._card([advice, self._label(text)])
        if result.classes:
            self._halves = QBoxLayout(self._direction())
            self._halves.setSpacing(3 * GAP_PX)
            self._halves.addLayout(self._reach_table(result), 3)
            if result.accuracy is not None:
                curve = LearningCurve(self._theme)
                curve.show_points(result.curve)
                self._halves.addWidget(curve, 2)
            layout = card.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.addSpacing(GAP_PX)
            layout.addLayout(self._halves)
        self._lines.addWidget(card)

    def _direction(self) -> QBoxLayout.Direction:
        has_room = self.width() >= _SIDE_BY_SIDE_PX
        direction = QBoxLayout.Direction
        return direction.LeftToRight if has_room else direction.TopToBottom

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._halves is not None:
            self._halves.setDirection(self._direction())

    def _reach_table(self, result: LabelsReviewed) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP_PX)
        grid.setVerticalSpacing(GAP_PX // 2)
        titles = (
            self.tr("Class"),
            self.tr("Labels"),
            self.tr("Independent"),
            self.tr("Recognised"),
        )
        for column, title in enumerate(titles):
            label = self._label(title, "muted")
            label.setWordWrap(False)
            if column in (1, 2):
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
        line = 1
        for reach in result.classes:
            if self._session.image_class(reach.class_id) is not None:
                self._add_reach_line(grid, line, reach, reach.class_id == result.weakest)
                line += 1
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(4, 1)
        grid.setRowStretch(line, 1)
        return grid

    def _add_reach_line(
        self, grid: QGridLayout, line: int, reach: ClassReach, is_weakest: bool
    ) -> None:
        item = self._session.image_class(reach.class_id)
        assert item is not None
        locale = QLocale()
        name = QHBoxLayout()
        name.setSpacing(GAP_PX)
        dot = QLabel()
        dot.setPixmap(swatch(item.colour).pixmap(16, 16))
        words = self._label("", "section" if is_weakest else "")
        words.ensurePolished()
        metrics = words.fontMetrics()
        words.setText(metrics.elidedText(item.name, Qt.TextElideMode.ElideRight, _NAME_PX))
        words.setWordWrap(False)
        name.addWidget(dot)
        name.addWidget(words, 1)
        if is_weakest:
            words.setToolTip(self.tr("More labels of this class would help most"))
        grid.addLayout(name, line, 0)
        for column, number in ((1, reach.n_labels), (2, reach.n_independent)):
            label = self._label(locale.toString(number))
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label, line, column)
        if reach.n_judged == 0:
            grid.addWidget(self._label(self.tr("too few to tell"), "muted"), line, 3, 1, 2)
            return
        counts = self.tr("{right} of {judged}").format(
            right=locale.toString(reach.n_right), judged=locale.toString(reach.n_judged)
        )
        label = self._label(counts)
        label.setWordWrap(False)
        grid.addWidget(label, line, 3)
        share = reach.n_right / reach.n_judged
        grid.addWidget(IntervalBar(share, reach.low, reach.high, self._theme), line, 4)

    # --- Labels that look wrong -------------------------------------------------------------------

    def _add_doubtful(self, doubtful: list[DoubtfulLabel]) -> None:
        title = self._label(self.tr("Labels that look wrong"), "title")
        if not doubtful:
            is_known = self.review.result is not None and self.review.result.accuracy is not None
            words = self.tr("No label looks wrong.")
            if not is_known:
                words = self.tr("Too few labels to tell whether one of them is wrong.")
            text = self._label(words, "muted")
            self._lines.addWidget(self._card([title, text]))
            return
        rows: list[QWidget] = [title]
        for item in doubtful[:_MAX_DOUBTFUL]:
            row = DoubtfulRow(item, self._session, self._thumbnails, self._theme)
            row.kept.connect(partial(self.review.keep, item))
            row.labelled.connect(self._on_labelled)
            row.opened.connect(self.image_requested)
            rows.append(row)
        n_more = len(doubtful) - _MAX_DOUBTFUL
        if n_more > 0:
            more = (
                self.tr("1 more follows when these are settled.")
                if n_more == 1
                else self.tr("{count} more follow when these are settled.")
            )
            rows.append(self._label(more.format(count=QLocale().toString(n_more)), "muted"))
        self._lines.addWidget(self._card(rows))

    def _on_labelled(self, image_id: int, class_id: int) -> None:
        self._session.label([ImageId(image_id)], ClassId(class_id) if class_id else None)

    # --- Near-duplicates --------------------------------------------------------------------------

    def _add_duplicates(self, groups: tuple[tuple[ImageId, ...], ...]) -> None:
        if not groups:
            return
        locale = QLocale()
        text = self.tr("Nearly the same images")
        rows: list[QWidget] = [
            self._label(f"{text}  ({locale.toString(len(groups))})", "title"),
            self._label(
                self.tr("One label each is enough; they count as one when the answers are judged."),
                "muted",
            ),
        ]
        by_conflict = sorted(groups, key=lambda group: not self._differ(group))
        rows += [self._group_row(group) for group in by_conflict[:_MAX_GROUPS]]
        if len(groups) > _MAX_GROUPS:
            everything = QPushButton(self.tr("Look at All of Them"))
            images = [image for group in groups for image in group]
            everything.clicked.connect(partial(self.images_requested.emit, images))
            box = QWidget()
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            row.addStretch(1)
            row.addWidget(everything)
            rows.append(box)
        self._lines.addWidget(self._card(rows))

    def _differ(self, group: tuple[ImageId, ...]) -> bool:
        table = self._session.table
        labels = {int(table.labels[row]) for row in map(table.row_of, group) if row >= 0}
        return len(labels - {NO_CLASS}) > 1

    def _group_row(self, group: tuple[ImageId, ...]) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        for image in group[:4]:
            picture = SmallPicture(image, _SMALL_PX, self._session, self._thumbnails, self._theme)
            picture.opened.connect(self.image_requested)
            row.addWidget(picture)
        count = QLocale().toString(len(group))
        if self._differ(group):
            warning = QLabel()
            warning.setPixmap(pixmap("warning", self._theme.warning, 16, self.devicePixelRatioF()))
            row.addWidget(warning)
            words = self.tr("{count} images with different labels")
        else:
            words = self.tr("{count} images")
        row.addWidget(self._label(words.format(count=count)), 1)
        look = QPushButton(self.tr("Look at Them"))
        look.clicked.connect(partial(self.images_requested.emit, list(group)))
        row.addWidget(look)
        return box

    # --- Parts ------------------------------------------------------------------------------------

    def _label(self, text: str, name: str = "") -> QLabel:
        label = QLabel(text)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _card(self, widgets: list[QLabel] | list[QWidget]) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX)
        for widget in widgets:
            column.addWidget(widget)
        return card


class DoubtfulRow(QWidget):
    """A label that looks wrong, and what can be done about it.

    Signals:
        kept: the label is right.
        labelled: image and class, 0 for none.
        opened: an image to see large.
    """

    kept = Signal()
    labelled = Signal(int, int)
    opened = Signal(int)

    def __init__(
        self, doubtful: DoubtfulLabel, session: Session, thumbnails: Thumbnails, theme: Theme
    ) -> None:
        super().__init__()
        self.doubtful = doubtful
        own, likely = (
            session.image_class(class_id) for class_id in (doubtful.class_id, doubtful.likely_id)
        )
        own_name, likely_name = ("" if item is None else item.name for item in (own, likely))
        picture = SmallPicture(doubtful.image_id, _PICTURE_PX, session, thumbnails, theme)
        picture.opened.connect(self.opened)
        says = QLabel(
            self.tr("Labelled {own}, looks like {likely} ({percent} %)").format(
                own=own_name, likely=likely_name, percent=round(100 * doubtful.probability)
            )
        )
        says.setObjectName("section")
        why = QLabel(doubtful.why)
        table = session.table
        name = QLabel(table.names[table.row_of(doubtful.image_id)])
        name.setObjectName("muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (says, why, name):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            words.addWidget(label)
        self.keep_button = QPushButton(self.tr("Keep"))
        self.keep_button.clicked.connect(self.kept)
        self.change_button = QPushButton()
        metrics = self.change_button.fontMetrics()
        short = metrics.elidedText(likely_name, Qt.TextElideMode.ElideRight, _CHANGE_PX)
        # No letter of a name becomes a mnemonic.
        self.change_button.setText(
            self.tr("Change to {name}").format(name=short.replace("&", "&&"))
        )
        self.change_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), int(doubtful.likely_id))
        )
        self.none_button = QPushButton(session.none_class.name)
        self.none_button.setToolTip(self.tr("It shows none of your classes (0)"))
        self.none_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), int(NONE_OF_THESE))
        )
        self.remove_button = QPushButton(self.tr("Remove Label"))
        self.remove_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), NO_CLASS)
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for button in (
            self.keep_button,
            self.change_button,
            self.none_button,
            self.remove_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        words.addSpacing(GAP_PX // 2)
        words.addLayout(buttons)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GAP_PX // 2, 0, GAP_PX // 2)
        row.setSpacing(GAP_PX)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(GAP_PX // 2)
        row.addLayout(words, 1)
        for image in doubtful.neighbours:
            if table.row_of(image) >= 0:
                near = SmallPicture(image, _SMALL_PX, session, thumbnails, theme)
                near.opened.connect(self.opened)
                row.addWidget(near, 0, Qt.AlignmentFlag.AlignTop)
