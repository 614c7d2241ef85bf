"""When pictures were taken, from the engine to the tool tip."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from conftest import Desk
from PySide6.QtCore import QLocale, Qt

from engine import messages
from engine.messages import NO_DATE

MAY = int(datetime(2023, 5, 12, 14, 3, 9, tzinfo=UTC).timestamp())


def tip(desk: Desk, name: str) -> str:
    text: str = desk.gallery.model.index(desk.place(name)).data(Qt.ItemDataRole.ToolTipRole)
    return text


def test_dates_come_with_the_embeddings(garden: Desk) -> None:
    assert "File changed" in tip(garden, "image_1.png")
    event = messages.ImagesEmbedded(
        garden.engine.last(messages.EmbedImages).request_id,
        (garden.image("image_1.png"), garden.image("image_2.png")),
        (b"1" * 16, b"2" * 16),
        (MAY, NO_DATE),
    )
    garden.session.reader.on_read(event)
    locale = QLocale(QLocale.Language.German, QLocale.Country.Germany)
    QLocale.setDefault(locale)
    try:
        assert "Taken 12.05.23 14:03" in tip(garden, "image_1.png")
        assert "File changed" in tip(garden, "image_2.png")
    finally:
        QLocale.setDefault(QLocale.c())
    garden.session.reader.on_read(replace(event, taken_s=()))  # Told again, by an older cache.
    assert garden.session.table.taken_s[0] == MAY


def test_dates_that_no_cache_knew_are_read_when_all_is_embedded(garden: Desk) -> None:
    asked = garden.engine.last(messages.ReadDates)
    assert len(asked.images) == 12
    garden.engine.date({garden.image("image_3.png"): MAY})
    table = garden.session.table
    assert table.dated.all()
    assert table.taken_s[table.row_of_name("image_3.png")] == MAY
    assert "Taken " in tip(garden, "image_3.png")
    n_asked = len(garden.engine.all(messages.ReadDates))
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    garden.settle()
    assert len(garden.engine.all(messages.ReadDates)) == n_asked


def test_groups_are_looked_for_again_once_the_dates_are_known(garden: Desk) -> None:
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.date({garden.image("image_3.png"): MAY})
    garden.qtbot.waitUntil(lambda: len(garden.engine.all(messages.FindGroups)) == 2)
    taken = garden.engine.last(messages.FindGroups).taken_s
    assert sorted(set(taken.tolist())) == [NO_DATE, MAY]
