"""From a file to pixels: one decode, one documented rule, or one clear reason why not.

The rule, which the program, the exported sample script and the certificate share:

1. The file is read whole; its first bytes, not its name, tell the format (an allow-list).
2. An image larger than it need be is shrunk by f, the largest power of two for which the shorter
   side divided by f is at least ``DRAFT_SIDE_PX`` (of more than ``MAX_FULL_PIXELS`` pixels, at
   least 2): a JPEG by up to 8 while it is decoded, which is several times faster; whatever remains
   of f by averaging squares of f x f pixels (a size that f does not divide is rounded up). Palettes
   become colours first; transparency is averaged with it.
3. Of several frames or pages the first is taken.
4. The EXIF orientation is applied.
5. Every mode becomes 8-bit RGB: transparency is laid over white; integers of more than 8 bits
   are divided by the power of two that brings the largest value present below 256 (so 10, 12,
   14 and 16-bit cameras all fill the range; of 16-bit colour Pillow keeps the high byte);
   floating point in [0, 1] is multiplied by 255, in [0, 255] taken as it is, anything else is
   stretched from its smallest to its largest value.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import (  # Of all that Pillow reads, what FORMATS names; it would load the rest, too.
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from engine.dates import NO_DATE
from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.words import Sentence, say

if TYPE_CHECKING:
    from engine.messages import FoundFile

DRAFT_SIDE_PX: Final = 448  # Twice the encoder's input, so that its own resize has what to work on.
THUMBNAIL_SIDE_PX: Final = 256
MAX_FILE_BYTES: Final = 1 << 30
# Decoded pixels cost up to 4 bytes each and some modes need further copies: no file takes more than
# a gigabyte (benchmarks/hostile_images.py). A JPEG may have more pixels, since it is shrunk before
# they exist.
MAX_PIXELS: Final = 100_000_000
MAX_JPEG_PIXELS: Final = 400_000_000
MAX_SIDE_PX: Final = 1_000_000  # Decoders keep some bytes for each row, however short it is.
MAX_FULL_PIXELS: Final = 50_000_000  # Of an image that is not shrunk, since it is a strip, say.
_DECODED_TWICE: Final = ("WEBP", "AVIF")  # Their decoders hold all pixels beside Pillow's.
LARGE_PIXELS: Final = 25_000_000
# Of a JPEG of several scans, pixels times scans: ten are usual, and a picture of the largest size
# may have forty; any may have the first of these numbers.
MAX_SCANNED_PIXELS: Final = 4_000_000_000
_MOST_SCANS: Final = 20
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")  # Not within a scan's data.
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_STRIP_PIXELS: Final = 1 << 22
_HASH_SIDE: Final = 32
_NEARLY: Final = 0.94  # Of a thumbnail's side.
_SMALLEST_CONTRAST: Final = 2.0  # Standard deviation in grey levels; below it is mostly noise.
_COSINES: Final = np.cos(
    np.pi * np.arange(8)[:, None] * (2 * np.arange(_HASH_SIDE) + 1) / (2 * _HASH_SIDE)
).astype(np.float32)
DECODE_RULE_VERSION: Final = "2"
"""Counts changes of the rule, after which the same file gives other pixels."""
HASH_VERSION: Final = 2
"""Counts changes of :func:`perceptual_hash`, after which the same pixels give other bits."""
MOST_THUMBNAIL_BYTES: Final = 200_000

FORMATS: Final = (
    "JPEG",  # Covers MPO, the several-pictures JPEG of phones and stereo cameras.
    "PNG",
    "WEBP",
    "TIFF",
    "BMP",
    "DIB",
    "GIF",
    "AVIF",
    "JPEG2000",
    "PPM",
)
# Named so that nothing takes them for unused: each registers its format when it is loaded.
_PLUGINS: Final = (
    *(AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin),
    *(MpoImagePlugin, PngImagePlugin, PpmImagePlugin, TiffImagePlugin, WebPImagePlugin),
)
EXTENSIONS: Final = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "tif", "tiff", "bmp", "dib"),
        *("gif", "avif", "jp2", "j2k", "jpx", "ppm", "pgm", "pbm", "pnm"),
    )
)
# What an EXIF orientation asks for (CIPA DC-008, tag 274); the last four swap width and height.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPPING: Final = (5, 6, 7, 8)
_NO_GUARD: Final = nullcontext()
_PILLOW: Final = re.compile(r"PIL\.")
_quietening = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """Pixels (height, width, 3) uint8 RGB, and the size of the original after orientation.

    ``taken_s``: when the picture was taken, see :class:`Head`.
    """

    pixels: NDArray[np.uint8]
    original_width_px: int
    original_height_px: int
    taken_s: int = NO_DATE


@dataclass(frozen=True, slots=True)
class Head:
    """What a file tells of its picture without its pixels.

    Attributes:
        size_px: width and height after orientation; None: it is no image, or one of more pixels
            than are decoded.
        taken_s: when the picture was taken, in seconds since 1970 by the camera's own clock, which
            knows no time zone; NO_DATE where the file does not tell.
    """

    size_px: tuple[int, int] | None
    taken_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one decode of a file gives: pixels, a thumbnail (JPEG), and bits that like ones share.

    See :func:`make_thumbnail` and :func:`perceptual_hash`.
    """

    decoded: DecodedImage
    thumbnail: bytes
    perceptual_hash: int


