"""The window on a fake engine, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

import pytest
import shiboken6
from fake_engine import FakeEngine
from PIL import Image, ImageDraw
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.look import notices
from app.look.theme import ThemeChoice, ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.dialogs import Dialogs
from app.window.main_window import MainWindow
from engine import NONE_CLASS, ImageClass, messages
from engine.messages import ClassId, ImageId

COLOURS = ("#c03030", "#30a040", "#3050c0", "#c0a020", "#8030a0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The platform without a screen complains of what it cannot do when menus and dialogs open."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of twelve small images."""
    return paint_folder(tmp_path / "garden", 12)


def paint_folder(folder: Path, n_images: int) -> Path:
    """Paint images in some colours, ``image_1.png`` to ``image_N.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, n_images + 1):
        picture = Image.new("RGB", (96, 64), COLOURS[number % len(COLOURS)])
        ImageDraw.Draw(picture).text((8, 8), str(number), fill="white")
        picture.save(folder / f"image_{number}.png")
    return folder


class Desk:
    """A window on a fake engine, with shorthand for what a person does."""

    def __init__(self, qtbot: QtBot, qapp: QApplication, home: Path) -> None:
        self.qtbot = qtbot
        settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
        self.preferences = Preferences(settings)
        self.switch = ThemeSwitch(qapp, self.preferences.theme)
        engines: list[FakeEngine] = []

        def start(publish: Callable[[messages.Event], None], _choice: object) -> FakeEngine:
            engines.append(FakeEngine(publish))
            engines[-1].publish = self._publish
            self.engine = engines[-1]
            return engines[-1]

        self.engines = engines  # The last one is in use; the others were replaced.
        self.bridge = EngineBridge(partial(start, _choice=self.preferences.engine_choice))
        self.session = Session(self.bridge, self.preferences, home / "projects", start)
        self.window = MainWindow(self.session, self.preferences, self.switch, home / "log.txt")
        if self.preferences.layout("window").isEmpty():
            self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.gallery = self.window.gallery
        self.view = self.window.gallery.view
        self.classes = self.window.classes

    def _publish(self, event: messages.Event) -> None:
        """Deliver at once what the bridge would spread over several turns of the event loop."""
        self.bridge.publish(event)
        while self.bridge._awake and not self.bridge._closed:
            self.bridge._on_woken()

    # --- Setting up -------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a folder and let the engine find, embed and show everything in it."""
        self.window.open(path)
        self.engine.ready()
        self.engine.finish_scan()
        self.settle()
        if self.engine.all(messages.EmbedImages):
            self.engine.embed()
        if self.engine.all(messages.LoadThumbnails):
            self.engine.thumbnails()
        self.settle()

    def add_classes(self, *names: str) -> list[ImageClass]:
        """Add classes as a person does: into the field, with Enter."""
        for name in names:
            self.window.actions_.new_class.trigger()
            self.qtbot.keyClicks(self.classes.field, name)
            self.qtbot.keyClick(self.classes.field, Qt.Key.Key_Return)
        self.qtbot.keyClick(self.classes.field, Qt.Key.Key_Escape)
        self.settle()
        return [item for item in self.session.classes if item.name in names]

    def settle(self) -> None:
        """Let everything that waits for a moment's rest happen."""
        QApplication.processEvents()
        for timer in (
            self.view._settle,
            self.gallery.thumbnails._timer,
            self.session._count_timer,
        ):
            end_rest(timer)

    def restart(self, qapp: QApplication, home: Path) -> Desk:
        """Close the window and open another one on the same settings."""
        self.close()
        return Desk(self.qtbot, qapp, home)

    def close(self) -> None:
        """Close the window for good."""
        if not shiboken6.isValid(self.window):
            return
        self.window.may_leave = True
        self.window.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    # --- Doing ------------------------------------------------------------------------------------

    def click(
        self,
        name: str,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        """Click the tile of that name."""
        self.qtbot.mouseClick(self.view.viewport(), button, modifier, self.centre_of(name))

    def double_click(self, name: str) -> None:
        """Double click the tile of that name."""
        self.qtbot.mouseDClick(
            self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.centre_of(name)
        )

    def select(self, *names: str) -> None:
        """Select exactly these tiles, with Ctrl and the mouse."""
        self.click(names[0])
        for name in names[1:]:
            self.click(name, Qt.KeyboardModifier.ControlModifier)

    def press(self, key: Qt.Key | str, widget: QWidget | None = None) -> None:
        """Press a key where the keyboard's attention is."""
        self.qtbot.keyClick(widget or QApplication.focusWidget() or self.window, key)

    def click_class(self, class_id: ClassId) -> None:
        """Click a class in the panel."""
        view = self.classes.list
        rect = view.visualRect(self.classes.model.index(self.classes.model.place_of(class_id)))
        place = QPoint(rect.left() + 60, rect.center().y())
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)

    # --- Seeing -----------------------------------------------------------------------------------

    def image(self, name: str) -> ImageId:
        """The number of an image."""
        row = self.session.table.row_of_name(name)
        assert row >= 0, name
        return self.session.table.image_id(row)

    def place(self, name: str) -> int:
        """Where an image is shown."""
        return self.gallery.model.place_of_row(self.session.table.row_of_name(name))

    def centre_of(self, name: str) -> QPoint:
        """The middle of a tile, in the viewport."""
        return self.view.visualRect(self.gallery.model.index(self.place(name))).center()

    def shown(self) -> list[str]:
        """The names of the tiles, in order."""
        return [self.session.table.names[row] for row in self.gallery.model.order.tolist()]

    def selected(self) -> list[str]:
        """The names of the selected tiles, in order."""
        order = self.gallery.model.order
        return [self.session.table.names[order[place]] for place in self.view.selected_places()]

    def state(self, name: str) -> str:
        """What the tile says to a screen reader."""
        return self.gallery.model.state_text(self.session.table.row_of_name(name))

    def labels_on_disk(self) -> dict[str, str]:
        """Image and class names as they are in the project file."""
        project = self.session.project
        assert project is not None
        names = {record.image_id: record.name for record in project.images()}
        classes = {item.class_id: item.name for item in (*project.classes(), NONE_CLASS)}
        return {names[image]: classes[label] for image, label in project.labels().items()}

    def notices(self) -> list[str]:
        """The notices that are shown."""
        return self.window.notices.texts()


