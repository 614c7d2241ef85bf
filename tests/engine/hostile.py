"""Thousands of small image files that are damaged, lie or mean harm, painted when asked for.

Every file follows from its name, but for the date in some, so one that is told of can be made
again.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageCms, TiffImagePlugin

from tests.engine.painted import paint

HostileFile = tuple[str, bytes]
_MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("RGB", "RGBA", "L", "LA", "P", "1", "I", "I;16", "F", "CMYK", "LAB", "YCbCr"),
    "BMP": ("RGB", "L", "P", "1"),
    "DIB": ("RGB",),
    "GIF": ("P", "L"),
    "AVIF": ("RGB", "RGBA"),
    "JPEG2000": ("RGB", "RGBA", "L", "I;16"),
    "PPM": ("RGB", "L", "1", "I", "F"),
}
_WAYS: dict[str, tuple[dict[str, Any], ...]] = {
    "JPEG": ({"quality": 80}, {"progressive": True}, {"restart_marker_rows": 1}),
    "PNG": ({}, {"optimize": True}),
    "WEBP": ({}, {"lossless": True}),
    "TIFF": (
        *({}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}),
        *({"compression": "packbits"}, {"big_tiff": True}),
    ),
    "GIF": ({}, {"interlace": 0}),
}


def painted_files() -> Iterator[HostileFile]:
    """Every format, mode and way of writing, none of them damaged."""
    picture = paint("dots", 48, 36)
    for kind, modes in _MODES.items():
        for mode in modes:
            image = picture.convert("L").convert(mode) if mode in ("I", "F") else None
            if mode == "I;16":
                image = picture.convert("I").convert("I;16")
            elif mode == "LAB":
                profile = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
                image = ImageCms.profileToProfile(picture, *profile, outputMode="LAB")
            image = image or picture.convert(mode)
            for number, options in enumerate(_WAYS.get(kind, ({},))):
                buffer = io.BytesIO()
                try:
                    image.save(buffer, kind, **options)
                except (OSError, ValueError, KeyError):
                    continue  # No such compression for this mode.
                yield f"{kind}-{mode.replace(';', '')}-{number}", buffer.getvalue()
    frames = [paint("stripes", 24, 18, seed) for seed in range(3)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        yield f"{kind}-frames", buffer.getvalue()
    buffer = io.BytesIO()
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    yield "MPO-frames", buffer.getvalue()


def hostile_files(rounds: int = 1, *, with_large: bool = True) -> Iterator[HostileFile]:
    """All kinds; each round adds as many cut, flipped and spliced files again."""
    originals = list(painted_files())
    yield from originals
    for number in range(rounds):
        for name, content in originals:
            yield from _damaged(f"{name}-{number}", content)
    yield from _spliced(originals, 300 * rounds)
    yield from png_suite()
    yield from _lying_png()
    yield from _lying_headers(originals)
    yield from _odd_metadata()
    yield from _tiff_tricks()
    yield from _no_images()
    if with_large:
        yield from large_files()


def _damaged(name: str, content: bytes) -> Iterator[HostileFile]:
    chance = random.Random(name)
    n = len(content)
    for cut in {*range(1, 33, 3), *(chance.randrange(n) for _ in range(12))}:
        yield f"{name}-cut{cut}", content[:cut]
    for number in range(18):
        flipped = bytearray(content)
        # Half of the time where headers are, half anywhere.
        reach = n if number % 2 else min(n, 200)
        for _ in range(chance.choice((1, 2, 8))):
            flipped[chance.randrange(reach)] ^= 1 << chance.randrange(8)
        yield f"{name}-flip{number}", bytes(flipped)
    for number, value in enumerate((b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0")):
        place = chance.randrange(n)
        yield f"{name}-over{number}", content[:place] + value + content[place + len(value) :]
        yield f"{name}-in{number}", content[:place] + 9 * value + content[place:]


def _spliced(originals: list[HostileFile], count: int) -> Iterator[HostileFile]:
    """The head of one file and the rest of another; a file behind a file."""
    chance = random.Random(count)
    for number in range(count):
        (one, first), (other, second) = chance.choice(originals), chance.choice(originals)
        if number % 3:
            cut = chance.randrange(min(len(first), len(second), 400))
            yield f"splice{number}-{one}-{other}", first[:cut] + second[cut:]
        else:
            yield f"behind{number}-{one}-{other}", first + second


# --- PNG ------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    check = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def png(header: bytes, pixels: bytes, *others: bytes) -> bytes:
    image = chunk(b"IDAT", zlib.compress(pixels))
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *others, image, chunk(b"IEND", b""))
    )


def png_suite() -> Iterator[HostileFile]:
    """All colour types, depths, interlaces and filters, each with all ancillary chunks in turn."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    side = 9
    palette = chunk(b"PLTE", bytes(range(3 * 16)))
    ancillary = {
        "plain": b"",
        "tRNS": chunk(b"tRNS", b"\0\1\0\2\0\3"),
        "gAMA": chunk(b"gAMA", b"\0\0\0\0"),
        "cHRM": chunk(b"cHRM", b"\xff" * 32),
        "sRGB": chunk(b"sRGB", b"\x09"),
        "bKGD": chunk(b"bKGD", b"\xff\xff"),
        "hIST": chunk(b"hIST", b"\0" * 7),
        "sBIT": chunk(b"sBIT", b"\x20\x20\x20\x20"),
        "pHYs": chunk(b"pHYs", b"\xff\xff\xff\xff\0\0\0\0\1"),
        "tIME": chunk(b"tIME", b"\xff" * 7),
        "iCCP": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile")),
        "eXIf": chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
        "acTL": chunk(b"acTL", b"\xff\xff\xff\xff\0\0\0\0"),
        "text": chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 100_000)),
        "bomb": chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * (1 << 24))),
        "iTXt": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<" * 90_000)),
        "badcrc": chunk(b"tEXt", b"k\0v", crc=1),
        "unknown": chunk(b"ABCD", b""),
    }
    for colour, kinds in depths.items():
        for depth in kinds:
            for interlace in (0, 1):
                row = (side * channels[colour] * depth + 7) // 8
                # More than is needed: interlaced passes have rows of their own.
                pixels = b"".join(bytes([y % 5]) + bytes([37 * y & 255]) * row for y in range(40))
                header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlace)
                for name, extra in ancillary.items():
                    first = palette if colour == 3 else b""
                    yield (
                        f"png-{colour}-{depth}-{interlace}-{name}",
                        png(header, pixels, first, extra),
                    )


