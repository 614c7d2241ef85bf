"""The window in another language: all of it, at once, and nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from conftest import Desk, make_all
from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QLocale,
    QModelIndex,
    QSize,
    Qt,
)
from PySide6.QtGui import QAction, QFontInfo
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QGraphicsScene,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.look.language import LanguageChoice, LanguageSwitch, language_of
from app.look.page import Page
from app.look.words import percent_of, told, told_event, without_mnemonic
from app.session.session import Session
from app.window import opening
from app.window.keeper import WindowKeeper
from app.window.main_window import MainWindow
from engine import messages
from engine.messages import Effort, ImageId
from engine.words import say

# Names that are the same in every language: of files, formats, programs, keys and engine parts.
NAMES = re.compile(
    r"CPUExecutionProvider|Handful|ONNX|onnxruntime|CSV|HTML|PDF|Wilson|delta|JPEG|PNG|TIFF|WebP|AVIF|GIF|BMP|Qt|Python|CPU|GPU|NVIDIA|torch(?:vision)?|"
    r"\b[kMG]B\b|Excel|JSON Lines|Parquet|pandas|Polars|DuckDB|OpenCV|"
    r"Lightroom|digiKam|darktable|Immich|Bridge|Windows|XMP|RAW|JSON|"
    r"FiftyOneImageClassificationDataset|IMG_1\S*|\bAI\b|_unsure|\bzip\b|"
    r"MegaDetector|AddaxAI|Timelapse|COCO Camera Traps|Camtrap DP|LILA|pycocotools|GBIF|"
    r"camtrapdp|camtraptor|\bR\b|int8|fp16|"
    r"ImageFolder|Hugging Face|Label Studio|FiftyOne|labelme|X-AnyLabeling|Lobe|Teachable Machine|"
    r"PyTorch|Keras|fastai|datasets|load_dataset\S*|data_dir\S*|Dataset\.from_dir|"
    r"Apache-2\.0|English|Ctrl|Shift|Alt|Enter|Esc|Backspace|Delete|Del|Return|Space|Tab|Page Up|"
    r"Page Down|Home|End|CUDA|OpenVINO|\b[Tt]ar\b|（nat）|timm|MobileNetV2|mobilenetv3_small_100|"
    r"\bF\d+\b|\([A-Z]\)|\b[A-Z]\b|handful-base|"
    r"image_\d+\.png|\b(cat|dog|garden|emptied)\b|\S*[/\\]\S*|\*?\.\w+|[Ll]inux\S*|glibc\S*",
    re.ASCII,
)


class Reader:
    """A window that can be made anew, on the desk's session."""

    def __init__(self, desk: Desk, qapp: QApplication, home: Path) -> None:
        self.desk = desk
        self.languages = LanguageSwitch(qapp, LanguageChoice.ENGLISH)
        desk.window.close = lambda: True  # type: ignore[method-assign]
        self.keeper = WindowKeeper(
            desk.session, desk.preferences, desk.switch, self.languages, home / "log.txt"
        )
        old = desk.window
        old.deleteLater()
        QApplication.sendPostedEvents(old, QEvent.Type.DeferredDelete.value)
        self.adopt()
        self.keeper.replaced.connect(self.adopt)
        self.window.resize(1280, 800)
        self.window.show()
        desk.qtbot.waitExposed(self.window)

    @property
    def window(self) -> MainWindow:
        """The window there is now."""
        return self.keeper.window

    def adopt(self) -> None:
        """Let the desk work on the window there is now."""
        desk = self.desk
        desk.window, desk.gallery = self.window, self.window.gallery
        desk.view, desk.classes = self.window.gallery.view, self.window.classes

    def speak(self, choice: LanguageChoice) -> None:
        """Choose a language in the menu and wait for the other window."""
        action = next(
            action for action in self.window.findChildren(QAction) if action.data() is choice
        )
        with self.desk.qtbot.waitSignal(self.keeper.replaced):
            action.trigger()
        self.desk.qtbot.waitExposed(self.window)
        self.desk.settle()