def find_images(folder: Path) -> Iterator[FoundFile | Path]:
    """Walk a folder for image files by extension, in the order of their names.

    Yields:
        FoundFile for each image; a Path for each sub-folder that could not be entered and each
        name that is not text (bytes that are not UTF-8 fit into no table). Hidden files
        (``.name``, which covers the ``._name`` twins of macOS) are passed over; links to folders
        are not followed, so a loop cannot trap the walk.

    Raises:
        EngineError: the folder itself cannot be read.
    """
    from engine.messages import FoundFile  # Not where images are decoded alone: see dates.

    if not folder.is_dir():
        raise EngineError(say("There is no folder {folder}.", folder=folder))
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(current) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if current == folder:
                raise EngineError(sentence_for(error, folder, say("read"))) from error
            yield current
            continue
        folders: list[Path] = []
        for entry in ordered:
            if entry.name.startswith("."):
                continue
            try:
                entry.name.encode()
            except UnicodeEncodeError:
                yield current / os.fsencode(entry.name).decode(errors="replace")
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif os.path.splitext(entry.name)[1].lower() in EXTENSIONS and entry.is_file():
                    status = entry.stat()
                    yield FoundFile(
                        name=Path(entry.path).relative_to(folder).as_posix(),
                        size_bytes=status.st_size,
                        modified_ns=status.st_mtime_ns,
                    )
            except OSError:
                continue  # It vanished between listing and looking, as files do.
        pending.extend(reversed(folders))


def read_file(path: Path) -> bytes:
    """All bytes of an image file. Raises UnreadableImageError with the reason as a clause."""
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableImageError(say("the file is empty"))
        if size > MAX_FILE_BYTES:
            raise UnreadableImageError(
                say(
                    "the file has {size:.1f} GB, more than the limit of {limit:.1f} GB",
                    size=size / 1e9,
                    limit=MAX_FILE_BYTES / 1e9,
                )
            )
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableImageError(say("the file is not there any more")) from error
    except OSError as error:
        raise UnreadableImageError((error.strerror or str(error)).lower()) from error
    except ValueError as error:
        raise UnreadableImageError(
            say("its name holds a character that no name can hold")
        ) from error
    if not content:
        raise UnreadableImageError(say("the file is empty"))
    return content


def content_hash(content: bytes) -> bytes:
    """The 16 bytes by which a file's content is known, wherever it lies and whatever its name."""
    return hashlib.blake2b(content, digest_size=16).digest()


def decode_image(
    content: bytes,
    *,
    shrink_to_px: int | None = DRAFT_SIDE_PX,
    large_one_at_a_time: AbstractContextManager[object] = _NO_GUARD,
) -> DecodedImage:
    """Turn a file's bytes into RGB pixels by the module's rule.

    Args:
        content: the file's bytes.
        shrink_to_px: the side that a shrunk image keeps at least; None decodes in full.
        large_one_at_a_time: held while more than ``LARGE_PIXELS`` have to be in memory at once,
            which a JPEG of one scan that is shrunk by its decoder needs none of; a lock that
            several threads share keeps their memory from adding up.

    Raises:
        UnreadableImageError: the reason as a clause, as in "the file is truncated".
    """
    return _decode(content, shrink_to_px, large_one_at_a_time)[0]


