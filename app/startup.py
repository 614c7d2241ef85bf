"""Starting the window: what must be there first, the log, the application object."""

from __future__ import annotations

import ctypes
import logging
import logging.handlers
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final

import platformdirs

APPLICATION: Final = "Handful"
_log = logging.getLogger(__name__)

# Which package brings a library that Qt's platform plugin for X11 needs: Debian, Fedora.
_PACKAGES: Final = {
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
}


def has_screen() -> bool:
    """Whether there is something to show a window on."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def can_open_window() -> str:
    """Why no window can be opened, in one sentence; empty where one can."""
    if not has_screen():
        return (
            "Handful's window needs a screen, and there is none (neither DISPLAY nor "
            "WAYLAND_DISPLAY is set); the command line works without: see handful --help."
        )
    try:
        from PySide6 import QtGui, QtSvg, QtWidgets  # noqa: F401
    except ImportError as error:
        return _sentence_of(str(error))
    return _missing_library()


def open_window(path: Path | None) -> int:
    """Open the window, with a folder or project; return when it is closed, with 0 or 1."""
    reason = can_open_window()
    if reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    from PySide6.QtCore import QEvent, QSettings
    from PySide6.QtWidgets import QApplication

    from app.look.icons import application_icon
    from app.look.language import LanguageSwitch
    from app.look.notices import Notice
    from app.look.theme import ThemeSwitch
    from app.session.engine_bridge import LEAVE_S, EngineBridge, Publish
    from app.session.engine_choice import EngineChoice
    from app.session.preferences import Preferences
    from app.session.session import Session
    from app.window.keeper import WindowKeeper
    from engine import Engine, __version__

    log_path = start_log()
    _log.info("Handful %s begins, %s on Python %s", __version__, sys.platform, sys.version)
    QApplication.setApplicationName(APPLICATION)
    QApplication.setOrganizationName(APPLICATION)
    QApplication.setDesktopFileName("handful")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    application.setWindowIcon(application_icon())
    settings = QSettings()
    preferences = Preferences(settings)
    switch = ThemeSwitch(application, preferences.theme)
    languages = LanguageSwitch(application, preferences.language)

    def start_engine(publish: Publish, choice: EngineChoice) -> Engine:
        return Engine(
            publish,
            cache_folder=choice.cache_folder,
            encoder_path=choice.encoder_path,
            device=choice.device,
        )

    bridge = EngineBridge(partial(start_engine, choice=preferences.engine_choice))
    bridge.patience_s = LEAVE_S
    fallback_folder = Path(platformdirs.user_data_dir(APPLICATION, False)) / "projects"
    session = Session(bridge, preferences, fallback_folder, start_engine)
    keeper = WindowKeeper(session, preferences, switch, languages, log_path)

    def tell(text: str) -> None:
        keeper.window.notices.add(Notice(text))

    # With Python's 5 ms the painting thread waits that long each time the engine holds the
    # interpreter: a screenful took 24 ms to paint beside a busy thread, and 8 ms with 1 ms.
    sys.setswitchinterval(0.001)
    restore = catch_bugs(tell, log_path)
    # Qt's event loop never gives Python the turn to raise KeyboardInterrupt; everything is saved
    # already, so Ctrl-C in the terminal may end the program as it ends any other.
    interrupt_before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        keeper.window.show()
        if path is not None:
            keeper.window.open(path)
        status = application.exec()
    finally:
        restore()
        signal.signal(signal.SIGINT, interrupt_before)
        session.close()
        # WORKAROUND: by Qt, from the top down. Python's garbage collector deletes widgets and
        # layouts in any order, which ended in a segmentation fault in a layout within a layout
        # (PySide6 6.11.2; it depended on what ran before).
        keeper.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if not bridge.has_ended:
        settings.sync()
        end_now(status)
    return status


def end_now(status: int) -> None:
    """End the process whatever its threads are at; all that matters is in files.

    Python would wait for the threads of the pool first, and with them for a step of a training,
    while somebody thinks that Handful is closed.
    """
    _log.info("the engine is left at its work")
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # As in a program without a terminal.
            stream.flush()
    os._exit(status)


def start_log() -> Path:
    """Write the log to the system's folder for logs; return the file."""
    path = Path(platformdirs.user_log_dir(APPLICATION, False)) / "handful.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError as error:
        sys.stderr.write(f"Could not write the log {path}: {error}\n")
        return path
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(threadName)s %(name)s %(levelname)s %(message)s")
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path


def catch_bugs(tell: Callable[[str], None], log_path: Path) -> Callable[[], None]:
    """Keep every uncaught exception in the log and say so; return what undoes this."""
    before, before_in_threads = sys.excepthook, threading.excepthook

    def on_exception(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
            return
        _log.critical("uncaught", exc_info=(kind, error, trace))
        from PySide6.QtCore import QCoreApplication

        text = QCoreApplication.translate(
            "Startup",
            "Something went wrong inside Handful. Your labels are saved, and you can go on; what "
            "happened is in {path}.",
        )
        tell(text.format(path=log_path))

    def on_thread_exception(details: threading.ExceptHookArgs) -> None:
        if details.exc_value is not None:
            _log.critical(
                "uncaught in a thread",
                exc_info=(details.exc_type, details.exc_value, details.exc_traceback),
            )

    def restore() -> None:
        sys.excepthook, threading.excepthook = before, before_in_threads

    sys.excepthook, threading.excepthook = on_exception, on_thread_exception
    return restore


def _missing_library() -> str:
    """Qt aborts the process where its platform plugin cannot be loaded, so try it first."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM", "xcb") not in ("", "xcb"):
        return ""
    if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("QT_QPA_PLATFORM"):
        return ""  # Qt takes Wayland then, which needs nothing that QtGui does not need too.
    from PySide6.QtCore import QLibraryInfo

    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)
    plugin = Path(folder) / "platforms" / "libqxcb.so"
    if not plugin.exists():
        return ""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return _sentence_of(str(error))
    return ""


def _sentence_of(error: str) -> str:
    """The loader names one library at a time; a person should have to install once."""
    library = error.partition(":")[0].strip()
    if library not in _PACKAGES:
        return f"Handful's window could not be started: {error.rstrip('.')}."
    missing = [library, *(name for name in _PACKAGES if name != library and not _loads(name))]
    debian = " ".join(dict.fromkeys(_PACKAGES[name][0] for name in missing))
    fedora = " ".join(dict.fromkeys(_PACKAGES[name][1] for name in missing))
    names = "the system library" if len(missing) == 1 else "system libraries"
    return (
        f"Handful's window needs {names} {', '.join(missing)}, which "
        f"{'is' if len(missing) == 1 else 'are'} missing: install with “apt install {debian}” on "
        f"Debian and Ubuntu, or “dnf install {fedora}” on Fedora."
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
