"""What holds for every test: an empty home, no network, nothing left behind.

Qt is touched only where a test has loaded it already; the tests of the engine run without.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    # WORKAROUND: torch must be loaded before Qt (c10.dll); see app/__main__.py.
    import torch  # noqa: F401

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if n_processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)):
    # Threads of torch and BLAS wait spinning for a core that another process of tests has: with two
    # processes on two cores that was a quarter of all that meta-training's tests took. It is read
    # where these libraries are loaded, by the processes that tests start, too.
    threads = max(1, (os.cpu_count() or 1) // n_processes)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import gc
import socket
import threading
import time
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_n_modules = [0]  # When they were set aside last.
_PATIENCE_MS: Final = 30_000
_ENDING_S: Final = 5.0  # What a thread that was told to end may take for it.


@pytest.fixture(autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without any settings, caches or documents."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name, folder in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("APPDATA", "AppData/Roaming"),
        ("LOCALAPPDATA", "AppData/Local"),
    ):
        monkeypatch.setenv(name, str(home / folder))
    core = sys.modules.get("PySide6.QtCore")
    if core is not None:
        settings = core.QSettings
        for kind in (settings.Format.NativeFormat, settings.Format.IniFormat):
            settings.setPath(kind, settings.Scope.UserScope, str(home / ".config"))
    return home


@pytest.fixture
def qtbot(qtbot: Any) -> Any:
    """As it is, but more patient: beside other work five seconds can be too few for a thread.

    Nothing takes longer for that but a test that fails.
    """
    for name in ("waitUntil", "waitSignal"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=_PATIENCE_MS))
    return qtbot


@pytest.fixture(autouse=True)
def no_network(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """The program never opens a socket; a test in which one is opened fails.

    Only tests marked ``loopback`` may, and talk to this computer itself.
    """
    may_talk_to_itself = request.node.get_closest_marker("loopback") is not None
    opened: list[str] = []
    real = socket.socket
    allowed_family = getattr(socket, "AF_UNIX", None)

    class GuardedSocket(real):  # type: ignore[misc, valid-type]
        def __init__(self, family: int = -1, *args: Any, **kwargs: Any) -> None:
            if family != allowed_family and kwargs.get("fileno") is None and not may_talk_to_itself:
                opened.append(f"socket of family {family}")
                raise OSError("tests may not open sockets")
            super().__init__(family, *args, **kwargs)

        def connect(self, address: Any) -> None:
            if self.family != allowed_family and address[0] not in _LOOPBACK:
                opened.append(f"connection to {address}")
                raise OSError("tests may not talk to other computers")
            super().connect(address)

    monkeypatch.setattr(socket, "socket", GuardedSocket)
    yield opened
    assert not opened, f"a socket was opened: {opened}"


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, an active timer or a window behind."""
    if "qapp" in request.fixturenames:
        _set_aside_what_is_loaded()
    threads_before = set(threading.enumerate())
    windows_before = set(_windows())
    yield
    _delete_what_is_due()
    threads = threads_left(threads_before)
    windows = [str(window) for window in _windows() if window not in windows_before]
    assert not threads, f"threads left behind: {threads}"
    assert not windows, f"windows left behind: {windows}"
    timers = active_timers() if "qapp" in request.fixturenames else []
    assert not timers, f"active timers left behind: {timers}"


def threads_left(before: Collection[threading.Thread], wait_s: float = _ENDING_S) -> list[str]:
    """The names of threads that were started since and do not end by themselves.

    Daemons of others are not ours to end; the engine's own are, though they are daemons.
    """
    deadline = time.monotonic() + wait_s
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and (not thread.daemon or thread.name.startswith("handful"))
    ]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in left if thread.is_alive()]


def _set_aside_what_is_loaded() -> None:
    """Let the garbage collector pass over modules that are loaded by now.

    They stay, and looking through them for timers took a tenth of a second of each test, or a whole
    one with torch among them.
    """
    if len(sys.modules) != _n_modules[0]:
        gc.collect()
        gc.freeze()
        _n_modules[0] = len(sys.modules)


def _delete_what_is_due() -> None:
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
        core.QCoreApplication.processEvents()


def _windows() -> list[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    # Menus and the popups of combo boxes have no say in when Qt deletes them.
    return [
        window
        for window in widgets.QApplication.topLevelWidgets()
        if window.parent() is None and window.isVisible()
    ]


def active_timers() -> list[str]:
    core = sys.modules.get("PySide6.QtCore")
    if core is None or core.QCoreApplication.instance() is None:
        return []
    import shiboken6

    gc.collect()
    return [
        f"{timer} of {timer.parent()}"
        for timer in gc.get_objects()
        # By type: isinstance asks objects for their __class__, and one of torch's warns of that.
        if issubclass(type(timer), core.QTimer) and shiboken6.isValid(timer) and timer.isActive()
    ]
