"""Themes: contrast, the live switch, and that every icon is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QFileDialog, QToolButton

import app
from app.look.icons import ICON_FOLDER, application_icon, icon
from app.look.theme import DARK, LIGHT, Theme, ThemeChoice, contrast, style_sheet_of, text_on
from engine import CLASS_COLOURS


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_enough_contrast(theme: Theme) -> None:
    for ground in (theme.window, theme.surface, theme.sunken, theme.hover, theme.accent_soft):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
    for ground in (theme.window, theme.surface):
        assert contrast(theme.accent, ground) >= 4.5
        assert contrast(theme.outline, ground) >= 3
        assert contrast(theme.error, ground) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    for ink, ground in (
        (theme.warning, theme.warning_soft),
        (theme.error, theme.error_soft),
        (theme.accent, theme.info_soft),
        (theme.text, theme.info_soft),
    ):
        assert contrast(ink, ground) >= 4.5


@pytest.mark.parametrize("colour", CLASS_COLOURS)
def test_names_can_be_read_on_every_class_colour(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= 4.5


def test_the_style_sheet_names_only_colours_of_the_theme() -> None:
    for theme in (LIGHT, DARK):
        sheet = style_sheet_of(theme)
        assert "@" not in sheet
        for path in re.findall(r'url\("([^"]+)"\)', sheet):
            assert Path(path).exists()


def test_every_icon_that_is_named_exists_and_every_one_drawn_is_named(qapp: QApplication) -> None:
    sources = "\n".join(path.read_text() for path in Path(app.__file__).parent.rglob("*.py"))
    drawn = {path.stem for path in ICON_FOLDER.glob("*.svg")}
    sheets = style_sheet_of(LIGHT) + style_sheet_of(DARK)
    unused = {name for name in drawn if f'"{name}"' not in sources and f"/{name}.svg" not in sheets}
    assert unused == set()
    for name in drawn:
        assert not icon(name).pixmap(20, 20).isNull()
    assert not application_icon().isNull()


def test_the_theme_is_switched_at_once_and_remembered(
    make_desk: Callable[[], Desk], folder: Path
) -> None:
    desk = make_desk()
    desk.open(folder)
    light = desk.window.grab().toImage().pixelColor(100, 700).lightness()
    actions = desk.window.actions_.theme_group.actions()
    next(action for action in actions if action.data() is ThemeChoice.DARK).trigger()
    assert desk.switch.theme is DARK
    assert QApplication.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert desk.window.grab().toImage().pixelColor(100, 700).lightness() < light - 80
    desk.close()
    assert make_desk().switch.theme is DARK


def test_the_system_is_followed_until_one_chooses(desk: Desk) -> None:
    desk.switch.choose(ThemeChoice.SYSTEM)
    assert desk.switch.theme in (LIGHT, DARK)
    desk.switch.choose(ThemeChoice.DARK)
    desk.switch._on_system_changed()
    assert desk.switch.theme is DARK


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_the_arrows_of_qts_own_file_dialog_stand_out(
    garden: Desk, tmp_path: Path, choice: ThemeChoice
) -> None:
    garden.switch.choose(choice)
    dialog = QFileDialog(garden.window, "", str(tmp_path))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    for name in ("backButton", "forwardButton", "toParentButton"):
        button = dialog.findChild(QToolButton, name)
        assert button is not None
        drawn = button.icon().pixmap(24, 24).toImage()
        pixels = [drawn.pixelColor(x, y) for x in range(24) for y in range(24)]
        inks = [pixel.name() for pixel in pixels if pixel.alpha() > 250]
        assert inks
        assert max(contrast(ink, garden.switch.theme.window) for ink in inks) >= 4.5, name
    dialog.deleteLater()
