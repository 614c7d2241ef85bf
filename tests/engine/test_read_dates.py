"""When pictures were taken: from EXIF, through the cache, to those that older caches know."""

from __future__ import annotations

import io
import sqlite3
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import treacherous_decoder as treacherous
from PIL import AvifImagePlugin, ExifTags, Image, WebPImagePlugin

from engine.decoding import heads
from engine.decoding.child import HEAD_BYTES
from engine.decoding.decoders import Decoders
from engine.decoding.heads import read_date, read_size
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import decode_image
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


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_no_decoder_runs_here_for_a_date_or_a_size(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoded("2023:05:12 14:03:09", kind))
    # Where a damaged file would end the process that it is read in.
    monkeypatch.setattr(WebPImagePlugin, "_webp", None)
    monkeypatch.setattr(AvifImagePlugin, "_avif", None)
    assert read_date(path) == MAY
    assert read_size(path) == Image.open(io.BytesIO(encoded(None))).size


def test_what_crashes_over_a_head_is_not_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoders = Decoders(module="treacherous_decoder")
    monkeypatch.setattr(heads, "DECODERS", decoders)
    (tmp_path / "a.webp").write_bytes(treacherous.CRASH)
    (tmp_path / "b.webp").write_bytes(encoded("2023:05:12 14:03:09", "WEBP"))
    try:
        assert read_date(tmp_path / "a.webp") == NO_DATE
        assert read_size(tmp_path / "a.webp") is None
        assert read_date(tmp_path / "b.webp") == MAY
    finally:
        decoders.close()


class FailingDrive(io.BytesIO):
    """A file that can be read up to a place."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.most:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_drive_that_fails_costs_no_process() -> None:
    content = tagged_tiff(GREY, 500_000, 600_000)
    decoders = Decoders()
    try:
        assert decoders.head(io.BytesIO(content), len(content)).size_px == (300, 200)
        before = decoders.pids()
        with pytest.raises(OSError, match="Input/output"):
            decoders.head(FailingDrive(content, 0), len(content))
        assert decoders.head(FailingDrive(content, 1), len(content)).size_px is None
        assert decoders.pids() == before != []
        assert decoders.head(io.BytesIO(content), len(content)).size_px == (300, 200)
    finally:
        decoders.close()


def tagged_tiff(tags: list[tuple[int, int, int, int]], at: int, n_bytes: int) -> bytes:
    """A TIFF of so many bytes whose tags (number, type, count, value) stand from ``at`` on."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    table = struct.pack("<H", len(tags)) + entries + bytes(4)
    return (b"II*\0" + struct.pack("<I", at)).ljust(at, b"\0") + table.ljust(n_bytes - at, b"\0")


GREY = [
    *((256, 3, 1, 300), (257, 3, 1, 200), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)),
    *((273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 200), (279, 4, 1, 60_000)),
]


def test_a_head_may_lie_at_the_end_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tagged_tiff(GREY, 500_000, 600_000))
    assert read_size(path) == (300, 200)
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[_TAKEN] = "2023:05:12 14:03:09"
    Image.fromarray(noise).save(path, "WEBP", exif=exif, lossless=True)
    assert path.stat().st_size > 2 * HEAD_BYTES
    assert (read_date(path), read_size(path)) == (MAY, (300, 200))
    Image.fromarray(noise).save(path, "JPEG", exif=exif)
    content = path.read_bytes()
    profiles = 3 * (b"\xff\xe2\xff\xff" + bytes(65_533))  # In front of the EXIF.
    path.write_bytes(content[:2] + profiles + content[2:])
    assert (read_date(path), read_size(path)) == (MAY, (300, 200))


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
