"""The user guide in a window of its own: headings beside the text, and a field to search in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QKeySequence,
    QPixmap,
    QShortcut,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.look.dialog_room import keep_within
from app.look.icons import icon
from app.look.language import LanguageChoice
from app.look.theme import GAP_PX, Theme

GUIDE_FOLDER: Final = Path(__file__).resolve().parents[2] / "docs"
"""Where the guide lies: in the source, beside the packages when installed, in a built program."""

_FILES: Final = {LanguageChoice.ENGLISH: "guide.md", LanguageChoice.CHINESE: "guide.zh_CN.md"}
_SIZE: Final = QSize(980, 760)
_LIST_PX: Final = 180
_PICTURE_PX: Final = 520  # Pictures are as wide, which the smallest window has room for.
_LINE_PERCENT: Final = 130
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
_Find = QTextDocument.FindFlag


class GuideWindow(QDialog):
    """The guide as it was installed, read from the disk when it is first opened; no network."""

    def __init__(
        self,
        theme: Theme,
        language: LanguageChoice,
        parent: QWidget | None = None,
        folder: Path = GUIDE_FOLDER,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._language = language if language in _FILES else LanguageChoice.ENGLISH
        self._shown: LanguageChoice | None = None
        self._headings: list[int] = []  # The number of each heading's block.
        self.setWindowTitle(self.tr("User Guide"))
        self.contents = QListWidget()
        self.contents.setObjectName("sections")
        self.contents.setAccessibleName(self.tr("Contents"))
        self.contents.setFixedWidth(_LIST_PX)
        self.contents.setWordWrap(True)
        self.contents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.contents.currentRowChanged.connect(self._on_heading)
        self.contents.itemActivated.connect(self._on_heading_activated)
        self.text = QTextBrowser()
        self.text.setObjectName("guide")
        self.text.setAccessibleName(self.tr("Text of the guide"))
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._on_link)
        self.text.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the guide"))
        self.search.setAccessibleName(self.tr("Search the guide"))
        self.search.setToolTip(self.tr("Search the guide (Ctrl+F); Enter finds the next place"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_typed)
        self.search.returnPressed.connect(self.find_next)
        self._nothing = QLabel(self.tr("Not found"))
        self._nothing.setObjectName("error")
        self._nothing.hide()
        self._previous, self._next = QToolButton(), QToolButton()
        for button, name, tip, slot in (
            (
                self._previous,
                self.tr("Find previous"),
                self.tr("The place before (Shift+F3)"),
                self.find_previous,
            ),
            (self._next, self.tr("Find next"), self.tr("The next place (F3)"), self.find_next),
        ):
            button.setObjectName("flat")
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.clicked.connect(slot)
        for keys, to_do in (
            (QKeySequence.StandardKey.Find, self._begin_search),
            (QKeySequence("F3"), self.find_next),
            (QKeySequence("Shift+F3"), self.find_previous),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(to_do)
        head = QHBoxLayout()
        head.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        head.setSpacing(GAP_PX)
        head.addWidget(self.search, 1)
        head.addWidget(self._nothing)
        head.addWidget(self._previous)
        head.addWidget(self._next)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.contents)
        body.addWidget(self.text, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(body, 1)
        self.set_theme(theme)
        self.resize(_SIZE)

    def begin(self) -> None:
        """Show the guide where it was left, at first from its beginning."""
        if self._shown is None:
            self._show_guide(self._language)
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()
        self.text.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._previous.setIcon(icon("previous"))
        self._next.setIcon(icon("next"))
        if self._shown is not None:  # Links have the colour of when the text was read.
            place = self.text.verticalScrollBar().value()
            self._show_guide(self._shown)
            self.text.verticalScrollBar().setValue(place)

    def find_next(self) -> None:
        """Go to the next place with what is searched, from the end to the beginning."""
        self._find(_Find(0))

    def find_previous(self) -> None:
        """Go to the place before, from the beginning to the end."""
        self._find(_Find.FindBackward)

    # --- Slots ------------------------------------------------------------------------------------

    def _begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _on_typed(self) -> None:
        cursor = self.text.textCursor()  # Typing on stays at the same place while that fits.
        cursor.setPosition(cursor.selectionStart())
        self.text.setTextCursor(cursor)
        self._find(_Find(0))

    def _on_heading(self, row: int) -> None:
        if 0 <= row < len(self._headings):
            bar = self.text.verticalScrollBar()
            was_blocked = bar.blockSignals(True)  # The heading stays the current one at the end.
            # Qt lays out what is on screen first, and the bar ends where it has got to.
            self.text.moveCursor(QTextCursor.MoveOperation.End)
            self.text.ensureCursorVisible()
            heading = self.text.document().findBlockByNumber(self._headings[row])
            self.text.setTextCursor(QTextCursor(heading))  # The search goes on from here.
            bar.setValue(self._top_of(row) - 2 * GAP_PX)
            bar.blockSignals(was_blocked)
            self.text.viewport().update()

    def _on_heading_activated(self, item: QListWidgetItem) -> None:
        self._on_heading(self.contents.row(item))
        self.text.setFocus()

    def _on_scrolled(self, value: int) -> None:
        middle = value + self.text.viewport().height() // 3
        tops = [self._top_of(row) for row in range(len(self._headings))]
        row = max((row for row, top in enumerate(tops) if top <= middle), default=0)
        was_blocked = self.contents.blockSignals(True)
        self.contents.setCurrentRow(row)
        self.contents.blockSignals(was_blocked)

    def _on_link(self, url: QUrl) -> None:
        for language, name in _FILES.items():
            if url.path() == name:
                self._show_guide(language)
                return
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)

    # --- Private ----------------------------------------------------------------------------------

    def _show_guide(self, language: LanguageChoice) -> None:
        self._shown = language
        path = self._folder / _FILES[language]
        document = QTextDocument(self.text)
        document.setDefaultFont(self.font())
        document.setDocumentMargin(3 * GAP_PX)
        try:
            written = path.read_text(encoding="utf-8")
        except OSError:
            self._shown = None  # It may be there the next time.
            document.setPlainText(
                self.tr("The guide is missing from this installation: {path}").format(path=path)
            )
        else:
            document.setMarkdown(written)
            _space_out(document)
            ratio = self.devicePixelRatioF()
            for name in _PICTURE.findall(written):
                picture = _picture(self._folder / name, ratio)
                document.addResource(
                    QTextDocument.ResourceType.ImageResource.value, QUrl(name), picture
                )
        self.text.setDocument(document)
        self._fill_contents(document)

    def _fill_contents(self, document: QTextDocument) -> None:
        was_blocked = self.contents.blockSignals(True)
        self.contents.clear()
        self._headings = []
        block = document.begin()
        while block.isValid():
            if block.blockFormat().headingLevel() in (1, 2):
                self.contents.addItem(block.text())
                self._headings.append(block.blockNumber())
            block = block.next()
        self.contents.setCurrentRow(0)
        self.contents.blockSignals(was_blocked)

    def _top_of(self, row: int) -> int:
        """How far down a heading is in the text, px."""
        document = self.text.document()
        block = document.findBlockByNumber(self._headings[row])
        return int(document.documentLayout().blockBoundingRect(block).top())

    def _find(self, flags: _Find) -> None:
        words = self.search.text()
        found = not words
        if words and not (found := self.text.find(words, flags)):
            before = self.text.textCursor()
            cursor = QTextCursor(before)
            cursor.movePosition(
                QTextCursor.MoveOperation.End
                if flags & _Find.FindBackward
                else QTextCursor.MoveOperation.Start
            )
            self.text.setTextCursor(cursor)
            found = self.text.find(words, flags)
            if not found:
                self.text.setTextCursor(before)
        self._nothing.setVisible(not found)


def _picture(path: Path, ratio: float) -> QPixmap:
    """A picture of the guide as wide as it is shown; an empty one where it is missing."""
    picture = QPixmap(str(path))
    width = round(_PICTURE_PX * ratio)
    if picture.width() > width:
        picture = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
    picture.setDevicePixelRatio(ratio)
    return picture


def _space_out(document: QTextDocument) -> None:
    """Lines further apart than Markdown has them: this is read, and not looked at."""
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        layout = QTextBlockFormat()
        if "\N{OBJECT REPLACEMENT CHARACTER}" not in block.text():  # No picture.
            layout.setLineHeight(
                _LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
            )
        level = block.blockFormat().headingLevel()
        if level:
            layout.setTopMargin((4 if level > 1 else 1) * GAP_PX)
            layout.setBottomMargin(GAP_PX)
        cursor.mergeBlockFormat(layout)
        block = block.next()
