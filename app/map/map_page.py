"""The page of that name."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.gallery.thumbnails import Thumbnails
from app.look.page import Page
from app.look.theme import Theme
from app.session.session import Session


class MapPage(Page):
    """Empty as yet."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        self._thumbnails = thumbnails
        super().__init__(self.tr("Map"), theme, parent)
