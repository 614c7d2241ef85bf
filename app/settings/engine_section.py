"""Device and encoder: what the engine computes on and with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QWidget,
)

from app.look.theme import GAP_PX
from app.session.engine_choice import EngineChoice
from app.session.session import Session
from app.settings.add_encoder_dialog import AddEncoderDialog
from app.settings.adding_strip import AddingStrip
from app.settings.encoder_list import EncoderList
from app.settings.section import Section, words_label
from engine import EngineError, has_nvidia_device, has_openvino, messages


class EngineSection(Section):
    """Chooses the device and the encoder; each choice begins the engine anew at once.

    Signals:
        ended_unseen: an encoder was added, or was not, while this was not on screen: one sentence,
            and whether it failed.
    """

    ended_unseen = Signal(str, bool)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("", "device", parent)
        self.title = self.tr("Engine")
        self.setAccessibleName(self.title)
        self._session = session
        self._is_to_be_used = False  # What is being added.
        self._build_device()
        self._build_encoders()
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
        self.tell("")
        if self._session.encoders.add("", path) is None:
            text = self.tr("Another encoder is being added; try again when that is done.")
            self.tell(text, is_error=True)
        else:
            self._is_to_be_used = True

    # --- Building ---------------------------------------------------------------------------------

    def _build_device(self) -> None:
        self.add_heading(self.tr("Device"))
        self.devices = QButtonGroup(self)
        self.device_buttons: dict[str, QRadioButton] = {}
        for number, (device, text, words) in enumerate(self._devices()):
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

    def _devices(self) -> list[tuple[str, str, str]]:
        """Each device that is here, or was chosen: its name, title, and what it means."""
        chosen = self._session.preferences.engine_choice.device
        says_so = self.tr("Says so where it cannot be used.")
        automatic = self.tr("A GPU where one works, else the CPU.")
        if has_openvino():
            automatic = self.tr(
                "A GPU where one works, else the CPU, by OpenVINO where that is faster."
            )
        devices = [
            ("auto", self.tr("Automatic"), automatic),
            ("cpu", self.tr("CPU"), self.tr("Leaves a GPU to other programs.")),
        ]
        if has_openvino() or chosen == "openvino":
            devices.append(("openvino", self.tr("CPU by OpenVINO"), says_so))
        if has_nvidia_device() or chosen == "cuda":
            devices.append(("cuda", self.tr("NVIDIA GPU (CUDA)"), says_so))
        return devices

    def _build_encoders(self) -> None:
        self.add_heading(self.tr("Encoder"))
        self.add_words(
            self.tr(
                "The network that looks at the images. With another one the folder is read anew; "
                "labels and classes stay, and so does what the encoder before it has read."
            )
        )
        self.list = EncoderList(self._session)
        self.list.currentItemChanged.connect(self._show_buttons)
        self.list.itemActivated.connect(self._on_use)
        self.column.addWidget(self.list, 1)
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
        self.foot.insertLayout(0, row)
        self.adding = AddingStrip(self._session.encoders)
        self.foot.insertWidget(1, self.adding)

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
            self.list.fill()
        else:
            self.list.mark()
        self._show_buttons()

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
        if engine.openvino_refusal:
            refusal = self.tr("Not used: {reason}.").format(reason=engine.openvino_refusal)
            reason = f"{reason}\n{refusal}" if reason else refusal
        return f"{text}\n{reason}" if reason else text

    def _show_buttons(self) -> None:
        encoder, can = self.list.chosen(), self._session.can_restart_engine
        in_use = encoder is not None and self.list.is_in_use(encoder)
        for button in (self.name_button, self.file_button):
            button.setEnabled(self._session.encoders.task is None)
        self.use_button.setEnabled(can and encoder is not None and not in_use)
        self.remove_button.setEnabled(encoder is not None and not encoder.is_shipped and not in_use)
        if encoder is not None and encoder.is_shipped:
            self.remove_button.setToolTip(self.tr("This one comes with Handful and stays"))
        elif in_use:
            self.remove_button.setToolTip(self.tr("Use another encoder first"))
        else:
            self.remove_button.setToolTip(self.tr("Delete this encoder's file"))

    # --- Choosing ---------------------------------------------------------------------------------

    def _on_device(self, number: int) -> None:
        device = list(self.device_buttons)[number]
        choice = replace(self._session.preferences.engine_choice, device=device)
        if choice != self._session.preferences.engine_choice:
            self._choose(choice)

    def _on_use(self) -> None:
        encoder = self.list.chosen()
        if encoder is None or self.list.is_in_use(encoder) or not self._session.can_restart_engine:
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
        encoder = self.list.chosen()
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
                self.tell(str(error), is_error=True)

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
        self.tell("")
        self._dialog.begin()

    def _on_add_from_file(self) -> None:
        self.tell("")
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Add an encoder"),
            str(Path.home()),
            self.tr("Encoders (*.safetensors)"),
        )
        if chosen:
            self._session.encoders.add("", Path(chosen))

    def _on_encoders_changed(self) -> None:
        if self._session.encoders.task is None:
            self._is_to_be_used = False
        self._is_stale = True
        self._show()

    def _on_added(self, event: messages.EncoderAdded) -> None:
        self._is_stale = True
        self._show()
        self.list.choose(event.path)
        self.bring_into_sight(self.list)
        if self._is_to_be_used:
            self._on_use()
            return
        text = self.tr("{name} was added; press Use This to work with it.")
        self.tell(text.format(name=event.name))
        if not self.isVisible():
            text = self.tr("The encoder {name} was added; the settings are where to use it.")
            self.ended_unseen.emit(text.format(name=event.name), False)

    def _on_failed(self, message: str) -> None:
        self.tell(message, is_error=True)
        if not self.isVisible():
            self.ended_unseen.emit(message, True)
