"""Progress in words: what, how far, how fast, how long."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLocale

from engine import messages

DOT: Final = " · "


def words_of(progress: messages.Progress) -> str:
    """Progress in one line: text, numbers, rate and time left."""
    locale = QLocale()
    parts: list[str] = [progress.text]
    if progress.total:
        parts.append(f"{locale.toString(progress.done)} / {locale.toString(progress.total)}")
    elif progress.done:
        parts.append(locale.toString(progress.done))
    if progress.rate_per_s >= 10:
        parts.append(_rate_text(locale.toString(progress.rate_per_s, "f", 0)))
    elif progress.rate_per_s > 0:
        parts.append(_rate_text(locale.toString(progress.rate_per_s, "f", 1)))
    if progress.total and progress.rate_per_s > 0:
        parts.append(_time_left(progress.seconds_left))
    return DOT.join(part for part in parts if part)


def _rate_text(rate: str) -> str:
    return QCoreApplication.translate("StatusLine", "{rate}/s").format(rate=rate)


def _time_left(seconds: float) -> str:
    if seconds < 60:
        text = QCoreApplication.translate("StatusLine", "{count} s left")
        return text.format(count=max(1, round(seconds)))
    if seconds < 3600:
        text = QCoreApplication.translate("StatusLine", "{count} min left")
        return text.format(count=round(seconds / 60))
    text = QCoreApplication.translate("StatusLine", "{count} h left")
    return text.format(count=QLocale().toString(seconds / 3600, "f", 1))
