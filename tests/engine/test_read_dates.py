"""When pictures were taken: from EXIF, through the cache, to those that older caches know."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import decode_image, read_date
from engine.jobs.embedding import embed_images, read_dates
from engine.jobs.workspace import Workspace
from engine.messages import (
    NO_DATE,
    DatesRead,
    EmbedImages,
    ImageId,
    ImageRef,
    ImagesEmbedded,
    ReadDates,
)
from tests.engine.conftest import CountingBackend
from tests.engine.painted import paint, refs

OpenWorkspace = Callable[..., tuple[Workspace, CountingBackend]]
_TAKEN = ExifTags.Base.DateTimeOriginal
MAY = int(datetime(2023, 5, 12, 14, 3, 9, tzinfo=UTC).timestamp())


def encoded(
    text: str | None, kind: str = "JPEG", tag: int = ExifTags.Base.DateTimeOriginal
) -> bytes:
    """A picture with that date in its EXIF."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Painter"
    if text is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[tag] = text
        exif[ExifTags.IFD.Exif] = {tag: text}  # Only so is it written into a TIFF, too.
    buffer = io.BytesIO()
    paint("dots", seed=1).save(buffer, kind, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("text", "taken_s"),
    [
        ("2023:05:12 14:03:09", MAY),
        ("2023:05:12 14:03:09\0", MAY),
        ("2023:05:12 14:03:09.25", MAY),
        ("1969:12:31 23:59:59", -1),
        ("0000:00:00 00:00:00", NO_DATE),
        ("    :  :     :  :  ", NO_DATE),
        ("yesterday", NO_DATE),
        ("2023:13:41 99:00:00", NO_DATE),
        (None, NO_DATE),
    ],
)
def test_what_the_camera_wrote_is_read_with_and_without_pixels(
    text: str | None, taken_s: int, tmp_path: Path
) -> None:
    content = encoded(text)
    assert decode_image(content).taken_s == taken_s
    (tmp_path / "a.jpg").write_bytes(content)
    assert read_date(tmp_path / "a.jpg") == taken_s


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_other_formats_tell_it_too(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(encoded("2023:05:12 14:03:09", kind))
    assert decode_image((tmp_path / "a").read_bytes()).taken_s == MAY
    assert read_date(tmp_path / "a") == MAY


def test_the_date_of_scanning_will_do_where_there_is_no_other() -> None:
    content = encoded("2023:05:12 14:03:09", tag=ExifTags.Base.DateTimeDigitized)
    assert decode_image(content).taken_s == MAY


def test_a_file_that_is_no_image_or_gone_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"text")
    assert read_date(tmp_path / "a.jpg") == NO_DATE
    assert read_date(tmp_path / "b.jpg") == NO_DATE
    paint("dots").save(tmp_path / "c.png")
    assert read_date(tmp_path / "c.png") == NO_DATE


@pytest.fixture
def images(tmp_path: Path) -> list[ImageRef]:
    """One with a date, one without, one that is no image."""
    paths = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    paths[0].write_bytes(encoded("2023:05:12 14:03:09"))
    paths[1].write_bytes(encoded(None))
    paths[2].write_bytes(b"no image")
    return refs(paths)


def embedded(workspace: Workspace, images: list[ImageRef]) -> dict[ImageId, int | None]:
    """What embedding tells of dates."""
    found: dict[ImageId, int | None] = {}
    for event in embed_images(workspace, EmbedImages(1, tuple(images))):
        if isinstance(event, ImagesEmbedded):
            found.update(zip(event.image_ids, event.taken_s, strict=True))
    return found


def read(workspace: Workspace, images: list[ImageRef]) -> dict[ImageId, int]:
    found: dict[ImageId, int] = {}
    for event in read_dates(workspace, ReadDates(2, tuple(images))):
        if isinstance(event, DatesRead):
            found.update(zip(event.image_ids, event.taken_s, strict=True))
    return found


def test_dates_come_with_the_one_decode_and_stay_in_the_cache(
    images: list[ImageRef], open_workspace: OpenWorkspace
) -> None:
    wanted = {images[0].image_id: MAY, images[1].image_id: NO_DATE}
    assert embedded(open_workspace()[0], images) == wanted
    other, backend = open_workspace()
    assert embedded(other, images) == wanted
    assert backend.count == 0


def test_a_cache_from_before_the_dates_goes_on_and_is_filled_without_decoding(
    tmp_path: Path, images: list[ImageRef], open_workspace: OpenWorkspace
) -> None:
    first, _ = open_workspace()
    embedded(first, images)
    first.close()
    with sqlite3.connect(tmp_path / "cache" / "images-4.sqlite") as connection:
        connection.execute("UPDATE contents SET taken_s = NULL")  # As from before the dates.
    connection.close()
    workspace, backend = open_workspace()
    assert embedded(workspace, images) == {images[0].image_id: None, images[1].image_id: None}
    asked = [*images[:2], ImageRef(ImageId(9), tmp_path / "gone.jpg", "gone.jpg")]
    assert read(workspace, asked) == {images[0].image_id: MAY, images[1].image_id: NO_DATE}
    assert backend.count == 0
    images[0].path.touch()  # Another time: the file is not the cache's any more, its bytes are.
    other, backend = open_workspace()
    assert embedded(other, images)[images[0].image_id] == MAY
    assert backend.count == 0


def test_dates_are_kept_by_content(tmp_path: Path) -> None:
    keys = [FileKey(f"/{name}", 5, 6, 7) for name in "ab"]
    entry = CacheEntry(b"c" * 16, np.zeros(4, np.float16), b"jpeg")
    with ImageCache(tmp_path, "encoder", 4) as cache:
        cache.add(dict.fromkeys(keys, entry))
        assert cache.find(keys[0]).taken_s is None  # type: ignore[union-attr]
        cache.add_dates({entry.content: MAY})
        for key in keys:
            found = cache.find(key)
            assert found is not None
            assert found.taken_s == MAY
        content = cache.find_content(entry.content)
        assert content is not None
        assert content.taken_s == MAY
