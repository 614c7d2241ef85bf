"""Where the cache is, how large it is and may be, and a button that empties it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QMessageBox, QPushButton, QWidget

from app.look.theme import GAP_PX
from app.session.cache_place import size_text
from app.session.session import Session
from app.settings.section import Section
from engine import CacheWorth

_MANY_IMAGES: Final = 2_000
"""From here on reading them again takes minutes on a slow computer, and is asked about."""
_GB: Final = 1_000_000_000
_LIMITS: Final = tuple(count * _GB for count in (1, 2, 5, 10, 20, 50, 100))


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
        self._is_wanted = False  # To be emptied, once it is known what that costs.
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
        self.limit = QComboBox()
        self.limit.setAccessibleName(self.tr("Largest size of the cache"))
        self.limit.activated.connect(self._on_limit)
        self._add_row(self.limit)
        self.add_words(
            self.tr(
                "Above it, what was used longest ago goes first. The command line goes by it too."
            )
        )
        self.clean_button = QPushButton(self.tr("Empty the Cache"))
        self.clean_button.clicked.connect(self._on_clean)
        self._add_row(self.clean_button)
        self.add_words(
            self.tr(
                "Embeddings and thumbnails of all folders; they can be made again at any time. "
                "Labels, classes and exports are not among them and stay."
            )
        )
        self.column.addStretch(1)
        self._cache.changed.connect(self._show)
        self._cache.weighed.connect(self._on_weighed)
        self._cache.cleaned.connect(self._on_cleaned)
        self._cache.shrunk.connect(self._on_shrunk)
        self._cache.failed.connect(self._on_failed)
        session.works.changed.connect(self._show)

    def begin(self) -> None:
        self._is_wanted = False
        self.tell("")
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
        self.limit.setEnabled(not cache.is_busy)
        self._show_limits()
        size_bytes = 0 if cache.is_busy else cache.size_bytes()
        self.clean_button.setEnabled(size_bytes > 0)
        self.clean_button.setText(
            self.tr("Empty the Cache ({size})").format(size=size_text(size_bytes))
            if size_bytes
            else self.tr("Empty the Cache")
        )
        self.size_words.setText(self.tr("At work…") if cache.is_busy else size_text(size_bytes))

    def _show_limits(self) -> None:
        """The limits to choose from; one that was chosen elsewhere is among them."""
        chosen = self._cache.limit_bytes
        limits = sorted({*_LIMITS, *(() if chosen is None else (chosen,))})
        self.limit.clear()
        self.limit.addItem(self.tr("As much as suits the disk"), None)
        for limit in limits:
            self.limit.addItem(self.tr("At most {size}").format(size=size_text(limit)), limit)
        self.limit.setCurrentIndex(0 if chosen is None else 1 + limits.index(chosen))
        force = size_text(self._cache.limit_in_force())
        self.limit.setToolTip(self.tr("As things are, {size}").format(size=force))

    def _on_limit(self, index: int) -> None:
        self.tell("")
        self._cache.choose_limit(self.limit.itemData(index))

    def _add_row(self, *widgets: QPushButton | QComboBox) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        for widget in widgets:
            if isinstance(widget, QPushButton):
                widget.setAutoDefault(False)
            row.addWidget(widget)
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

    def _on_clean(self) -> None:
        """Find out first what it costs; the answer decides whether to ask."""
        self._is_wanted = True
        self._cache.weigh()

    def _on_weighed(self, worth: CacheWorth) -> None:
        """Empty it; ask only where it costs long to get back."""
        if not self._is_wanted or not self.isVisible():
            return  # The person has gone on to something else, and can ask for it again.
        self._is_wanted = False
        losses = []
        if worth.n_images >= _MANY_IMAGES:
            text = self.tr("{count} images are read anew when their folders are opened next.")
            losses.append(text.format(count=QLocale().toString(worth.n_images)))
        if worth.has_trainings:
            losses.append(self.tr("What fine-tuning has finished is lost; it would begin anew."))
        if not losses:
            self._cache.clean()
            return
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Settings"))
        box.setText(self.tr("Empty the cache?"))
        box.setInformativeText("\n\n".join([*losses, self.tr("Your labels are all saved.")]))
        yes = box.addButton(self.tr("Empty the Cache"), QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)

        def empty() -> None:  # Without what the button would tell of itself.
            self._cache.clean()

        yes.clicked.connect(empty)
        box.open()

    def _on_cleaned(self, before: int, after: int) -> None:
        self.tell(
            self.tr("The cache was emptied: {before} before, {after} now.").format(
                before=size_text(before), after=size_text(after)
            )
        )

    def _on_shrunk(self, before: int, after: int) -> None:
        self.tell(
            self.tr("The cache was made smaller: {before} before, {after} now.").format(
                before=size_text(before), after=size_text(after)
            )
        )

    def _on_failed(self, message: str) -> None:
        self.tell(message, is_error=True)
