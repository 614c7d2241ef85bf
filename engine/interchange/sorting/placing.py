"""One file put where it belongs, or taken back; nothing else is ever written over or removed.

What was under way when the program was killed is told from the files themselves: a name appears
only when the whole file has it, except where the file system has no hard links.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO, Final

from engine.errors import ExportError, sentence_for
from engine.messages import Placement, SortHow
from engine.words import Sentence, say

_READ_BYTES: Final = 1 << 20
_DIGEST_BYTES: Final = 16
_NO_LINKS: Final = (
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EMLINK,
    errno.ENOSYS,
    errno.EINVAL,
)
FATAL: Final = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
"""What holds for all files that would come after, too."""
_COARSE_TIME_NS: Final = 2 * 10**9  # What FAT keeps of a file's time.


class LeftAloneError(Exception):
    """A file was left as it is; the argument is a sentence that says why."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(why)
        self.why = why


class StillTwiceError(Exception):
    """A file that was to be moved is at both places, and neither can be removed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


def put(item: Placement, how: SortHow, target: Path, temporary: Path, *, was_begun: bool) -> str:
    """Put a file at its place below ``target``, whose folders are there.

    Args:
        temporary: a name in the target folder that is its own, where an earlier try may have left
            a copy.
        was_begun: it may have been under way when the program ended.

    Returns:
        The hash of the bytes, where they were copied; else nothing.

    Raises:
        LeftAloneError: source or place are not as they were planned.
        OSError: the system refused it, and nothing of it is at the place.
        StillTwiceError: a move was refused half-way, and what it had done could not be undone.
    """
    place = target / item.target
    if was_begun and how is SortHow.MOVE:
        _end_a_copy(item, item.source, place, temporary)
    if was_begun and os.path.lexists(place):
        found = _end_what_was_begun(item, how, place)
        if found is not None:
            return found
    if os.path.lexists(place):
        raise LeftAloneError(say("there is something else of that name in the folder by now"))
    if not is_as_planned(item.source, item):
        if not os.path.lexists(item.source):
            raise LeftAloneError(say("it is not there any more"))
        raise LeftAloneError(say("it was changed after this was planned"))
    match how:
        case SortHow.LINK:
            os.link(os.path.realpath(item.source), place)
            return ""
        case SortHow.COPY:
            return _copy(item, place, temporary)
        case SortHow.MOVE:
            return _move(item, place, temporary)


def take_back(
    item: Placement,
    how: SortHow,
    target: Path,
    digest: str,
    mark: str,
    *,
    is_sure: bool,
    was_begun: bool,
) -> bool:
    """Undo :func:`put`; nothing where it was undone already.

    Args:
        digest: what :func:`put` returned.
        mark: the name of its temporary files, which may be left over from before.
        is_sure: it was put there to its end; else it may have been under way then.
        was_begun: taking it back may have been under way when the program ended.

    Returns:
        Whether it was edited meanwhile: a moved file goes back as it is.

    Raises:
        LeftAloneError: what is there is not what was put there, or is the only one by now.
        OSError: the system refused it.
    """
    place = target / item.target
    if how is SortHow.MOVE:
        if not is_sure:
            _end_a_copy(item, item.source, place, target / mark)
        return _move_back(item, place, digest, mark, is_sure=is_sure, was_begun=was_begun)
    if not os.path.lexists(place):
        return False
    if how is SortHow.LINK:
        if not os.path.lexists(item.source) or not place.samefile(item.source):
            raise LeftAloneError(
                say("it and the original are two files by now, so it may be the only one")
            )
    else:
        if not _is_ours(place, item, digest) or (digest and digest_of_file(place) != digest):
            raise LeftAloneError(
                say("it was edited since: undo that first (keywords, too), or keep it")
            )
        if not is_as_planned(item.source, item):
            raise LeftAloneError(say("its original is gone or was changed, so it is the only one"))
    _unlink(place)
    return False


def sync_path(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    with contextlib.suppress(OSError):  # Not every system lets folders, or read-only files, be.
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_temporary(item: Placement, target: Path, mark: str) -> None:
    """Remove what a copy that was broken off has left, unless it may be the only one."""
    here, there = item.source, target / item.target
    for part in (target / mark, here.parent / mark):
        with contextlib.suppress(OSError):
            if any(
                is_alike(path, item) or (path.exists() and part.samefile(path))
                for path in (here, there)
            ):
                part.unlink()


def is_as_planned(path: Path, item: Placement) -> bool:
    """Whether a file has the size and the time that it had when this was planned."""
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (item.size_bytes, item.modified_ns)


def is_alike(path: Path, item: Placement) -> bool:
    """The same of a copy, whose disk may keep times less exactly; of no link."""
    try:
        status = path.lstat()
    except OSError:
        return False
    is_same_time = abs(status.st_mtime_ns - item.modified_ns) <= _COARSE_TIME_NS
    return stat.S_ISREG(status.st_mode) and status.st_size == item.size_bytes and is_same_time


def digest_of_file(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def check_links(item: Placement, temporary: Path) -> None:
    """Raise ExportError where the target's file system has no hard links, or takes none now."""
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        os.link(os.path.realpath(item.source), temporary)
        temporary.unlink()
    except OSError as error:
        if error.errno in (errno.EXDEV, *_NO_LINKS):
            raise ExportError(
                say(
                    "Hard links from {source} to {target} are not possible on these disks; copy "
                    "the images instead.",
                    source=item.source.parent,
                    target=temporary.parent,
                )
            ) from error
        if error.errno != errno.ENOENT:
            raise ExportError(sentence_for(error, temporary, say("write"))) from error