def _lying_png() -> Iterator[HostileFile]:
    for width, height in (
        *((60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 5), (5, 0)),
        *((2**32 - 1, 2**32 - 1), (9_999, 9_999), (2, 49_999_999)),
    ):
        for depth, colour in ((8, 2), (16, 6), (1, 0), (3, 2), (8, 7), (255, 255)):
            header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
            yield f"png-says-{width}x{height}-{depth}-{colour}", png(header, b"\0" * 100)
    header = struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0)
    yield "png-short", png(header, b"\0" * 30)
    yield "png-long", png(header, b"\0" * (1 << 24))
    yield "png-header-twice", png(header, b"\0" * 1300, chunk(b"IHDR", b"\xff" * 13))
    yield "png-header-short", png(b"\0\0", b"")
    yield "png-many-chunks", png(header, b"\0" * 1300, *[chunk(b"tEXt", b"a\0b")] * 20_000)
    frame = struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0)
    yield (
        "png-frame",
        png(header, b"\0" * 1300, chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), chunk(b"fcTL", frame)),
    )


# --- Headers of other formats ---------------------------------------------------------------------


def _lying_headers(originals: list[HostileFile]) -> Iterator[HostileFile]:
    known = dict(originals)
    jpeg = known["JPEG-RGB-0"]
    start = jpeg.index(b"\xff\xc0") + 5
    for height, width in ((65_500, 65_500), (0, 10), (10, 0), (65_535, 1), (20_000, 20_000)):
        size = struct.pack(">HH", height, width)
        yield f"jpeg-says-{width}x{height}", jpeg[:start] + size + jpeg[start + 4 :]
    progressive = known["JPEG-RGB-1"]
    start = progressive.index(b"\xff\xc2") + 5
    for height, width in ((65_500, 65_500), (20_000, 20_000), (6_000, 6_000)):
        lying = progressive[:start] + struct.pack(">HH", height, width) + progressive[start + 4 :]
        yield f"jpeg-progressive-{width}x{height}", lying
        # Scan after scan without a byte in it: each goes over the whole picture.
        scan = lying.index(b"\xff\xda")
        empty = lying[scan : scan + 2 + struct.unpack_from(">H", lying, scan + 2)[0]]
        yield f"jpeg-scans-{width}x{height}", lying[:-2] + 3_000 * empty + b"\xff\xd9"
    for marker in range(0xC0, 0x100):
        place = jpeg.index(b"\xff\xda")
        body = b"\xff" + bytes([marker]) + b"\xff\xff"
        yield f"jpeg-marker-{marker:02x}", jpeg[:place] + body + jpeg[place:]
    yield "jpeg-fill", jpeg[:2] + b"\xff" * 3_000_000 + jpeg[2:]
    yield "jpeg-segments", jpeg[:2] + b"\xff\xe5\0\2" * 400_000 + jpeg[2:]
    for name in ("GIF-P-0", "GIF-frames"):
        gif = known[name]
        for size in (b"\xff\xff\xff\xff", b"\0\0\1\0", b"\1\0\0\0"):
            yield f"{name}-says-{size.hex()}", gif[:6] + size + gif[10:]
            place = gif.index(b",", 13)
            yield f"{name}-frame-{size.hex()}", gif[: place + 5] + size + gif[place + 9 :]
    blocks = b"!\xfe\1a\0" * 300_000
    yield "gif-comments", known["GIF-P-0"][:-1] + blocks + b";"
    bmp = known["BMP-RGB-0"]
    for place in (2, 10, 14, 18, 22, 26, 28, 30, 34, 46):
        for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60_000):
            lying = bytearray(bmp)
            lying[place : place + 4] = struct.pack("<I", value)
            yield f"bmp-{place}-{value:x}", bytes(lying)
    for size in (b"60000 60000 255", b"-1 5 255", b"5 5 0", b"5 5 99999", b"9" * 5000 + b" 1 255"):
        for magic in (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF", b"P7", b"Py"):
            yield (
                f"ppm-{magic.decode()}-{size[:12].decode()}",
                magic + b"\n" + size + b"\n" + b"1 " * 50,
            )
    for name in ("WEBP-RGB-0", "AVIF-RGB-0", "JPEG2000-RGB-0"):
        content = known[name]
        for place in range(0, min(120, len(content) - 4), 2):
            yield f"{name}-at{place}", content[:place] + b"\xff\xff" + content[place + 2 :]


# --- Metadata -------------------------------------------------------------------------------------


def _exif_blocks() -> Iterator[tuple[str, bytes]]:
    def entries(*items: tuple[int, int, int, int], following: int = 0) -> bytes:
        body = b"".join(struct.pack("<HHII", *item) for item in items)
        return (
            b"II*\0\x08\0\0\0" + struct.pack("<H", len(items)) + body + struct.pack("<I", following)
        )

    yield "nothing", b""
    yield "noise", random.Random(1).randbytes(300)
    yield "cut", b"II*\0"
    yield "far", b"II*\0\xff\xff\xff\xff"
    yield "itself", entries((0x8769, 4, 1, 8), following=8)
    yield "orientation-text", entries((0x112, 2, 4, 0x41414141))
    yield "orientation-many", entries((0x112, 3, 0xFFFFFFFF, 6))
    yield "orientation-99", entries((0x112, 3, 1, 99))
    yield "orientation-fraction", entries((0x112, 5, 1, 8))
    yield "interop-loop", entries((0x8769, 4, 1, 8), (0xA005, 4, 1, 8), (0x8825, 4, 1, 8))
    yield (
        "date-noise",
        entries((0x8769, 4, 1, 26))
        + struct.pack("<HHHII", 1, 0x9003, 2, 20, 44)
        + b"\0" * 4
        + b"9999:99:99 99:99:99\0",
    )
    yield "many", entries(*[(0x112, 3, 1, number % 9) for number in range(5_000)])
    yield "types", entries(*[(0x9000 + number, number, 2**31, 8) for number in range(30)])
    yield "maker", entries((0x8769, 4, 1, 26)) + struct.pack("<HHHII", 1, 0x927C, 7, 0x7FFFFFFF, 0)


def _odd_metadata() -> Iterator[HostileFile]:
    picture = paint("checks", 32, 24)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        b'syntax-ns#"><rdf:Description tiff:Orientation="%s"/></rdf:RDF></x:xmpmeta>'
    )
    lol = (
        b'<!DOCTYPE x [<!ENTITY a "'
        + b"a" * 900
        + b'"><!ENTITY b "'
        + b"&a;" * 900
        + b'">]><x>&b;</x>'
    )
    packets = {
        "six": xmp % b"6",
        "huge": xmp % (b"9" * 5_000),
        "noise": random.Random(2).randbytes(400),
        "entities": lol,
        "deep": b"<a>" * 5_000,
        "long": b"<" + b"a" * 60_000,
    }
    profiles = {"noise": random.Random(3).randbytes(500), "empty": b"", "head": b"\xff" * 128}
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        for name, block in _exif_blocks():
            buffer = io.BytesIO()
            given = block if kind in ("PNG", "TIFF") else b"Exif\0\0" + block
            try:
                picture.save(buffer, kind, exif=given)
            except Exception:  # Pillow writes no such thing.
                continue
            yield f"exif-{kind}-{name}", buffer.getvalue()
        for name, packet in packets.items():
            buffer = io.BytesIO()
            try:
                picture.save(buffer, kind, xmp=packet)
            except Exception:
                continue
            yield f"xmp-{kind}-{name}", buffer.getvalue()
        for name, profile in profiles.items():
            buffer = io.BytesIO()
            try:
                picture.save(buffer, kind, icc_profile=profile)
            except Exception:
                continue
            yield f"icc-{kind}-{name}", buffer.getvalue()
    plain = io.BytesIO()
    picture.save(plain, "JPEG")
    jpeg = plain.getvalue()
    for name, block in _exif_blocks():
        body = b"Exif\0\0" + block
        if len(body) < 65_000:
            segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
            yield f"exif-raw-{name}", jpeg[:2] + segment + jpeg[2:]
            yield (
                f"mpf-{name}",
                jpeg[:2]
                + segment.replace(b"\xff\xe1", b"\xff\xe2").replace(b"Exif\0\0", b"MPF\0\0\0")
                + jpeg[2:],
            )


