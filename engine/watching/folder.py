"""Which images have come to a folder, and are whole.

The folder is looked at again and again, since that works everywhere: a network drive tells nobody
that another computer has written to it, the systems' notifications are bounded (watches on Linux, a
buffer on Windows) and lose what happens while the program is not running, so that the walk would be
needed beside them in any case. A look is cheap: a folder whose own time of modification is as it
was has no new name in it, so one question a folder is enough. Every so often all files are asked,
for those changed in place and for file systems whose folders do not tell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.images import EXTENSIONS
from engine.messages import FoundFile

LOOK_S: Final = 0.5
SETTLE_S: Final = 1.0
"""A file whose size and time have stayed for so long is whole."""
_WHOLE_LOOK_S: Final = 2.0
_MOST_S: Final = 5.0  # A look that took long may have been the only one.
# Of a core: a look may cost a thirtieth of the time between two, one at all files a fiftieth.
_LOOK_SHARE: Final = 30.0
_WHOLE_LOOK_SHARE: Final = 50.0
# Times of folders are as coarse as 2 s (FAT): after a change one may look unchanged for so long.
_RESTLESS_S: Final = 3.0
_MOST_TRIES: Final = 3
_ENTRIES_BETWEEN_PAUSES: Final = 500
_S: Final = 1_000_000_000

_State = tuple[int, int]  # Bytes and nanoseconds since 1970.


@dataclass(frozen=True, slots=True)
class Look:
    """What has changed since the look before.

    ``arrived``: images that are new or were changed, and are whole, by name; ``gone``: names of
    images that were there; ``is_there``: whether the folder itself is. Where it is not (an
    unplugged disk) nothing counts as gone.
    """

    arrived: tuple[FoundFile, ...] = ()
    gone: tuple[str, ...] = ()
    is_there: bool = True


@dataclass(slots=True)
class _Folder:
    """``files`` by their names in it: how each was when it was told, None while it settles."""

    modified_ns: int = -1
    restless_until_s: float = 0.0
    files: dict[str, _State | None] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Settling:
    state: _State
    since_s: float
    wait_s: float = SETTLE_S


class FolderWatch:
    """A watched folder, one thread's. Hidden files and links to folders are passed over."""

    def __init__(
        self,
        folder: Path,
        *,
        passed_over: Iterable[Path] = (),
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[], None] | None = None,
    ) -> None:
        """Describe it; nothing is looked at yet.

        Args:
            folder: watched with its sub-folders.
            passed_over: sub-folders that are not looked into.
            clock: seconds.
            pause: called now and then during a look, so that a thread can give way.
        """
        self._folder = str(folder)
        self._passed_over = {os.path.abspath(path) for path in passed_over}
        self._clock = clock
        self._pause = pause or (lambda: None)
        self._folders: dict[str, _Folder] = {"": _Folder()}
        self._settling: dict[str, _Settling] = {}
        self._tries: dict[str, tuple[_State, int]] = {}
        self._next_walk_s = self._next_whole_s = float("-inf")
        self._walk_wait_s = LOOK_S

    @property
    def wait_s(self) -> float:
        """How long to wait before the next look, so that watching costs a few percent of a core."""
        return LOOK_S if self._settling else self._walk_wait_s

    @property
    def n_settling(self) -> int:
        """How many images are there that may still be written to."""
        return len(self._settling)

    def know(self, files: Iterable[FoundFile]) -> None:
        """Take these for told already, as long as they are as they were, to the second."""
        for file in files:
            key, _, name = file.name.rpartition("/")
            folder = self._folders.setdefault(key, _Folder())
            folder.files[name] = (file.size_bytes, file.modified_ns)
            while key:  # Its folders are met again on the way from the top.
                key, _, inner = key.rpartition("/")
                self._folders.setdefault(key, _Folder()).folders.add(inner)

    def look(self) -> Look:
        """Look at the folder; where it cannot be read, all is taken to be as it was."""
        began_s = self._clock()
        if not os.path.isdir(self._folder):
            return Look(is_there=False)
        if began_s < self._next_walk_s:  # Only those that settle: they are few.
            return Look(tuple(self._settled(began_s, set())))
        is_whole = began_s >= self._next_whole_s
        fresh: set[str] = set()
        gone: list[str] = []
        pending = [""]
        while pending:
            key = pending.pop()
            try:
                self._look_into(key, began_s, is_whole, fresh, gone)
            except FileNotFoundError:
                if not os.path.isdir(self._folder):  # Unplugged while it was looked at.
                    return Look(is_there=False)
                gone += self._drop(key)
                continue
            except OSError:
                pass  # It may be readable again at the next look.
            folder = self._folders.setdefault(key, _Folder())
            pending += [f"{key}/{name}" if key else name for name in sorted(folder.folders)]
        cost_s = self._clock() - began_s
        arrived = self._settled(began_s, fresh)
        if is_whole:
            self._next_whole_s = began_s + max(_WHOLE_LOOK_S, _WHOLE_LOOK_SHARE * cost_s)
        else:
            self._walk_wait_s = min(max(LOOK_S, _LOOK_SHARE * cost_s), _MOST_S)
        self._next_walk_s = began_s + self._walk_wait_s
        return Look(tuple(arrived), tuple(gone))

    def try_again(self, file: FoundFile) -> bool:
        """Tell an image once more a little later, since it could not be read.

        Returns:
            False where it was tried often enough; it is told again once it changes.
        """
        state = file.size_bytes, file.modified_ns
        tried = self._tries.get(file.name)
        count = tried[1] + 1 if tried is not None and tried[0] == state else 1
        if count > _MOST_TRIES:
            self._tries.pop(file.name, None)
            return False
        self._tries[file.name] = state, count
        key, _, name = file.name.rpartition("/")
        if key in self._folders and name in self._folders[key].files:
            self._folders[key].files[name] = None
            self._settling[file.name] = _Settling(state, self._clock(), float(2**count))
        return True

    def _look_into(
        self, key: str, now_s: float, is_whole: bool, fresh: set[str], gone: list[str]
    ) -> None:
        """Bring what is known of one folder to what is there; raises OSError."""
        path = os.path.join(self._folder, key) if key else self._folder
        modified_ns = os.stat(path).st_mtime_ns
        folder = self._folders.setdefault(key, _Folder())
        if modified_ns != folder.modified_ns:
            folder.restless_until_s = now_s + _RESTLESS_S
        elif not is_whole and now_s > folder.restless_until_s:
            return
        files: set[str] = set()
        folders: set[str] = set()
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries, 1):
                if number % _ENTRIES_BETWEEN_PAUSES == 0:
                    self._pause()
                if not _is_text(entry.name) or entry.name.startswith("."):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if os.path.abspath(entry.path) not in self._passed_over:
                            folders.add(entry.name)
                    elif os.path.splitext(entry.name)[1].lower() in EXTENSIONS:
                        self._meet(key, folder, entry, now_s, is_whole, fresh)
                        files.add(entry.name)
                except OSError:
                    continue  # It vanished between listing and looking, as files do.
        for name in folder.files.keys() - files:
            gone += self._forget(key, folder, name)
        for name in folder.folders - folders:
            gone += self._drop(f"{key}/{name}" if key else name)
        folder.folders = folders
        folder.modified_ns = modified_ns  # Of before the listing: later changes show.

    def _meet(
        self,
        key: str,
        folder: _Folder,
        entry: os.DirEntry[str],
        now_s: float,
        is_whole: bool,
        fresh: set[str],
    ) -> None:
        name = entry.name
        known = folder.files.get(name)
        if name in folder.files and (known is None or not is_whole):
            return  # It settles, or is looked at when all are.
        if not entry.is_file():
            return
        status = entry.stat()
        state = status.st_size, status.st_mtime_ns
        # A file is told a second after its last change, so that the next has another second.
        if known is None or (known[0], known[1] // _S) != (state[0], state[1] // _S):
            folder.files[name] = None
            full_name = f"{key}/{name}" if key else name
            self._settling[full_name] = _Settling(state, now_s)
            fresh.add(full_name)

    def _settled(self, now_s: float, fresh: set[str]) -> list[FoundFile]:
        """Images that have stayed as they are for long enough, in the order of their names."""
        arrived: list[FoundFile] = []
        for number, (full_name, item) in enumerate(list(self._settling.items()), 1):
            if full_name in fresh:
                continue
            if number % _ENTRIES_BETWEEN_PAUSES == 0:
                self._pause()
            key, _, name = full_name.rpartition("/")
            try:
                status = os.stat(os.path.join(self._folder, full_name))
            except FileNotFoundError:
                self._forget(key, self._folders[key], name)
                continue
            except OSError:
                continue
            state = status.st_size, status.st_mtime_ns
            if state != item.state:
                self._settling[full_name] = _Settling(state, now_s)
            elif now_s - item.since_s >= item.wait_s:
                del self._settling[full_name]
                self._folders[key].files[name] = state
                arrived.append(FoundFile(full_name, *state))
        return sorted(arrived, key=lambda file: file.name)

    def _drop(self, key: str) -> Iterator[str]:
        """Forget a folder and all below it; the names of images that were told."""
        folder = self._folders.pop(key, None)
        if folder is None:
            return
        for name in list(folder.files):
            yield from self._forget(key, folder, name)
        for name in folder.folders:
            yield from self._drop(f"{key}/{name}" if key else name)

    def _forget(self, key: str, folder: _Folder, name: str) -> list[str]:
        full_name = f"{key}/{name}" if key else name
        self._settling.pop(full_name, None)
        self._tries.pop(full_name, None)
        return [full_name] if folder.files.pop(name, None) is not None else []


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
