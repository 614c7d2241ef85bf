"""Keywords within an image's file: the one segment that holds the XMP packet is exchanged.

The image itself is never decoded and never moved into another order of bytes: what is before and
behind the segment stays as it is. JPEG (APP1, XMP specification part 3, 1.1.3) and PNG (iTXt,
1.1.5).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import (
    MAX_PACKET_BYTES,
    Merge,
    PacketError,
    has_lists,
    is_read_only,
    merge,
    without_padding,
)
from engine.words import say

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION: Final = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEAD: Final = len(_EXTENSION) + 32 + 8  # With its GUID, whole length and offset.
_MAX_SEGMENT: Final = 0xFFFF
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEY: Final = b"XML:com.adobe.xmp\0"
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # Not within a scan's data.
_PADDED: Final = re.compile(rb"\s*(?=<\?xpacket\s+end)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """``new`` takes the place of the ``removed`` bytes at ``offset``."""

    merge: Merge
    offset: int
    removed: bytes
    new: bytes

    def apply(self, content: bytes) -> bytes:
        """The whole file afterwards."""
        return content[: self.offset] + self.new + content[self.offset + len(self.removed) :]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a packet is, or would be; ``wrap`` makes the segment of a packet."""

    start: int
    end: int
    packet: bytes | None
    wrap: Callable[[bytes], bytes]
    is_fixed: bool = False  # Bytes behind it are pointed at from elsewhere.


def exchange(content: bytes, keyword: Keyword | None) -> Exchange | None:
    """What has to be exchanged in an image's file; None where it says all that already.

    Raises:
        PacketError: a kind of file, or a file, into which nothing can be written without harm.
    """
    place = _place(content)
    packet = place.packet
    if packet is None and keyword is None:
        return None
    merged = merge(packet, keyword)
    if merged.content == packet:
        return None
    if packet is not None and is_read_only(packet):
        raise PacketError(say("its metadata is marked as read-only"))
    if merged.is_bare and not place.is_fixed:
        new = b""
    else:
        new = place.wrap(_fitted(merged.content, packet, place.is_fixed))
    found = Exchange(merged, place.start, content[place.start : place.end], new)
    after = found.apply(content)
    again = _place(after)
    if (after[: again.start], after[again.end :]) != (content[: place.start], content[place.end :]):
        raise PacketError(say("its parts cannot be told apart"))
    return found


def _place(content: bytes) -> _Place:
    if content.startswith(b"\xff\xd8"):
        return _place_in_jpeg(content)
    if content.startswith(_PNG):
        return _place_in_png(content)
    raise PacketError(say("Handful writes into JPEG and PNG files only"))


def _place_in_jpeg(content: bytes) -> _Place:
    damaged = PacketError(say("it is a damaged JPEG file"))
    position, insert_at = 2, 2
    is_head = True
    places: list[tuple[int, int]] = []
    extension: list[tuple[int, bytes]] = []
    while True:
        if content[position : position + 1] != b"\xff" or position + 4 > len(content):
            raise damaged
        marker = content[position + 1]
        if marker == 0xFF:  # Filling bytes.
            position += 1
            continue
        if marker in (0xDA, 0xD9):
            break
        (length,) = struct.unpack_from(">H", content, position + 2)
        end = position + 2 + length
        if length < 2 or end > len(content):
            raise damaged
        body = content[position + 4 : end]
        if marker == 0xE1 and body.startswith(_XMP):
            places.append((position, end))
        elif marker == 0xE1 and body.startswith(_EXTENSION):
            (offset,) = struct.unpack_from(">I", body.ljust(_EXTENSION_HEAD), _EXTENSION_HEAD - 4)
            extension.append((offset, body[_EXTENSION_HEAD:]))
        # Behind JFIF and Exif, which readers want first.
        if is_head and (marker == 0xE0 or (marker == 0xE1 and body.startswith(b"Exif\0"))):
            insert_at = end
        else:
            is_head = False
        position = end
    if len(places) > 1:
        raise PacketError(say("it has several XMP packets"))
    if has_lists(b"".join(part for _, part in sorted(extension))):
        raise PacketError(say("its keywords are in an extended XMP packet"))
    # Exif and MPF point to pictures behind the image by their distance, which must not change.
    is_fixed = bool(content[_end_of_jpeg(content, position) :].strip(b"\0"))
    start, end = places[0] if places else (insert_at, insert_at)
    packet = content[start + 4 + len(_XMP) : end] if places else None
    return _Place(start, end, packet, _jpeg_segment, is_fixed)


def _end_of_jpeg(content: bytes, position: int) -> int:
    """Where the image that begins with the scan at ``position`` ends, by its EOI."""
    while True:
        match = _MARKER.search(content, position)
        if match is None:
            return len(content)  # Cut off; there is nothing behind it.
        position = match.end()
        if content[position - 1] == 0xD9:
            return position
        if position + 2 <= len(content):
            position += struct.unpack_from(">H", content, position)[0]


def _jpeg_segment(packet: bytes) -> bytes:
    for candidate in (packet, without_padding(packet)):
        length = 2 + len(_XMP) + len(candidate)
        if length <= _MAX_SEGMENT:
            return b"\xff\xe1" + struct.pack(">H", length) + _XMP + candidate
    raise PacketError(say("its metadata would be longer than a JPEG file can hold"))


def _place_in_png(content: bytes) -> _Place:
    position = len(_PNG)
    insert_at = 0
    places: list[tuple[int, int, bytes]] = []
    while position < len(content):
        if position + 12 > len(content):
            raise PacketError(say("it is a damaged PNG file"))
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise PacketError(say("it is a damaged PNG file"))
        body = content[position + 8 : end - 4]
        if kind == b"IHDR":
            insert_at = end
        elif kind == b"iTXt" and body.startswith(_PNG_KEY):
            places.append((position, end, _png_text(body)))
        elif kind == b"IEND":
            break
        position = end
    if not insert_at:
        raise PacketError(say("it is a damaged PNG file"))
    if len(places) > 1:
        raise PacketError(say("it has several XMP packets"))
    if places:
        return _Place(*places[0], _png_chunk)
    return _Place(insert_at, insert_at, None, _png_chunk)


def _png_text(body: bytes) -> bytes:
    rest = body[len(_PNG_KEY) :]
    is_packed = rest[:1] == b"\x01"
    # The language and the translated key, each ended by a zero.
    parts = rest[2:].split(b"\0", 2)
    if len(parts) < 3:
        raise PacketError(say("it is a damaged PNG file"))
    if not is_packed:
        return parts[2]
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(parts[2], MAX_PACKET_BYTES + 1)
    except zlib.error as error:
        raise PacketError(say("it is a damaged PNG file")) from error
    return text  # One that is too long is refused as any other.


def _png_chunk(packet: bytes) -> bytes:
    body = b"iTXt" + _PNG_KEY + b"\0\0\0\0" + packet
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _fitted(packet: bytes, before: bytes | None, is_fixed: bool) -> bytes:
    """The packet, with as much padding as keeps the length where that must not change."""
    if not is_fixed:
        return packet
    missing = len(before or b"") - len(packet)
    match = _PADDED.search(packet)
    if before is None or match is None or len(match[0]) + missing < 0:
        raise PacketError(
            say("further pictures follow its image, and whoever points to them would miss them")
        )
    if missing >= 0:
        return packet[: match.end()] + b" " * missing + packet[match.end() :]
    return packet[: match.end() + missing] + packet[match.end() :]
