"""From files to pixels: every mode and format, every orientation, and everything that is broken."""

from __future__ import annotations

import io
import logging
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageFilter

from engine import images as images_module
from engine.errors import EngineError, UnreadableImageError
from engine.images import (
    DRAFT_SIDE_PX,
    MAX_JPEG_PIXELS,
    MAX_PIXELS,
    content_hash,
    decode_image,
    find_images,
    fit_within,
    make_thumbnail,
    perceptual_hash,
    read_file,
)
from engine.messages import FoundFile
from tests.engine.painted import noise, paint

LOSSLESS_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I", "F")


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _decoded(image: Image.Image, kind: str, **options: object) -> np.ndarray:
    return decode_image(_encoded(image, kind, **options)).pixels


def _reason(content: bytes) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        decode_image(content)
    reason = str(caught.value)
    assert reason
    assert "\n" not in reason
    assert not reason.endswith(".")
    return reason


# --- Modes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", LOSSLESS_MODES)
def test_every_mode_of_tiff_becomes_8_bit_rgb(mode: str) -> None:
    image = noise().convert("P").convert("PA") if mode == "PA" else noise().convert(mode)
    content = _encoded(image, "TIFF")
    with Image.open(io.BytesIO(content)) as stored:
        assert stored.mode == mode
    pixels = decode_image(content).pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == (40, 60, 3)
    if mode == "F":  # Grey levels that are not whole; Pillow's conversion would cut them off.
        expected = np.rint(np.asarray(image))[..., None].repeat(3, 2)
    else:
        expected = np.asarray(image.convert("RGB") if mode != "I" else noise().convert("L"))
        expected = expected if expected.ndim == 3 else expected[..., None].repeat(3, 2)
    np.testing.assert_array_equal(pixels, expected)


def test_lab_and_ycbcr_come_back_near_the_colours_they_were_made_from() -> None:
    rgb = paint("dots", 60, 40)
    lab = ImageCms.profileToProfile(
        rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    for image in (lab, rgb.convert("YCbCr")):
        difference = np.abs(_decoded(image, "TIFF").astype(int) - np.asarray(rgb))
        assert np.percentile(difference, 95) <= 8  # Two roundings to 8 bits on the way.


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM", "DIB"]
)
def test_every_format_gives_its_own_pixels(kind: str) -> None:
    rgb = paint("checks", 60, 40).filter(ImageFilter.GaussianBlur(4))  # Nothing to be lost.
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode_image(_encoded(rgb, kind, **options))
    assert (decoded.original_width_px, decoded.original_height_px) == (60, 40)
    difference = np.abs(decoded.pixels.astype(int) - np.asarray(rgb)).mean()
    assert difference <= {"JPEG": 3, "AVIF": 3, "GIF": 6}.get(kind, 0)


def test_transparency_is_laid_over_white() -> None:
    rgba = np.zeros((2, 4, 4), np.uint8)
    rgba[..., 0] = 200  # Red 200, alpha 0, 51 (a fifth), 255 ...
    rgba[:, 1, 3], rgba[:, 2, 3] = 51, 255
    pixels = _decoded(Image.fromarray(rgba), "PNG")
    # 255 + alpha * (colour - 255): red 255 - 55 / 5, green 255 - 255 / 5.
    np.testing.assert_array_equal(
        pixels[0], [[255, 255, 255], [244, 204, 204], [200, 0, 0], [255, 255, 255]]
    )
    grey = np.array([[[80, 0], [80, 51], [80, 255]]], np.uint8)
    pixels = _decoded(Image.fromarray(grey, "LA"), "PNG")
    np.testing.assert_array_equal(pixels[0], [[255] * 3, [220] * 3, [80] * 3])


@pytest.mark.parametrize("transparency", [1, b"\xff\x00\xff"])
def test_a_transparent_palette_colour_is_white(transparency: int | bytes) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.putdata([0, 1, 2])
    pixels = _decoded(image, "PNG", transparency=transparency)
    np.testing.assert_array_equal(pixels[0], [[10, 20, 30], [255, 255, 255], [70, 80, 90]])