def _tiff_tricks() -> Iterator[HostileFile]:
    def tiff(*entries: tuple[int, int, int, int], following: int = 0, tail: bytes = b"") -> bytes:
        body = b"".join(struct.pack("<HHII", *item) for item in sorted(entries))
        head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
        return head + body + struct.pack("<I", following) + tail

    side = 16
    base = {
        256: (256, 4, 1, side),
        257: (257, 4, 1, side),
        258: (258, 3, 1, 8),
        259: (259, 3, 1, 1),
        262: (262, 3, 1, 1),
        273: (273, 4, 1, 200),
        277: (277, 3, 1, 1),
        278: (278, 4, 1, side),
        279: (279, 4, 1, side * side),
    }
    tail = bytes(2_000)
    yield "tiff-plain", tiff(*base.values(), tail=tail)
    yield "tiff-loop", tiff(*base.values(), following=8, tail=tail)
    for tag in base:
        for value in (0, 1, 2, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 60_000):
            for kind, count in ((3, 1), (4, 1), (4, 0xFFFFFF), (2, 4), (5, 1), (13, 1)):
                changed = {**base, tag: (tag, kind, count, value)}
                yield f"tiff-{tag}-{value:x}-{kind}-{count:x}", tiff(*changed.values(), tail=tail)
    for tag in (317, 320, 322, 323, 324, 325, 338, 339, 347, 530, 532, 34665, 700, 33723, 34377):
        for value in (0, 3, 8, 200, 0xFFFFFFFF):
            for count in (1, 3, 0xFFFF, 0x7FFFFFFF):
                extra = (tag, 4, count, value)
                yield f"tiff-with-{tag}-{value:x}-{count:x}", tiff(*base.values(), extra, tail=tail)
    for compression in (
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        32771,
        32773,
        32946,
        34676,
        34712,
        34925,
        50000,
        50001,
    ):
        for noise in range(4):
            changed = {**base, 259: (259, 3, 1, compression)}
            garbage = random.Random(compression + noise).randbytes(2_000)
            yield f"tiff-compression-{compression}-{noise}", tiff(*changed.values(), tail=garbage)
    buffer = io.BytesIO()
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[270] = "\u202e" * 9_000
    paint("dots", 32, 24).save(buffer, "TIFF", tiffinfo=directory)
    yield "tiff-description", buffer.getvalue()


