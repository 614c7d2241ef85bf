"""Evaluation on the real engine: a wrong label is found in the matrix and put right there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.messages import Effort
from engine.painting import CLASS_NAMES
from tests.end_to_end.test_whole_job import LONG_MS, Seat, paint_parts

KINDS = CLASS_NAMES[:3]
SHOTS = 5


@pytest.fixture
def person(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Seat]:
    seated = Seat(qtbot, qapp, tmp_path)
    yield seated
    seated.leave()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # Offscreen.
def test_a_wrong_label_is_put_right_in_the_matrix(
    person: Seat, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    images = paint_parts(folder, len(KINDS) * (SHOTS + 2))
    kept = {kind: [item.name for item in images if item.class_name == kind] for kind in KINDS}
    session = person.session
    person.drop(folder)
    qtbot.waitUntil(lambda: len(session.table.ids) == len(KINDS) * (SHOTS + 2), timeout=LONG_MS)
    for kind in KINDS:
        person.add_class(kind)
    ids = {item.name: item.class_id for item in session.classes}

    def image(name: str) -> int:
        return session.table.image_id(session.table.row_of_name(name))

    first, second, _ = KINDS
    for kind in KINDS:
        session.label([image(name) for name in kept[kind][:SHOTS]], ids[kind])
    wrong = kept[first][0]
    session.label([image(wrong)], ids[second])

    person.key(Qt.Key.Key_F7)
    page = person.window.pages.evaluation
    figures = page.figures
    qtbot.waitUntil(
        lambda: (
            page.review.result is not None
            and figures.evaluation is not None
            and figures.evaluation.n_held_out == SHOTS * len(KINDS)
            and not figures.is_waiting
        ),
        timeout=LONG_MS,
    )

    def cell() -> list[int]:
        return [int(item) for item in figures.images(ids[second], ids[first])]

    # The page and the line at the bottom say the same, whichever effort has answered.
    classifier = session.classifier
    qtbot.waitUntil(
        lambda: classifier.effort is Effort.THOROUGH or bool(classifier.note), timeout=LONG_MS
    )
    assert classifier.adapted is not None
    assert classifier.adapted.held_out is not None
    assert figures.evaluation is not None
    assert figures.evaluation.accuracy.value == pytest.approx(classifier.adapted.held_out.accuracy)
    percent = round(100 * classifier.adapted.held_out.accuracy)
    assert f"{percent} % right" in person.window.status_line.effort.text()
    assert page.overview.headline.text().startswith(f"Held-out accuracy {percent} % (")

    assert image(wrong) in cell()
    page.tabs.setCurrentIndex(1)
    page.matrix.go_to(page.matrix.matrix.index_of(ids[second], ids[first]))
    page.matrix.setFocus()
    person.key(Qt.Key.Key_Return)
    page.cell.view.setCurrentIndex(page.cell.model.index(cell().index(image(wrong))))
    person.key(str(session.classes[0].hotkey))
    assert session.table.label(session.table.row_of_name(wrong)) == ids[first]
    qtbot.waitUntil(lambda: not figures.is_waiting and image(wrong) not in cell(), timeout=LONG_MS)
    told = figures.predictions
    assert told is not None
    assert ids[first] in told.labels[told.image_ids == image(wrong)].tolist()

    report = tmp_path / "report.html"
    with qtbot.waitSignal(page.report_file.saved, timeout=LONG_MS):
        page.report_file.save(report)
    written = report.read_text(encoding="utf-8").replace("&nbsp;", " ")
    assert page.overview.headline.text() in written
