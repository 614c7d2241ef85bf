"""The project as a file: checked before it is opened, copied where it is read-only.

Nothing here knows what an image or a class is, save where a folder is recognised by its images.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import re
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from engine.errors import (
    DamagedProjectError,
    NewerProjectError,
    ProjectError,
    ReadOnlyProjectError,
    sentence_for,
)
from engine.files import exchange, sync_folder
from engine.project_backups import (
    SUFFIX,
    marked_stem,
    short_stem,
)
from engine.project_connection import connect_to_read
from engine.project_schema import APPLICATION_ID, FORMAT_VERSION
from engine.project_strangers import check_statements, check_values
from engine.words import say

MAX_PATH_BYTES: Final = 500  # SQLite opens no file whose path is longer than 512 with "-journal".
_HEADER_BYTES: Final = 100  # Of every SQLite file.
_N_SAMPLES: Final = 200  # Images that a folder is recognised by.
_MAX_READ: Final = 5  # Of those, how many are read where only the time differs.
_QUARTER_NS: Final = 15 * 60 * 10**9
_SIGNS_OF_DAMAGE: Final = ("malformed", "not a database", "UTF-8", "utf-8", "datatype mismatch")
CHECKED_AT_ONCE_BYTES: Final = 32_000_000  # 0.1 s; larger ones are checked beside the work.
_LEAST_ROOM_BYTES: Final = 1 << 16  # A page for the log and what it is shared by.
_LOGS: Final = ("-wal", "-shm", "-journal")  # What SQLite keeps beside a file.

# As ``project_place`` and ``project_copies`` name them.
_KEPT_BESIDE: Final = re.compile(r"(.*) (?:kept|before taking back) \d+", re.DOTALL)

_log = logging.getLogger(__name__)

FileNumber = tuple[int, int]  # Device and file, by which the system tells files apart.
_open_here: Counter[FileNumber] = Counter()
_counting: Final = threading.RLock()  # The garbage collector may be in between.


def note_open(path: Path) -> FileNumber | None:
    """This program has a project's file open from now on; :func:`note_closed` takes the result.

    Whoever closes a file lets go of all locks that the program has on it (POSIX), SQLite's too;
    the next program to close it would then take itself for the last one, and delete the log that
    labels are being written to. So nobody here may open it but SQLite, which knows of that.
    """
    number = number_of(path)
    if number is not None:
        with _counting:
            _open_here[number] += 1
    return number


def note_closed(number: FileNumber | None) -> None:
    """Once less; see :func:`note_open`."""
    if number is not None:
        with _counting:
            _open_here[number] -= 1
            if not _open_here[number]:
                del _open_here[number]


def number_of(path: Path) -> FileNumber | None:
    """Which file has a name now; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def project_path_for(folder: Path) -> Path:
    """Where a folder's project lies when the folder can be written."""
    folder = folder.resolve()
    return folder / f"{short_stem(folder.name)}{SUFFIX}"


def projects_in(folder: Path) -> list[Path]:
    """The project files in a folder, but for those that Handful has kept beside one."""
    try:
        found = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    except OSError:
        return []
    stems = {path.stem for path in found}

    def is_own(path: Path) -> bool:
        kept = _KEPT_BESIDE.fullmatch(path.stem)
        return kept is None or kept[1] not in stems

    return [path for path in found if is_own(path)]


def only_project_in(folder: Path) -> Path | None:
    """The project file in a folder where there is exactly one."""
    found = projects_in(folder)
    return found[0] if len(found) == 1 else None


def find_folder(connection: sqlite3.Connection, home: Path) -> Path:
    """Where the images of a project lie, for a project file in ``home``."""
    settings = dict(connection.execute("SELECT key, value FROM settings"))
    absolute = Path(settings.get("folder") or home)
    if not settings.get("folder_relative"):
        return absolute
    beside: Path = (home / settings["folder_relative"]).resolve()
    if beside == absolute or not beside.is_dir():
        return absolute
    # The project and its images were moved or copied together, and then the relative place rules;
    # but a project that was moved or copied alone finds none of its images there.
    names = [name for name, _, _ in _sample(connection)]
    is_alone = bool(names) and not any(os.path.exists(beside / name) for name in names)
    return absolute if is_alone else beside


def has_known_images(connection: sqlite3.Connection, folder: Path) -> bool:
    """Whether ``folder`` has an image of a name that the project knows, if it knows any."""
    names = [name for name, _, _ in _sample(connection)]
    return not names or any(os.path.exists(folder / name) for name in names)


def kept_elsewhere(folder: Path, fallback_folder: Path) -> Path:
    """Where the project of a folder lies that cannot be written itself; it may not exist yet.

    Two memory cards are one folder, one after the other: a project kept there for other images
    than those in the folder now is left alone, and the next number is taken.
    """
    return next(
        path
        for path in fallback_paths(folder, fallback_folder)
        if not os.path.exists(path) or _fits(path, folder)
    )