@pytest.fixture
def reader(desk: Desk, qapp: QApplication, home: Path) -> Iterator[Reader]:
    """A window in English over an empty session."""
    reader = Reader(desk, qapp, home)
    yield reader
    reader.languages.choose(LanguageChoice.ENGLISH)
    reader.keeper._soon.stop()
    QLocale.setDefault(QLocale.system())


@pytest.fixture
def labelled(reader: Reader, folder: Path) -> Reader:
    """Two classes, labels, predictions, a file that cannot be read, and a review."""
    desk = reader.desk
    (folder / "image_12.png").write_bytes(b"")
    desk.open(folder)
    cat, dog = desk.add_classes("cat", "dog")
    desk.session.label([desk.image("image_1.png")], cat.class_id)
    desk.session.label([desk.image("image_2.png")], dog.class_id)
    chances = {
        desk.image(f"image_{number}.png"): [(cat.class_id, 0.6), (dog.class_id, 0.4)]
        for number in range(3, 12)
    }
    desk.engine.predict(
        chances,
        plain=0.6,
        none_scores={desk.image("image_3.png"): 0.9},
        taken_for={desk.image("image_1.png"): (dog.class_id, 0.7)},
    )
    desk.settle()
    return reader


def texts_of(root: QWidget) -> Iterator[str]:
    """All that a widget and those in it say, also to a screen reader, and their menus."""
    for widget in (root, *root.findChildren(QWidget)):
        table = widget.parent() if isinstance(widget, QHeaderView) else widget
        if table is not None and table.property("holds_names"):
            continue
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if widget.isWindow():
            yield widget.windowTitle()
        match widget:
            case QLabel() | QAbstractButton():
                yield widget.text()
            case QLineEdit():
                yield widget.placeholderText()
            case QComboBox():
                yield from (widget.itemText(place) for place in range(widget.count()))
            case QMenu() | QGroupBox():
                yield widget.title()
            case QTabBar():
                for place in range(widget.count()):
                    yield from (widget.tabText(place), widget.tabToolTip(place))
            case QTextEdit() | QPlainTextEdit():
                yield from (widget.toPlainText(), widget.placeholderText())
            case QHeaderView():
                pass  # Its texts are the model's.
            case QAbstractItemView():
                yield from _cells(widget.model(), QModelIndex())
            case _:
                pass
    for action in root.findChildren(QAction):
        if isinstance(action.parent(), QGraphicsScene):
            continue  # Of pyqtgraph's own menu, which the map does not open.
        yield from (action.text(), action.toolTip(), action.iconText())


def _cells(model: QAbstractItemModel | None, parent: QModelIndex) -> Iterator[str]:
    if model is None:
        return
    roles = Qt.ItemDataRole
    said: list[object] = []
    # Qt's own one column of a list is private.
    n_columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    for role in (roles.DisplayRole, roles.ToolTipRole, roles.AccessibleTextRole):
        for column in range(n_columns):
            said.append(model.headerData(column, Qt.Orientation.Horizontal, role))
            said += [
                model.data(model.index(row, column, parent), role)
                for row in range(model.rowCount(parent))
            ]
    for text in said:
        if isinstance(text, str):
            yield re.sub(r"<[^>]*>", " ", text)
    for row in range(model.rowCount(parent)):
        yield from _cells(model, model.index(row, 0, parent))


def english_in(root: QWidget) -> set[str]:
    """What of it has English words."""
    found = set()
    for text in texts_of(root):
        rest = NAMES.sub(" ", without_mnemonic(text.replace("\u200b", "")))
        if re.search(r"[A-Za-z]{2,}", rest):
            found.add(text)
    return found


