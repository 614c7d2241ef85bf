"""One file of a run of metadata, replaced whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from engine.errors import ExportError, sentence_for
from engine.images import content_hash
from engine.interchange.metadata.journal import Entry
from engine.interchange.metadata.plan import is_protected
from engine.jobs.files import written_whole
from engine.messages import RewrittenImage
from engine.words import say


def replace_file(
    path: Path, content: bytes | None, entry: Entry, digest: str | None = None
) -> None:
    """Give a file other content, if it still is what was read; raises ExportError.

    An image keeps its times, and so does whatever is restored (``digest`` is given). What is there
    already keeps its owner where the system allows that, and its mode.
    """
    current = content_of(path)
    if ("" if current is None else content_hash(current).hex()) != (
        entry.before if digest is None else digest
    ):
        raise ExportError(
            say("{path} was changed by another program meanwhile; it was left.", path=path)
        )
    if current is not None and is_protected(path):
        reason = say("it is write-protected")
        raise ExportError(say("{path} was left as it is: {reason}.", path=path, reason=reason))
    keeps_times = entry.is_image or digest is not None
    try:
        if content is None:
            path.unlink()
            return
        with written_whole(path) as temporary:
            temporary.write_bytes(content)
            if current is not None:
                _give_to_owner_of(path, temporary)
                shutil.copystat(path, temporary)
                if not keeps_times:
                    os.utime(temporary)
            if keeps_times and entry.before:
                os.utime(temporary, ns=entry.times)
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("write"))) from error


def _give_to_owner_of(path: Path, other: Path) -> None:
    if sys.platform != "win32":
        owned, status = path.stat(), other.stat()
        if (owned.st_uid, owned.st_gid) != (status.st_uid, status.st_gid):
            with contextlib.suppress(OSError):  # Only an administrator may give files away.
                os.chown(other, owned.st_uid, owned.st_gid)


def content_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("read"))) from error


def rewritten(entry: Entry, *, is_undone: bool = False, name: str = "") -> RewrittenImage:
    """What the project is told of an image; ``name``: where it lies elsewhere by now."""
    before, after = bytes.fromhex(entry.before), bytes.fromhex(entry.after)
    return RewrittenImage(name or entry.path, *((after, before) if is_undone else (before, after)))
