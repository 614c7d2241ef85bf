"""The log as records: read from its file as that grows."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDateTime, QLocale

_MOST_BYTES: Final = 256_000
"""Of the end of the file, which is what is looked at; some 2,000 lines."""
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} ")
_BEGINS: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} .*?\b([A-Z]{4,8}) ")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; what belongs to a record above it (a traceback) has that one's level."""

    level: int
    text: str

    def shown(self) -> str:
        """The line with its date and time as the reader's country writes them."""
        found = _DATE.match(self.text)
        if found is None:
            return self.text
        moment = QDateTime.fromString(found[1], "yyyy-MM-dd HH:mm:ss")
        locale, short = QLocale(), QLocale.FormatType.ShortFormat
        clock = locale.timeFormat(QLocale.FormatType.LongFormat)
        clock = clock.replace("tttt", "").replace("t", "").strip()  # All are of one time zone.
        when = f"{locale.toString(moment.date(), short)} {locale.toString(moment.time(), clock)}"
        return f"{when} {self.text[found.end() :]}"


class LogFile:
    """Reads what was written since the last time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._level = logging.INFO
        self._rest = b""  # Of a line that is being written.

    def read_new(self) -> tuple[list[LogLine], bool]:
        """New lines, and whether the file was begun anew, so that older lines are gone.

        A file that is not there, or cannot be read, has none.
        """
        try:
            size = self.path.stat().st_size
            is_new = size < self._offset
            if is_new:
                self._offset, self._rest = 0, b""
            if self._offset == 0 and size > _MOST_BYTES:
                self._offset = size - _MOST_BYTES
            with self.path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except OSError:
            return [], False
        self._offset += len(content)
        *whole, self._rest = (self._rest + content).split(b"\n")
        return [self._line(part.decode("utf-8", "replace")) for part in whole], is_new

    def _line(self, text: str) -> LogLine:
        begins = _BEGINS.match(text)
        if begins is not None:
            self._level = logging.getLevelNamesMapping().get(begins[1], self._level)
        return LogLine(self._level, text.rstrip("\r"))
