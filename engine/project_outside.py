"""Names of images that lead out of a project's folder: which of them are followed.

Sorting gives images such names, as does moving them by hand through Handful. A project that this
computer has never seen may have been sent by anybody, and its names could show, move or send along
pictures that nobody meant to: those that it comes with are not followed.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Iterable
from typing import Final

_REFUSED: Final = "outside"
_OWN: Final = "outside_folder:"
_MAY_LEAD_OUT: Final = "name GLOB '*..*' OR name GLOB '/*' OR substr(name, 2, 1) = ':'"


class Outside:
    """Which names a project may follow out of its folder.

    Attributes:
        is_refused: those that the project came with are not.
        n_refused: images that are not looked for, found by :meth:`judge`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        settings = dict(
            connection.execute(
                "SELECT key, value FROM settings WHERE key = ? OR key GLOB ?",
                (_REFUSED, f"{_OWN}*"),
            )
        )
        self.is_refused = settings.pop(_REFUSED, "") == "refused"
        self._own = {key.removeprefix(_OWN) for key in settings}
        self.n_refused = 0

    def allows(self, name: str) -> bool:
        """Whether the file of that name may be looked at."""
        if not self.is_refused or not leads_out(name):
            return True
        return posixpath.dirname(name) in self._own

    def judge(self, connection: sqlite3.Connection, *, is_known: bool) -> None:
        """Decide once, when a project is opened here for the first time, within a transaction.

        Args:
            is_known: this computer has worked on it before.
        """
        if not self.is_refused and is_known:
            return
        rows = connection.execute(f"SELECT name FROM images WHERE {_MAY_LEAD_OUT}")
        names = [name for (name,) in rows if leads_out(name)]
        if not names:
            return
        if not self.is_refused:
            self.is_refused, self._own = True, set()
            connection.execute("DELETE FROM settings WHERE key GLOB ?", (f"{_OWN}*",))
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, 'refused')", (_REFUSED,))
        self.n_refused = sum(not self.allows(name) for name in names)

    def follow(self, connection: sqlite3.Connection, names: Iterable[str]) -> None:
        """Names that Handful itself has given lead to folders of the person's, within a
        transaction."""
        if not self.is_refused:
            return
        for folder in {posixpath.dirname(name) for name in names if leads_out(name)} - self._own:
            self._own.add(folder)
            connection.execute(
                "INSERT OR REPLACE INTO settings VALUES (?, '')", (f"{_OWN}{folder}",)
            )


def leads_out(name: str) -> bool:
    """Whether a name is not that of a file below the folder."""
    return name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in name.split("/")
