"""Groups, dates, similarity, doubts: from files through the real engine to the session's table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.gallery.arrangement import Arrangement, Sort, arrange
from app.session.engine_bridge import EngineBridge
from app.session.image_table import NO_GROUP
from app.session.preferences import Preferences
from app.session.session import Session
from engine import Engine
from engine.painting import paint_folder

N_PAINTED = 8
LONG_MS = 60_000  # For what the engine does on a busy machine.


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    bridge = EngineBridge(partial(Engine, cache_folder=tmp_path / "cache", device="cpu"))
    made = Session(bridge, Preferences(settings), tmp_path / "data" / "projects")
    yield made
    made.close()


def add_burst(folder: Path, n_frames: int) -> list[str]:
    """Frames of one scene, a second apart, the camera moving a little; their names."""
    first = sorted(folder.rglob("*.jpg"))[0]
    names = []
    with Image.open(first) as scene:
        for frame in range(n_frames):
            exif = Image.Exif()
            exif[ExifTags.IFD.Exif] = {
                ExifTags.Base.DateTimeOriginal: f"2024:06:01 10:00:{frame:02d}"
            }
            content = io.BytesIO()
            moved = scene.crop((2 * frame, frame, scene.width, scene.height))
            moved.save(content, "JPEG", quality=92, exif=exif)
            names.append(f"zz_{frame}.jpg")
            (folder / names[-1]).write_bytes(content.getvalue())
    return names


def test_a_burst_is_found_dated_and_sorted_by(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    assert len(list(paint_folder(folder, n_images=N_PAINTED, seed=5))) == N_PAINTED
    frames = add_burst(folder, 4)
    assert session.open(folder)
    likeness = session.likeness
    qtbot.waitUntil(lambda: likeness.is_grouped and likeness.progress is None, timeout=LONG_MS)
    table = session.table
    rows = [table.row_of_name(name) for name in frames]
    groups = table.groups[rows]
    assert groups[0] != NO_GROUP
    assert len(set(groups.tolist())) == 1
    assert table.dated.all()
    assert np.diff(table.taken_s[rows]).tolist() == [1, 1, 1]
    order = arrange(table, Arrangement(sort=Sort.OLDEST_FIRST)).tolist()
    assert order[: len(rows)] == rows  # 2024; the files themselves are of today.
    with qtbot.waitSignal(likeness.measured, timeout=LONG_MS):
        likeness.measure([table.image_id(rows[0])])
    similar = arrange(table, Arrangement(sort=Sort.SIMILAR_FIRST)).tolist()
    assert similar[0] == rows[0]
    assert set(rows) <= set(similar[: len(rows) + 1])  # With the picture that they are made of.


def test_a_wrong_label_among_copies_is_doubted(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    assert len(list(paint_folder(folder, n_images=N_PAINTED, seed=5))) == N_PAINTED
    frames = add_burst(folder, 4)
    assert session.open(folder)
    qtbot.waitUntil(lambda: session.likeness.is_grouped, timeout=LONG_MS)
    table = session.table
    ids = {name: table.image_id(row) for row, name in enumerate(table.names)}
    one, other = session.add_class("one"), session.add_class("other")
    assert one is not None
    assert other is not None
    others = [image for name, image in ids.items() if name not in frames]
    session.label([ids[name] for name in frames[:3]], one.class_id)
    session.label([*others[-3:], ids[frames[3]]], other.class_id)
    wrong = table.row_of_name(frames[3])
    qtbot.waitUntil(lambda: bool(table.doubtful[wrong]), timeout=LONG_MS)
    doubt = session.audit.doubt(wrong)
    assert doubt is not None
    assert doubt.likely_id == one.class_id
    session.label([ids[frames[3]]], one.class_id)
    assert not table.doubtful[wrong]
