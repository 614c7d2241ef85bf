"""Thousands of hostile image files: each is read or refused in a sentence, and soon."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.decoding.heads import read_date, read_size
from engine.errors import UnreadableImageError
from engine.images import decode_image, make_thumbnail, perceptual_hash
from tests.engine.hostile import chunk, png
from tests.engine.painted import paint

ROOT = Path(__file__).resolve().parents[2]


def test_no_file_ends_the_program_or_costs_more_than_it_may() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/hostile_images.py", "--without-large", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert report["files"] >= 5_000
    # Neither is all refused, nor are damaged files all read.
    assert report["outcomes"]["read"] >= 2_000
    assert report["outcomes"]["refused"] >= 2_000


def test_the_size_and_date_of_a_png_are_told_without_decoding_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), b""))
    assert read_size(path) is None
    # One that lies within the limits: pixels that are not there are not asked for.
    path.write_bytes(png(struct.pack(">IIBBBBB", 9_000, 9_000, 8, 2, 0, 0, 0), b""))
    assert read_size(path) == (9_000, 9_000)
    assert read_date(path) is not None


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    buffer = io.BytesIO()
    paint("dots", 320, 240).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    assert decode_image(content).pixels.shape == (240, 320, 3)
    scan = content.index(b"\xff\xda")
    empty = content[scan : scan + 2 + struct.unpack_from(">H", content, scan + 2)[0]]
    start = content.index(b"\xff\xc2") + 5
    large = content[:start] + struct.pack(">HH", 5_000, 5_000) + content[start + 4 : -2]
    with pytest.raises(UnreadableImageError, match="built up in more than 160 passes"):
        decode_image(large + 400 * empty + b"\xff\xd9")


def test_scans_of_pictures_behind_a_picture_do_not_count() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    paint("dots", 3_000, 2_000).save(first, "JPEG", progressive=True)
    paint("dots", 8, 8).save(second, "JPEG", progressive=True)
    behind = 500 * second.getvalue()
    assert decode_image(first.getvalue() + behind).pixels.shape == (500, 750, 3)


def test_a_progressive_jpeg_may_have_fewer_pixels_than_one_decoded_line_by_line() -> None:
    def of_11000_px(**options: bool) -> bytes:
        buffer = io.BytesIO()
        Image.new("L", (16, 16)).save(buffer, "JPEG", **options)
        content = buffer.getvalue()
        start = content.index(b"\xff\xc2" if options else b"\xff\xc0") + 5
        return content[:start] + struct.pack(">HH", 11_000, 11_000) + content[start + 4 :]

    assert decode_image(of_11000_px()).pixels.shape == (688, 688, 3)
    with pytest.raises(UnreadableImageError, match="more than the limit of 100"):
        decode_image(of_11000_px(progressive=True))


def test_long_strips_have_thumbnails_and_hashes() -> None:
    buffer = io.BytesIO()
    paint("dots", 40, 30_000).save(buffer, "PNG")
    pixels = decode_image(buffer.getvalue()).pixels
    assert pixels.shape == (30_000, 40, 3)
    width, height = Image.open(io.BytesIO(make_thumbnail(pixels))).size
    assert width == 1
    assert 240 < height <= 256
    assert perceptual_hash(pixels) != 0


@pytest.mark.parametrize("side", [60_000, 2**31 - 1])
def test_a_text_that_unpacks_to_more_than_it_should_is_no_reason_to_die(side: int) -> None:
    body = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    for extra in (b"", chunk(b"zTXt", b"k\0\0" + b"x" * 99)):
        with pytest.raises(UnreadableImageError):
            decode_image(png(body, b"\0", extra))