# --- Which language -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["zh-Hans-CN", "zh-CN", "zh"], LanguageChoice.CHINESE),
        (["zh_SG"], LanguageChoice.CHINESE),
        (["zh"], LanguageChoice.CHINESE),
        (["zh-Hant-TW", "zh-TW"], LanguageChoice.ENGLISH),
        (["zh-HK"], LanguageChoice.ENGLISH),
        (["de-DE", "zh-CN"], LanguageChoice.CHINESE),
        (["en-GB", "zh-CN"], LanguageChoice.ENGLISH),
        (["de-DE"], LanguageChoice.ENGLISH),
        ([], LanguageChoice.ENGLISH),
    ],
)
def test_the_language_is_the_first_of_the_systems_that_handful_speaks(
    wanted: list[str], language: LanguageChoice
) -> None:
    assert language_of(wanted) is language


def test_the_choice_is_kept(reader: Reader) -> None:
    preferences = reader.desk.preferences
    assert preferences.language is LanguageChoice.SYSTEM
    reader.speak(LanguageChoice.CHINESE)
    assert preferences.language is LanguageChoice.CHINESE
    preferences._settings.setValue("language", "tlh")
    assert preferences.language is LanguageChoice.SYSTEM


# --- What is said ---------------------------------------------------------------------------------


def test_nothing_in_the_empty_window_is_english(reader: Reader) -> None:
    make_all(reader.window)
    assert len(english_in(reader.window)) > 100  # Else nothing is looked at.
    reader.speak(LanguageChoice.CHINESE)
    make_all(reader.window)
    assert english_in(reader.window) == set()
    assert "文件(&F)" in {menu.title() for menu in reader.window.menuBar().findChildren(QMenu)}


def test_nothing_on_any_page_is_english(labelled: Reader) -> None:
    labelled.speak(LanguageChoice.CHINESE)
    desk, pages = labelled.desk, labelled.window.pages
    make_all(labelled.window)
    found = english_in(labelled.window)
    for show in (
        pages.toggle_preview,
        pages.toggle_why,
        pages.leave_preview,
        pages.show_queue,
        pages.show_review,
        pages.show_map,
        pages.show_evaluation,
        pages.show_spot_check,
    ):
        show()
        desk.settle()
        for kind, answer in (
            (messages.Suggest, _suggest),
            (messages.ReviewLabels, _review),
        ):
            if desk.engine.all(kind):
                answer(desk)
        desk.settle()
        found |= english_in(labelled.window)
    assert found == set()


def _suggest(desk: Desk) -> None:
    why = say("typical of {count} images without a label", count=9)
    image = desk.image("image_5.png")
    desk.engine.suggest([messages.Suggestion(image, why, (desk.session.classes[0].class_id,))])


def _review(desk: Desk) -> None:
    cat, dog = (item.class_id for item in desk.session.classes)
    why = say("An image that looks the same is labelled “{name}”.", name="dog")
    desk.engine.review(
        doubtful=[messages.DoubtfulLabel(desk.image("image_1.png"), cat, dog, 0.8, 0.1, (), why)],
        advice=say("Label images of at least two classes."),
        weakest=cat,
    )


def test_nothing_in_the_report_is_english(labelled: Reader) -> None:
    labelled.speak(LanguageChoice.CHINESE)
    labelled.window.pages.show_evaluation()
    _review(labelled.desk)
    page = labelled.window.pages.evaluation
    written = page.report_file._report.to_html(_NoPictures()).replace("&#8203;", "")
    assert '<html lang="zh-Hans">' in written
    papers = written.index("Wilson, Probable")
    words = re.sub(r"<style>.*?</style>|<[^>]*>", "\n", written[:papers], flags=re.DOTALL)
    found = {line for line in words.splitlines() if re.search(r"[a-z]{4,}", NAMES.sub(" ", line))}
    assert found == set()


