"""The script that takes the pictures of the guide; a view or two of it, so that it stays whole."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Desk
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.help.guide_window import GUIDE_FOLDER
from app.look.theme import ThemeChoice


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screenshots", GUIDE_FOLDER / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("theme", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_views_are_photographed(
    script: ModuleType,
    garden: Desk,
    tmp_path: Path,
    theme: ThemeChoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Without the pauses, which are for pictures that come; not the views that wait for answers.
    monkeypatch.setattr(script, "wait", lambda _milliseconds: QApplication.processEvents())
    garden.add_classes("cat", "dog")
    garden.switch.choose(theme)
    wanted = ["class-menu", "preview", "review", "map", "train", "predictions", "settings"]
    wanted += ["log", "guide", "about", "keys", "finetune", "sort", "metadata", "import-labels"]
    views = script.views(garden.window, garden.session, tmp_path)
    steps = [(name, show) for name, show in views if name in wanted]
    assert len(steps) == len(wanted)
    out = tmp_path / "out"
    out.mkdir()
    script.photograph(steps, out, "-en.png", None)
    for name in wanted:
        picture = QImage(str(out / f"{name}-en.png"))
        colours = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in (9, 40, 70)}
        assert len(colours) > 1, name  # Something was painted.


def test_what_stands_in_the_guide_is_a_view(script: ModuleType, garden: Desk) -> None:
    names = [name for name, _ in script.views(garden.window, garden.session, Path())]
    assert len(names) == len(set(names))
    for wanted in script.IN_DOCS.values():
        assert set(wanted.split(",")) <= set(names)
