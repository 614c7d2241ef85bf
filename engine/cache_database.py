"""The cache of images as one thing that several threads, encoders and programs use at once.

A write that another program holds up is kept and made later by a thread of its own, which also
writes down what was used and keeps the cache within its limit, some milliseconds at a time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from engine.cache_eviction import MOST_SHARE, Room, next_generation, oldest_first, vacuum_step
from engine.cache_hashes import is_done, newest_content, some_old, state_of
from engine.cache_limit import limit_in_force
from engine.cache_lock import CacheLock, throw_away
from engine.cache_news import CacheNews
from engine.cache_schema import BUSY_S, NAMES, DamagedError, connect, is_busy, is_damage
from engine.errors import sentence_for
from engine.words import NOTHING, Sentence, say, size_words

Work: TypeAlias = Callable[[sqlite3.Connection, int], object]
"""Statements of one transaction, given the connection and the present generation."""

_log = logging.getLogger(__name__)
OLD_NAME: Final = "images.sqlite"  # Of the formats before 4.
_PATIENCE_S: Final = 0.1  # Of whoever asks for a write; a click waits behind it.
_TIDY_BYTES: Final = 16_000_000  # Written, until it is looked at what that has made of the cache.
_TIDY_USED: Final = 2_000
_MOST_USED: Final = 200_000  # Remembered until it is written down.
_MOST_LATER_BYTES: Final = 64_000_000
_MEMORY_BYTES: Final = 64_000_000  # Of a cache that has no place on disk.
_CLOSING_S: Final = 2.0
_AT_ONCE: Final = 16


class CacheDatabase:
    """Connections to the cache in ``folder``, for all encoders of this program. Any thread.

    A damaged cache is thrown away and begun again, unless another program uses it; one that was
    deleted meanwhile is begun again; where none can be had (disk full, read-only), a small one in
    memory takes its place, and ``notice`` says so.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notice = NOTHING
        """One sentence when the cache cannot be used; the work then goes on without it."""
        self.news = CacheNews()
        """That, and whatever else happens to the cache while it is used."""
        self.generation = 0
        """What ``used`` is set to now, see ``cache_eviction``."""
        self._users = 1
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()  # Where both are needed, the one above comes first.
        self._lock = CacheLock(folder)
        self._is_in_memory = False
        self._is_full = False
        self._hour = 0
        self._seen: tuple[object, ...] = ()
        self._later: list[tuple[Work, int]] = []
        self._used: set[int] = set()
        self._used_encoders: set[str] = set()
        self._written_bytes = 0
        self._state = threading.Lock()  # Of the five above.
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._tidying: threading.Thread | None = None
        self._tidy_lock = threading.Lock()
        self._newest: int | None = None  # Content when it was opened: what comes is of now.
        self._open()
        self._has_old_hashes = False
        with contextlib.suppress(sqlite3.Error):
            self._has_old_hashes = not is_done(state_of(self._reader))
        # The limit may be lower than when it was open last, or the disk fuller.
        if self._has_old_hashes or self._is_too_large() or (folder / OLD_NAME).exists():
            self._wake_up()

    # --- Asking and telling -----------------------------------------------------------------------

    def read(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """The rows of a question; none where the cache cannot be read."""
        try:
            with self._read_lock:
                return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._failed(error, say("read"))
            return []

    def write(self, work: Work, n_bytes: int) -> None:
        """Write in one transaction: at once, or soon where another program holds that up.

        Args:
            n_bytes: about how much it writes.
        """
        with self._state:
            is_behind = bool(self._later)
            self._written_bytes += n_bytes
            is_time = self._written_bytes >= _TIDY_BYTES
        if self._is_full:
            pass  # Until there is something old again, or a higher limit.
        elif is_behind or not self._attempt([work], _PATIENCE_S):
            with self._state:
                self._later.append((work, n_bytes))
                is_too_much = sum(size for _, size in self._later) > _MOST_LATER_BYTES
            if is_too_much:  # The thread that tidies has been waiting for its turn all the while.
                with self._state:
                    self._later.clear()
                self._tell_cannot(
                    say(
                        "Another program keeps the cache {path} busy; the work goes on without it.",
                        path=self.folder,
                    )
                )
            is_time = True
        if is_time:
            self._wake_up()

    def note_used(self, encoder: str, contents: Iterable[tuple[int, int]]) -> None:
        """Remember that contents were used, by number and the generation that they had."""
        is_new_hour = _hour_now() != self._hour
        fresh = [number for number, used in contents if is_new_hour or used != self.generation]
        with self._state:
            self._used_encoders.add(encoder)
            if len(self._used) < _MOST_USED:
                self._used.update(fresh)
            is_time = len(self._used) >= _TIDY_USED
        if is_time or is_new_hour:
            self._wake_up()

    def room(self) -> Room:
        """How much the files take; nothing where that cannot be told."""
        with contextlib.suppress(sqlite3.Error), self._read_lock:
            return Room.of(self._reader)
        return Room(0, 0)

    # --- One for several encoders -----------------------------------------------------------------

    def share(self) -> CacheDatabase:
        """The same for one more user, who closes it as well."""
        with self._state:
            self._users += 1
        return self

    def close(self) -> None:
        """Write what is left and let go of the files, once nobody uses this any more."""
        with self._state:
            self._users -= 1
            if self._users > 0 or self._closing.is_set():
                return
        self._closing.set()
        self._wake.set()
        if self._tidying is not None:
            self._tidying.join()
        self._catch_up(_CLOSING_S)
        self._stamp()
        with self._write_lock, self._read_lock:
            self._let_go()

    # --- Tidying ----------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Write what waits, stamp what was used, and bring the cache within its limit.

        Done by a thread of its own whenever there is reason to; may be called by any other.
        """
        with self._tidy_lock:
            self._catch_up(BUSY_S)
            self._stamp()
            with self._state:
                self._written_bytes = 0
            self._checkpoint()
            self._remove_older()
            limit = self._limit()
            for _ in self.shrink(limit):
                pass
            self._is_full = self.room().used_bytes > limit
            if self._is_full and not self._is_in_memory:
                self.news.tell(
                    say(
                        "The cache {path} is at its limit of {limit} with what is in use now; what "
                        "is read from here on is not kept.",
                        path=self.folder,
                        limit=size_words(limit),
                    )
                )

    def _wake_up(self) -> None:
        self._wake.set()
        with self._state:
            if self._tidying is None and not self._closing.is_set():
                self._tidying = threading.Thread(
                    target=self._tidy_for_ever, name="handful-cache", daemon=True
                )
                self._tidying.start()

    def _tidy_for_ever(self) -> None:
        while True:
            if not self._has_old_hashes:
                self._wake.wait()
            if self._closing.is_set():
                return
            try:
                if self._wake.is_set():
                    self._wake.clear()
                    self.tidy()
                self._has_old_hashes = self._has_old_hashes and self._renew_some_hashes()
            except Exception:
                self._has_old_hashes = False  # Until it is opened the next time.
                _log.exception("The cache could not be tidied")

    def _catch_up(self, patience_s: float) -> bool:
        """Make the writes that had to wait; False where they have to wait on."""
        while True:
            with self._write_lock:  # Two that made the same ones would make them twice.
                with self._state:
                    some = [work for work, _ in self._later[:_AT_ONCE]]
                if not some:
                    return True
                if not self._attempt(some, patience_s):
                    return False
                with self._state:
                    del self._later[: len(some)]

    def _stamp(self) -> None:
        with self._state:
            used, self._used = sorted(self._used), set()
            encoders, self._used_encoders = sorted(self._used_encoders), set()

        def stamp(connection: sqlite3.Connection, generation: int) -> None:
            connection.executemany(
                "UPDATE encoders SET used = ? WHERE key = ? AND used <> ?",
                [(generation, key, generation) for key in encoders],
            )
            connection.executemany(
                "UPDATE contents SET used = ? WHERE id = ?", [(generation, item) for item in some]
            )

        for start in range(0, max(1, len(used)), _TIDY_USED):
            some = used[start : start + _TIDY_USED]
            if (some or encoders) and not self._attempt([stamp], _PATIENCE_S):
                return  # A stamp that is lost makes something look older than it is, no more.
            self._give_way(0.001)

    def _checkpoint(self) -> None:
        """Take what is in the logs into the files: here, so that no write has to wait for it."""
        if self._is_in_memory:
            return
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self._another()) as connection:
            for schema in ("main", "thumbs"):
                connection.execute(f"PRAGMA {schema}.wal_checkpoint(PASSIVE)").fetchall()

    def shrink(self, limit_bytes: int, *, also_recent: bool = False) -> Iterator[Room]:
        """Bring the files to a size, oldest first, some milliseconds a step.

        Args:
            limit_bytes: they are left with at most that, and holding nine tenths of it.
            also_recent: what is in use, too.
        """
        room = self.room()
        most = int(MOST_SHARE * limit_bytes)
        if room.file_bytes > limit_bytes and room.used_bytes > most:
            yield from self._evict(most, also_recent)
            if self.room().used_bytes < room.used_bytes and not self._is_in_memory:
                self.news.tell(
                    say(
                        "The cache {path} has reached its limit of {limit}; what was used longest "
                        "ago goes first.",
                        path=self.folder,
                        limit=size_words(limit_bytes),
                    )
                )
        while (room := self.room()).file_bytes > limit_bytes and not self._closing.is_set():
            began = time.perf_counter()
            if not self._attempt([vacuum_step], BUSY_S) or self.room() == room:
                break
            yield room
            self._give_way(time.perf_counter() - began)
            self._catch_up(0)  # What waited for this step, or it counts as held up by others.
        self._checkpoint()

    def _renew_some_hashes(self) -> bool:
        """Make some hashes again that are of another version; whether there may be more."""
        began = time.perf_counter()
        with self._read_lock:
            old = some_old(self._reader, self._newest)
        if old is None:
            return False
        remade = old.remade()
        is_written = self._attempt([lambda connection, _: old.keep(connection, remade)], BUSY_S)
        self._give_way(time.perf_counter() - began)
        self._catch_up(0)
        with self._read_lock:
            after = state_of(self._reader)
        if after != old.state:
            self._newest = None  # It is begun, and is not begun over.
        # What fails for good, as on a full disk, is tried again when the cache is opened next.
        return not is_done(after) and (after != old.state or not is_written)

    def _limit(self) -> int:
        if self._is_in_memory:
            return _MEMORY_BYTES
        return limit_in_force(self.folder, self.room().file_bytes)

    def _is_too_large(self) -> bool:
        return self.room().file_bytes > self._limit()

    def _evict(self, most: int, also_recent: bool) -> Iterator[Room]:
        """Take out what is oldest until at most so many bytes are used, or all is of now."""
        if not self._attempt([], BUSY_S):  # For the generation.
            return
        connection = self._writer
        steps = oldest_first(connection, self.generation + also_recent)
        is_under_way = True

        def step(_: sqlite3.Connection, __: int) -> None:
            nonlocal is_under_way
            is_under_way = False  # Also where it fails.
            is_under_way = next(steps, self) is not self

        while is_under_way and (room := self.room()).used_bytes > most:
            yield room
            if self._closing.is_set() or self._writer is not connection:
                return
            began = time.perf_counter()
            if not self._attempt([step], BUSY_S):
                return
            self._give_way(time.perf_counter() - began)
            self._catch_up(0)

    def _give_way(self, seconds: float) -> None:
        """Let others write; as long as this has kept them from it."""
        self._closing.wait(min(seconds, _PATIENCE_S))

    # --- Writing ----------------------------------------------------------------------------------

    def _attempt(self, works: Sequence[Work], patience_s: float) -> bool:
        """Write in one transaction. False: another program is at it; True also where it failed
        for good, which ``notice`` tells.
        """
        if not self._write_lock.acquire(timeout=patience_s):
            return False
        try:
            self._follow()
            connection = self._writer
            connection.execute(f"PRAGMA busy_timeout = {int(1000 * patience_s)}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                self.generation = next_generation(connection, _hour_now())
                for work in works:
                    work(connection, self.generation)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            self._hour = _hour_now()
        except sqlite3.Error as error:
            if is_busy(error):
                return False
            self._failed(error, say("write"))
        finally:
            self._write_lock.release()
        return True

    def _follow(self) -> None:
        """Open anew where the files were deleted or replaced: nobody would find what is written."""
        if self._is_in_memory or self._seen == self._files_now() or self._closing.is_set():
            return
        with self._read_lock:
            self._let_go()
            self._open()

    def _failed(self, error: sqlite3.Error, doing: Sentence) -> None:
        if not is_damage(error):
            self._tell_cannot(
                say(
                    "Could not {doing} the cache {path}: {error}; the work goes on without it.",
                    doing=doing,
                    path=self.folder,
                    error=error,
                )
            )
            return
        with self._write_lock, self._read_lock:
            self._let_go()
            self._open(is_damaged=True)

    def _tell_cannot(self, notice: Sentence) -> None:
        self.notice = notice
        self.news.tell(notice)

    # --- Opening ----------------------------------------------------------------------------------

    def _open(self, *, is_damaged: bool = False) -> None:
        """Connect to the files; to a cache in memory, with a notice, where they cannot be had."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open_files(is_damaged)
            self._seen = self._files_now()
        except (OSError, sqlite3.Error) as error:
            self._lock.let_go()
            self._tell_cannot(
                sentence_for(error, self.folder, say("write the cache in"))
                if isinstance(error, OSError)
                else say("Could not open the cache {path}: {error}.", path=self.folder, error=error)
            )
            self._is_in_memory = True
            self._writer = self._reader = connect(None)
            self._read_lock = self._write_lock
        with contextlib.suppress(sqlite3.Error, TypeError):
            row = self._reader.execute("SELECT generation, hour FROM state").fetchone()
            self.generation, self._hour = int(row[0]), int(row[1])
            self._newest = newest_content(self._reader)

    def _open_files(self, is_damaged: bool) -> None:
        damaged = self._files_now()[::2] if is_damaged else None
        began = time.monotonic()
        while True:
            waited_s = time.monotonic() - began
            self._lock.take()
            try:
                if damaged is not None and damaged == self._files_now()[::2]:
                    raise DamagedError("database disk image is malformed")
                self._writer = self._another()
            except sqlite3.Error as error:
                # Nothing in it is worth more than a fresh start; another program's work is.
                if not (is_damage(error) and self._lock.is_alone()):
                    patience_s = BUSY_S if is_busy(error) else _PATIENCE_S
                    if not (is_busy(error) or is_damage(error)) or waited_s > patience_s:
                        raise
                    # The other may be about to make or begin the same: one has to be first.
                    self._lock.let_go()
                    time.sleep(0.05 * (1 + random.random()))
                    continue
                throw_away(self.folder)
                self.news.tell(
                    say(
                        "The cache {path} was damaged and was begun anew; images are read again.",
                        path=self.folder,
                    )
                )
                self._writer = self._another()
                self._lock.take()  # As one of several again.
            try:
                self._reader = connect(self.folder, is_reader=True)
            except BaseException:
                self._writer.close()
                raise
            return

    def _another(self) -> sqlite3.Connection:
        return connect(self.folder)

    def _files_now(self) -> tuple[object, ...]:
        """Which files lie there now; others of the same names are others."""
        found: list[object] = []
        for name in NAMES:
            for suffix in ("", "-wal"):
                try:
                    status = os.stat(self.folder / (name + suffix))
                    found.append((status.st_dev, status.st_ino))
                except OSError:
                    found.append(None)
        return tuple(found)

    def _remove_older(self) -> None:
        """Delete a cache of a format before this one, unless a program of then has it open."""
        path = self.folder / OLD_NAME
        if self._is_in_memory or not path.exists():
            return
        with contextlib.suppress(sqlite3.Error, OSError):
            with contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as older:
                # Only who has it alone can leave its log.
                (mode,) = older.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode == "delete":
                path.unlink()

    def _let_go(self) -> None:
        for connection in (self._writer, self._reader):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._lock.let_go()


def _hour_now() -> int:
    return int(time.time()) // 3600