class _NoPictures:
    """In place of the drawings of a report, what they say in words."""

    def drawing(self, paint: object, size: QSize, text: str) -> str:
        return text

    def thumbnail(self, image: ImageId, text: str) -> str:
        return text

    def max_columns(self) -> int:
        return 100

    def style(self) -> str:
        return ""


def test_nothing_in_the_dialogs_is_english(labelled: Reader) -> None:
    labelled.speak(LanguageChoice.CHINESE)
    desk, window = labelled.desk, labelled.window
    make_all(window)
    for name in window.results.names():
        window.results.begin(name)
    window.dialogs.finetune.begin()
    window.dialogs.split.begin(desk.session.classes[0].class_id)
    window.actions_.about.trigger()
    window.actions_.keys.trigger()
    menu = window.classes.menu_of(desk.session.classes[0])
    window.gallery.coverage.show_choice(0.5, messages.ClassId(0))
    window.labelling.ask_for_predicted()
    assert english_in(window) == set()
    assert english_in(menu) == set()
    menu.deleteLater()
    for child in window.findChildren(QWidget):
        if child.isWindow() and child.isVisible():
            child.close()


def test_the_engine_is_told_in_the_persons_language_with_its_numbers(reader: Reader) -> None:
    inner = say(
        "the file has {size:.1f} GB, more than the limit of {limit:.1f} GB", size=3.0, limit=2.0
    )
    sentence = say("{name} cannot be shown: {error}.", name="a {x}.png", error=inner)
    assert told(sentence) == sentence
    reader.languages.choose(LanguageChoice.CHINESE)
    spoken = told(sentence)
    assert spoken == "无法显示 a {x}.png：文件大小为 3.0 GB，超过 2.0 GB 的上限。"
    count = told(say("typical of {count} images without a label", count=12345))
    assert count == "12,345 张未标注图像的代表"
    nested = told(
        say("typical of {count} images without a label", count=say("about {count}", count=3))
    )
    assert nested == "约 3 张未标注图像的代表"
    reader.languages.choose(LanguageChoice.ENGLISH)
    assert told(spoken) == sentence
    assert told("plain {text}") == "plain {text}"


def test_events_are_told_where_they_hold_sentences(reader: Reader) -> None:
    reader.languages.choose(LanguageChoice.CHINESE)
    suggestion = messages.Suggestion(ImageId(1), say("one of a kind"), ())
    suggested = told_event(messages.Suggested(3, (suggestion,)))
    assert suggested.suggestions[0].why == "独一无二"
    finished = messages.JobFinished(3)
    assert told_event(finished) is finished


def test_numbers_are_written_as_in_the_readers_country() -> None:
    before = QLocale()
    try:
        QLocale.setDefault(QLocale("de_DE"))
        assert percent_of(1234) == "1.234 %"
    finally:
        QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("&File", "File"),
        ("文件(&F)", "文件"),
        ("打开(&O)…", "打开…"),
        ("S&pot Check", "Spot Check"),
        ("a & b", "a & b"),
    ],
)
def test_an_underlined_letter_is_left_out_of_tips(text: str, plain: str) -> None:
    assert without_mnemonic(text) == plain


# --- Nothing is lost ------------------------------------------------------------------------------


def test_labels_undo_selection_filter_and_notices_survive(labelled: Reader) -> None:
    desk, session = labelled.desk, labelled.desk.session
    labelled.window.gallery.filters.show_only(session.classes[0].class_id)
    desk.select("image_3.png", "image_5.png")
    session.noticed.emit(_notice("{name} is not there", "a.png"))
    before = (desk.labels_on_disk(), desk.shown(), desk.selected(), desk.engine.commands[:])
    undo = session.undo_text()
    labelled.speak(LanguageChoice.CHINESE)
    assert (desk.labels_on_disk(), desk.shown(), desk.selected()) == before[:3]
    assert "a.png is not there" in desk.notices()
    assert undo == "Label 1 image"
    assert session.undo_text() == "标注 1 张图像"
    asked = [item for item in desk.engine.commands if item not in before[3]]
    # The thorough effort may begin meanwhile: it waits for a pause of the person's.
    assert not [
        item
        for item in asked
        if isinstance(item, messages.EmbedImages)
        or (isinstance(item, messages.Adapt) and item.effort is Effort.INSTANT)
    ]
    desk.press("1")
    assert desk.labels_on_disk()["image_3.png"] == "cat"
    labelled.window.actions_.undo.trigger()
    labelled.window.actions_.undo.trigger()
    assert desk.labels_on_disk() == {"image_1.png": "cat"}
    assert desk.state("image_12.png") == "无法读取：文件为空"