# --- No images, and many pixels -------------------------------------------------------------------


def _no_images() -> Iterator[HostileFile]:
    buffer = io.BytesIO()
    paint("dots", 20, 20).save(buffer, "PNG")
    whole = buffer.getvalue()
    texts = {
        "empty": b"",
        "one": b"\0",
        "zeros": b"\0" * 70_000,
        "text": b"file_name,label\n",
        "html": b"<html><script>alert(1)</script>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "pdf": b"%PDF-1.7\n1 0 obj\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "zip": b"PK\3\4" + b"\0" * 60,
        "pickle": b"\x80\4\x95\x1c\0\0\0\0\0\0\0\x8c\5posix\x8c\6system\x93\x8c\4true\x85R.",
        "elf": b"\x7fELF" + b"\1" * 60,
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40,
        "psd": b"8BPS\0\1" + b"\xff" * 40,
        "ico": b"\0\0\1\0\1\0" + b"\xff" * 40,
        "fli": b"\0\0\0\0\x11\xaf" + b"\xff" * 140,
        "iptc": b"\x1c\1\x3c\0" + b"\xff" * 40,
        "wmf": b"\xd7\xcd\xc6\x9a" + b"\xff" * 80,
        "polyglot-zip": whole + b"PK\3\4" + b"x" * 50,
        "polyglot-html": whole[:33] + chunk(b"tEXt", b"x\0<script>alert(1)</script>") + whole[33:],
    }
    for name, content in texts.items():
        yield f"none-{name}", content


