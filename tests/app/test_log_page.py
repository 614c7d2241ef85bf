"""The log in the window, the report of a bug without names, and what About says."""

from __future__ import annotations

import logging
import platform
from importlib import metadata
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QDate, QLocale, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.help.about_dialog import AboutDialog, licence_of, third_party_licences
from app.help.bug_report import without_home
from app.help.log_dialog import LogDialog
from app.help.log_file import LogFile, LogLine
from app.startup import start_log

BEGIN = "2026-11-21 16:00:00,123 MainThread app.session.session"
NOW = QLocale().toString(QDate(2026, 11, 21), QLocale.FormatType.ShortFormat) + " 16:00:00"


def write(path: Path, *lines: str, mode: str = "a") -> None:
    with path.open(mode, encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


@pytest.fixture
def log(garden: Desk, home: Path) -> LogDialog:
    """The log, opened from the menu, with three records of three levels."""
    write(
        home / "log.txt",
        f"{BEGIN} INFO Handful 0.1.0 begins",
        f"{BEGIN} WARNING the translation cannot be read",
        f"{BEGIN} ERROR uncaught",
        "Traceback (most recent call last):",
        "ValueError: the details",
    )
    garden.window.actions_.log.trigger()
    dialog = garden.window.dialogs.log
    garden.qtbot.waitUntil(dialog.isVisible)
    return dialog


def shown(log: LogDialog) -> list[str]:
    return log.text.toPlainText().split("\n")


def test_the_log_is_read_as_the_program_writes_it(empty_home: Path) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    path = start_log()
    try:
        logging.getLogger("app.test").error("first")
        logging.getLogger("app.test").info("second")
    finally:
        for handler in [item for item in root.handlers if item not in before]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    lines, is_new = LogFile(path).read_new()
    assert not is_new
    assert [line.level for line in lines[-2:]] == [logging.ERROR, logging.INFO]
    assert str(path).startswith(str(empty_home))


def test_levels_are_filtered_with_what_belongs_to_them(log: LogDialog, garden: Desk) -> None:
    assert len(shown(log)) == 5
    assert log.count.text() == "5 lines"
    log.level.setFocus()
    garden.qtbot.keyClick(log.level, Qt.Key.Key_Down)
    assert shown(log)[0].endswith("WARNING the translation cannot be read")
    garden.qtbot.keyClick(log.level, Qt.Key.Key_Down)
    assert shown(log)[0].endswith("ERROR uncaught")
    assert shown(log)[-1] == "ValueError: the details"


def test_new_lines_come_by_themselves_and_half_a_line_waits(
    log: LogDialog, garden: Desk, home: Path
) -> None:
    with (home / "log.txt").open("a") as file:
        file.write(f"{BEGIN} INFO half")
    log.look()
    assert not shown(log)[-1].endswith("half")
    write(home / "log.txt", " and half")
    garden.qtbot.waitUntil(lambda: shown(log)[-1].endswith("half and half"))


def test_following_is_left_to_look_back(log: LogDialog, garden: Desk, home: Path) -> None:
    write(home / "log.txt", *(f"{BEGIN} INFO line {number}" for number in range(200)))
    log.look()
    bar = log.text.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    garden.qtbot.mouseClick(log.follow, Qt.MouseButton.LeftButton)
    bar.setValue(3)
    write(home / "log.txt", f"{BEGIN} INFO one more")
    log.look()
    assert bar.value() == 3
    garden.qtbot.mouseClick(log.follow, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()


def test_a_log_that_was_begun_anew_is_shown_from_its_begin(log: LogDialog, home: Path) -> None:
    write(home / "log.txt", f"{BEGIN} INFO fresh", mode="w")
    log.look()
    assert shown(log) == [f"{NOW} MainThread app.session.session INFO fresh"]
    (home / "log.txt").unlink()
    log.look()  # Gone is no error.


def test_a_report_has_facts_and_errors_and_no_names(
    log: LogDialog, garden: Desk, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.add_classes("secret")
    write(
        home / "log.txt",
        f"{BEGIN} INFO told the person: Deleted the class “secret”.",
        f"{BEGIN} INFO told the person: the labelled image image_3.png was changed",
        f"{BEGIN} WARNING {folder}/image_3.png and /elsewhere/My Holiday.JPG cannot be read",
    )
    garden.qtbot.mouseClick(log.copy_button, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert f"Python {platform.python_version()}" in text
    assert "Device: CPU, 2 threads" in text
    assert "Encoder: handful-base" in text
    assert "Settings: device auto, encoder shipped" in text
    assert "Project: 12 images, 1 classes, 0 labels" in text
    assert f"Last errors\n{BEGIN} ERROR uncaught\n" in text
    assert text.rstrip().endswith("cannot be read")
    for name in ("image_3", "Holiday.JPG", "secret", str(folder)):
        assert name not in text
    assert "clipboard" in log.note.text()
    garden.qtbot.mouseClick(log.with_names, Qt.MouseButton.LeftButton)
    assert "image_3.png" in log.report()
    assert "secret" in log.report()


def test_names_with_blanks_are_known_from_the_project(garden: Desk, folder: Path) -> None:
    (folder / "image_1.png").rename(folder / "aunt Mary at home.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    write(garden.window.dialogs.log._file.path, f"{BEGIN} INFO read aunt Mary at home.png twice")
    assert f"{BEGIN} INFO read <image> twice" in garden.window.dialogs.log.report()


@pytest.mark.parametrize(
    ("locale", "when"),
    [
        ("en_US", "11/21/26 4:00:00"),
        ("zh_CN", "2026/11/21 16:00:00"),
        ("de_DE", "21.11.26 16:00:00"),
    ],
)
def test_dates_are_written_as_the_country_does(
    locale: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        shown = LogLine(logging.INFO, f"{BEGIN} INFO begins").shown()
        assert LogLine(logging.INFO, "ValueError: details").shown() == "ValueError: details"
    finally:
        QLocale.setDefault(before)
    assert shown.startswith(when)
    assert shown.endswith(" MainThread app.session.session INFO begins")


def test_the_home_folder_and_the_users_name_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        return Path("/home/maryshelley")

    monkeypatch.setattr(Path, "home", home)
    text = without_home("in /home/maryshelley/x and /media/maryshelley/disk, maryshelleys stay")
    assert text == "in ~/x and /media/…/disk, maryshelleys stay"


def test_the_folder_of_the_log_is_opened(
    log: LogDialog, garden: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    garden.qtbot.mouseClick(log.folder_button, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened] == [home]


# --- About ----------------------------------------------------------------------------------------


def test_about_says_what_runs_and_what_it_is_made_of(garden: Desk) -> None:
    garden.window.actions_.about.trigger()
    (dialog,) = garden.window.findChildren(AboutDialog)
    text = dialog.text()
    assert "Device: CPU, 2 threads" in text
    assert "Runs on: CPUExecutionProvider" in text
    assert f"numpy · {metadata.version('numpy')} · " in text
    assert "PySide6_Essentials" in text
    assert "LGPL-3.0" in text
    assert "Encoder Handful" in text
    dialog.close()


def test_every_package_in_use_is_listed_with_a_licence() -> None:
    rows = third_party_licences()
    names = {name.casefold().replace("_", "-") for name, _, _ in rows}
    assert {"numpy", "pillow", "torch", "torchvision", "safetensors", "platformdirs"} <= names
    assert "pytest" not in names  # It tests the program and is not part of it.
    assert "handful" not in names
    unknown = [name for name, _, licence in rows if licence == "?"]
    assert len(unknown) <= 2, unknown


@pytest.mark.parametrize(
    ("described", "licence"),
    [
        ("License-Expression: MIT\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: A long text\n        of many lines\n", "A long text"),
        ("License: UNKNOWN\n", "?"),
        ("", "?"),
    ],
)
def test_a_licence_is_read_from_wherever_it_is_named(
    tmp_path: Path, described: str, licence: str
) -> None:
    info = tmp_path / "some-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: some\nVersion: 1.0\n{described}")
    assert licence_of(metadata.Distribution.at(info).metadata) == licence
