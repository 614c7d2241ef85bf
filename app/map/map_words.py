"""What is said of a map that is not there yet, or is still being arranged."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.look.words import percent_of
from app.map.map_layout import FEWEST, MapLayout
from app.session.folder_reader import FolderReader
from app.session.session import Session
from engine.messages import LayoutMethod


def _tr(text: str) -> str:
    return QCoreApplication.translate("MapPage", text)


def work_text(reader: FolderReader, state: MapLayout) -> str:
    """How far the layout is, or what it lacks; empty where it is all done."""
    if state.failure:
        return state.failure
    if state.progress is not None and state.progress.total:
        percent = 100 * state.progress.done // state.progress.total
        seconds = round(state.progress.seconds_left)
        if not seconds:
            return _tr("Arranging the map: {percent}").format(percent=percent_of(percent))
        if seconds < 90:
            return _tr("Arranging the map: {percent}, about {count} s left").format(
                percent=percent_of(percent), count=QLocale().toString(seconds)
            )
        return _tr("Arranging the map: {percent}, about {count} min left").format(
            percent=percent_of(percent), count=QLocale().toString(round(seconds / 60))
        )
    if state.is_stopped:
        return _tr("Stopped; “Arrange anew” goes on from the start.")
    if state.method is LayoutMethod.MAIN_DIRECTIONS and (reader.is_scanning or reader.is_embedding):
        return _tr("A first view; alike images come together once all are read.")
    return "\n".join(_remarks(state))


def _remarks(state: MapLayout) -> list[str]:
    """What must be known of a map that is done."""
    found: list[str] = []
    if state.tuning:
        found.append(_tr("Alike as the fine-tuned network sees the images."))
    elif state.wanted_tuning:
        found.append(_tr("Alike as the encoder saw the images before fine-tuning."))
    n_absent = state.n_labels_absent
    if n_absent == 1:
        found.append(_tr("1 labelled image is not on the map, because it cannot be read."))
    elif n_absent:
        found.append(
            _tr("{count} labelled images are not on the map, because they cannot be read.").format(
                count=QLocale().toString(n_absent)
            )
        )
    return found


def why_no_map(session: Session, state: MapLayout) -> str:
    """Why there is nothing to be seen yet."""
    if session.engine_failure:
        return session.engine_failure
    if state.failure:
        return state.failure
    if session.engine is None:
        return _tr("The engine is loading; the map follows…")
    if state.n_known < FEWEST:
        if session.reader.is_scanning or session.reader.is_embedding:
            return _tr("The images are being read; the map follows…")
        return _tr("A map needs at least three images that can be read.")
    return _tr("Drawing the map…")