def large_files() -> Iterator[HostileFile]:
    """Files of even colour with as many pixels as are allowed: what one may cost at most."""
    for name, colour, channels, (width, height) in (
        ("rgba-strip", 6, 4, (112_000, 890)),
        ("rgba-square", 6, 4, (9_999, 9_999)),
        ("grey16", 0, 2, (9_999, 9_999)),
        ("rgb-line", 2, 3, (890, 112_000)),
    ):
        depth = 16 if name == "grey16" else 8
        packer = zlib.compressobj(1)
        row = b"\0" + b"\x40" * (channels * width)
        pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
        yield f"large-png-{name}", b"\x89PNG\r\n\x1a\n" + body
    for kind, mode, size, options in (
        ("JPEG", "RGB", (20_000, 20_000), {"quality": 30}),
        ("JPEG", "RGB", (9_000, 9_000), {"progressive": True, "quality": 30}),
        ("JPEG", "CMYK", (12_000, 9_000), {"quality": 30}),
        ("TIFF", "F", (9_999, 9_999), {"compression": "tiff_lzw"}),
        ("TIFF", "F", (9_999, 9_999), {}),
        ("TIFF", "RGBA", (9_999, 9_999), {}),
        ("TIFF", "LA", (9_999, 9_999), {}),
        ("TIFF", "RGBA", (112_000, 890), {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "1", (9_999, 9_999), {"compression": "group4"}),
        ("GIF", "P", (9_999, 9_999), {}),
        ("WEBP", "RGB", (9_999, 9_999), {"quality": 10, "method": 0}),
        ("AVIF", "RGB", (9_999, 9_999), {"quality": 10, "speed": 10}),
        ("JPEG2000", "RGB", (5_000, 5_000), {"quality_mode": "rates", "quality_layers": [500]}),
    ):
        buffer = io.BytesIO()
        Image.new(mode, size, 1 if mode in ("1", "F", "P") else None or 0).save(
            buffer, kind, **options
        )
        yield f"large-{kind}-{mode}-{size[0]}x{size[1]}", buffer.getvalue()