def look_at(
    content: bytes, *, large_one_at_a_time: AbstractContextManager[object] = _NO_GUARD
) -> Look:
    """All that the program wants of a file, from one decode; see :func:`decode_image`.

    Raises:
        UnreadableImageError: the reason as a clause.
    """
    decoded, image = _decode(content, DRAFT_SIDE_PX, large_one_at_a_time)
    small = _small(image, THUMBNAIL_SIDE_PX)
    return Look(decoded, _as_jpeg(small), _hash_of(image, small))


def _decode(
    content: bytes,
    shrink_to_px: int | None,
    large_one_at_a_time: AbstractContextManager[object],
) -> tuple[DecodedImage, Image.Image]:
    """The pixels, and the same as Pillow has them."""
    _prepare_pillow()
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(image)
            keeps_all = _keeps_all_coefficients(image, content, is_shrunk=shrink_to_px is not None)
            stored = image.size
            factor = _shrink_factor(stored, shrink_to_px)
            if shrink_to_px is not None and stored[0] * stored[1] > MAX_FULL_PIXELS:
                factor = max(factor, 2)  # Half of so many is more than any screen shows.
            is_whole = factor == 1 or image.format in _DECODED_TWICE
            if factor > 1 and shrink_to_px is not None:
                image.draft(None, (shrink_to_px, shrink_to_px))
                factor //= max(1, round(stored[0] / image.size[0]))  # What the decoder does.
            # As many as there will be.
            _check_size(image, MAX_FULL_PIXELS if is_whole else MAX_PIXELS)
            width, height = stored if keeps_all else image.size
            with large_one_at_a_time if width * height > LARGE_PIXELS else _NO_GUARD:
                pixels = _by_turbojpeg(content, image, stored)
                if pixels is None:
                    image.load()
                # TIFF is turned by Pillow in load(), and its size was so from the start.
                orientation = _orientation(image)
                taken_s = _date_of(image)
                if pixels is None:
                    rgb = _to_rgb(image, factor)
                    if rgb is not image:
                        image.close()  # Or its pixels would lie beside all that is made of them.
                else:
                    rgb = _reduced(Image.fromarray(pixels), factor)
                if orientation in _TURNS:
                    rgb = rgb.transpose(_TURNS[orientation])
                original = stored[::-1] if orientation in _SWAPPING else stored
                if pixels is None or factor > 1 or orientation in _TURNS:
                    pixels = _as_array(rgb)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImageError(_why_unidentified(content)) from error
    except MemoryError as error:
        raise UnreadableImageError(say("there is not enough memory to decode it")) from error
    except Exception as error:
        # Pillow's decoders raise almost anything on hostile bytes (OSError, SyntaxError,
        # ValueError, struct.error, IndexError, ...); whichever it is, this file has no image.
        raise UnreadableImageError(_why_broken(error)) from error
    return DecodedImage(pixels, *original, taken_s), rgb


def head_of(source: BinaryIO, formats: tuple[str, ...] = FORMATS) -> Head:
    """What the head of a file tells, from as little of it as that takes. Raises nothing.

    Those of WebP and AVIF are read by their decoders: ``decoding.heads`` is for unknown files.
    """
    _prepare_pillow()
    size = None
    try:
        with Image.open(source, formats=formats) as image:
            # To look for the EXIF of a PNG behind its pixels Pillow would decode them.
            is_untold = image.format == "PNG" and "exif" not in image.info
            with suppress(UnreadableImageError):
                _check_size(image)
                # TIFF is turned by Pillow, and its size is so from the start.
                is_turned = (
                    not is_untold and image.format != "TIFF" and _orientation(image) in _SWAPPING
                )
                size = image.size[::-1] if is_turned else image.size
            return Head(size, NO_DATE if is_untold else _date_of(image))
    except Exception:  # As in decode_image: whatever it is, this file tells nothing.
        return Head(None, NO_DATE)


def make_thumbnail(pixels: NDArray[np.uint8], side_px: int = THUMBNAIL_SIDE_PX) -> bytes:
    """A JPEG of at most ``side_px`` a side, from (height, width, 3) uint8 RGB pixels."""
    return _as_jpeg(_small(Image.fromarray(pixels), side_px))


