"""What is kept out of the garbage collector's rounds, and that nothing stays there for good."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import QEvent, QLocale
from PySide6.QtWidgets import QApplication

from app.look.language import LanguageChoice, LanguageSwitch
from app.session import lasting, project_loader
from app.window.keeper import WindowKeeper
from engine import EngineError, Project


@pytest.fixture(autouse=True)
def few_are_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project of five images is a large one."""
    gc.unfreeze()  # What the tests before have laid beside.
    monkeypatch.setattr(lasting, "_LARGE", 5)
    yield
    lasting.take_in_again()
    gc.collect()
    gc.freeze()  # As it was: see tests/conftest.py.


@pytest.fixture
def freezes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever everything is laid beside."""
    found: list[int] = []
    freeze = gc.freeze

    def note() -> None:
        found.append(len(found))
        freeze()

    monkeypatch.setattr(gc, "freeze", note)
    return found


def test_nothing_is_laid_beside_once_the_project_is_closed(garden: Desk) -> None:
    assert gc.get_freeze_count() > 0
    garden.session.close_project()
    assert gc.get_freeze_count() == 0


def test_nothing_is_laid_beside_after_a_load_that_failed(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(folder)
    desk.session.close_project()
    monkeypatch.setattr(project_loader, "FIRST", 6)
    monkeypatch.setattr(project_loader, "SLICE", 3)
    read = Project.images_after
    n_reads = 0

    def fail_late(self: Project, *args: object) -> object:
        nonlocal n_reads
        n_reads += 1
        if n_reads > 2:
            raise EngineError("The project garden.handful cannot be read.")
        return read(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Project, "images_after", fail_late)
    desk.window.open(folder)
    assert gc.get_freeze_count() > 0
    desk.qtbot.waitUntil(lambda: desk.session.project is None)
    assert desk.notices() == ["The project garden.handful cannot be read."]
    assert gc.get_freeze_count() == 0


def test_a_scan_lays_beside_only_what_is_a_quarter_more(
    desk: Desk, tmp_path: Path, freezes: list[int]
) -> None:
    paint_folder(tmp_path / "many", 60)
    desk.window.open(tmp_path / "many")
    desk.engine.ready()
    desk.engine.finish_scan(batch=1)
    assert 8 <= len(freezes) <= 12  # 5 of 120 images and references to all, by quarters: 12 steps.
    before = len(freezes)
    desk.window.refresh()
    desk.engine.finish_scan(batch=1)
    assert len(freezes) == before


def test_references_made_after_a_project_was_read_are_laid_beside(
    desk: Desk, folder: Path, freezes: list[int]
) -> None:
    desk.open(folder)
    desk.session.close_project()
    freezes.clear()
    desk.window.open(folder)
    assert len(freezes) == 1  # The table.
    desk.engine.finish_scan(batch=1)
    assert len(freezes) == 4  # At 15, 19 and 24 of 24.


def test_an_old_window_is_not_kept_by_a_switch_of_language(
    garden: Desk, qapp: QApplication, home: Path
) -> None:
    languages = LanguageSwitch(qapp, LanguageChoice.ENGLISH)
    keeper = WindowKeeper(
        garden.session, garden.preferences, garden.switch, languages, home / "log.txt"
    )
    try:
        keeper.window.show()
        garden.qtbot.waitExposed(keeper.window)
        garden.session.rescan()
        garden.engine.finish_scan()
        lasting.take_in_again()
        lasting.keep_out_of_rounds(12)  # The window too, as in a folder that grows.
        for choice in (LanguageChoice.CHINESE, LanguageChoice.ENGLISH):
            old = weakref.ref(keeper.window)
            thumbnails = weakref.ref(keeper.window.gallery.thumbnails)
            with garden.qtbot.waitSignal(keeper.replaced):
                languages.choose(choice)
            assert old() is None
            assert thumbnails() is None
            assert gc.get_freeze_count() > 0
    finally:
        languages.choose(LanguageChoice.ENGLISH)
        keeper._soon.stop()
        keeper.window.may_leave = True
        keeper.window.deleteLater()
        QApplication.sendPostedEvents(keeper.window, QEvent.Type.DeferredDelete.value)
        QLocale.setDefault(QLocale.system())
