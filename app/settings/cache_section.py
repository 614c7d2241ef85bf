"""Where the cache is, how large it is, and a button that empties it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from app.look.theme import GAP_PX
from app.session.cache_place import size_text
from app.session.session import Session
from app.settings.section import Section, words_label


class CacheSection(Section):
    """The cache can be emptied or moved at any time; no label is in it."""

    def __init__(
        self,
        session: Session,
        restart_or_ask: Callable[[Callable[[], object]], None],
        parent: QWidget | None = None,
    ) -> None:
        """Make the section.

        Args:
            restart_or_ask: does what restarts the engine, unless the person would rather not.
        """
        super().__init__("", "cache", parent)
        self.title = self.tr("Cache")
        self.setAccessibleName(self.title)
        self._session = session
        self._cache = session.cache
        self._restart_or_ask = restart_or_ask
        self.add_heading(self.tr("Place"))
        self.place = self.add_words()
        self.place.setObjectName("")
        self.change_button = QPushButton(self.tr("Move…"))
        self.change_button.setAccessibleName(self.tr("Move the cache"))
        self.change_button.clicked.connect(self._on_change)
        self.default_button = QPushButton(self.tr("Use the System’s Place"))
        self.default_button.clicked.connect(self._on_default)
        self._add_row(self.change_button, self.default_button)
        self.add_words(
            self.tr(
                "What was read of the images is kept here, so that no image is read twice. It "
                "moves with the place; the engine restarts for it."
            )
        )
        self.add_heading(self.tr("Size"))
        self.size_words = self.add_words()
        self.size_words.setObjectName("")
        self.clean_button = QPushButton(self.tr("Clean"))
        self.clean_button.setAccessibleName(self.tr("Clean the cache"))
        self.clean_button.clicked.connect(self._cache.clean)
        self._add_row(self.clean_button)
        self.add_words(
            self.tr(
                "Embeddings and thumbnails of all folders; they can be made again at any time. "
                "Labels, classes and exports are not among them and stay."
            )
        )
        self.message = words_label()
        self.message.hide()
        self.column.addWidget(self.message)
        self.column.addStretch(1)
        self._cache.changed.connect(self._show)
        self._cache.cleaned.connect(self._on_cleaned)
        self._cache.failed.connect(self._on_failed)
        session.works.changed.connect(self._show)

    def begin(self) -> None:
        self.message.hide()
        self._show(always=True)

    def _show(self, *, always: bool = False) -> None:
        if not always and not self.isVisible():
            return
        cache = self._cache
        self.place.setText(str(cache.folder))
        can = self._session.can_restart_engine and not cache.is_busy
        self.change_button.setEnabled(can)
        self.default_button.setEnabled(can)
        self.default_button.setVisible(not cache.is_default)
        self.clean_button.setEnabled(not cache.is_busy)
        self.size_words.setText(
            self.tr("At work…") if cache.is_busy else size_text(cache.size_bytes())
        )

    def _add_row(self, *buttons: QPushButton) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        for button in buttons:
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        self.column.addLayout(row)

    def _on_change(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Where the cache should be"), str(self._cache.folder.parent)
        )
        if chosen:
            self._restart_or_ask(partial(self._cache.move_to, Path(chosen)))

    def _on_default(self) -> None:
        self._restart_or_ask(partial(self._cache.move_to, None))

    def _on_cleaned(self, before: int, after: int) -> None:
        self._tell(
            self.tr("Cleaned: {before} before, {after} now.").format(
                before=size_text(before), after=size_text(after)
            )
        )

    def _on_failed(self, message: str) -> None:
        self._tell(message)

    def _tell(self, text: str) -> None:
        self.message.setText(text)
        self.message.show()