def test_a_transparent_colour_without_alpha_is_white() -> None:
    grey = Image.fromarray(np.array([[7, 8]], np.uint8))
    np.testing.assert_array_equal(_decoded(grey, "PNG", transparency=8)[0], [[7] * 3, [255] * 3])
    rgb = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    pixels = _decoded(rgb, "PNG", transparency=(1, 2, 3))
    np.testing.assert_array_equal(pixels[0], [[255, 255, 255], [4, 5, 6]])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(
    ("largest", "shift"), [(100, 0), (255, 0), (256, 1), (1023, 2), (4095, 4), (40000, 8)]
)
def test_16_bits_are_divided_so_that_the_largest_value_fits(
    kind: str, largest: int, shift: int
) -> None:
    values = np.array([[0, 3, largest // 2, largest]], np.uint16)
    pixels = _decoded(Image.fromarray(values), kind)
    np.testing.assert_array_equal(pixels[0, :, 0], values[0] >> shift)
    assert (pixels == pixels[..., :1]).all()


def test_16_bits_in_the_other_byte_order() -> None:
    values = np.array([[0, 1000, 4095]], ">u2")
    image = Image.fromarray(values)
    assert image.mode == "I;16B"
    np.testing.assert_array_equal(_decoded(image, "TIFF")[0, :, 0], [0, 62, 255])


def test_negative_integers_are_black() -> None:
    image = Image.fromarray(np.array([[-5, 0, 200]], np.int32))
    np.testing.assert_array_equal(_decoded(image, "TIFF")[0, :, 0], [0, 0, 200])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),  # round(127.5) to even
        ([0.0, 99.6, 255.0], [0, 100, 255]),
        ([300.0, 360.0, 400.0], [0, 153, 255]),  # 60 / 100 * 255
        ([-1.0, 0.2, 1.0], [0, 153, 255]),  # 1.2 / 2 * 255
        ([280.0, np.nan, 281.0], [0, 0, 255]),
        ([280.0, np.inf, 281.0], [0, 0, 255]),
        ([-3.0, -3.0, -3.0], [0, 0, 0]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
    ],
)
def test_floats_of_any_range_are_seen(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    np.testing.assert_array_equal(_decoded(image, "TIFF")[0, :, 0], expected)


# --- Orientation, frames, sizes -------------------------------------------------------------------


def _with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


# What each EXIF orientation does to (row, column) indices of the stored pixels, by hand.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored.swapaxes(0, 1)[:, ::-1],
    7: lambda stored: stored.swapaxes(0, 1)[::-1, ::-1],
    8: lambda stored: stored.swapaxes(0, 1)[::-1],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied(orientation: int, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    plain = _decoded(noise(), kind, **options)
    turned = decode_image(_encoded(noise(), kind, exif=_with_orientation(orientation), **options))
    np.testing.assert_array_equal(turned.pixels, UPRIGHT[orientation](plain))
    height, width = turned.pixels.shape[:2]
    assert (turned.original_width_px, turned.original_height_px) == (width, height)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_16_bit_and_palette_images(orientation: int) -> None:
    values = np.arange(6, dtype=np.uint16).reshape(2, 3) * 700
    turned = _decoded(Image.fromarray(values), "PNG", exif=_with_orientation(orientation))
    np.testing.assert_array_equal(turned[..., 0], UPRIGHT[orientation](values >> 4))
    palette = noise().convert("P")
    turned = _decoded(palette, "PNG", exif=_with_orientation(orientation))
    np.testing.assert_array_equal(turned, UPRIGHT[orientation](np.asarray(palette.convert("RGB"))))


def test_the_original_size_is_told_upright_and_unshrunk() -> None:
    content = _encoded(paint("dots", 2000, 1000), "JPEG", exif=_with_orientation(6))
    decoded = decode_image(content)
    assert decoded.pixels.shape == (1000, 500, 3)
    assert (decoded.original_width_px, decoded.original_height_px) == (1000, 2000)


def test_an_orientation_in_xmp_alone_is_applied() -> None:
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    plain, turned = noise(), io.BytesIO()
    plain.save(turned, "JPEG", xmp=packet)
    np.testing.assert_array_equal(
        decode_image(turned.getvalue()).pixels, UPRIGHT[6](_decoded(plain, "JPEG"))
    )


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_the_first_of_several_frames_is_taken(kind: str) -> None:
    first, second = Image.new("RGB", (40, 30), (250, 0, 0)), Image.new("RGB", (40, 30), "blue")
    content = _encoded(first, kind, save_all=True, append_images=[second])
    with Image.open(io.BytesIO(content)) as stored:
        assert stored.n_frames == 2
    pixels = decode_image(content).pixels
    assert pixels.shape == (30, 40, 3)
    assert np.abs(pixels.astype(int) - [250, 0, 0]).max() <= 8


@pytest.mark.parametrize(
    ("size", "factor"),
    [
        ((300, 200), 1),
        ((DRAFT_SIDE_PX, DRAFT_SIDE_PX), 1),
        ((2 * DRAFT_SIDE_PX - 1, 3000), 1),
        ((2 * DRAFT_SIDE_PX, 2 * DRAFT_SIDE_PX), 2),
        ((1500, 1000), 2),
        ((1791, 1791), 2),  # Shrunk once to 896, and not again.
        ((4000, 1900), 4),
        ((3999, 3601), 8),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_images_are_shrunk_by_the_largest_power_of_two_that_keeps_the_side(
    kind: str, size: tuple[int, int], factor: int
) -> None:
    ramp = Image.linear_gradient("L").resize(size).convert("RGB")
    options = {} if kind == "JPEG" else {"compress_level": 1}
    decoded = decode_image(_encoded(ramp, kind, **options))
    width, height = size
    assert decoded.pixels.shape == (-(-height // factor), -(-width // factor), 3)
    assert min(decoded.pixels.shape[:2]) >= min(DRAFT_SIDE_PX, *size)
    assert (decoded.original_width_px, decoded.original_height_px) == size


def test_jpeg_and_png_of_one_picture_shrink_to_nearly_the_same_pixels() -> None:
    picture = paint("dots", 1930, 1801)
    by_jpeg = _decoded(picture, "JPEG", quality=100, subsampling=0).astype(int)
    by_png = _decoded(picture, "PNG", compress_level=1).astype(int)
    assert by_jpeg.shape == by_png.shape == (451, 483, 3)
    assert np.abs(by_jpeg - by_png).mean() <= 2


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "L", "P", "I;16", "F", "CMYK"])
def test_shrinking_before_converting_gives_the_mean_of_each_square(mode: str) -> None:
    """Columns of two greys alternate, so that every 2 x 2 square has the same mean."""
    values = np.tile(np.array([40, 200], np.uint8), (900, 450))
    picture = Image.fromarray(values)
    if mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) << 8)
    else:
        picture = picture.convert(mode)
    decoded = decode_image(_encoded(picture, "TIFF"))
    assert decoded.pixels.shape == (450, 450, 3)
    assert np.abs(decoded.pixels.astype(int) - 120).max() <= 1


def test_large_images_are_decoded_under_the_lock_and_others_beside_it() -> None:
    held: list[bool] = []

    class Guard:
        def __enter__(self) -> None:
            held.append(True)

        def __exit__(self, *_: object) -> None:
            held.append(False)

    decode_image(_encoded(Image.new("1", (6000, 5000)), "PNG"), large_one_at_a_time=Guard())
    assert held == [True, False]
    decode_image(_encoded(Image.new("1", (600, 500)), "PNG"), large_one_at_a_time=Guard())
    assert held == [True, False]


@pytest.mark.parametrize("is_progressive", [False, True])
def test_a_large_jpeg_is_held_by_what_its_decoder_keeps(is_progressive: bool) -> None:
    """Shrunk while it is decoded it is no large image; one of several scans is kept whole first."""
    held: list[bool] = []

    class Guard:
        def __enter__(self) -> None:
            held.append(True)

        def __exit__(self, *_: object) -> None:
            held.append(False)

    content = _encoded(Image.new("L", (16, 16)), "JPEG", progressive=is_progressive)
    start = content.index(b"\xff\xc2" if is_progressive else b"\xff\xc0") + 5
    large = content[:start] + struct.pack(">HH", 5_200, 5_200) + content[start + 4 :]
    assert decode_image(large, large_one_at_a_time=Guard()).pixels.shape == (650, 650, 3)
    assert held == ([True, False] if is_progressive else [])
    decode_image(large, shrink_to_px=None, large_one_at_a_time=Guard())
    assert held[-2:] == [True, False]


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "PA", "LA", "RGB", "RGBA", "CMYK", "I;16", "I", "F"]
)
@pytest.mark.parametrize("shrink_to_px", [None, 40])
def test_a_large_image_gives_the_same_pixels_strip_by_strip(
    mode: str, shrink_to_px: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (331, 303, 4), np.uint8)
    image, how = Image.fromarray(noise), {}
    if mode in ("I;16", "I", "F"):
        levels = noise[..., 0].astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode])
        image = Image.fromarray(levels * 100)
    elif mode in ("P", "PA"):
        image, how = image.convert("RGB").quantize(64), {"transparency": 3}
    else:
        image = image.convert(mode)
    content = _encoded(image, "PNG" if mode in ("P", "PA") else "TIFF", **how)
    whole = decode_image(content, shrink_to_px=shrink_to_px).pixels
    monkeypatch.setattr(images_module, "LARGE_PIXELS", 1_000)
    monkeypatch.setattr(images_module, "_STRIP_PIXELS", 5_000)
    strips = decode_image(content, shrink_to_px=shrink_to_px).pixels
    np.testing.assert_array_equal(strips, whole)