def test_what_undo_takes_back_is_named_in_the_other_language(reader: Reader, folder: Path) -> None:
    reader.desk.open(folder)
    session = reader.desk.session
    (cat,) = reader.desk.add_classes("cat")
    session.rename_class(cat.class_id, "tiger")
    assert session.undo_text() == "Rename class “cat”"
    reader.speak(LanguageChoice.CHINESE)
    assert session.undo_text() == "重命名类别“cat”"
    reader.window.actions_.undo.trigger()
    assert session.undo_text() == "添加类别“cat”"
    assert session.redo_text() == "重命名类别“cat”"
    assert session.import_classes(["dog", "cow"]) == 2
    assert session.undo_text() == "添加 2 个类别"


def test_a_project_is_closed_while_a_class_is_shown_and_an_image_is_selected(
    labelled: Reader,
) -> None:
    labelled.window.gallery.filters.show_only(labelled.desk.session.classes[0].class_id)
    labelled.desk.select("image_3.png")
    labelled.desk.session.close_project()
    assert labelled.desk.shown() == []


def _notice(template: str, name: str) -> object:
    from app.look.notices import Notice

    return Notice(say(template, name=name))


def test_it_goes_there_and_back(labelled: Reader) -> None:
    labelled.speak(LanguageChoice.CHINESE)
    assert labelled.window.status_line.engine.text() == "CPU，2 个线程"
    labelled.speak(LanguageChoice.ENGLISH)
    assert labelled.window.status_line.engine.text() == "CPU, 2 threads"
    chinese = {text for text in texts_of(labelled.window) if re.search("[\u4e00-\u9fff]", text)}
    assert chinese == {"简体中文"}


def test_the_larger_view_and_the_page_are_the_same(labelled: Reader) -> None:
    desk = labelled.desk
    labelled.window.pages.show_queue()
    _suggest(desk)
    labelled.window.pages.toggle_preview()
    assert labelled.window.pages.is_preview_open()
    image = labelled.window.pages.chosen_images()
    labelled.speak(LanguageChoice.CHINESE)
    pages = labelled.window.pages
    assert pages.is_preview_open()
    assert pages.chosen_images() == image
    pages.leave_preview()
    assert pages.currentWidget() is pages.queue
    assert pages.queue.why.text() == "9 张未标注图像的代表"


def test_a_spot_check_goes_on_where_it_was(labelled: Reader) -> None:
    labelled.window.pages.show_spot_check()
    page = labelled.window.pages.spot_check
    page.on_key(Qt.Key.Key_Y)
    page.on_key(Qt.Key.Key_N)
    page.on_key(Qt.Key.Key_Space)  # Wrong, without saying what it is.
    drawn = page.check.drawn
    labelled.speak(LanguageChoice.CHINESE)
    page = labelled.window.pages.spot_check
    assert labelled.window.pages.currentWidget() is page
    assert page.check.drawn == drawn
    assert [answer.is_right for answer in page.check.answers.values()] == [True, False]
    assert page.check.current == drawn[2]