def perceptual_hash(pixels: NDArray[np.uint8]) -> int:
    """64 bits that stay nearly the same when a picture is saved anew, resized, made lighter.

    The signs of the 8 x 8 lowest frequencies (cosine transform, as in the pHash library) of the
    picture at 32 x 32 grey levels, against their median.

    Args:
        pixels: (height, width, 3) uint8 RGB.

    Returns:
        The bits; 0 for a picture too even to have a layout, which is like no other.
    """
    image = Image.fromarray(pixels)
    return _hash_of(image, _small(image, THUMBNAIL_SIDE_PX))


def hash_of_thumbnail(jpeg: bytes) -> int | None:
    """:func:`perceptual_hash` of the picture that a thumbnail of ours shows.

    It differs from that of the picture by 0.3 of 64 bits on average, 4 at most
    (docs/results/folder_rate.md). None where the thumbnail cannot be read, or is that of a strip.
    """
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            if max(image.size) > THUMBNAIL_SIDE_PX or min(image.size) < _HASH_SIDE:
                return None
            pixels = image.convert("RGB")
    except Exception:  # As in decode_image: whatever it is, these bytes tell nothing.
        return None
    return _hash_of(pixels, pixels)


def _small(image: Image.Image, side_px: int) -> Image.Image:
    """At most ``side_px`` a side; where n pixels to one come near to that, their plain average."""
    longer = max(image.size)
    step = longer // (16 * side_px)
    if step > 1:  # A strip; of an image whose sides are alike the shorter one was shrunk before.
        size = max(1, image.width // step), max(1, image.height // step)
        image, longer = image.resize(size, Image.Resampling.NEAREST), longer // step
    if longer <= side_px:
        return image
    factor = -(-longer // side_px)
    # 250 for 256 and nobody sees the difference: a third of the work of any other filter.
    if longer >= _NEARLY * side_px * factor:
        return image.reduce(factor)
    # Averaged to less than twice the size first, then resampled: a third less work, and on a
    # thumbnail nobody sees the difference.
    width, height = (max(1, round(side * side_px / longer)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)


def _as_jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _hash_of(image: Image.Image, thumbnail: Image.Image) -> int:
    """See :func:`perceptual_hash`; from the thumbnail, unless that of a strip is too thin."""
    seen = thumbnail if min(thumbnail.size) >= _HASH_SIDE else image
    small = seen.resize((_HASH_SIDE, _HASH_SIDE), Image.Resampling.BOX).convert("L")
    grey = np.asarray(small, np.float32)
    if grey.std() < _SMALLEST_CONTRAST:
        return 0
    spectrum = (_COSINES @ grey @ _COSINES.T).ravel()
    bits = spectrum > np.median(spectrum[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def fit_within(pixels: NDArray[np.uint8], max_side_px: int) -> NDArray[np.uint8]:
    """The same picture with no side over ``max_side_px``; smaller ones are left as they are."""
    height, width = pixels.shape[:2]
    if max(height, width) <= max_side_px:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def _prepare_pillow() -> None:
    """Let Pillow speak to our log alone.

    What is wrong with a file is told as the reason why it cannot be read; of a readable one
    Pillow's warnings (odd EXIF, a padded TIFF tag) would only go to a person's terminal, or raise
    where warnings are errors. The filter is looked for every time, since whoever leaves a
    ``warnings.catch_warnings`` block takes away what was added inside it.
    """
    Image.MAX_IMAGE_PIXELS = None  # Ours is checked before a pixel exists, and differs by format.
    if not _is_quiet():
        with _quietening:  # Adding a filter takes it away for a moment if it is there.
            if not _is_quiet():
                warnings.filterwarnings("ignore", module=_PILLOW.pattern)
            logger = logging.getLogger("PIL")
            if not logger.handlers:  # Without one, logging would print errors by itself.
                logger.addHandler(logging.NullHandler())


def _is_quiet() -> bool:
    return any(item[0] == "ignore" and item[3] == _PILLOW for item in warnings.filters)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or it cannot be read.

    Not Pillow's ``exif_transpose``: it writes the EXIF block anew, which fails on a damaged one,
    and the pixels are whole all the same.
    """
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow's EXIF reader raises almost anything too.
        return 1


def _date_of(image: Image.Image) -> int:
    """See :class:`Head`; DateTimeOriginal, else DateTimeDigitized (EXIF 2.3, 4.6.5)."""
    try:
        details = image.getexif().get_ifd(ExifTags.IFD.Exif)
        for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized):
            text = str(details.get(tag, "")).strip(" \0")
            # A camera whose clock was never set writes zeros, which are no date.
            if text and not text.startswith("0000"):
                moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
                return int(moment.replace(tzinfo=UTC).timestamp())
    except Exception as error:  # A broken date must not cost the picture.
        _log.debug("a date that cannot be read: %r", error)
    return NO_DATE


def _as_array(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an RGB image; large ones strip by strip: Pillow would hold them three times."""
    width, height = image.size
    if width * height <= LARGE_PIXELS:
        return np.asarray(image)
    pixels = np.empty((height, width, 3), np.uint8)
    for strip in _strips_of(image):
        pixels[strip[1] : strip[3]] = np.asarray(image.crop(strip))
    pixels.flags.writeable = False  # As Pillow's own are.
    return pixels


def _keeps_all_coefficients(image: Image.Image, content: bytes, *, is_shrunk: bool) -> bool:
    """Whether it is a JPEG of several scans; one that would take too long or too much is refused.

    The decoder keeps the coefficients of all pixels of such a file until its last scan, however
    much it is to be shrunk, and goes over the whole picture with each, also with one of ten bytes.
    """
    if image.format not in ("JPEG", "MPO"):
        return False
    scans = _scans_of(content)
    if "progressive" not in image.info and next(scans, 0) >= getattr(image, "layers", 0):
        return False
    _check_size(image, MAX_PIXELS if is_shrunk else MAX_FULL_PIXELS)
    width, height = image.size
    most = max(_MOST_SCANS, MAX_SCANNED_PIXELS // (width * height))
    if sum(1 for _ in islice(scans, most + 1)) > most:
        raise UnreadableImageError(
            say("it is built up in more than {count} passes, as no camera does", count=most)
        )
    return True


def _scans_of(content: bytes) -> Iterator[int]:
    """Of each scan of a JPEG's first picture, how many colours it has (ITU-T T.81, annex B)."""
    position = 2
    while match := _JPEG_MARKER.search(content, position):
        position = match.end()
        marker = content[position - 1]
        if marker == _END_OF_IMAGE:
            return
        if marker == _START_OF_SCAN:
            yield content[position + 2] if position + 2 < len(content) else 0
        position += int.from_bytes(content[position : position + 2])


def _check_size(image: Image.Image, most: int | None = None) -> None:
    width, height = image.size
    limit = MAX_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MAX_PIXELS
    limit = min(limit, most or limit)
    if width * height > limit:
        raise UnreadableImageError(
            say(
                "it has {width} x {height} pixels, more than the limit of {limit} megapixels",
                width=width,
                height=height,
                limit=limit // 1_000_000,
            )
        )
    if max(width, height) > MAX_SIDE_PX:
        raise UnreadableImageError(
            say(
                "it has {width} x {height} pixels, and a side of more than {limit}",
                width=width,
                height=height,
                limit=MAX_SIDE_PX,
            )
        )
    if width == 0 or height == 0:
        raise UnreadableImageError(
            say("it has {width} x {height} pixels", width=width, height=height)
        )


def _by_turbojpeg(
    content: bytes, image: Image.Image, stored: tuple[int, int]
) -> NDArray[np.uint8] | None:
    """The pixels (height, width, 3) of a colour JPEG as opened, shrunk as asked of it by ``draft``.

    The same library decodes for Pillow, to the same pixels, which that then packs twice, at up to
    half the cost of decoding (docs/results/decoders.md). None: Pillow is to decode, or to say what
    is wrong.
    """
    if image.format not in ("JPEG", "MPO") or image.mode != "RGB":
        return None
    width, height = image.size
    least = {} if image.size == stored else {"min_width": width, "min_height": height}
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(content, "RGB", **least)
    except ValueError:  # Anything but a flawless file.
        return None
    return pixels if pixels.shape == (height, width, 3) else None


def _shrink_factor(size: tuple[int, int], side_px: int | None) -> int:
    """The largest power of two that leaves each side at least ``side_px``; 1 for None."""
    times = 1 if side_px is None else max(1, min(size) // side_px)
    return 1 << (times.bit_length() - 1)


def _to_rgb(image: Image.Image, factor: int) -> Image.Image:
    """8-bit RGB, shrunk by ``factor``; a large image strip by strip, to spare memory.

    Averaging colours by their opacity, as laying them over white, would need all pixels again.
    """
    width, height = image.size
    is_deep = image.mode.startswith("I") or image.mode == "F"
    low, high = _range_of_all(image) if is_deep else (0.0, 255.0)
    if width * height <= LARGE_PIXELS or (image.mode == "RGB" and "transparency" not in image.info):
        return _part_to_rgb(image, factor, low, high)
    rgb = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for box in _strips_of(image, factor):
        rgb.paste(_part_to_rgb(image.crop(box), factor, low, high), (0, box[1] // factor))
    return rgb


def _part_to_rgb(image: Image.Image, factor: int, low: float, high: float) -> Image.Image:
    """As :func:`_to_rgb`; ``low`` and ``high`` are the range of what is no 8-bit mode."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _levels(np.asarray(image), low, high)
        return _reduced(Image.fromarray(grey), factor).convert("RGB")
    if image.mode in ("1", "P", "PA"):  # Their values are no amounts that could be averaged.
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif "transparency" in image.info:  # One colour stands for nothing, and must not be mixed.
        image = image.convert("RGBA")
    image = _reduced(image, factor)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    return image.reduce(factor) if factor > 1 else image


def _levels(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers of the range ``low`` to ``high`` as 0 to 255; see the module's rule 5."""
    if np.issubdtype(values.dtype, np.integer):
        whole = values if values.dtype.kind == "u" else np.maximum(values, 0)
        shifted: NDArray[np.uint8] = (whole >> (max(8, int(high).bit_length()) - 8)).astype(
            np.uint8
        )
        return shifted
    return _stretched(values.astype(np.float32), low, high)


def _strips_of(image: Image.Image, factor: int = 1) -> list[tuple[int, int, int, int]]:
    """Boxes that cover an image from top to bottom, of rows that ``factor`` divides."""
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    return [(0, top, width, min(height, top + rows)) for top in range(0, height, rows)]


def _range_of_all(image: Image.Image) -> tuple[float, float]:
    """As :func:`_range_of`, strip by strip: an image may have a hundred million pixels."""
    ranges = [_range_of(np.asarray(image.crop(strip))) for strip in _strips_of(image)]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _range_of(values: NDArray[Any]) -> tuple[float, float]:
    """The smallest and the largest finite value; (inf, -inf) where there is none."""
    if np.issubdtype(values.dtype, np.integer):
        return 0, int(values.max(initial=0))
    finite = np.isfinite(values)
    low = np.min(values, where=finite, initial=np.inf)
    return float(low), float(np.max(values, where=finite, initial=-np.inf))


def _stretched(grey: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Floats as grey levels, where ``low`` and ``high`` are those of the whole image."""
    if low > high:
        low = high = 0.0
    grey[~np.isfinite(grey)] = low
    if low >= 0.0 and high <= 1.0:
        grey *= 255.0
    elif low < 0.0 or high > 255.0:
        grey -= low
        grey *= 255.0 / (high - low) if high > low else 1.0
    rounded: NDArray[np.uint8] = np.rint(grey, out=grey).astype(np.uint8)
    return rounded


def _why_unidentified(content: bytes) -> Sentence:
    head = content[:64]
    if head[:4] == b"\xff\xd8\xff\xe0" or head[:3] == b"\xff\xd8\xff":
        return say("it begins as a JPEG, but is damaged")
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return say("it begins as a PNG, but is damaged")
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return say("it is a HEIC image, which this version does not read")
    if not any(byte < 9 for byte in head):
        return say("it holds text, not an image")
    return say("it is not an image of a kind that is read here")


def _why_broken(error: Exception) -> Sentence:
    text = str(error)
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return say("the file is truncated")
    return say(
        "it cannot be decoded ({what})",
        what=text or type(error).__name__,
    )
