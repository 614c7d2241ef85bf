"""What the program is, what it runs on, what it is made of, and whose ideas are in it."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from importlib import metadata
from typing import Final

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.help.papers import PAPERS
from app.look.icons import application_icon
from app.look.theme import GAP_PX
from app.session.session import Session
from engine import __version__

_LICENCE: Final = "Apache-2.0"
_SIZE: Final = QSize(640, 540)


class AboutDialog(QDialog):
    """Versions and device, licences of what is shipped, and credits."""

    def __init__(self, session: Session, log_path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Handful"))
        self._rows = self._facts(session, log_path)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("About Handful"))
        self.tabs.addTab(self._build_facts(), self.tr("This Computer"))
        self.licences = self._build_licences(session)
        self.tabs.addTab(self.licences, self.tr("Licences"))
        self.tabs.addTab(self._build_credits(), self.tr("Credits"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(self.tr("Copy Text"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip(self.tr("Copy versions and licences as text"))
        copy.clicked.connect(self._on_copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        column.addLayout(self._build_head())
        column.addWidget(self.tabs, 1)
        column.addWidget(buttons)
        room = QGuiApplication.primaryScreen().availableSize() - QSize(32, 64)
        self.resize(_SIZE.boundedTo(room))

    def text(self) -> str:
        """All facts, as Copy copies them."""
        lines = [f"Handful {__version__}", *(f"{name}: {value}" for name, value in self._rows)]
        for row in range(self.licences.topLevelItemCount()):
            item = self.licences.topLevelItem(row)
            if item is not None:
                lines.append(" · ".join(item.text(column) for column in range(3)))
        return "\n".join(lines)

    def _facts(self, session: Session, log_path: str) -> list[tuple[str, str]]:
        engine, loading = session.engine, self.tr("not loaded yet")
        rows = [
            (self.tr("Device"), engine.device if engine else loading),
            (self.tr("Encoder"), engine.encoder_name if engine else loading),
            (self.tr("Runs on"), engine.provider if engine else loading),
            (self.tr("Qt"), f"{qVersion()}, Python {platform.python_version()}"),
            (self.tr("System"), platform.platform(terse=True)),
            (self.tr("Log"), log_path),
            (self.tr("Licence"), _LICENCE),
        ]
        if session.engine_failure:
            rows.insert(0, (self.tr("Engine"), session.engine_failure))
        elif engine is not None:
            if engine.openvino_refusal:
                rows.insert(3, (self.tr("Not used"), engine.openvino_refusal))
            if engine.notice:
                rows.insert(1, (self.tr("Notice"), engine.notice))
        return rows

    def _build_head(self) -> QHBoxLayout:
        logo = QLabel()
        logo.setPixmap(application_icon().pixmap(QSize(64, 64), self.devicePixelRatioF()))
        name = QLabel(f"Handful {__version__}")
        name.setObjectName("heading")
        claim = QLabel(self.tr("Sort a folder of images by a handful of examples."))
        claim.setObjectName("muted")
        words = QVBoxLayout()
        words.setSpacing(GAP_PX // 2)
        words.addWidget(name)
        words.addWidget(claim)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP_PX)
        head.addWidget(logo)
        head.addLayout(words, 1)
        return head

    def _build_facts(self) -> QTreeWidget:
        table = self._table(self.tr("Versions and device"), [self.tr("What"), self.tr("Which")])
        for name, value in self._rows:
            item = QTreeWidgetItem([name, value])
            item.setToolTip(1, value)
            table.addTopLevelItem(item)
        return table

    def _build_licences(self, session: Session) -> QTreeWidget:
        table = self._table(
            self.tr("Licences"), [self.tr("What"), self.tr("Version"), self.tr("Licence")]
        )
        rows = [("Handful", __version__, _LICENCE)]
        rows += [
            (self.tr("Encoder {name}").format(name=encoder.name), "", encoder.licence or "?")
            for encoder in session.encoders.known()
        ]
        rows.append(("Python", platform.python_version(), "PSF-2.0"))
        rows += third_party_licences()
        for row in rows:
            table.addTopLevelItem(QTreeWidgetItem(list(row)))
        return table

    def _table(self, name: str, titles: list[str]) -> QTreeWidget:
        table = QTreeWidget()
        table.setObjectName("table")
        table.setAccessibleName(name)
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setTabKeyNavigation(False)
        table.setHeaderLabels(titles)
        table.setProperty("holds_names", True)  # Of packages and papers: the same in all languages.
        header = table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        return table

    def _build_credits(self) -> QTreeWidget:
        table = self._table(self.tr("Credits"), [self.tr("Paper"), self.tr("Authors, arXiv")])
        for paper in PAPERS:
            table.addTopLevelItem(QTreeWidgetItem(list(paper)))
        return table

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())


def third_party_licences() -> list[tuple[str, str, str]]:
    """Name, version and licence of every installed package that the program needs, by name.

    Where the program does not know what it needs (frozen without its own metadata), of all that
    came with it.
    """
    try:
        found = _needed("handful")
    except metadata.PackageNotFoundError:
        found = {_plain(item.name): item for item in metadata.distributions() if item.name}
    found.pop("handful", None)
    rows = [(item.name, item.version, licence_of(item.metadata)) for item in found.values()]
    return sorted(rows, key=lambda row: row[0].casefold())


def licence_of(described: metadata.PackageMetadata) -> str:
    """The licence that a package's metadata name, in a few words."""
    if "License-Expression" in described:
        return described["License-Expression"]
    classifiers = [
        text.rpartition("::")[2].strip()
        for text in described.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    named = [text for text in classifiers if text != "OSI Approved"]
    if named:
        return ", ".join(named)
    # Some put the whole text there.
    text = described["License"] if "License" in described else ""  # noqa: SIM401  # It has no get.
    first = text.strip().partition("\n")[0]
    return first[:80] if first and first.casefold() != "unknown" else "?"


def _needed(name: str) -> dict[str, metadata.Distribution]:
    """A package and all that it needs, as far as it is installed; extras are left out."""
    found: dict[str, metadata.Distribution] = {}
    due = [name]
    while due:
        wanted = due.pop()
        if _plain(wanted) in found:
            continue
        try:
            package = metadata.distribution(wanted)
        except metadata.PackageNotFoundError:
            if wanted == name:
                raise
            continue
        found[_plain(wanted)] = package
        due.extend(_names_in(package.requires or ()))
    return found


def _names_in(requirements: Iterable[str]) -> list[str]:
    plain = (text for text in requirements if "extra ==" not in text)
    matches = (re.match(r"[A-Za-z0-9._-]+", text) for text in plain)
    return [match.group() for match in matches if match is not None]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()