def test_decoding_in_full_shrinks_nothing() -> None:
    content = _encoded(paint("dots", 1900, 1000), "JPEG")
    assert decode_image(content, shrink_to_px=None).pixels.shape == (1000, 1900, 3)


def test_one_pixel_is_an_image() -> None:
    assert _decoded(Image.new("RGB", (1, 1), "red"), "PNG").tolist() == [[[255, 0, 0]]]


def test_thumbnails_and_previews_fit_and_keep_their_shape() -> None:
    pixels = np.asarray(paint("dots", 900, 300))
    with Image.open(io.BytesIO(make_thumbnail(pixels))) as thumbnail:
        assert (thumbnail.format, thumbnail.size, thumbnail.mode) == ("JPEG", (256, 85), "RGB")
    with Image.open(io.BytesIO(make_thumbnail(pixels[:30, :20]))) as thumbnail:
        assert thumbnail.size == (20, 30)  # Never enlarged.
    with Image.open(io.BytesIO(make_thumbnail(np.zeros((1, 5000, 3), np.uint8)))) as thumbnail:
        assert thumbnail.size == (250, 1)  # 20 pixels each, none of them in part.
    assert fit_within(pixels, 450).shape == (150, 450, 3)
    assert fit_within(pixels, 900) is pixels


# --- What is broken -------------------------------------------------------------------------------


