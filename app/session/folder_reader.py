"""Keeps the table of images in step with the folder, and has the engine embed every image."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.look.words import told_event
from app.session import pulse
from app.session.engine_bridge import EngineBridge, event_id
from app.session.image_table import ImageTable, Rows
from app.session.lasting import keep_out_of_rounds
from app.session.pulse import Asking, FolderPulse
from engine import EngineError, Project, messages

_RESUBMIT_MS: Final = 1000  # While a scan goes on, the list to embed grows at most this often.
# And so many images of it are handed over then: all of a million every second would take the window
# a tenth of it.
_WHILE_SCANNING: Final = 50_000
_RECORD_MS: Final = 1000
_DOUBTFUL: Final = 4  # Broken files are few, and beside others that can be read.
_RECORD_AT_ONCE: Final = 1000  # Hashes per transaction: 10 ms of the GUI thread.
_log = logging.getLogger(__name__)


class FolderReader(QObject):
    """Scans the folder, remembers what was found, and has the rest embedded.

    Signals:
        rows_added: first row and number of rows of images never seen before.
        rows_changed: rows whose file changed, came back, vanished or cannot be read.
        scanned: the scan is over; argument: :class:`messages.ScanFinished`.
        embedded: more images are embedded.
        embedding_finished: the engine has been through the whole list.
        dated: the dates of images that were embedded before are known now.
        labels_moved: the :class:`engine.Change` that carries labels of moved files over.
        labelled_changed: names of labelled files whose bytes were changed in place.
        status_changed: ``progress`` or ``is_paused`` is new.
        gone: the folder itself is not there; nothing more is read until the next :meth:`scan`.
        back: it is there again.
        failed: one sentence, or the :class:`EngineError` that has it.
    """

    rows_added = Signal(int, int)
    rows_changed = Signal(object)
    scanned = Signal(object)
    embedded = Signal()
    embedding_finished = Signal()
    dated = Signal()
    labels_moved = Signal(object)
    labelled_changed = Signal(object)
    status_changed = Signal()
    gone = Signal()
    back = Signal()
    failed = Signal(object)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._project: Project | None = None
        self._table = ImageTable()
        self._scan_id = 0
        self._embed_id = 0
        self._has_left_out = False  # Of the list that is embedded: images that are due as well.
        self._dates_id = 0
        self._met: NDArray[np.bool_] = np.zeros(0, np.bool_)  # By row: this scan, or the last one.
        self._contents: dict[messages.ImageId, bytes] = {}
        self.visible: Rows = np.zeros(0, np.intp)
        self.progress: messages.Progress | None = None
        self.is_paused = False
        self._n_doubtful = (
            0  # Images that could not be read since the folder was known to be there.
        )
        self._asking = Asking(self)
        self._pulse = FolderPulse()
        self._pulse.gone.connect(self._on_gone)
        self._pulse.back.connect(self.back)
        self._embed_timer = QTimer(self)
        self._embed_timer.setSingleShot(True)
        self._embed_timer.timeout.connect(self._submit_embedding)
        self._record_timer = QTimer(self)
        self._record_timer.setSingleShot(True)
        self._record_timer.timeout.connect(self._record_contents)

    @property
    def is_scanning(self) -> bool:
        """Whether the folder is being walked."""
        return bool(self._scan_id)

    @property
    def is_embedding(self) -> bool:
        """Whether images are being embedded."""
        return bool(self._embed_id)

    @property
    def n_met(self) -> int:
        """How many image files this scan, or the last one, has met."""
        return int(np.count_nonzero(self._met))

    def start(self, project: Project, table: ImageTable) -> None:
        """Begin with a project's folder."""
        self._project, self._table = project, table
        self.scan()

    def stop(self) -> None:
        """Let go of the project; what is known already is written down first."""
        self._embed_timer.stop()
        self._record_timer.stop()
        self._record_all()
        self._pulse.stop()
        self._asking.drop()
        for request_id in (self._scan_id, self._embed_id, self._dates_id):
            if request_id:
                self._bridge.cancel(request_id)
                self._bridge.release(request_id)
        self._scan_id = self._embed_id = self._dates_id = 0
        self._contents.clear()
        self._met = np.zeros(0, np.bool_)
        self._project = None
        self._table = ImageTable()
        self.progress, self.is_paused = None, False

    def scan(self) -> None:
        """Walk the folder (again), and try once more what could not be read."""
        if self._project is None:
            return
        again = self._table.forget_unreadable()
        if len(again):  # A drive may have stumbled; nothing in the file's date would tell.
            self.rows_changed.emit(again)
        if self._scan_id:
            self._bridge.cancel(self._scan_id)
            self._bridge.release(self._scan_id)
        self._record_all()  # What was read is the files as they were.
        self._has_caught_up()
        self._met = np.zeros(self._table.n_rows, np.bool_)
        self.is_paused = False
        self._pulse.stop()
        self._asking.drop()
        self._n_doubtful = 0
        self._scan_id = self._bridge.next_id()
        follows = self._project.follows
        elsewhere = tuple(
            name for name in self._table.names if is_elsewhere(name) and follows(name)
        )
        self._bridge.ask(
            messages.ScanFolder(self._scan_id, self._project.folder, elsewhere),
            self._on_scan_event,
        )
        self.status_changed.emit()

    def pause(self) -> None:
        """Stop embedding; what is embedded stays."""
        self.is_paused = True
        self._embed_timer.stop()
        if self._embed_id:
            self._bridge.cancel(self._embed_id)
        else:
            self.status_changed.emit()

    def resume(self) -> None:
        """Go on embedding."""
        self.is_paused = False
        self._submit_embedding()
        self.status_changed.emit()

    # --- Scanning ---------------------------------------------------------------------------------

    def _on_scan_event(self, event: messages.Event) -> None:
        match event:
            case messages.FilesFound():
                self._on_files_found(event)
            case messages.ScanFinished():
                self._on_scan_finished(event)
            case messages.Progress():
                self._show_progress(event)
            case messages.JobFailed():
                self._end_scan()
                message = event.message
                self._if_there(lambda: self.failed.emit(message))
            case messages.JobCancelled() | messages.JobFinished():
                self._end_scan()
            case _:
                _log.warning("unexpected answer to a scan: %r", event)

    def _on_files_found(self, event: messages.FilesFound) -> None:
        try:
            self._take_in(event.files)
        except EngineError as error:
            self._bridge.cancel(self._scan_id)
            self.failed.emit(error)

    def take_in(self, files: Sequence[messages.FoundFile]) -> int:
        """Take in files that were found without a scan; how many were never seen before."""
        try:
            return self._take_in(files)
        except EngineError as error:
            self.failed.emit(error)
            return 0

    def take_out(self, names: Sequence[str]) -> bool:
        """Mark images as missing whose files have gone; whether there were any."""
        project, table = self._project, self._table
        found = [table.row_of_name(name) for name in names]
        rows = np.array([row for row in found if row >= 0 and not table.missing[row]], np.intp)
        if project is None or not len(rows):
            return False
        try:
            project.mark_missing(table.image_id(row) for row in rows.tolist())
        except EngineError as error:
            self.failed.emit(error)
            return False
        table.set_missing(rows)
        self.rows_changed.emit(rows)
        return True

    def _take_in(self, files: Sequence[messages.FoundFile]) -> int:
        """Raises EngineError."""
        project, table = self._project, self._table
        if project is None:
            return 0
        self._catch_up()
        records = project.add_images(files)
        first = table.n_rows
        changed = table.add(records)
        if table.n_rows > len(self._met):
            more = np.zeros(table.n_rows, np.bool_)  # Twice as many: grown seldom.
            self._met = np.concatenate([self._met, more])
        for file in files:
            row = table.row_of_name(file.name)
            if row >= 0:
                self._met[row] = True
                table.ref(row)  # Made here, a batch at a time, and not all at once later.
        keep_out_of_rounds(table.n_rows, self.n_met)
        if table.n_rows > first:
            self.rows_added.emit(first, table.n_rows - first)
        if changed:
            self.rows_changed.emit(np.array(changed, np.intp))
        if not self._embed_timer.isActive() and not self.is_paused:
            self._embed_timer.start(_RESUBMIT_MS if self._embed_id else 0)
        self.status_changed.emit()
        return table.n_rows - first

    def _catch_up(self) -> bool:
        """Know images as the file does, where another program has changed it in the meantime.

        Sorting that is taken back on the command line gives images the names that they had.

        Returns:
            Whether anything was another thing than here.

        Raises:
            EngineError: the file cannot be read.
        """
        project, table = self._project, self._table
        if project is None or not project.was_changed_by_others():
            return False
        others, fresh = [], []
        for record in project.images():
            row = table.row_of(record.image_id)
            if row < 0:
                fresh.append(record)
            elif record.name != table.names[row] or record.missing != table.missing[row]:
                others.append(record)
        rows = table.rename(others)
        if len(rows):
            self.rows_changed.emit(rows)
        if fresh:
            first = table.n_rows
            table.add(fresh)
            self.rows_added.emit(first, len(fresh))
        return bool(others or fresh)

    def _has_caught_up(self) -> bool:
        try:
            return self._catch_up()
        except EngineError as error:
            self.failed.emit(error)
            return False

    def _on_scan_finished(self, event: messages.ScanFinished) -> None:
        self._end_scan()
        if event.n_files:
            self._take_scan_in(event)
        else:
            self._if_there(lambda: self._take_scan_in(event))

    def _take_scan_in(self, event: messages.ScanFinished) -> None:
        project, table = self._project, self._table
        if project is None:
            return
        if self._has_caught_up():
            self.scan()  # What has been met was sought under names that are not the images' now.
            return
        lost = [
            row
            for row in np.flatnonzero(~table.missing & ~self._have_met()).tolist()
            if not _is_inside(table.names[row], event.unreadable_folders)
        ]
        if lost:
            rows = np.array(lost, np.intp)
            try:
                project.mark_missing(table.image_id(row) for row in lost)
            except EngineError as error:
                self.failed.emit(error)
            table.set_missing(rows)
            self.rows_changed.emit(rows)
        self.scanned.emit(event)
        if not self.is_paused:
            self._submit_embedding()
        self._carry_labels()

    def _have_met(self) -> NDArray[np.bool_]:
        met = np.zeros(self._table.n_rows, np.bool_)
        met[: len(self._met)] = self._met[: len(met)]
        return met

    def _end_scan(self) -> None:
        self._bridge.release(self._scan_id)
        self._scan_id = 0
        if not self._embed_id:
            self.progress = None
        self.status_changed.emit()

    # --- Embedding --------------------------------------------------------------------------------

    def _submit_embedding(self) -> None:
        if self._project is None or self._pulse.is_gone:
            return
        self._embed_timer.stop()
        table = self._table
        due = ~table.embedded & ~table.unreadable & ~table.missing
        if self._scan_id:
            # Until the scan is over, only the files met are known to be there still.
            due &= self._have_met()
        rows = np.flatnonzero(due)
        if not len(rows):
            if not self._embed_id and not self._scan_id:
                self.embedding_finished.emit()
            return
        visible = self.visible[self.visible < table.n_rows]
        first = visible[due[visible]]
        due[first] = False
        rows = np.concatenate([first, np.flatnonzero(due)])
        self._has_left_out = bool(self._scan_id) and len(rows) > _WHILE_SCANNING
        if self._has_left_out:
            rows = rows[:_WHILE_SCANNING]
        # The engine drops the older list by itself; what it still tells of it is not lost.
        self._embed_id = self._bridge.next_id()
        self._bridge.ask(
            messages.EmbedImages(self._embed_id, table.refs(rows)), self._on_embed_event
        )
        self.status_changed.emit()

    def _on_embed_event(self, event: messages.Event) -> None:
        match event:
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self.on_read(event)
            case _ if event_id(event) != self._embed_id:
                if not isinstance(event, messages.Progress | messages.PredictionsReady):
                    self._bridge.release(event_id(event))
            case messages.Progress():
                self._show_progress(event)
            case messages.JobFinished():
                self._end_embedding()
                if self._has_left_out and not self.is_paused:
                    self._submit_embedding()
                elif not self._embed_timer.isActive():
                    self.embedding_finished.emit()
                    self._ask_for_dates()
                self._carry_labels()
            case messages.JobCancelled():
                self._end_embedding()
            case messages.JobFailed():
                self._end_embedding()
                self.failed.emit(event.message)
            case _:
                _log.warning("unexpected answer to embedding: %r", event)

    def on_read(self, event: messages.ImagesEmbedded | messages.ImageUnreadable) -> None:
        """Take in what the engine learnt of images; it embeds for other requests, too."""
        if self._pulse.is_gone and isinstance(event, messages.ImageUnreadable):
            return
        match event:
            case messages.ImagesEmbedded():
                self._on_images_embedded(event)
            case messages.ImageUnreadable():
                self.mark_unreadable(event.image_id, event.reason)

    def _on_images_embedded(self, event: messages.ImagesEmbedded) -> None:
        rows = self._table.rows_of(np.array(event.image_ids, np.int64))
        mended = self._table.set_embedded(rows[rows >= 0])
        if event.taken_s:
            self._table.set_taken(event.image_ids, event.taken_s)
        if len(mended):
            self.rows_changed.emit(mended)
        self._contents.update(zip(event.image_ids, event.contents, strict=True))
        if not self._record_timer.isActive():
            self._record_timer.start(_RECORD_MS)
        self.embedded.emit()

    def mark_unreadable(self, image_id: messages.ImageId, reason: str) -> None:
        """Show that a file could not become pixels."""
        row = self._table.row_of(image_id)
        if row >= 0 and not self._table.unreadable[row]:
            self._table.set_unreadable(row, reason)
            self.rows_changed.emit(np.array([row], np.intp))
            self._n_doubtful += 1
            if self._n_doubtful % _DOUBTFUL == 0 and self._project is not None:
                self._pulse.look(self._project.folder, self._project.path)

    def _if_there(self, then: Callable[[], None]) -> None:
        """Go on where the folder is there, now or when that is known; else it is looked for."""
        project = self._project
        if project is None:
            return
        folder, beside = project.folder, project.path

        def take(is_there: bool) -> None:
            if is_there:
                then()
            else:
                self._pulse.look(folder, beside)

        self._asking.ask(lambda: pulse.is_folder_there(folder, beside), take)

    def _on_gone(self) -> None:
        """None of the images can be read: that is one thing to tell, and no fault of theirs."""
        self._embed_timer.stop()
        if self._embed_id:
            self._bridge.cancel(self._embed_id)
        rows = self._table.forget_unreadable()
        if len(rows):
            self.rows_changed.emit(rows)
        self.gone.emit()
        self.status_changed.emit()

    def _ask_for_dates(self) -> None:
        """Of images whose embeddings were cached before dates were."""
        rows = np.flatnonzero(self._table.embedded & ~self._table.dated & ~self._table.missing)
        if len(rows):
            self._dates_id = self._bridge.next_id()
            command = messages.ReadDates(self._dates_id, self._table.refs(rows))
            self._bridge.ask(command, self._on_dates_event)

    def _on_dates_event(self, event: messages.Event) -> None:
        match event:
            case messages.DatesRead():
                self._table.set_taken(event.image_ids, event.taken_s)
            case messages.JobFinished() | messages.JobCancelled() | messages.JobFailed():
                self._bridge.release(event.request_id)
                if isinstance(event, messages.JobFinished):
                    self.dated.emit()
            case _:
                pass

    def _end_embedding(self) -> None:
        self._bridge.release(self._embed_id)
        self._embed_id = 0
        self.progress = None
        self.status_changed.emit()

    def _show_progress(self, event: messages.Progress) -> None:
        self.progress = event
        self.status_changed.emit()

    def tell_anew(self) -> None:
        """The language is another one: tell what the engine said in it."""
        if self.progress is not None:
            self.progress = told_event(self.progress)

    # --- Contents ---------------------------------------------------------------------------------

    def _record_contents(self) -> None:
        if self._record_some():
            if self._contents:
                self._record_timer.start(50)
            self._carry_labels()

    def record_contents(self) -> None:
        """Write down all hashes that are known, now rather than soon."""
        self._record_all()

    def _record_all(self) -> None:
        self._record_timer.stop()
        while self._contents and self._record_some():
            pass

    def _record_some(self) -> bool:
        """Write down some hashes; False when that failed and the rest was dropped."""
        if self._project is None:
            return False
        some = dict(islice(self._contents.items(), _RECORD_AT_ONCE))
        for image_id in some:
            del self._contents[image_id]
        try:
            self._project.record_contents(some)
        except EngineError as error:
            self._contents.clear()
            self.failed.emit(error)
            return False
        return True

    def _carry_labels(self) -> None:
        """Let labels follow files that were moved, renamed or swapped by another program."""
        project, table = self._project, self._table
        if project is None or self._scan_id:
            return  # What the scan has yet to meet would count as it was.
        unknown = ~table.embedded & ~table.unreadable & ~table.missing
        all_known = not self._contents and not bool(unknown.any())
        try:
            change = project.carry_labels(all_known=all_known)
            if change is not None:
                self.labels_moved.emit(change)
            if all_known and (change is None or project.carry_labels(all_known=True) is None):
                changed = project.accept_changed_files()
                if changed:
                    self.labelled_changed.emit(changed)
        except EngineError as error:
            self.failed.emit(error)


def is_elsewhere(name: str) -> bool:
    """Whether an image was moved out of the folder, and is still the project's."""
    return name.startswith(("../", "/")) or name[1:3] == ":/"


def _is_inside(name: str, folders: tuple[str, ...]) -> bool:
    return any(name.startswith(f"{folder}/") for folder in folders)
