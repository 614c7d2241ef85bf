"""What keeps an open project safe beside the work: its trail, and backups while it goes on.

All of it happens on a thread with a connection of its own, which only reads the project, so no
click waits for it. In a write-ahead log a reader is in nobody's way and sees one moment of the
file for as long as it looks.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from engine import project_backups
from engine.errors import DamagedProjectError, ProjectError
from engine.project_backups import BackupStoppedError
from engine.project_connection import connect_to_read
from engine.project_files import check_whole, project_error
from engine.project_lock import ProjectLock
from engine.project_missing import last_but_one
from engine.project_trail import Trail, entries_after, is_of_journal
from engine.words import Sentence, say, sentence_of

_STEP_OPERATIONS: Final = 100_000
_MANY_CHANGES: Final = 100
_MANY_CHANGES_S: Final = 120.0
_ANY_CHANGE_S: Final = 600.0
_MAX_SHARE: Final = 0.01  # Of the time that may go into backups.
_BEAT_S: Final = 60.0
_JOIN_TIMEOUT_S: Final = 5.0  # A network drive may not answer; the thread then ends by itself.

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProjectNews:
    """What was found out about a project's file beside the work.

    Attributes:
        sentence: for the person.
        damaged: the file, where it is damaged; :func:`engine.project_recovery.recover` may help.
    """

    sentence: Sentence
    damaged: Path | None = None


class ProjectKeeper:
    """Keeps one open project until :meth:`close`."""

    def __init__(
        self,
        path: Path,
        folder: Path,
        trail: Trail,
        lock: ProjectLock | None,
        *,
        begun_at: int,
        is_backup_due: bool,
        is_check_due: bool,
        is_in_place: Callable[[], bool] = lambda: True,
    ) -> None:
        """Begin.

        Args:
            path: of the project.
            folder: where backups are.
            trail: of the project.
            lock: of the project; it is told once a minute that the project is still open.
            begun_at: the last entry of the journal as it was opened, 0 without one.
            is_backup_due: one is made now.
            is_check_due: the file is looked through now; what is wrong is told.
            is_in_place: whether the path still leads to the file that is open; asked on any thread.
        """
        self._path = path
        self._folder = folder
        self._trail = trail
        self._lock = lock
        self._is_in_place = is_in_place
        self._begun_at = begun_at
        self._tell: Callable[[ProjectNews], None] | None = None
        self._untold: list[ProjectNews] = []
        self._wake = threading.Condition()
        self._n_noted = 0  # Changes; under the condition, as the next four.
        self._n_kept = 0
        self._moves: list[tuple[int, str, str]] = []
        self._is_due = is_backup_due
        self._is_closing = False
        self._written: int | None = None
        self._is_behind = False
        self._is_check_due = is_check_due
        self._n_since = 0
        self._made_s = time.monotonic()
        self._took_s = 0.0
        self._thread = threading.Thread(target=self._run, name="handful-keeper", daemon=True)
        self._thread.start()

    def follow(self, tell: Callable[[ProjectNews], None]) -> None:
        """Have news told, on the keeper's thread; those that there are already are told at once."""
        with self._wake:
            untold, self._untold, self._tell = self._untold, [], tell
        for news in untold:
            tell(news)

    def note(self) -> None:
        """A change was made and is on disk."""
        with self._wake:
            self._n_noted += 1
            self._wake.notify_all()

    def note_moves(self, moves: list[tuple[int, str, str]]) -> None:
        """Images have other names: number of the journal's entry before, before, after."""
        with self._wake:
            self._moves += moves
            self._n_noted += 1
            self._wake.notify_all()

    def back_up_soon(self) -> None:
        """What was done now is more than the trail tells."""
        with self._wake:
            self._is_due = True
            self._n_noted += 1
            self._wake.notify_all()

    def wait(self, timeout_s: float = _JOIN_TIMEOUT_S) -> bool:
        """Wait until all that was noted is on the trail, and a backup that was due is made."""
        with self._wake:
            return self._wake.wait_for(
                lambda: self._n_kept >= self._n_noted and not self._is_due, timeout_s
            )

    def close(self) -> None:
        """End it; what was noted goes onto the trail first, a backup under way is called off."""
        with self._wake:
            self._is_closing = True
            self._wake.notify_all()
        self._thread.join(_JOIN_TIMEOUT_S)

    # --- On the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._has_work, _BEAT_S)
                noted, moves = self._n_noted, self._moves
                self._moves = []
                is_closing = self._is_closing
            try:
                self._keep(noted, moves, is_closing=is_closing)
            except Exception as error:  # Whatever it was, the next change is to be kept again.
                if not self._tell_damage(error):
                    _log.warning("could not keep the trail of %s: %s", self._path, error)
                self._is_behind = True  # Tried again with the next beat, change, or at closing.
                with self._wake:
                    self._moves = moves + self._moves
            else:
                self._is_behind = False
            with self._wake:
                self._n_kept = noted
                self._wake.notify_all()
            if is_closing:
                return
            if self._lock is not None:
                self._lock.beat()

    def _has_work(self) -> bool:
        is_due = self._is_due or self._is_check_due
        return self._is_closing or is_due or self._n_noted > self._n_kept

    def _keep(self, noted: int, moves: list[tuple[int, str, str]], *, is_closing: bool) -> None:
        self._n_since += noted - self._n_kept
        if noted > self._n_kept or self._written is None or self._is_behind:
            with self._reading() as connection:
                self._follow(connection, moves)
        if self._is_check_due and not is_closing:
            self._is_check_due = False
            self._look_through()
        if not is_closing and self._is_time():
            try:
                self._back_up()
            finally:
                with self._wake:
                    self._is_due = False

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to the open project. Raises OSError where something else has its name:
        the log of the one read with the file of the other would be neither."""
        if self._is_in_place():
            with closing(connect_to_read(self._path)) as connection:
                project_id = project_backups.project_id_of(connection)
                if self._is_in_place() and project_id == self._trail.project_id:
                    yield connection
                    return
        raise OSError(f"another file lies at {self._path}")

    def _follow(self, connection: sqlite3.Connection, moves: list[tuple[int, str, str]]) -> None:
        """Bring the trail to where the journal is."""
        if self._written is None:
            last = self._trail.last()
            if last is not None and is_of_journal(last, connection):
                self._written = last.entry
            else:
                kept = self._trail.set_aside()
                if last is not None and kept is not None:
                    told = say(
                        "{path} was worked in elsewhere since, or is an older copy: the copy "
                        "of its journal tells of changes that are not in it. They are kept in "
                        "{kept}.",
                        path=self._path,
                        kept=kept,
                    )
                    self.publish(ProjectNews(told))
                self._written = self._begun_at
        for entries in entries_after(connection, self._written):
            self._trail.append(entries)
            self._written = entries[-1].entry
        self._trail.append([], moves)

    def _is_time(self) -> bool:
        passed_s = time.monotonic() - self._made_s
        if self._is_due:
            return True
        is_long = passed_s >= _ANY_CHANGE_S or (
            passed_s >= _MANY_CHANGES_S and self._n_since >= _MANY_CHANGES
        )
        return self._n_since > 0 and is_long and passed_s * _MAX_SHARE >= self._took_s

    def _back_up(self) -> None:
        begun_s = time.monotonic()
        try:
            with self._reading() as connection:
                is_log = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
                if is_log:  # One moment of the file, whatever is written meanwhile.
                    connection.execute("BEGIN")
                    # The moment is that of the first reading; without one each write by others
                    # would have the copy begin again.
                    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                project_backups.back_up(
                    connection,
                    self._path,
                    self._folder,
                    is_stopped=lambda: self._is_closing,
                    check=partial(check_whole, is_thorough=True),
                )
        except BackupStoppedError:
            return
        except (ProjectError, sqlite3.Error, OSError, UnicodeDecodeError) as error:
            if not self._tell_damage(error):
                _log.warning("could not back up %s: %s", self._path, error)
            return
        finally:
            self._made_s = time.monotonic()
            self._took_s = self._made_s - begun_s
        self._n_since = 0
        self._trail.begin_anew(last_but_one(self._path, self._folder))

    def _look_through(self) -> None:
        def go_on() -> int:
            return int(self._is_closing)

        try:
            with self._reading() as connection:
                if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    return  # Nothing could be saved meanwhile; the copy of a backup is checked.
                connection.set_progress_handler(go_on, _STEP_OPERATIONS)
                check_whole(connection, self._path)
        except (ProjectError, sqlite3.Error, OSError, UnicodeDecodeError) as error:
            if not self._tell_damage(error):
                _log.info("could not look through %s", self._path, exc_info=True)

    def _tell_damage(self, error: Exception) -> bool:
        """Whether an error means that the file is damaged, which is told then."""
        if isinstance(error, sqlite3.Error | UnicodeDecodeError):
            error = project_error(error, self._path, say("read"))
        if not isinstance(error, DamagedProjectError):
            return False
        _log.warning("%s", error)
        told = say(
            "{reason} Close the project and repair it; what you label until then is kept.",
            reason=sentence_of(str(error)),
        )
        self.publish(ProjectNews(told, error.path or self._path))
        return True

    def publish(self, news: ProjectNews) -> None:
        """Have it told, now or when somebody listens; on any thread."""
        with self._wake:
            tell = self._tell
            if tell is None:
                self._untold.append(news)
        if tell is not None:
            tell(news)
