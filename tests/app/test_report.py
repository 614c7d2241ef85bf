"""The report: every figure of the page in one file, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Desk
from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPainter, QTextDocument
from PySide6.QtWidgets import QFileDialog, QPushButton

from app.evaluation import report_file
from app.evaluation.evaluation_page import EvaluationPage
from app.evaluation.spot_result import SpotResult
from engine import messages
from engine.messages import DoubtfulLabel


@pytest.fixture
def page(garden: Desk) -> EvaluationPage:
    """Of four cats one is taken for a dog, which is a <dog & co>; one label looks wrong."""
    garden.add_classes("cat", "<dog & co>")
    garden.select(*(f"image_{number}.png" for number in range(1, 5)))
    garden.press("1")
    garden.select("image_5.png", "image_6.png")
    garden.press("2")
    garden.window.actions_.evaluation.trigger()
    cat, dog = (item.class_id for item in garden.session.classes)
    garden.engine.predict(
        {garden.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]},
        taken_for={garden.image("image_2.png"): (dog, 0.7)},
    )
    garden.engine.review(
        doubtful=[DoubtfulLabel(garden.image("image_2.png"), cat, dog, 0.87, 0.05, (), "Why.")],
    )
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.group([garden.image("image_7.png"), garden.image("image_8.png")])
    return garden.window.pages.evaluation


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], list[str]]:
    """What the file dialog gives from now on, and where it began."""

    def prepare(path: Path, used_filter: str = "") -> list[str]:
        began: list[str] = []

        def ask(_parent: object, _title: str, start: str, *_rest: object) -> tuple[str, str]:
            began.append(start)
            return str(path), used_filter

        monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
        return began

    return prepare


def written(garden: Desk, page: EvaluationPage, path: Path) -> Path:
    """Save there, with the thumbnails that the engine is asked for."""
    with garden.qtbot.waitSignal(page.report_file.saved):
        page.report_file.save(path)
        garden.settle()
        if not path.exists():
            garden.engine.thumbnails()
    return path


def said(path: Path) -> str:
    """The text of an HTML file as a person reads it, in one line."""
    document = QTextDocument()
    text = re.sub(r"<svg.*?</svg>|<img[^>]*>", "", path.read_text(encoding="utf-8"), flags=re.S)
    document.setHtml(text)
    return " ".join(document.toPlainText().split())


def test_every_figure_of_the_page_is_in_it(
    garden: Desk, page: EvaluationPage, tmp_path: Path
) -> None:
    text = said(written(garden, page, tmp_path / "report.html"))
    overview = page.overview
    for label in (
        overview.headline,
        overview.basis,
        overview.averages,
        overview.calibration,
        overview.curve_note,
        overview.advice,
    ):
        assert " ".join(label.text().split()) in text
    assert "Evaluation of garden" in text
    assert "handful-base" in text
    assert "CPU, 2 threads" in text
    assert "ridge regression" in text
    assert "1 cat 3 1 2 <dog & co> 0 2" in text  # The matrix.
    assert "cat, taken for <dog & co> (70 %)" in text
    assert "cat, looks like <dog & co> (87 %)" in text
    assert "There was no spot check yet." in text
    assert "1 group of 2 images: copies, a burst or near-duplicates." in text
    assert "J. Am. Stat. Assoc." in text


def test_it_is_one_file_that_asks_for_nothing_else(
    garden: Desk, page: EvaluationPage, tmp_path: Path
) -> None:
    text = written(garden, page, tmp_path / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 2
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "href" not in text.replace("xlink:href", "")
    drawings = re.findall(r"<svg.*?</svg>", text, flags=re.S)
    assert len(drawings) == 2
    for drawing in drawings:
        ElementTree.fromstring(drawing)
        assert 'aria-label="' in drawing
    assert "<dog" not in text  # Names are escaped.


def test_the_spot_check_is_in_it(garden: Desk, page: EvaluationPage, tmp_path: Path) -> None:
    project = garden.session.project
    assert project is not None
    result = SpotResult(27, 30, 500, 0.91, 6, "2025-03-02T14:05:00+01:00")
    garden.session.preferences.keep_spot_check(project.path, result.to_text())
    text = said(written(garden, page, tmp_path / "report.html"))
    assert "27 of 30 right: 90 %, between 74 and 97 %" in text
    assert "Drawn at random from 500 predictions, whose confidences promised 91 %" in text


def test_the_pdf_has_pages(garden: Desk, page: EvaluationPage, tmp_path: Path) -> None:
    content = written(garden, page, tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 2


def test_no_section_is_torn_that_fits_on_a_page(qapp: object) -> None:
    document = QTextDocument()
    document.setDocumentMargin(0)
    sections = [f"<h2>{name}</h2>" + "<p>line</p>" * 12 for name in "abcdef"]
    size = QSizeF(300, 500)
    report_file._lay_out(document, "".join(sections), size)
    layout, block = document.documentLayout(), document.begin()
    pages: dict[str, set[int]] = {}
    name = ""
    while block.isValid():
        if block.blockFormat().headingLevel() == 2:
            name = block.text()
        pages.setdefault(name, set()).add(int(layout.blockBoundingRect(block).center().y() // 500))
        block = block.next()
    assert {name: len(some) for name, some in pages.items()} == dict.fromkeys("abcdef", 1)
    assert document.pageCount() >= 3


def test_thumbnails_that_never_come_hold_nothing_up(
    garden: Desk, page: EvaluationPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.gallery.thumbnails.clear()
    page.report_file._timer.setInterval(1)
    path = tmp_path / "report.html"
    with garden.qtbot.waitSignal(page.report_file.saved):
        page.report_file.save(path)
        assert not path.exists()
    assert "data:image" not in path.read_text(encoding="utf-8")


def test_too_few_labels_still_make_a_report(garden: Desk, tmp_path: Path) -> None:
    garden.add_classes("cat", "dog")
    garden.window.actions_.evaluation.trigger()
    page = garden.window.pages.evaluation
    text = said(written(garden, page, tmp_path / "report.html"))
    assert "Label images of at least two classes first." in text
    assert "Confusion matrix" not in text


def test_it_is_asked_where_to_and_remembered_and_opened(
    garden: Desk,
    page: EvaluationPage,
    tmp_path: Path,
    choose: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    chosen = tmp_path / "my report.html"
    began = choose(chosen)
    with garden.qtbot.waitSignal(page.report_file.saved):
        garden.qtbot.keyClick(garden.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        garden.settle()
        if not chosen.exists():
            garden.engine.thumbnails()
    assert began[0].endswith("garden evaluation.html")
    assert garden.notices()[0] == f"The report is in {chosen}."
    button = next(
        item for item in garden.window.notices.findChildren(QPushButton) if item.text() == "Open"
    )
    garden.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [url.toLocalFile() for url in opened] == [str(chosen)]
    began = choose(tmp_path / "second", "PDF (*.pdf)")
    garden.qtbot.mouseClick(page.report_button, Qt.MouseButton.LeftButton)
    assert began == [str(chosen)]
    assert (tmp_path / "second.pdf").read_bytes().startswith(b"%PDF-")


def test_an_ending_that_is_added_overwrites_nothing(
    garden: Desk, page: EvaluationPage, tmp_path: Path, choose: Callable[..., list[str]]
) -> None:
    (tmp_path / "report.html").write_text("kept")
    choose(tmp_path / "report")
    with garden.qtbot.waitSignal(page.report_file.saved):
        garden.qtbot.mouseClick(page.report_button, Qt.MouseButton.LeftButton)
        garden.settle()
        if not (tmp_path / "report 2.html").exists():
            garden.engine.thumbnails()
    assert (tmp_path / "report.html").read_text() == "kept"
    assert (tmp_path / "report 2.html").exists()


def test_what_cannot_be_written_is_told_and_the_old_one_stays(
    garden: Desk, page: EvaluationPage, tmp_path: Path, choose: Callable[..., list[str]]
) -> None:
    choose(tmp_path / "nowhere" / "report.html")
    with garden.qtbot.waitSignal(page.report_file.failed):
        garden.qtbot.mouseClick(page.report_button, Qt.MouseButton.LeftButton)
        garden.settle()
        if garden.engine.all(messages.LoadThumbnails):
            garden.engine.thumbnails()
    assert garden.notices()[0].startswith(f"The report could not be written to {tmp_path}")


def test_nothing_is_asked_when_the_dialog_is_cancelled(
    garden: Desk, page: EvaluationPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(*_arguments: object) -> tuple[str, str]:
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", cancel)
    before = garden.notices()
    garden.qtbot.mouseClick(page.report_button, Qt.MouseButton.LeftButton)
    assert garden.notices() == before
    assert page._report_path is None


def test_many_classes_have_no_matrix_in_the_pdf_and_say_where_it_is(
    garden: Desk, page: EvaluationPage
) -> None:
    class Narrow:
        def drawing(
            self, _paint: Callable[[QPainter, QRectF], None], _size: QSize, _text: str
        ) -> str:
            return ""

        def thumbnail(self, _image: object, _text: str) -> str:
            return ""

        def max_columns(self) -> int:
            return 1

        def style(self) -> str:
            return ""

    text = page.report_file._report.to_html(Narrow())
    assert "The matrix of so many classes is in the HTML report" in text
    assert 'class="matrix"' not in text
    assert "Most frequent mistakes: label" in text


def test_the_results_menu_saves_it_from_any_page(
    garden: Desk, page: EvaluationPage, tmp_path: Path, choose: Callable[..., list[str]]
) -> None:
    action = garden.window.actions_.save_report
    assert action in dict(garden.window.actions_.grouped())["Results"]
    garden.window.actions_.images.trigger()
    n_before = len(garden.engine.all(messages.ReviewLabels))
    choose(tmp_path / "report.html")
    action.trigger()
    assert garden.window.pages.currentWidget() is page
    assert not (tmp_path / "report.html").exists()  # The labels are looked at first.
    assert len(garden.engine.all(messages.ReviewLabels)) == n_before + 1
    with garden.qtbot.waitSignal(page.report_file.saved):
        garden.engine.review()
        garden.settle()
        if not (tmp_path / "report.html").exists():
            garden.engine.thumbnails()


def test_without_figures_there_is_nothing_to_save(garden: Desk) -> None:
    action = garden.window.actions_.save_report
    assert not action.isEnabled()
    assert action.toolTip() == "Label images of at least two classes first."
    garden.window.actions_.evaluation.trigger()
    button = garden.window.pages.evaluation.report_button
    assert not button.isEnabled()
    garden.window.actions_.images.trigger()
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    cat, dog = (item.class_id for item in garden.session.classes)
    scores = {garden.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]}
    garden.engine.predict(scores)
    assert not action.isEnabled()
    assert action.toolTip() == "Too few labels to tell how good the answers are"
    garden.engine.predict(scores, accuracy=0.8)
    assert action.isEnabled()
    garden.window.actions_.evaluation.trigger()
    assert button.isEnabled()