def test_the_perceptual_hash_is_of_the_layout() -> None:
    def bits_apart(one: np.ndarray, other: np.ndarray) -> int:
        return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()

    random = np.random.default_rng(0)
    first, second = (
        Image.fromarray(random.integers(40, 200, (9, 12, 3), np.uint8)).resize((640, 480))
        for _ in range(2)
    )
    pixels = np.asarray(first)
    assert bits_apart(pixels, np.asarray(first.resize((200, 150)))) <= 6
    assert bits_apart(pixels, _decoded(first, "JPEG", quality=30)) <= 6
    assert bits_apart(pixels, (pixels * 0.8).astype(np.uint8)) <= 6
    assert bits_apart(pixels, np.asarray(second)) > 16
    assert perceptual_hash(np.full((30, 40, 3), 90, np.uint8)) == 0
    assert perceptual_hash(pixels[:1, :1]) == 0


def _exif_block(content: bytes) -> slice:
    start = content.index(b"Exif\0\0") + 6
    (length,) = struct.unpack(">H", content[start - 8 : start - 6])
    return slice(start, start - 8 + length)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_does_not_make_an_image_unreadable(kind: str) -> None:
    exif = _with_orientation(1)
    exif[ExifTags.Base.Make] = "maker"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:01:01 00:00:00"
    whole = exif.tobytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        block = bytearray(whole)
        for _ in range(random.integers(1, 12)):
            block[random.integers(6, len(block))] = random.integers(0, 256)
        if random.random() < 0.3:
            del block[random.integers(6, len(block)) :]
        content = _encoded(noise(), kind, exif=bytes(block))
        assert sorted(decode_image(content).pixels.shape) == [3, 40, 60]


