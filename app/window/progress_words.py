"""Progress in words: what, how far, how fast, how long."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLocale

from engine import messages

DOT: Final = " · "


def words_of(progress: messages.Progress) -> str:
    """Progress in one line: text, numbers, rate and time left."""
    locale = QLocale()
    parts = [progress.text]
    if progress.total:
        parts.append(f"{locale.toString(progress.done)} / {locale.toString(progress.total)}")
    elif progress.done:
        parts.append(locale.toString(progress.done))
    if progress.rate_per_s >= 10:
        parts.append(f"{progress.rate_per_s:.0f}/s")
    elif progress.rate_per_s > 0:
        parts.append(f"{progress.rate_per_s:.1f}/s")
    if progress.total and progress.rate_per_s > 0:
        parts.append(_time_left(progress.seconds_left))
    return DOT.join(part for part in parts if part)


def _time_left(seconds: float) -> str:
    if seconds < 60:
        text = QCoreApplication.translate("StatusLine", "{count} s left")
        return text.format(count=max(1, round(seconds)))
    if seconds < 3600:
        text = QCoreApplication.translate("StatusLine", "{count} min left")
        return text.format(count=round(seconds / 60))
    text = QCoreApplication.translate("StatusLine", "{count} h left")
    return text.format(count=f"{seconds / 3600:.1f}")
