"""``handful cache``: where the cache is, how large it is and may be; emptying it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from engine.cache import cache_size, cache_worth, clean_cache, limited_size, shrink_cache
from engine.cache_limit import SMALLEST_LIMIT_BYTES, keep_limit, kept_limit, limit_in_force
from engine.cli.options import JsonOption, UsageError
from engine.terminal import print_json, print_list, run, tell
from engine.words import size_words
from engine.worker import default_cache_folder

_AUTO: Final = "auto"
_UNITS: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?([MGT]B)", re.ASCII | re.IGNORECASE)


def cache(
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            help="How large embeddings and thumbnails may become, as 20GB; above it, what was used "
            "longest ago goes first, at once. “auto” is as much as suits the disk.",
            metavar="SIZE",
        ),
    ] = None,
    empty: Annotated[
        bool,
        typer.Option(
            "--empty",
            "--clean",
            help="Take everything out of it, also what fine-tuning has finished.",
            metavar="",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the cache's place and size, limit it or empty it.

    What was read of images is kept there, so that none is read twice; all of it can be made again.
    Labels, projects and encoders that were added lie elsewhere. Programs that have it open go on.
    The window's is the same unless its settings moved that; on Linux XDG_CACHE_HOME moves both.
    """
    limit_bytes = None if limit is None else _size_of(limit)
    folder = default_cache_folder()
    before, worth = cache_size(folder), cache_worth(folder)
    summary: dict[str, Any] = {"folder": str(folder), "before_bytes": before}
    if limit is not None:
        keep_limit(folder, limit_bytes)
    if empty:
        run(clean_cache(folder))
        now = size_words(cache_size(folder))
        tell(f"The cache was emptied: {size_words(before)} before, {now} now.")
        if worth.n_images:
            images = "1 image is" if worth.n_images == 1 else f"{worth.n_images} images are"
            tell(f"{images} read anew when they are needed next.")
        if worth.has_trainings:
            tell("What fine-tuning had finished is gone with it; it would begin anew.")
    elif limit is not None:
        _shrink(folder)
    summary |= _described(folder)
    if as_json:
        for line in _lines(summary):
            tell(line)
        print_json(summary)
    else:
        print_list(_lines(summary))


def _size_of(text: str) -> int | None:
    """A limit in bytes; None: what suits the disk. Raises UsageError."""
    if text.lower() == _AUTO:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--limit takes a size such as 20GB or 500MB, or auto, not {text!r}.")
    number, unit = found.groups()
    size_bytes = int(float(number) * _UNITS[unit.upper()])
    if size_bytes < SMALLEST_LIMIT_BYTES:
        least = SMALLEST_LIMIT_BYTES // _UNITS["MB"]
        raise UsageError(f"--limit must be at least {least}MB, not {text}.")
    return size_bytes


def _shrink(folder: Path) -> None:
    """Bring it within its limit, and say so where there was anything to do."""
    before = limited_size(folder)
    if before <= limit_in_force(folder, before):
        return
    run(shrink_cache(folder))
    after = limited_size(folder)
    tell(f"The cache was made smaller: {size_words(before)} before, {size_words(after)} now.")
    if after > limit_in_force(folder, after):
        tell("More cannot go while another program writes to it; that keeps to the limit itself.")


def _described(folder: Path) -> dict[str, Any]:
    worth = cache_worth(folder)
    images_bytes = limited_size(folder)
    return {
        "size_bytes": cache_size(folder),
        "images_bytes": images_bytes,
        "n_images": worth.n_images,
        "has_trainings": worth.has_trainings,
        "limit_bytes": kept_limit(folder),
        "limit_in_force_bytes": limit_in_force(folder, images_bytes),
    }


def _lines(summary: dict[str, Any]) -> list[str]:
    images = "none yet"
    if count := summary["n_images"]:
        images = f"{size_words(summary['images_bytes'])}: embeddings and thumbnails of "
        images += "1 image" if count == 1 else f"{count} images"
    chosen, force = summary["limit_bytes"], size_words(summary["limit_in_force_bytes"])
    limit = f"{force}, as much as suits the disk"
    if chosen is not None:
        limit = f"{size_words(chosen)}, as chosen"
        if summary["limit_in_force_bytes"] < chosen:
            limit += f"; the disk has room for {force}"
    lines = [
        f"Place        {summary['folder']}",
        f"Size         {size_words(summary['size_bytes'])}",
        f"Images       {images}",
        f"Limit        {limit}; of embeddings and thumbnails",
    ]
    if others := summary["size_bytes"] - summary["images_bytes"]:
        kinds = "networks made ready to run"
        kinds += ", what fine-tuning has finished" if summary["has_trainings"] else ""
        lines.insert(3, f"Others       {size_words(others)}: {kinds}")
    return lines
