"""Files that are written whole or not at all, and what is left where that was cut short."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LEFTOVER: Final = re.compile(r"\.handful-[0-9a-f]{32}(\..*)?")
_OLD_S: Final = 3600.0
_AT_FDCWD: Final = -100
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS.
_NO_REPLACE: Final = 1  # Of Linux.
_EXCLUSIVE: Final = 4  # Of macOS.


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside ``path``, sync it, rename it; raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # What went wrong is told, and not this after it.
            temporary.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Have new names in a folder on the disk, where the system lets a folder be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def rename_new(source: Path, target: Path) -> None:
    """Give a file a name that nothing has, in one step, so that of two programs one is refused.

    Raises:
        FileExistsError: something has the name; both are as they were.
        OSError: it cannot be renamed.
    """
    names = os.fsencode(source), os.fsencode(target)
    number = errno.ENOSYS
    with contextlib.suppress(AttributeError):  # An older C library.
        if sys.platform == "linux":
            rename = ctypes.CDLL(None, use_errno=True).renameat2
            done = rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _NO_REPLACE)
            number = 0 if done == 0 else ctypes.get_errno()
        elif sys.platform == "darwin":
            done = ctypes.CDLL(None, use_errno=True).renamex_np(*names, _EXCLUSIVE)
            number = 0 if done == 0 else ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):  # A disk that cannot do that.
        _rename_if_free(source, target)
    elif number:
        raise OSError(number, os.strerror(number), str(target))


def _rename_if_free(source: Path, target: Path) -> None:
    if sys.platform != "win32":
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:  # No links there either, so two steps are all there is.
            if os.path.lexists(target):
                number = errno.EEXIST
                raise FileExistsError(number, os.strerror(number), str(target)) from None
        else:
            source.unlink()
            return
    source.rename(target)  # Windows replaces nothing with it.


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders on one disk have each other's names, in one step.

    Returns:
        False, and nothing has changed, where the system or the disk cannot do that.
    """
    names = os.fsencode(one), os.fsencode(other)
    with contextlib.suppress(AttributeError, OSError):  # AttributeError: an older C library.
        if sys.platform == "linux":
            rename = ctypes.CDLL(None).renameat2
            return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
        if sys.platform == "darwin":
            return bool(ctypes.CDLL(None).renamex_np(*names, _EXCHANGE) == 0)
    return False


@contextmanager
def claimed(temporary: Path) -> Iterator[None]:
    """Let other processes see that a temporary file or folder is in use, until this one ends.

    Windows removes nothing that is open, and needs no more.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(temporary, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # On some network shares there are no locks.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def clear_leftovers(folder: Path, older_than_s: float = _OLD_S) -> None:
    """Remove what killed runs left in a folder under temporary names.

    Only what nobody has :func:`claimed`, and only after a while: on a network share another
    computer's claim may not be seen.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as items:
        found = [item for item in items if _LEFTOVER.fullmatch(item.name)]
        for item in found:
            with contextlib.suppress(OSError):
                is_folder = item.is_dir(follow_symlinks=False)
                age_s = time.time() - item.stat(follow_symlinks=False).st_mtime
                if age_s < older_than_s or item.is_symlink() or _is_claimed(item.path):
                    continue
                if is_folder:
                    shutil.rmtree(item.path)
                else:
                    os.unlink(item.path)


def _is_claimed(path: str) -> bool:
    if sys.platform == "win32":
        return os.path.isdir(path)  # A file that is open is not removed there.
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # In use, or nothing can be told there.
        return True
    finally:
        os.close(handle)
    return False