def test_an_export_under_way_is_followed_to_its_end(labelled: Reader, tmp_path: Path) -> None:
    desk = labelled.desk
    dialog = labelled.window.predictions_dialog
    dialog.begin()
    dialog.path_field.setText(str(tmp_path / "out.csv"))
    dialog.start_button.click()
    asked = desk.engine.last(messages.SavePredictions)
    desk.engine.publish(
        messages.Progress(asked.request_id, say("Writing predictions"), 1, 9, 0.0, 0.0)
    )
    labelled.speak(LanguageChoice.CHINESE)
    dialog = labelled.window.predictions_dialog
    assert dialog.isVisible()
    assert dialog.progress_text.text().startswith("正在写入预测")
    assert asked.request_id not in desk.engine.cancelled()
    saved = messages.PredictionsSaved(asked.request_id, asked.out, 9, None, 0)
    desk.engine.publish(saved)
    assert dialog.headline.text() == "已保存 9 张图像的预测"
    labelled.speak(LanguageChoice.ENGLISH)
    dialog = labelled.window.predictions_dialog
    assert dialog.headline.text() == "Saved the predictions of 9 images"


def test_it_waits_while_a_dialog_holds_the_window_up(reader: Reader) -> None:
    from PySide6.QtWidgets import QMessageBox

    old = reader.window
    box = QMessageBox(old)
    box.open()
    reader.languages.choose(LanguageChoice.CHINESE)
    reader.desk.qtbot.waitUntil(lambda: reader.keeper._soon.interval() > 0)
    assert reader.window is old
    with reader.desk.qtbot.waitSignal(reader.keeper.replaced):
        box.close()
    assert reader.window is not old


def test_nothing_of_the_old_window_stays(labelled: Reader) -> None:
    session, bridge = labelled.desk.session, labelled.desk.bridge
    labelled.window.pages.show_evaluation()  # It waits for an answer.
    labelled.speak(LanguageChoice.CHINESE)
    numbers = _listeners(session)
    windows = [item for item in QApplication.topLevelWidgets() if isinstance(item, MainWindow)]
    for choice in (LanguageChoice.ENGLISH, LanguageChoice.CHINESE):
        old = labelled.window
        labelled.speak(choice)
        assert not shiboken6.isValid(old)
    assert _listeners(session) == numbers
    now = [item for item in QApplication.topLevelWidgets() if isinstance(item, MainWindow)]
    assert len(now) == len(windows) == 1
    for handler in bridge._handlers.values():
        owner = getattr(handler, "__self__", None)
        assert owner is None or shiboken6.isValid(owner)


def _listeners(session: Session) -> dict[str, int]:
    return {
        name: session.receivers(f"2{name}({arguments})")
        for name, arguments in (
            ("project_changed", ""),
            ("classes_changed", ""),
            ("rows_changed", "PyObject"),
            ("status_changed", ""),
            ("counts_changed", ""),
            ("predictions_changed", ""),
            ("undo_changed", ""),
            ("noticed", "PyObject"),
        )
    }


def test_fine_tuning_goes_on(labelled: Reader) -> None:
    desk = labelled.desk
    desk.engine.predict({}, accuracy=0.8)
    labelled.window.dialogs.finetune.begin()
    labelled.window.dialogs.finetune.start_button.click()
    asked = desk.engine.last(messages.FineTune)
    labelled.speak(LanguageChoice.CHINESE)
    assert desk.session.classifier.running is Effort.FINETUNE
    assert asked.request_id not in desk.engine.cancelled()
    (work,) = desk.session.works.running
    assert work.title == "正在微调"  # Also while it stands in the list of what is under way.
    assert not re.search("[A-Za-z]", work.stop_text + work.loss)
    desk.engine.not_tuned(say("Fine-tuning did not help with these labels and was not kept."))
    assert "微调对这些标注没有帮助，未予采用。" in desk.notices()


def test_qts_own_buttons_are_translated_too(reader: Reader, make_desk: Callable[[], Desk]) -> None:
    reader.languages.choose(LanguageChoice.CHINESE)
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"