def check_images(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a project kept elsewhere whose folder now holds other images of the same names."""
    folder = find_folder(connection, path.parent)
    known = _sample(connection)
    if any(os.path.exists(folder / name) for name, _, _ in known) and not _has_same_files(
        connection, folder
    ):
        raise ProjectError(
            say(
                "The images in {folder} have the names, but not the content, of those that {path} "
                "was made for (another memory card?); open the folder itself instead.",
                folder=folder,
                path=path,
            )
        )


def check_header(path: Path) -> None:
    """Refuse what is no project before SQLite may touch it."""
    try:
        with _counting:
            if number_of(path) in _open_here:
                return  # It was looked at when it was opened, and must not be closed now.
            with path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise ProjectError(sentence_for(error, path, say("read"))) from error
    if header[:16] != b"SQLite format 3\0" or len(header) < _HEADER_BYTES:
        reason = say("it is empty") if not header else say("it does not begin as one")
        raise DamagedProjectError(
            say(
                "{path} is not a Handful project, or it is damaged ({reason}); it was left as "
                "it is.",
                path=path,
                reason=reason,
            ),
            path,
        )
    # Looked at before SQLite may touch the file, which could be anybody's (the offsets are from
    # https://www.sqlite.org/fileformat.html, section 1.3).
    _check_kind(path, int.from_bytes(header[68:72]), int.from_bytes(header[60:64]))


def _check_kind(path: Path, application: int, version: int) -> None:
    if application != APPLICATION_ID or version < 1:
        raise ProjectError(say("{path} is not a Handful project.", path=path))
    if version > FORMAT_VERSION:
        raise NewerProjectError(
            say(
                "{path} was written by a newer Handful (format {version}; this one reads up to "
                "{newest}); install the newer version to open it.",
                path=path,
                version=version,
                newest=FORMAT_VERSION,
            )
        )


def check_whole(connection: sqlite3.Connection, path: Path, *, is_thorough: bool = False) -> None:
    """Refuse a file that is damaged, or is not as Handful makes them.

    Args:
        is_thorough: compare indexes with their tables, too: four times as long.
    """
    check_kind(connection, path)
    check = "integrity_check" if is_thorough else "quick_check"
    result = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if result != "ok":
        reason = " ".join(result.replace("*** in database main ***", "").split())
        raise DamagedProjectError(
            say(
                "{path} is damaged ({reason}); it was left as it is, and nothing was written "
                "to it.",
                path=path,
                reason=reason,
            ),
            path,
        )
    check_values(connection, path)


def check_kind(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse another program's file, a newer Handful's, and what no Handful makes."""
    # Once more than check_header: with what the write-ahead log may hold.
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    _check_kind(path, application, version)
    # Before anything is asked of the tables: what is asked for runs what they were made of.
    check_statements(connection, path)


def project_error(
    error: sqlite3.Error | UnicodeDecodeError, path: Path, doing: str
) -> ProjectError:
    text = str(error)
    if "full" in text or ("I/O" in text and _is_full(path.parent)):
        return ProjectError(
            say(
                "Could not {doing} {path}: the disk is full; make room, and the change can be made "
                "again. Nothing saved before is lost.",
                doing=doing,
                path=path,
            )
        )
    if "readonly" in text:
        return ReadOnlyProjectError(
            say("Could not {doing} {path}: it is read-only.", doing=doing, path=path)
        )
    if "locked" in text:
        return ProjectError(
            say("Could not {doing} {path}: another program is using it.", doing=doing, path=path)
        )
    if "too big" in text:
        return DamagedProjectError(
            say(
                "{path} was not opened: it has a value that is larger than any of a project.",
                path=path,
            ),
            path,
        )
    if any(word in text for word in _SIGNS_OF_DAMAGE):
        return DamagedProjectError(
            say("{path} is damaged ({text}); it was left as it is.", path=path, text=text), path
        )
    return ProjectError(say("Could not {doing} {path}: {text}.", doing=doing, path=path, text=text))


def _is_full(folder: Path) -> bool:
    """SQLite calls it an input or output error where its shared memory finds no room."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM_BYTES
    except OSError:
        return False


def is_used(connection: sqlite3.Connection) -> bool:
    """Whether anything was ever found or done in a project."""
    (found,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM images) OR EXISTS (SELECT 1 FROM classes) "
        "OR EXISTS (SELECT 1 FROM journal)"
    ).fetchone()
    return bool(found)


def remove_if_untouched(connection: sqlite3.Connection, path: Path) -> None:
    """Close a project, and delete its file where nothing was ever found or done in it."""
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        # To leave WAL takes having the file alone: another window may be at work in it.
        is_alone = (
            mode == "wal"
            and connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete"
        )
        is_in_use = is_used(connection)
        connection.close()
        if is_alone and not is_in_use:
            path.unlink()
    except (sqlite3.Error, OSError):
        _log.info("left %s where it is", path, exc_info=True)
    finally:
        connection.close()


def is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def folder_settings(folder: Path, project: Path) -> list[tuple[str, str]]:
    absolute, relative = str(folder.resolve()), _relative_folder(folder, project)
    if not _is_text(relative):
        shown = os.fsencode(absolute).decode(errors="replace")
        raise ProjectError(
            say("The folder {shown} has a name that is not UTF-8; please rename it.", shown=shown)
        )
    return [("folder", absolute if _is_text(absolute) else ""), ("folder_relative", relative)]


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # Bytes that are no UTF-8; SQLite stores text only.
        return False
    return True


def _relative_folder(folder: Path, project: Path) -> str:
    try:
        return os.path.relpath(folder.resolve(), project.resolve().parent)
    except ValueError:  # Another drive on Windows.
        return ""


def put_in_place(made: Path, path: Path) -> Path | None:
    """Give a new file the name of a damaged one, which gets another with what lies beside it.

    At no moment is there nothing of that name: a folder without its project would be given a new
    one. Where that fails all is as it was.

    Returns:
        Where the damaged file is; None where there was none.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = _name_aside(path)
    moved = _move_logs(path, aside)
    has_two_names = is_there = False
    try:
        is_there = path.exists()
        if is_there:
            try:
                os.link(path, aside)
                has_two_names = True
            except OSError:  # A disk without links.
                if exchange(made, path):
                    try:
                        made.replace(aside)
                    except OSError:
                        exchange(made, path)
                        raise
                else:
                    path.replace(aside)
                    made.replace(path)
        if has_two_names or not is_there:
            made.replace(path)
    except OSError:
        with suppress(OSError):
            if has_two_names:
                aside.unlink()
            elif is_there and not path.exists():
                aside.replace(path)
            for before, now in moved:
                now.replace(before)
        raise
    sync_folder(path.parent)
    return aside if is_there else None


def move_logs(path: Path) -> list[Path]:
    """Give a log that lies beside no file of its own another name; return those that are new.

    Raises OSError.
    """
    return [now for _, now in _move_logs(path, _name_aside(path))]


def _name_aside(path: Path) -> Path:
    # Not one that ends as projects do: a folder with two is nobody's.
    return next(
        name
        for number in itertools.count(1)
        if not os.path.exists(name := path.with_name(f"{path.name}.damaged-{number}"))
    )


def _move_logs(path: Path, aside: Path) -> list[tuple[Path, Path]]:
    """Before the file itself: the new one would take the log for its own."""
    moved = []
    for suffix in _LOGS:
        beside = Path(f"{path}{suffix}")
        if beside.exists():
            beside.replace(f"{aside}{suffix}")
            moved.append((beside, Path(f"{aside}{suffix}")))
    return moved


def fallback_paths(original: Path, fallback_folder: Path) -> Iterator[Path]:
    """Where what belongs to a read-only folder or project may lie, one name after the other."""
    for number in itertools.count(1):
        tail = "" if number == 1 else f"-{number}"
        yield fallback_folder / f"{marked_stem(original)}{tail}{SUFFIX}"


def _sample(connection: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Name, size in bytes and time of some images from the whole of a project, found ones first."""
    (count,) = connection.execute("SELECT count(*) FROM images").fetchone()
    return connection.execute(
        "SELECT name, size_bytes, modified_ns FROM images WHERE image_id % ?1 = 0 "
        "ORDER BY missing, image_id LIMIT ?2",
        (max(1, count // _N_SAMPLES), _N_SAMPLES),
    ).fetchall()


def _fits(path: Path, folder: Path) -> bool:
    """Whether a project was made for the images that are in ``folder`` now."""
    try:
        with closing(connect_to_read(path)) as connection:
            known = _sample(connection)
            return not known or _has_same_files(connection, folder)
    except sqlite3.Error:
        return True  # Opening it says what is wrong with it.


def _has_same_files(connection: sqlite3.Connection, folder: Path) -> bool:
    n_read = 0
    for name, size_bytes, modified_ns in _sample(connection):
        path = folder / PurePosixPath(name)
        try:
            status = path.stat()
            if status.st_size != size_bytes:
                continue
            # Memory cards keep local time: a file is hours older or newer after a journey.
            if (status.st_mtime_ns - modified_ns) % _QUARTER_NS == 0:
                return True
            (content,) = connection.execute(
                "SELECT content FROM images WHERE name = ?", (name,)
            ).fetchone()
            if content is not None and n_read < _MAX_READ:
                n_read += 1
                digest = hashlib.blake2b(path.read_bytes(), digest_size=len(content)).digest()
                if digest == content:  # Copied anew, without its time.
                    return True
        except (OSError, ValueError):
            continue
    return False
