"""Device and encoder: what the engine computes on and with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX
from app.session.cache_place import size_text
from app.session.engine_choice import EngineChoice
from app.session.session import Session
from app.settings.add_encoder_dialog import AddEncoderDialog
from app.settings.section import Section, words_label
from app.window.progress_words import words_of
from engine import EncoderInfo, EngineError, has_nvidia_device, messages

_ROWS: Final = 5


class EngineSection(Section):
    """Chooses the device and the encoder; each choice begins the engine anew at once."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("", "device", parent)
        self.title = self.tr("Engine")
        self.setAccessibleName(self.title)
        self._session = session
        self._is_to_be_used = False  # What is being added.
        self._build_device()
        self._build_encoders()
        self.column.addStretch(1)
        self._dialog = AddEncoderDialog(session.encoders, self)
        session.status_changed.connect(self._show)
        session.encoders.changed.connect(self._on_encoders_changed)
        session.encoders.added.connect(self._on_added)
        session.encoders.failed.connect(self._on_failed)
        self._is_stale = True

    def begin(self) -> None:
        self._is_stale = True
        self._show()

    def use_file(self, path: Path) -> None:
        """Add an encoder file and, once that is done, work with it."""
        self.message.hide()
        if self._session.encoders.add("", path) is None:
            text = self.tr("Another encoder is being added; try again when that is done.")
            self._tell(text, is_error=True)
        else:
            self._is_to_be_used = True

    # --- Building ---------------------------------------------------------------------------------

    def _build_device(self) -> None:
        self.add_heading(self.tr("Device"))
        self.devices = QButtonGroup(self)
        self.device_buttons: dict[str, QRadioButton] = {}
        for number, (device, text, words) in enumerate(
            (
                ("auto", self.tr("Automatic"), self.tr("A GPU where one works, else the CPU.")),
                ("cpu", self.tr("CPU"), self.tr("Leaves a GPU to other programs.")),
                ("cuda", self.tr("NVIDIA GPU (CUDA)"), self.tr("Says so where it cannot be used.")),
            )
        ):
            button = QRadioButton(text)
            button.setAccessibleDescription(words)
            button.setToolTip(words)
            self.devices.addButton(button, number)
            self.device_buttons[device] = button
            row = QHBoxLayout()
            row.setSpacing(GAP_PX)
            row.addWidget(button)
            row.addWidget(words_label(words), 1)
            self.column.addLayout(row)
        self.devices.idClicked.connect(self._on_device)
        self.device_words = self.add_words()

    def _build_encoders(self) -> None:
        self.add_heading(self.tr("Encoder"))
        self.add_words(
            self.tr(
                "The network that looks at the images. With another one the folder is read anew; "
                "labels and classes stay, and so does what the encoder before it has read."
            )
        )
        self.list = QTreeWidget()
        self.list.setObjectName("table")
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName(self.tr("Encoders"))
        self.list.setHeaderLabels(
            [self.tr("Name"), self.tr("Size"), self.tr("Embedding"), self.tr("Licence")]
        )
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTabKeyNavigation(False)
        header = self.list.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        self.list.setMinimumHeight(_ROWS * (self.fontMetrics().height() + GAP_PX))
        self.list.currentItemChanged.connect(self._show_buttons)
        self.list.itemActivated.connect(self._on_use)
        self.column.addWidget(self.list)
        self.use_button = QPushButton(self.tr("Use This"))
        self.use_button.clicked.connect(self._on_use)
        self.remove_button = QPushButton(self.tr("Remove…"))
        self.remove_button.clicked.connect(self._on_remove)
        self.name_button = QPushButton(self.tr("Add by Name…"))
        self.name_button.setToolTip(self.tr("A network of timm or torchvision"))
        self.name_button.clicked.connect(self._on_add_by_name)
        self.file_button = QPushButton(self.tr("Add from File…"))
        self.file_button.setToolTip(self.tr("An encoder file, as meta-training writes it"))
        self.file_button.clicked.connect(self._on_add_from_file)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        for button in (self.use_button, self.remove_button, self.name_button, self.file_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.insertStretch(2, 1)
        self.column.addLayout(row)
        self.adding = QWidget()
        self.adding_text = QLabel()
        self.adding_text.setWordWrap(True)
        self.adding_bar = QProgressBar()
        self.adding_bar.setTextVisible(False)
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.setAccessibleName(self.tr("Cancel adding the encoder"))
        self.cancel_button.clicked.connect(self._on_cancel)
        texts = QVBoxLayout()
        texts.addWidget(self.adding_text)
        texts.addWidget(self.adding_bar)
        line = QHBoxLayout(self.adding)
        line.setContentsMargins(0, 0, 0, 0)
        line.addLayout(texts, 1)
        line.addWidget(self.cancel_button)
        self.column.addWidget(self.adding)
        self.message = words_label()
        self.message.hide()
        self.column.addWidget(self.message)

    # --- Showing ----------------------------------------------------------------------------------

    def _show(self) -> None:
        if not self.isVisible() and not self._is_stale:
            return
        session = self._session
        can = session.can_restart_engine
        device = session.preferences.engine_choice.device
        for name, button in self.device_buttons.items():
            button.setChecked(name == device)
            button.setEnabled(can)
        self.device_words.setText(self._device_text())
        if self._is_stale:
            self._is_stale = False
            self._fill()
        else:
            self._mark()
        self._show_adding()

    def _device_text(self) -> str:
        engine, session = self._session.engine, self._session
        if session.bridge.is_restarting:
            return self.tr("The engine is restarting…")
        if session.engine_failure:
            return session.engine_failure
        if engine is None:
            return self.tr("The engine is loading…")
        text = self.tr("In use: {device} ({provider}).").format(
            device=engine.device, provider=engine.provider
        )
        reason: str = ""
        if engine.notice:
            reason = engine.notice
        elif "CUDA" in engine.provider or "GPU" in engine.device:
            pass
        elif not has_nvidia_device():
            reason = self.tr("No NVIDIA GPU was found on this computer.")
        elif session.choice.device == "cpu":
            reason = self.tr("There is an NVIDIA GPU; you chose the CPU.")
        return f"{text}\n{reason}" if reason else text

    def _fill(self) -> None:
        known = self._session.encoders.known()
        chosen = self._current()
        at = chosen.path if chosen is not None else None
        self.list.clear()
        for encoder in known:
            item = QTreeWidgetItem(
                [
                    encoder.name,
                    size_text(encoder.size_bytes),
                    self.tr("{count} numbers").format(
                        count=QLocale().toString(encoder.embedding_length)
                    ),
                    encoder.licence or self.tr("unknown"),
                ]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, encoder)
            shipped = self.tr("{name}, comes with Handful").format(name=encoder.name)
            item.setToolTip(0, shipped if encoder.is_shipped else f"{encoder.name}\n{encoder.path}")
            item.setToolTip(3, encoder.licence)
            self.list.addTopLevelItem(item)
            if encoder.path == at or self.list.currentItem() is None:
                self.list.setCurrentItem(item)
        self._mark()

    def _mark(self) -> None:
        """Tell which encoder is in use, in words and not by weight alone."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            encoder = self._encoder_of(item)
            if item is None or encoder is None:
                continue
            in_use = self._is_in_use(encoder)
            name = self.tr("{name} (in use)").format(name=encoder.name) if in_use else encoder.name
            font = item.font(0)
            font.setBold(in_use)
            item.setFont(0, font)
            item.setText(0, name)
        self._show_buttons()

    def _show_buttons(self) -> None:
        encoder, can = self._current(), self._session.can_restart_engine
        in_use = encoder is not None and self._is_in_use(encoder)
        self.use_button.setEnabled(can and encoder is not None and not in_use)
        self.remove_button.setEnabled(encoder is not None and not encoder.is_shipped and not in_use)
        if encoder is not None and encoder.is_shipped:
            self.remove_button.setToolTip(self.tr("This one comes with Handful and stays"))
        elif in_use:
            self.remove_button.setToolTip(self.tr("Use another encoder first"))
        else:
            self.remove_button.setToolTip(self.tr("Delete this encoder's file"))

    def _show_adding(self) -> None:
        task = self._session.encoders.task
        self.adding.setVisible(task is not None)
        for button in (self.name_button, self.file_button):
            button.setEnabled(task is None)
        if task is None:
            return
        progress = task.progress
        self.cancel_button.setEnabled(not task.is_cancelling)
        self.adding_text.setText(
            self.tr("Adding the encoder…") if progress is None else words_of(progress)
        )
        self.adding_bar.setRange(0, progress.total if progress is not None else 0)
        self.adding_bar.setValue(progress.done if progress is not None else 0)

    def _tell(self, text: str, *, is_error: bool = False) -> None:
        self.message.setObjectName("error" if is_error else "muted")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.show()

    def _encoder_of(self, item: QTreeWidgetItem | None) -> EncoderInfo | None:
        found = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return found if isinstance(found, EncoderInfo) else None

    def _current(self) -> EncoderInfo | None:
        return self._encoder_of(self.list.currentItem())

    def _is_in_use(self, encoder: EncoderInfo) -> bool:
        path = self._session.choice.encoder_path
        return encoder.is_shipped if path is None else encoder.path == path

    # --- Choosing ---------------------------------------------------------------------------------

    def _on_device(self, number: int) -> None:
        device = list(self.device_buttons)[number]
        choice = replace(self._session.preferences.engine_choice, device=device)
        if choice != self._session.preferences.engine_choice:
            self._choose(choice)

    def _on_use(self) -> None:
        encoder = self._current()
        if encoder is None or self._is_in_use(encoder) or not self._session.can_restart_engine:
            return
        path = None if encoder.is_shipped else encoder.path
        self._choose(replace(self._session.preferences.engine_choice, encoder_path=path))

    def _choose(self, choice: EngineChoice) -> None:
        self.restart_or_ask(partial(self._session.choose_engine, choice))

    def restart_or_ask(self, restart: Callable[[], object]) -> None:
        """Do what restarts the engine; ask first where work under way would be lost."""
        losses = [work.loss for work in self._session.works.running if work.is_lost_with_engine]
        if not losses:
            restart()
            return
        box = self._ask(
            self.tr("Restart the engine now?"),
            "\n\n".join([*losses, self.tr("Your labels are all saved.")]),
        )
        yes = box.addButton(self.tr("Restart Anyway"), QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton(self.tr("Keep Working"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)

        def restart_anyway() -> None:  # Without what the button would tell of itself.
            restart()

        yes.clicked.connect(restart_anyway)
        box.finished.connect(self._show)  # A refused choice is not ticked.
        box.open()

    def _on_remove(self) -> None:
        encoder = self._current()
        if encoder is None:
            return
        box = self._ask(
            self.tr("Remove the encoder {name}?").format(name=encoder.name),
            self.tr(
                "Its file {path} is deleted. What it has read of your images stays in the cache, "
                "should you add it again."
            ).format(path=encoder.path),
        )
        yes = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)

        def remove() -> None:
            try:
                self._session.encoders.remove(encoder, self._session.choice.cache_folder)
            except EngineError as error:
                self._tell(str(error), is_error=True)

        yes.clicked.connect(remove)
        box.open()

    def _ask(self, question: str, words: str) -> QMessageBox:
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Settings"))
        box.setText(question)
        box.setInformativeText(words)
        return box

    # --- Adding -----------------------------------------------------------------------------------

    def _on_add_by_name(self) -> None:
        self.message.hide()
        self._dialog.begin()

    def _on_add_from_file(self) -> None:
        self.message.hide()
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Add an encoder"),
            str(Path.home()),
            self.tr("Encoders (*.safetensors)"),
        )
        if chosen:
            self._session.encoders.add("", Path(chosen))

    def _on_cancel(self) -> None:
        task = self._session.encoders.task
        if task is not None:
            task.cancel()

    def _on_encoders_changed(self) -> None:
        task = self._session.encoders.task
        if task is not None:
            task.progressed.connect(self._show_adding)
        else:
            self._is_to_be_used = False
        self._is_stale = True
        self._show()

    def _on_added(self, event: messages.EncoderAdded) -> None:
        self._is_stale = True
        self._show()
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            encoder = self._encoder_of(item)
            if item is not None and encoder is not None and encoder.path == event.path:
                self.list.setCurrentItem(item)
        if self._is_to_be_used:
            self._on_use()
        else:
            text = self.tr("{name} was added; press Use This to work with it.")
            self._tell(text.format(name=event.name))

    def _on_failed(self, message: str) -> None:
        self._tell(message, is_error=True)