def test_a_sample_being_painted_is_not_offered_again_in_the_other_language(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "sample_folder", lambda: tmp_path / "sample")
    reader.window.start_page.sample.click()
    reader.speak(LanguageChoice.CHINESE)
    reader.speak(LanguageChoice.ENGLISH)
    sample = reader.window.start_page.sample
    assert not sample.isEnabled()
    assert sample.text().strip() == "Painting the Sample…"
    engine = reader.desk.engine
    number = engine.last(messages.PaintSample).request_id
    engine.publish(messages.JobFailed(number, "Could not write it: the disk is full.", False))
    assert sample.isEnabled()
    reader.desk.qtbot.mouseClick(sample, Qt.MouseButton.LeftButton)
    assert len(engine.all(messages.PaintSample)) == 2


def test_latin_letters_and_the_ellipsis_stay_of_the_systems_font(qapp: QApplication) -> None:
    before = QFontInfo(qapp.font()).family()
    languages = LanguageSwitch(qapp, LanguageChoice.CHINESE)
    try:
        # Behind an alias as "Sans Serif" Qt would take a Chinese font, whose ellipsis is raised.
        assert QFontInfo(qapp.font()).family() == before
    finally:
        languages.choose(LanguageChoice.ENGLISH)
    assert QFontInfo(qapp.font()).family() == before


def test_the_settings_stay_in_front_where_the_language_is_chosen(labelled: Reader) -> None:
    labelled.window.dialogs.settings.begin()
    labelled.speak(LanguageChoice.CHINESE)
    settings = labelled.window.dialogs.settings
    labelled.desk.qtbot.waitUntil(settings.isActiveWindow)
    labelled.desk.press(Qt.Key.Key_Escape)  # To what has the focus.
    assert not settings.isVisible()


def test_qts_file_dialog_is_translated_whole(reader: Reader) -> None:
    reader.languages.choose(LanguageChoice.CHINESE)
    dialog = QFileDialog()
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    captions = [label.text() for label in dialog.findChildren(QLabel) if label.text()]
    assert captions
    assert not [text for text in captions if not re.search("[\u4e00-\u9fff]", text)]
    for text in ("Folder", "Drive"):
        assert QCoreApplication.translate("QAbstractFileIconProvider", text) != text
    dialog.deleteLater()


@pytest.mark.parametrize("choice", [LanguageChoice.ENGLISH, LanguageChoice.CHINESE])
def test_neither_files_nor_results_have_two_entries_on_one_letter(
    reader: Reader, choice: LanguageChoice
) -> None:
    if choice is not LanguageChoice.ENGLISH:
        reader.speak(choice)
    results = reader.window.actions_.results
    for key in ("open_detections", "metadata"):
        menus = reader.window.menuBar().findChildren(QMenu)
        menu = next(menu for menu in menus if results[key] in menu.actions())
        texts = [action.text() for action in menu.actions() if action.isVisible()]
        letters = [found[1].upper() for text in texts if (found := re.search(r"&(\w)", text))]
        assert len(letters) == len(set(letters)), texts


def test_what_nobody_has_asked_for_is_not_made_for_another_language_either(
    labelled: Reader,
) -> None:
    labelled.window.pages.show_review()
    labelled.window.dialogs.show_log()
    labelled.speak(LanguageChoice.CHINESE)
    (page,) = labelled.window.findChildren(Page)
    assert page is labelled.window.pages.review
    assert page.isVisible()


def test_an_encoder_that_is_added_meanwhile_is_told_of_in_the_other_language(
    labelled: Reader, tmp_path: Path
) -> None:
    labelled.desk.session.encoders.add("", tmp_path / "mine.safetensors")
    labelled.speak(LanguageChoice.CHINESE)
    engine = labelled.desk.engine
    number = engine.last(messages.AddEncoder).request_id
    engine.publish(messages.JobFailed(number, "It is no encoder.", False))
    assert "It is no encoder." in labelled.desk.notices()
