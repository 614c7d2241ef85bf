"""What the pages that take the gallery's place have in common."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.look.icons import icon
from app.look.theme import GAP_PX, Theme
from engine.messages import ClassId, ImageId


class Page(QWidget):
    """A page with a title above and a way back to all images.

    Signals:
        left: back to all images.
    """

    left = Signal()

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._led_to: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        self._back_button = QToolButton()
        self._back_button.setObjectName("flat")
        self._back_button.setIconSize(QSize(20, 20))
        self._back_button.setText(" " + self.tr("All images"))
        self._back_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._back_button.setToolTip(self.tr("Back to all images (Esc)"))
        self._back_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._back_button.clicked.connect(self.left)
        heading = QLabel(title)
        heading.setObjectName("title")
        self.position = QLabel()
        self.position.setObjectName("muted")
        self.head = QHBoxLayout()
        self.head.setContentsMargins(GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self.head.setSpacing(GAP_PX)
        self.head.addWidget(self._back_button)
        self.head.addWidget(heading)
        self.head.addStretch(1)
        self.head.addWidget(self.position)
        bar = QWidget()
        bar.setObjectName("page")
        bar.setLayout(self.head)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(bar)
        self.set_theme(theme)

    # --- What subclasses say ----------------------------------------------------------------------

    def begin(self) -> None:
        """The page is shown from now on."""

    def come_back(self) -> None:
        """As :meth:`begin`, after one image of the page was seen large."""
        self.begin()

    def end(self) -> None:
        """The page is shown no more."""

    def chosen_image(self) -> ImageId | None:
        """The image that the keys are about, if any."""
        return None

    def chosen_images(self) -> list[ImageId]:
        """The images that the keys are about, where there may be several."""
        image = self.chosen_image()
        return [] if image is None else [image]

    def take_class(self, class_id: ClassId) -> bool:
        """The person pressed the key of a class, or clicked it; whether a label was changed."""
        return False

    def on_key(self, key: Qt.Key) -> bool:
        """Do what a plain key means here; False where it means nothing."""
        return False

    def keys(self) -> tuple[Qt.Key, ...]:
        """Keys that mean something else here than in the rest of the window."""
        return ()

    def key_help(self) -> list[tuple[str, str]]:
        """The keys that mean something here, and what; for the key sheet."""
        return []

    def lead_focus_to(self, widget: QWidget) -> None:
        """Let a part of the page have the keyboard's attention whenever the page is given it.

        Not a focus proxy: with one Qt's Tab passes over what comes before the proxy, and does not
        come round where that is hidden (PySide6 6.11.3).
        """
        self._led_to = widget
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Else Shift+Tab would come back at once.

    def kept_state(self) -> object:
        """What :meth:`restore_state` needs to go on here in a window built anew, if anything.

        Another language means another window. Labels and classes are the session's; a page that
        knows more than can be asked for again (answers given, a place in a list) keeps it so.
        """
        return None

    def restore_state(self, state: object) -> None:
        """Go on from what :meth:`kept_state` of the page before gave; it may be None."""

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._back_button.setIcon(icon("grid"))

    def event(self, event: QEvent) -> bool:
        # The window's shortcuts would take these keys before the page hears of them.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
            and event.key() in self.keys()
        ):
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._led_to is not None and self._led_to.isVisible():
            self._led_to.setFocus(event.reason())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self.on_key(Qt.Key(event.key())):
            return
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
