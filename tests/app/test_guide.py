"""The user guide in the window: read from what is installed, searched, left by its headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument
from pytestqt.qtbot import QtBot

from app.help.guide_window import GUIDE_FOLDER, GuideWindow
from app.look.language import LanguageChoice
from app.look.theme import DARK, LIGHT


@pytest.fixture
def guide(desk: Desk) -> GuideWindow:
    """Opened by its key."""
    desk.window.resize(900, 560)
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    shown = desk.window.dialogs.guide
    assert shown.isVisible()
    return shown


def test_the_help_menu_shows_the_guide_with_its_pictures(guide: GuideWindow) -> None:
    assert guide.text.toPlainText().startswith("Handful: the guide")
    assert (guide.width(), guide.height()) <= (868, 496)
    pictures = re.findall(r"!\[.*\]\((.*)\)", (GUIDE_FOLDER / "guide.md").read_text("utf-8"))
    kind = QTextDocument.ResourceType.ImageResource.value
    widths = {guide.text.document().resource(kind, QUrl(name)).width() for name in pictures}
    assert len(pictures) > 5
    assert widths == {520}
    assert not guide.text.horizontalScrollBar().isVisible()


def _top_of(guide: GuideWindow, heading: int) -> float:
    """Where a heading's block begins in what is seen of the text, in pixels."""
    document = guide.text.document()
    block = document.findBlockByNumber(guide._headings[heading])
    rect = document.documentLayout().blockBoundingRect(block)
    return float(rect.top()) - guide.text.verticalScrollBar().value()


def test_headings_lead_through_the_text(guide: GuideWindow, desk: Desk) -> None:
    bar, rows = guide.text.verticalScrollBar(), guide.contents
    titles = [rows.item(row).text() for row in range(rows.count())]
    assert titles[:3] == ["Handful: the guide", "The first minute", "All images"]
    rect = rows.visualItemRect(rows.item(4))
    desk.qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert 0 <= _top_of(guide, 4) < 40  # Whatever the font, it begins at the top.
    bar.setValue(0)
    assert rows.currentRow() == 0
    rows.setCurrentRow(len(titles) - 1)  # From the beginning to the end.
    assert 0 <= _top_of(guide, -1) < guide.text.viewport().height()
    assert rows.currentRow() == len(titles) - 1
    bar.setValue(bar.value() - 3000)
    assert rows.currentRow() < len(titles) - 1  # The list follows the text.


def test_words_are_found_from_place_to_place(guide: GuideWindow, desk: Desk) -> None:
    desk.qtbot.waitUntil(guide.isActiveWindow)
    desk.qtbot.keyClick(guide, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert guide.search.hasFocus()
    desk.qtbot.keyClicks(guide.search, "set aside")
    places = [guide.text.textCursor().selectionStart()]
    assert guide.text.textCursor().selectedText().lower() == "set aside"
    text = guide.text.toPlainText().lower()
    for _ in range(text.count("set aside")):
        desk.qtbot.keyClick(guide.search, Qt.Key.Key_Return)
        places.append(guide.text.textCursor().selectionStart())
    assert len(set(places)) == text.count("set aside")
    assert places[-1] == places[0]  # Round again.
    desk.qtbot.keyClick(guide, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert guide.text.textCursor().selectionStart() == places[-2]
    desk.qtbot.keyClicks(guide.search, "xyz")
    assert guide._nothing.isVisible()
    guide.search.clear()
    assert not guide._nothing.isVisible()


def test_the_guide_is_in_the_language_of_the_window_or_the_other(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = GuideWindow(LIGHT, LanguageChoice.CHINESE)
    qtbot.addWidget(guide)
    guide.begin()
    assert "简体中文" not in guide.text.toPlainText()[:200]
    assert guide.contents.count() > 8
    guide.text.anchorClicked.emit(QUrl("guide.md"))
    assert guide.text.toPlainText().startswith("Handful: the guide")
    guide.set_theme(DARK)
    assert guide.text.toPlainText().startswith("Handful: the guide")
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    guide.text.anchorClicked.emit(QUrl("https://example.org/"))
    assert [url.host() for url in opened] == ["example.org"]


def test_a_guide_that_is_missing_is_told_by_its_path(qtbot: QtBot, tmp_path: Path) -> None:
    guide = GuideWindow(LIGHT, LanguageChoice.ENGLISH, folder=tmp_path)
    qtbot.addWidget(guide)
    guide.begin()
    assert str(tmp_path / "guide.md") in guide.text.toPlainText()


@pytest.mark.parametrize("name", ["guide.md", "guide.zh_CN.md"])
def test_every_picture_and_link_of_the_guides_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (GUIDE_FOLDER / name).read_text("utf-8"))
    missing = [link for link in links if not (GUIDE_FOLDER / link).is_file()]
    assert not [link for link in missing if not link.startswith("http")]
