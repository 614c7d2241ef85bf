"""What is shown while nothing is open: an invitation, and what was open before."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import plain_tip
from app.look.icons import application_icon, icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.session.preferences import Preferences
from app.session.pulse import Asking
from app.window.covers import GAP_PX as GAP_BETWEEN_PX
from app.window.covers import N_PICTURES, SIDE_PX, cover_path

_WIDTH_PX: Final = 720


class StartPage(QWidget):
    """An invitation, and what was open before.

    Signals:
        folder_requested: choose a folder.
        project_requested: choose a project file.
        recent_requested: open this project.
        sample_requested: paint pictures to try the program on.
    """

    sample_requested = Signal()
    folder_requested = Signal()
    project_requested = Signal()
    recent_requested = Signal(Path)

    def __init__(
        self,
        preferences: Preferences,
        covers: Path,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page.

        Args:
            preferences: the recent projects.
            covers: the folder with the strips of their pictures.
            theme: the colours.
            parent: as ever.
        """
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._preferences = preferences
        self._covers = covers
        self._theme = theme
        self._build()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        ratio = self.devicePixelRatioF()
        self._logo.setPixmap(application_icon().pixmap(QSize(64, 64), ratio))
        self.open_folder.setIcon(icon("folder-open", theme.on_accent))
        self.open_project.setIcon(icon("project"))
        self.sample.setIcon(icon("image", theme.accent))
        for label, name in zip(self._step_pictures, ("folder", "label", "table"), strict=True):
            label.setPixmap(pixmap(name, theme.accent, 24, ratio))
        self.show_recent()

    def show_painting(self, is_so: bool) -> None:
        """Say on the button that the sample is being painted; it is opened when it is done."""
        self.sample.setEnabled(not is_so)
        text = self.tr("Painting the Sample…") if is_so else self.tr("Try the Sample")
        self.sample.setText(f" {text}")

    def show_recent(self) -> None:
        """Bring the list of recent projects up to date."""
        while (item := self._recent_rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        projects = self._preferences.recent()[:5]
        self._recent_card.setVisible(bool(projects))
        for path in projects:
            self._recent_rows.addWidget(self._row_of(path))

    def recent_buttons(self) -> list[QPushButton]:
        """The rows of the list of recent projects."""
        found = [self._recent_rows.itemAt(place) for place in range(self._recent_rows.count())]
        widgets = [item.widget() for item in found if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def _build(self) -> None:
        self._logo = QLabel()
        heading = QLabel(self.tr("Sort a folder of images by a handful of examples"))
        heading.setObjectName("heading")
        heading.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP_PX)
        head.addWidget(self._logo)
        head.addWidget(heading, 1)
        self.open_folder = QPushButton(" " + self.tr("Open Folder…"))
        self.open_folder.setObjectName("primary")
        self.open_folder.setToolTip(self.tr("Open a folder of images (Ctrl+O)"))
        self.open_folder.clicked.connect(self.folder_requested)
        self.open_project = QPushButton(" " + self.tr("Open Project…"))
        self.open_project.setToolTip(self.tr("Open a .handful file (Ctrl+Shift+O)"))
        self.open_project.clicked.connect(self.project_requested)
        self.sample = QPushButton(" " + self.tr("Try the Sample"))
        self.sample.setObjectName("link")
        self.sample.setToolTip(
            self.tr("Paint 150 pictures of machine parts, and open them to be labelled")
        )
        self.sample.clicked.connect(self.sample_requested)
        drop = QLabel(self.tr("or drop a folder anywhere in this window"))
        drop.setObjectName("muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for widget in (self.open_folder, self.open_project, self.sample):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        first = QVBoxLayout()
        first.setSpacing(GAP_PX)
        first.addLayout(buttons)
        first.addWidget(drop)
        self._recent_card = QFrame()
        self._recent_card.setObjectName("card")
        title = QLabel(self.tr("Recent"))
        title.setObjectName("section")
        title.setContentsMargins(GAP_PX, 0, 0, 0)
        self._recent_rows = QVBoxLayout()
        self._recent_rows.setSpacing(0)
        card = QVBoxLayout(self._recent_card)
        card.setContentsMargins(GAP_PX, 12, GAP_PX, GAP_PX)
        card.setSpacing(GAP_PX // 2)
        card.addWidget(title)
        card.addLayout(self._recent_rows)
        inner = QWidget()
        inner.setMaximumWidth(_WIDTH_PX)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(inner)
        column.setSpacing(3 * GAP_PX)
        column.addLayout(head)
        column.addLayout(first)
        column.addWidget(self._recent_card)
        column.addWidget(self._build_steps())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        ground = QWidget()
        ground.setObjectName("page")
        page = QVBoxLayout(ground)
        page.setContentsMargins(4 * GAP_PX, 2 * GAP_PX, 4 * GAP_PX, 2 * GAP_PX)
        # Said outright: a scroll area goes by the height for its width, which came out too small.
        page.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        page.addStretch(2)
        page.addLayout(row)
        page.addStretch(3)
        scroll = QScrollArea()  # In a low window not all of it fits.
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setWidget(ground)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _build_steps(self) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        grid = QGridLayout(card)
        grid.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        grid.setHorizontalSpacing(3 * GAP_PX)
        grid.setVerticalSpacing(GAP_PX // 2)
        self._step_pictures = []
        for column, (title, text) in enumerate(
            (
                (
                    self.tr("Open"),
                    self.tr("A folder of images, with its sub-folders. The files stay untouched."),
                ),
                (
                    self.tr("Label a handful"),
                    self.tr("Name your classes and give each a few examples, by key or click."),
                ),
                (
                    self.tr("Get the rest"),
                    self.tr(
                        "Every other image gets a class and a confidence, as a table or model."
                    ),
                ),
            )
        ):
            picture, head, words = QLabel(), QLabel(title), QLabel(text)
            head.setObjectName("section")
            words.setObjectName("muted")
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._step_pictures.append(picture)
            for line, label in enumerate((picture, head, words)):
                grid.addWidget(label, line, column)
            grid.setColumnStretch(column, 1)
        return card

    def _row_of(self, project: Path) -> QPushButton:
        button = RecentButton(project, cover_path(self._covers, project), self._theme)
        button.chosen.connect(self.recent_requested)
        return button


class RecentButton(QPushButton):
    """One recent project: its name, and the folder that it lies in.

    Signals:
        chosen: the project.
    """

    chosen = Signal(Path)

    def __init__(
        self, project: Path, cover: Path, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._project = project
        self.setObjectName("recent")
        self.setFlat(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(plain_tip(str(project)))
        self.setAccessibleName(project.stem)
        picture, name, place = QLabel(), QLabel(project.stem), QLabel()
        strip = QPixmap(str(cover)) if cover.exists() else QPixmap()
        strip.setDevicePixelRatio(max(1.0, strip.height() / SIDE_PX))
        pictures = QLabel()
        pictures.setPixmap(strip)
        pictures.setMinimumWidth(N_PICTURES * (SIDE_PX + GAP_BETWEEN_PX) - GAP_BETWEEN_PX)
        pictures.setMinimumHeight(SIDE_PX)
        picture.setPixmap(pixmap("folder", theme.muted, 20, self.devicePixelRatioF()))

        def show(exists: bool) -> None:
            if not exists:
                sign = pixmap("warning", theme.warning, 20, self.devicePixelRatioF())
                picture.setPixmap(sign)

        Asking(self).ask(project.exists, show)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setMaximumWidth(_WIDTH_PX // 2)
        place.setObjectName("muted")
        place.setTextFormat(Qt.TextFormat.PlainText)
        place.setText(
            self.fontMetrics().elidedText(
                _shortened(project.parent), Qt.TextElideMode.ElideMiddle, _WIDTH_PX // 2
            )
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_PX, 0, GAP_PX, 0)
        row.setSpacing(GAP_PX)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(name)
        words.addWidget(place)
        words.addStretch(1)
        row.addWidget(picture)
        row.addSpacing(GAP_PX // 2)
        row.addLayout(words, 1)
        row.addWidget(pictures)
        for label in (picture, pictures, name, place):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.clicked.connect(self._on_clicked)

    def sizeHint(self) -> QSize:
        return self._room()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._room().height())

    def _room(self) -> QSize:
        """As much as what is on it needs; a button knows its own text only."""
        layout = self.layout()
        assert layout is not None
        return layout.sizeHint() + QSize(0, 2 * GAP_PX)

    def _on_clicked(self) -> None:
        self.chosen.emit(self._project)


def _shortened(folder: Path) -> str:
    try:
        return f"~/{folder.relative_to(Path.home()).as_posix()}"
    except ValueError:
        return str(folder)
