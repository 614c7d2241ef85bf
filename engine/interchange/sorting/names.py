"""Names of folders and files that every system takes and that never collide."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

UNSURE: Final = "_unsure"
NONE: Final = "_none_of_these"
"""The folders of images that are in no class; :func:`folder_names` gives no class such a name."""

_MAX_FOLDER_BYTES: Final = 120  # Windows takes 260 letters for a whole path.
_MAX_NAME_BYTES: Final = 255
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
_DRIVE: Final = re.compile("[A-Za-z]:")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)", re.I)


def folder_names(class_names: Sequence[str]) -> dict[str, str]:
    """A folder's name for each class: its own wherever every system takes that.

    No two are alike, not by case alone either, and none is UNSURE or NONE.
    """
    made: dict[str, str] = {}
    taken = {name_key(UNSURE), name_key(NONE)}
    # Those that keep their names come first, so that no other class can take one away.
    for name in sorted(class_names, key=lambda name: safe_folder_name(name) != name):
        plain = safe_folder_name(name)
        folder, length = plain, 6
        while name_key(folder) in taken:
            folder = f"{plain}-{digest_of(name, length)}"
            length += 2
        taken.add(name_key(folder))
        made[name] = folder
    return {name: made[name] for name in class_names}


def safe_folder_name(name: str) -> str:
    """A class's name as a folder that Windows, macOS and Linux all take, and that none hides."""
    kept = "".join(
        "_" if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter
        for letter in unicodedata.normalize("NFC", name)
        if unicodedata.category(letter) != "Cf"  # Marks that turn the direction of reading.
    )
    kept = _FORBIDDEN.sub("_", kept).strip()
    if kept.startswith("."):
        kept = f"_{kept[1:]}"
    kept = _cut(kept, _MAX_FOLDER_BYTES).rstrip(". ")
    found = _RESERVED.match(kept)
    if found:
        kept = f"{found[0]}_{kept[found.end() :]}"
    return kept or "_"


def inner_path(name: str) -> PurePosixPath:
    """An image's name as a path below a folder: without drive, root and ways up."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        parts[0] = parts[0][0]
    return PurePosixPath(*parts or ["_"])


def with_suffix_of(path: PurePosixPath, name: str, length: int = 6) -> PurePosixPath:
    """A path whose file has some digits more, which follow from ``name`` alone."""
    ending = f"-{digest_of(name, length)}{path.suffix}"
    return path.with_name(_cut(path.stem, _MAX_NAME_BYTES - len(ending.encode())) + ending)


def name_key(name: str) -> str:
    """The same for names that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def digest_of(name: str, length: int) -> str:
    """That many digits that tell one name from another."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _cut(text: str, n_bytes: int) -> str:
    return text.encode("utf-8", "surrogatepass")[:n_bytes].decode("utf-8", "ignore")