def end_rest(timer: QTimer) -> None:
    """Let what a timer puts off happen now; nothing but waiting would come before it."""
    rest_ms = timer.interval()
    while timer.isActive():
        timer.start(0)
        QApplication.processEvents()
    timer.setInterval(rest_ms)


def make_all(window: MainWindow) -> None:
    """Make every page and dialog, as if each had been asked for; else there is less to look at."""
    window.pages.make_all()
    for name, member in vars(Dialogs).items():
        if isinstance(member, cached_property):
            getattr(window.dialogs, name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the settings and fallback projects of a desk are."""
    path = tmp_path / "desk"
    path.mkdir()
    return path


@pytest.fixture
def make_desk(
    qtbot: QtBot, qapp: QApplication, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Desk]]:
    """Makes windows; all are closed at the end.

    What they tell stays for minutes: a slow computer would be later than a notice.
    """
    for name in ("_LEAST_MS", "_MS_A_CHAR"):
        monkeypatch.setattr(notices, name, 100 * getattr(notices, name))
    qapp.setStyle("Fusion")
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(qtbot, qapp, home))
        return made[-1]

    yield make
    for desk in made:
        desk.close()
    ThemeSwitch(qapp, ThemeChoice.LIGHT)


@pytest.fixture
def desk(make_desk: Callable[[], Desk]) -> Desk:
    """A window with nothing open."""
    return make_desk()


@pytest.fixture
def garden(desk: Desk, folder: Path) -> Desk:
    """A window on the folder of twelve images, with everything embedded."""
    desk.open(folder)
    return desk


def drop_on(widget: QWidget, place: QPoint, mime: QMimeData) -> bool:
    """Drag something over a widget and let go; return whether it was taken."""
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, actions, mime, buttons, none)
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    move = QDragMoveEvent(place, actions, mime, buttons, none)
    QApplication.sendEvent(widget, move)
    if not move.isAccepted():
        return False
    drop = QDropEvent(QPointF(place), actions, mime, buttons, none)
    QApplication.sendEvent(widget, drop)
    return drop.isAccepted()