def test_a_jpeg_with_damaged_exif_keeps_its_pixels() -> None:
    content = bytearray(_encoded(noise(), "JPEG", exif=_with_orientation(6)))
    content[_exif_block(bytes(content))] = b"\xff" * len(content[_exif_block(bytes(content))])
    np.testing.assert_array_equal(decode_image(bytes(content)).pixels, _decoded(noise(), "JPEG"))


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP", "PPM", "JPEG2000", "AVIF"]
)
def test_truncated_files_are_told_and_no_other_error_escapes(kind: str) -> None:
    whole = _encoded(noise(), kind)
    for length in (1, 3, 11, 20, 60, 150, len(whole) // 2):
        _reason(whole[:length])
    if kind in ("JPEG", "PNG", "BMP"):
        assert _reason(whole[: len(whole) // 2]) == "the file is truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP", "AVIF"])
def test_scrambled_bytes_give_an_image_or_a_reason_and_nothing_else(kind: str) -> None:
    whole = _encoded(noise(), kind)
    random = np.random.default_rng(1)
    for _ in range(150):
        scrambled = bytearray(whole)
        for _ in range(random.integers(1, 30)):
            scrambled[random.integers(len(whole))] = random.integers(0, 256)
        try:
            pixels = decode_image(bytes(scrambled)).pixels
        except UnreadableImageError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3


def test_what_is_no_image_is_named() -> None:
    assert _reason(b"Dear reader, this is a letter.") == "it holds text, not an image"
    assert _reason(bytes(range(256))) == "it is not an image of a kind that is read here"
    assert _reason(b"\xff\xd8\xff\xe0" + bytes(20)) == "it begins as a JPEG, but is damaged"
    assert _reason(b"\x89PNG\r\n\x1a\n" + bytes(20)) == "it begins as a PNG, but is damaged"
    assert "HEIC" in _reason(b"\0\0\0\x18ftypheic" + bytes(40))


def test_a_format_outside_the_list_is_not_decoded() -> None:
    with Image.open(io.BytesIO(_encoded(noise(), "ICO"))) as icon:
        assert icon.format == "ICO"
    assert _reason(_encoded(noise(), "ICO")) == "it is not an image of a kind that is read here"


def _png_of(width: int, height: int, *, bits: int = 1) -> bytes:
    """A PNG whose header claims a size, with next to no bytes behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (10_001, 10_000), (2**31 - 1, 1)])
def test_too_many_pixels_are_refused_before_any_is_decoded(width: int, height: int) -> None:
    reason = _reason(_png_of(width, height))
    assert reason == f"it has {width} x {height} pixels, more than the limit of 100 megapixels"


def test_a_side_too_long_is_refused_however_few_pixels_there_are() -> None:
    """Decoders keep some bytes for each row: 50 million rows of two pixels took 1.5 GB."""
    reason = _reason(_png_of(2, 49_999_999))
    assert reason == "it has 2 x 49999999 pixels, and a side of more than 1000000"


def test_a_png_at_the_limit_is_not_refused_for_its_size() -> None:
    assert MAX_PIXELS == 10_000 * 10_000
    assert _reason(_png_of(10_000, 10_000)) == "the file is truncated"


def _jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header was made to claim another size."""
    content = bytearray(_encoded(Image.new("L", (16, 16)), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def test_a_jpeg_may_be_larger_since_it_is_shrunk_while_it_is_decoded() -> None:
    assert 20_000 * 19_000 < MAX_JPEG_PIXELS < 21_000 * 20_000
    decoded = decode_image(_jpeg_of(20_000, 19_000))
    assert (decoded.original_width_px, decoded.original_height_px) == (20_000, 19_000)
    assert decoded.pixels.shape == (594, 625, 3)  # An eighth by the decoder, a quarter after it.
    assert "more than the limit of 400 megapixels" in _reason(_jpeg_of(21_000, 20_000))


def test_pillow_neither_warns_nor_logs_to_the_terminal(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In many threads at once, under filters that make every warning an error."""
    exif = _with_orientation(6).tobytes()
    odd = [
        _encoded(noise(), "JPEG", exif=exif[:-5]),  # "Corrupt EXIF data"
        _encoded(noise().convert("P"), "PNG", transparency=b"\x00\x80"),
        _encoded(Image.new("1", (9_400, 9_800)), "PNG"),  # 92 megapixels: Pillow's own warning
    ]
    problems: list[BaseException] = []

    def decode_all() -> None:
        try:
            for _ in range(5):
                for content in odd[:2]:
                    decode_image(content)
            with pytest.raises(UnreadableImageError):
                decode_image(_many_samples_tiff())
        except BaseException as error:
            problems.append(error)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=decode_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        decode_image(odd[2])
    decode_all()  # And under pytest's filters, where a warning is an error.
    assert problems == []
    assert caught == []
    assert logging.getLogger("PIL").handlers
    assert capfd.readouterr() == ("", "")


def _many_samples_tiff() -> bytes:
    """Pillow logs an error for this before it raises."""
    content = bytearray(_encoded(noise(), "TIFF"))
    (offset,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, offset)
    for index in range(count):
        start = offset + 2 + 12 * index
        if struct.unpack_from("<H", content, start)[0] == 277:  # SamplesPerPixel
            struct.pack_into("<H", content, start + 8, 2048)
    return bytes(content)


# --- Files and folders ----------------------------------------------------------------------------


def test_reading_files_that_are_not_there_empty_or_folders(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    for path, reason in (
        (tmp_path / "none.jpg", "the file is not there any more"),
        (tmp_path / "empty.jpg", "the file is empty"),
        (tmp_path, "is a directory"),
        (tmp_path / ("x" * 300), "file name too long"),
    ):
        with pytest.raises(UnreadableImageError) as caught:
            read_file(path)
        assert str(caught.value) == reason


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)  # Takes no room on the disk.
    with pytest.raises(UnreadableImageError, match=r"3\.0 GB, more than the limit of 1\.1 GB"):
        read_file(path)


def test_the_content_hash_is_of_the_bytes_alone() -> None:
    assert len(content_hash(b"a")) == 16
    assert content_hash(b"a") == content_hash(b"a") != content_hash(b"b")


def _names(folder: Path) -> list[str]:
    return [item.name for item in find_images(folder) if isinstance(item, FoundFile)]


def test_a_folder_is_walked_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/z.webp", "sub/deep/1.tiff", "later/x.gif", "ä 図.jpeg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    for name in ("notes.txt", "noending", "jpg", "a.jpg.part"):
        (tmp_path / name).write_bytes(b"1")
    found = list(find_images(tmp_path))
    assert [item.name for item in found if isinstance(item, FoundFile)] == [
        "a.png",
        "b.JPG",
        "ä 図.jpeg",
        "later/x.gif",
        "sub/z.webp",
        "sub/deep/1.tiff",
    ]
    status = (tmp_path / "a.png").stat()
    assert found[0] == FoundFile("a.png", 5, status.st_mtime_ns)


def test_hidden_files_and_the_twins_of_macos_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.jpg", "._a.jpg", ".b.jpg", ".trash/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    assert _names(tmp_path) == ["a.jpg"]


def test_a_folder_named_like_an_image_is_walked(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "x.jpg" / "y.jpg").write_bytes(b"1")
    assert _names(tmp_path) == ["x.jpg/y.jpg"]


def test_names_of_255_bytes(tmp_path: Path) -> None:
    name = "é" * 125 + "x.jpg"
    assert len(name.encode()) == 255
    noise().save(tmp_path / name)
    assert _names(tmp_path) == [name]
    assert decode_image(read_file(tmp_path / name)).pixels.shape == (40, 60, 3)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_to_files_are_found_and_loops_of_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(b"1")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "sub" / "a.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "itself.jpg").symlink_to(tmp_path / "itself.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert list(find_images(tmp_path)) == [
        item for item in find_images(tmp_path) if isinstance(item, FoundFile)
    ]
    assert _names(tmp_path) == ["link.jpg", "sub/a.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="needs folders made by descriptor")
def test_a_sub_folder_that_cannot_be_entered_is_named_and_the_rest_found(tmp_path: Path) -> None:
    """Its path is longer than the system takes, which stops even an administrator."""
    (tmp_path / "deep").mkdir()
    descriptor = os.open(tmp_path / "deep", os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 250, dir_fd=descriptor)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = deeper
    os.close(descriptor)
    (tmp_path / "z.jpg").write_bytes(b"1")
    (tmp_path / "zz").mkdir()
    (tmp_path / "zz" / "a.jpg").write_bytes(b"1")
    found = list(find_images(tmp_path))
    blocked = [item for item in found if isinstance(item, Path)]
    assert len(blocked) == 1
    assert blocked[0].relative_to(tmp_path).parts[0] == "deep"
    assert _names(tmp_path) == ["z.jpg", "zz/a.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_name_that_is_not_text_is_reported_not_found(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    try:
        Path(os.fsdecode(path)).write_bytes(b"1")
    except OSError:
        pytest.skip("this file system allows only text")
    (item,) = find_images(tmp_path)
    assert item == tmp_path / "caf\N{REPLACEMENT CHARACTER}.jpg"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no folder"):
        list(find_images(tmp_path / "none"))


@pytest.mark.parametrize("size", [(7, 7), (33, 31), (447, 900), (901, 907), (1793, 1801)])
@pytest.mark.parametrize(
    "how",
    [
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2"},
        {"subsampling": "4:2:0"},
        {"subsampling": "4:2:0", "progressive": True, "quality": 30},
        {"keep_rgb": True},
    ],
)
def test_a_jpeg_has_the_pixels_that_pillow_decodes(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], how: dict[str, Any]
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 50, 3), np.uint8)
    picture = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **how)
    for shrink in (images_module.DRAFT_SIDE_PX, None):
        by_turbojpeg = decode_image(buffer.getvalue(), shrink_to_px=shrink).pixels
        with monkeypatch.context() as patched:
            patched.setattr(images_module, "_by_turbojpeg", lambda *_: None)
            by_pillow = decode_image(buffer.getvalue(), shrink_to_px=shrink).pixels
        np.testing.assert_array_equal(by_turbojpeg, by_pillow)


def test_only_a_flawless_jpeg_is_not_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "JPEG")
    taken: list[bool] = []
    inner = images_module._by_turbojpeg

    def noted(*arguments: Any) -> Any:
        found = inner(*arguments)
        taken.append(found is not None)
        return found

    monkeypatch.setattr(images_module, "_by_turbojpeg", noted)
    decode_image(buffer.getvalue())
    with pytest.raises(UnreadableImageError, match="truncated"):
        decode_image(buffer.getvalue()[:-40])
    assert taken == [True, False]