# --- Forth ---------------------------------------------------------------------------------------


def _copy(item: Placement, place: Path, temporary: Path, *, is_durable: bool = False) -> str:
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        digest = _copied(item, temporary, is_durable=is_durable)
        _name(temporary, place)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return digest


def _copied(item: Placement, out: Path, *, is_durable: bool) -> str:
    """Copy bytes, times and rights; the copy is read once more and compared."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with item.source.open("rb") as source, out.open("xb") as copy:
        _pump(source, copy, digest)
        copy.flush()
        with contextlib.suppress(OSError):  # Rights that the other disk does not know.
            shutil.copystat(item.source, out)
        os.utime(out, ns=(item.modified_ns, item.modified_ns))
        if is_durable:
            os.fsync(copy.fileno())
    if digest_of_file(out) != digest.hexdigest():
        raise LeftAloneError(say("its copy did not read back as it was written"))
    if not is_as_planned(item.source, item):
        raise LeftAloneError(say("it was changed while it was copied"))
    return digest.hexdigest()


def _pump(source: BinaryIO, copy: BinaryIO, digest: hashlib.blake2b) -> None:
    while block := source.read(_READ_BYTES):
        digest.update(block)
        copy.write(block)


def _move(item: Placement, place: Path, temporary: Path) -> str:
    try:
        _name(item.source, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        digest = _copy(item, place, temporary, is_durable=True)
        _sync_name(place)
        _part_with(item.source, place)
        return digest
    return ""


def _sync_name(path: Path) -> None:
    """Bring a new name to the disk, before the only other file of these bytes goes."""
    sync_path(path.parent)
    sync_path(path.parent.parent)  # The folder may be new as well.


def _part_with(path: Path, place: Path) -> None:
    """Remove a file that is at ``place`` as well; where that is refused, it stays as it was."""
    try:
        _unlink(path)
    except OSError as error:
        try:
            _unlink(place)
        except OSError:
            raise StillTwiceError(error) from error
        raise


def _end_a_copy(item: Placement, source: Path, place: Path, temporary: Path) -> None:
    """Give a whole copy its name where it is the only one that is left, after a power cut."""
    if os.path.lexists(source) or os.path.lexists(place) or not is_alike(temporary, item):
        return
    _name(temporary, place)
    _sync_name(place)


def _name(path: Path, place: Path) -> None:
    """Give a file another name on the same disk; never one that is in use."""
    try:
        os.link(path, place, follow_symlinks=False)
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        if os.name == "nt":
            os.rename(path, place)  # Which never replaces there.
            return
        # An empty file of that name is ours then, and may be replaced.
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            path.replace(place)
        except BaseException:
            place.unlink()
            raise
        return
    _part_with(path, place)


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except PermissionError:
        if os.name != "nt":
            raise
        path.chmod(0o600)  # Windows deletes no read-only file.
        path.unlink()


def _end_what_was_begun(item: Placement, how: SortHow, place: Path) -> str | None:
    """End what was under way; None where it is to be done from the start, or is not ours."""
    source = item.source
    if how is SortHow.LINK:
        return "" if os.path.lexists(source) and place.samefile(source) else None
    if not os.path.lexists(source):
        if how is SortHow.MOVE and is_alike(place, item):
            return ""
        return None
    if how is SortHow.MOVE and place.samefile(source):
        _part_with(source, place)
        return ""
    if place.is_symlink() or not place.is_file():
        return None
    if place.stat().st_size == 0 and item.size_bytes:
        place.unlink()  # Where there are no links, the name is taken before the file gets it.
        return None
    digest = digest_of_file(place)
    if is_as_planned(source, item) and digest_of_file(source) == digest:
        if how is SortHow.MOVE:
            sync_path(place)
            _sync_name(place)
            _part_with(source, place)
        return digest
    is_there = is_as_planned(source, item)
    if is_there and how is SortHow.COPY and place.stat().st_mtime_ns == item.modified_ns:
        place.unlink()  # Ours by its time, but the power went before its bytes were on the disk.
    return None


# --- Back ----------------------------------------------------------------------------------------


def _move_back(
    item: Placement, place: Path, digest: str, mark: str, *, is_sure: bool, was_begun: bool
) -> bool:
    source = item.source
    temporary = source.parent / mark
    if was_begun:
        _end_a_copy(item, place, source, temporary)
    if not os.path.lexists(place):
        if os.path.lexists(source):
            return False  # It was interrupted here, or the person has put it back.
        raise LeftAloneError(say("it is not where it was put, nor where it came from"))
    if os.path.lexists(source) and not source.is_symlink():
        if place.samefile(source):
            _unlink(place)  # Interrupted between the two names.
            return False
        if was_begun and source.is_file() and source.stat().st_size == 0 and item.size_bytes:
            source.unlink()
        elif _is_same_bytes(source, place):
            # Interrupted, forth or back, between a copy to another disk and the removal.
            sync_path(source)
            _sync_name(source)
            _unlink(place)
            return False
    if os.path.lexists(source):
        raise LeftAloneError(say("there is another file where it came from"))
    is_edited = not (_is_ours(place, item, digest) or is_alike(place, item))
    if place.is_symlink() or not place.is_file() or (is_edited and not is_sure):
        raise LeftAloneError(say("there is something else where it was put"))
    source.parent.mkdir(parents=True, exist_ok=True)
    status = place.stat()
    as_it_is = Placement(place, "", status.st_size, status.st_mtime_ns)
    _move(as_it_is, source, temporary)
    if not is_edited and status.st_mtime_ns != item.modified_ns:  # Of a disk with coarse times.
        os.utime(source, ns=(status.st_atime_ns, item.modified_ns))
    return is_edited


def _is_same_bytes(one: Path, other: Path) -> bool:
    if other.is_symlink() or not (one.is_file() and other.is_file()):
        return False
    return digest_of_file(one) == digest_of_file(other)


def _is_ours(place: Path, item: Placement, digest: str) -> bool:
    """Whether a file is what was put there."""
    if place.is_symlink() or not place.is_file():
        return False
    if is_as_planned(place, item):
        return True
    same_size = place.stat().st_size == item.size_bytes
    return bool(digest) and same_size and digest_of_file(place) == digest
