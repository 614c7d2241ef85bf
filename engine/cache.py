"""The cache as files on disk: how large it is, emptying it, moving it elsewhere.

Only files that the program can make again are touched, whatever else lies in the folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cache_database import CacheDatabase
from engine.cache_limit import forget_limit, has_limit, keep_limit, kept_limit, limit_in_force
from engine.cache_lock import alone_with, delete_cache
from engine.cache_schema import NAMES, TABLES, connect
from engine.errors import EngineError, sentence_for
from engine.jobs.progress import ProgressMeter
from engine.messages import Progress
from engine.words import say

_IMAGES: Final = ("images*.sqlite*", "thumbnails-*.sqlite*")  # Of other versions, too.
_PATTERNS: Final = (
    *_IMAGES,
    "encoders/*.onnx",
    "encoders/*.onnx.sha256",
    "finetuning/*",  # What trainings have finished, see finetuning.checkpoints.
    "downloads/*",  # Of weights, begun and not ended.
)
_CHUNK_BYTES: Final = 8_000_000
_WAIT_S: Final = 30.0  # For the engine to end what it is writing.
_PART: Final = ".part"
_MB: Final = 1_000_000


def cache_size(folder: Path) -> int:
    """How many bytes the cache in ``folder`` takes; 0 where there is none."""
    return sum(_size(path) for path in _files(folder))


def limited_size(folder: Path) -> int:
    """How many of them are embeddings and thumbnails, which the limit is for."""
    return sum(_size(path) for path in _files(folder, _IMAGES))


@dataclass(frozen=True, slots=True)
class CacheWorth:
    """What would have to be computed anew without a cache.

    Attributes:
        n_images: how many images would have to be read again.
        has_trainings: whether results of fine-tuning are among it.
    """

    n_images: int
    has_trainings: bool


def cache_worth(folder: Path) -> CacheWorth:
    """What emptying the cache in ``folder`` costs; nothing where there is none or it is damaged."""
    n_images = 0
    database = folder / NAMES[0]
    with contextlib.suppress(sqlite3.Error, OSError):
        if database.exists():
            connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)
            with contextlib.closing(connection):
                (n_images,) = connection.execute("SELECT count(*) FROM files").fetchone()
    return CacheWorth(int(n_images), bool(_files(folder, ("finetuning/*",))))


def clean_cache(folder: Path) -> Iterator[Progress]:
    """Empty the cache in ``folder``; an engine may go on with it meanwhile.

    Labels, projects and added encoders lie elsewhere.

    Raises:
        EngineError: it cannot be written.
    """
    others = [path for path in _files(folder) if not path.name.startswith(NAMES)]
    meter = ProgressMeter(0, say("Cleaning the cache"), len(others) + 1)
    yield meter.report()
    if not delete_cache(folder):
        _empty(folder)
    meter.advance()
    for path in others:
        yield meter.report()
        with contextlib.suppress(EngineError):  # In use, as Windows sees it: it stays, and is good.
            _delete(path)
        meter.advance()
    yield meter.report()


def shrink_cache(folder: Path) -> Iterator[Progress]:
    """Bring the images in the cache within their limit at once, what is in use too.

    An engine may go on with it meanwhile. Progress counts megabytes.
    """
    if not (folder / NAMES[0]).exists():
        return
    with contextlib.closing(CacheDatabase(folder)) as database:
        before = database.room().file_bytes
        limit = limit_in_force(folder, before)
        goal = max(1, (before - limit) // _MB)
        meter = ProgressMeter(0, say("Making the cache smaller (MB)"), goal)
        for room in database.shrink(limit, also_recent=True):
            meter.done = max(0, min(goal, (before - room.used_bytes) // _MB))
            yield meter.report()


def move_cache(source: Path, target: Path) -> Iterator[Progress]:
    """Move the cache from one folder to another. Progress counts megabytes.

    No engine may have it open. The chosen limit goes along.

    A cache that is in ``target`` already is kept, and the one in ``source`` left where it is: both
    are good, and one is enough. Where it fails, or is closed before its end, ``source`` is whole.

    Raises:
        EngineError: ``target`` cannot be written, or its disk is full, or another program has the
            cache open.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        _check_writable(target)
    except OSError as error:
        raise EngineError(sentence_for(error, target, say("write the cache in"))) from error
    if _files(target) or target.resolve() == source.resolve():
        return
    with alone_with(source) as is_alone:
        if not is_alone:
            raise EngineError(
                say("Another program has the cache {path} open; close it first.", path=source)
            )
        yield from _move(source, target)


def _move(source: Path, target: Path) -> Iterator[Progress]:
    files = _files(source)
    total = sum(_size(path) for path in files)
    meter = ProgressMeter(0, say("Moving the cache (MB)"), max(1, total // _MB))
    moved: list[Path] = []
    done = 0
    try:
        for path in files:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            moved.append(place)
            for count in _copy(path, place):
                done += count
                meter.done = done // _MB
                yield meter.report()
    except BaseException as error:
        for place in moved:
            for left in (place, place.with_name(place.name + _PART)):
                with contextlib.suppress(OSError):
                    left.unlink()
        if isinstance(error, OSError):
            raise EngineError(sentence_for(error, target, say("write the cache in"))) from error
        raise
    if has_limit(source):
        keep_limit(target, kept_limit(source))
    forget_limit(source)
    for path in files:
        with contextlib.suppress(EngineError):  # The copy is good; what is left is only room.
            _delete(path)


def _empty(folder: Path) -> None:
    """Take everything out of the database, and give its room back, while others have it open."""
    try:
        with contextlib.closing(connect(folder)) as database:
            database.execute(f"PRAGMA busy_timeout = {int(1000 * _WAIT_S)}")
            # At once: what others add between two tables would be of an encoder that is gone.
            database.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                database.execute(f"DELETE FROM {table}")
            database.execute("COMMIT")
            for schema in ("main", "thumbs"):
                database.execute(f"VACUUM {schema}")
                database.execute(f"PRAGMA {schema}.wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise EngineError(
            say("Could not empty the cache {path}: {reason}.", path=folder, reason=error)
        ) from error


def _copy(path: Path, place: Path) -> Iterator[int]:
    """Copy a file, telling the bytes of each stretch."""
    part = place.with_name(place.name + _PART)
    with path.open("rb") as source, part.open("wb") as out:
        while chunk := source.read(_CHUNK_BYTES):
            out.write(chunk)
            yield len(chunk)
    os.replace(part, place)


def _files(folder: Path, patterns: tuple[str, ...] = _PATTERNS) -> list[Path]:
    with contextlib.suppress(OSError):
        found = {path for pattern in patterns for path in folder.glob(pattern)}
        return sorted(path for path in found if path.is_file() and not path.is_symlink())
    return []


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("delete"))) from error


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
