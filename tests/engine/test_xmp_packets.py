"""XMP packets: what goes in, what stays byte for byte, and what is refused in a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from xml.etree import ElementTree

import pytest
from PIL import Image, PngImagePlugin

from engine.interchange.metadata.embedded import exchange
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import PacketError, keywords_in, merge

FOX = Keyword("fox", False, 0.93, "0123456789abcdef")
DOG = Keyword("dog", is_human=True)

FOREIGN = (
    """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk="Another 5 > 4">
  <!-- kept: <rdf:li>fox</rdf:li> -->
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="uuid:1&amp;2"
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:odd="http://example.org/odd#"
      xmp:ModifyDate="2020-01-02T03:04:05"   odd:level='7'>
      <dc:subject>
        <rdf:Bag>
          <rdf:li>été</rdf:li>
          <rdf:li>fox</rdf:li>
        </rdf:Bag>
      </dc:subject>
      <odd:thing rdf:parseType="Resource"><odd:a>x</odd:a></odd:thing>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
"""
    + " " * 200
    + '\n<?xpacket end="w"?>'
)


def test_a_new_packet_has_all_three_lists() -> None:
    content = merge(None, FOX).content
    assert keywords_in(content) == {
        "subject": ["fox"],
        "hierarchicalSubject": ["AI|fox"],
        "TagsList": ["AI/fox"],
    }
    dc, rdf = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    tree = ElementTree.fromstring(content)
    assert [item.text for item in tree.findall(f".//{dc}subject/{rdf}Bag/{rdf}li")] == ["fox"]
    digikam = "{http://www.digikam.org/ns/1.0/}TagsList"
    assert [item.text for item in tree.findall(f".//{digikam}/{rdf}Seq/{rdf}li")] == ["AI/fox"]
    assert b"Date" not in content


def test_what_others_wrote_keeps_its_bytes() -> None:
    before = FOREIGN.encode()
    merged = merge(before, DOG)
    assert merged.added == ("dog", "Handful|dog", "Handful/dog")
    assert keywords_in(merged.content)["subject"] == ["été", "fox", "dog"]
    # Every line of theirs is still there, in its order, between those that came.
    lines = iter(merged.content.splitlines(keepends=True))
    assert all(line in lines for line in before.splitlines(keepends=True))
    assert merge(merged.content, None).content == before


def test_a_second_run_replaces_its_own_keywords_and_never_a_persons() -> None:
    before = FOREIGN.encode()
    first = merge(before, FOX).content
    assert keywords_in(first)["subject"] == ["été", "fox"]  # It was the person's already.
    assert merge(first, FOX).content == first
    second = merge(first, DOG)
    assert keywords_in(second.content)["subject"] == ["été", "fox", "dog"]
    assert keywords_in(second.content)["hierarchicalSubject"] == ["Handful|dog"]
    assert second.removed == ("AI|fox", "AI/fox")
    third = merge(second.content, FOX).content
    assert keywords_in(third)["subject"] == ["été", "fox"]
    assert merge(third, None).content == before


def test_a_record_that_another_program_wrote_anew_is_understood() -> None:
    """Adobe's library writes simple values as attributes."""
    ours = merge(None, FOX).content.decode()
    for name in ("Class", "Source", "Confidence", "ModelID"):
        head, _, rest = ours.partition(f"<handful:{name}>")
        value, _, tail = rest.partition(f"</handful:{name}>")
        ours = f"{head}{tail}".replace("rdf:about=", f'handful:{name}="{value}" rdf:about=')
    content = ours.encode()
    assert merge(content, FOX).content == content
    merged = merge(content, DOG).content
    assert b'handful:Class="fox"' not in merged
    assert keywords_in(merged)["subject"] == ["dog"]


@pytest.mark.parametrize(
    ("name", "plain", "hierarchical"),
    [
        ("a|b/c", "a|b/c", "AI|a¦b∕c"),
        ("<&>\"'", "<&>\"'", "AI|<&>\"'"),
        ("]]>", "]]>", "AI|]]>"),
        ("one\ntwo\t three", "one two three", "AI|one two three"),
        ("nul\0 bell\a \ud800", "nul\ufffd bell\ufffd \ufffd", "AI|nul\ufffd bell\ufffd \ufffd"),
        ("狐狸 🦊 \u202eabc", "狐狸 🦊 \u202eabc", "AI|狐狸 🦊 \u202eabc"),
    ],
)
def test_hostile_names(name: str, plain: str, hierarchical: str) -> None:
    content = merge(None, Keyword(name, False, 0.9, "id")).content
    found = keywords_in(content)
    assert found["subject"] == [plain]
    assert found["hierarchicalSubject"] == [hierarchical]
    assert found["TagsList"] == [hierarchical.replace("|", "/")]
    ElementTree.fromstring(content)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8-sig", "utf-32-le"])
def test_encoding_and_mark_stay(encoding: str) -> None:
    text = FOREIGN if encoding == "utf-8-sig" else f"\ufeff{FOREIGN}"
    before = text.encode(encoding)
    merged = merge(before, DOG).content
    assert merged.decode(encoding).startswith(text[:40])
    assert merge(merged, None).content == before


def test_a_latin_1_sidecar_gets_letters_it_lacks_as_numbers() -> None:
    text = FOREIGN.replace("\ufeff", "")
    before = ('<?xml version="1.0" encoding="ISO-8859-1"?>\n' + text).encode("latin-1")
    merged = merge(before, Keyword("狐狸", is_human=True)).content
    assert b"&#29392;" in merged
    assert keywords_in(merged)["subject"] == ["été", "fox", "狐狸"]


@pytest.mark.parametrize(
    "subject",
    [
        "<dc:subject/>",
        "<dc:subject></dc:subject>",
        "<dc:subject><rdf:Bag/></dc:subject>",
        "<dc:subject><rdf:Bag></rdf:Bag></dc:subject>",
        "<dc:subject><rdf:Seq/></dc:subject>",
    ],
)
def test_empty_lists_are_filled(subject: str) -> None:
    before = _one_line(subject)
    merged = merge(before, DOG).content
    assert keywords_in(merged)["subject"] == ["dog"]
    assert merged.count(b"dc:subject>") == 2
    assert b"\n" not in merged


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b"not XML", "damaged"),
        (b"<a><b></a>", "damaged"),
        (b"<a/>", "holds no XMP"),
        (b"<a:b/>", "damaged"),
        (b"\xff\xfe\x00", "not text"),
        (b"<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>", "encoding ebcdic"),
        (b"\xff" * 50, "not text"),
        (b"<a>" * 5_000, "nested too deeply"),
        (b" " * ((1 << 24) + 1), "too much for XMP"),
    ],
)
def test_what_is_no_xmp_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(PacketError, match=reason):
        merge(content, FOX)


def test_entities_are_never_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]><x>&l11;</x>'
    with pytest.raises(PacketError, match="document type declaration"):
        merge(bomb.encode(), FOX)
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
    with pytest.raises(PacketError, match="document type declaration"):
        merge(outside.encode(), FOX)


@pytest.mark.parametrize(
    "subject",
    [
        "<dc:subject>fox</dc:subject>",
        '<dc:subject rdf:parseType="Resource"/>',
        "<dc:subject><rdf:Bag/></dc:subject><dc:subject><rdf:Bag/></dc:subject>",
    ],
)
def test_lists_of_an_unusual_form_are_left(subject: str) -> None:
    with pytest.raises(PacketError, match="dc:subject has an unusual form"):
        merge(_one_line(subject), FOX)


def _one_line(subject: str) -> bytes:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">{subject}</rdf:Description>'
        "</rdf:RDF>"
    ).encode()


# --- Within images --------------------------------------------------------------------------------


def _jpeg(xmp: bytes | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x927C] = bytes(range(256))  # A maker's note.
    extra = {"xmp": xmp} if xmp is not None else {}
    picture.save(out, "JPEG", exif=exif, icc_profile=b"profile" * 20_000, **extra, **options)
    return out.getvalue()


def _segments(content: bytes) -> list[bytes]:
    """All of a JPEG file, XMP left out; the scan and what follows is one piece."""
    parts, position = [], 2
    while content[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", content, position + 2)
        part = content[position : position + 2 + length]
        if b"ns.adobe.com/xap" not in part[:40]:
            parts.append(part)
        position += 2 + length
    return [*parts, content[position:]]


@pytest.mark.parametrize("xmp", [None, FOREIGN.encode()])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_everything_but_its_packet(xmp: bytes | None, progressive: bool) -> None:
    before = _jpeg(xmp, progressive=progressive)
    found = exchange(before, FOX)
    assert found is not None
    after = found.apply(before)
    assert _segments(after) == _segments(before)
    image, again = Image.open(io.BytesIO(before)), Image.open(io.BytesIO(after))
    assert again.tobytes() == image.tobytes()
    assert again.info["icc_profile"] == image.info["icc_profile"]
    assert again.info["exif"] == image.info["exif"]
    assert "AI|fox" in keywords_in(again.info["xmp"])["hierarchicalSubject"]
    assert exchange(after, FOX) is None
    gone = exchange(after, None)
    assert gone is not None
    assert gone.apply(after) == before


def test_pictures_behind_a_jpeg_stay_where_they_are_pointed_at() -> None:
    behind = b"\xff\xd8 another picture"
    with pytest.raises(PacketError, match="further pictures"):
        exchange(_jpeg() + behind, FOX)
    roomy = FOREIGN.replace(" " * 200, " " * 4_000).encode()
    before = _jpeg(roomy) + behind
    found = exchange(before, FOX)
    assert found is not None
    after = found.apply(before)
    assert len(after) == len(before)
    assert after.endswith(behind)


def test_an_extended_packet_stays_and_its_keywords_are_not_written_beside() -> None:
    def with_extension(body: bytes) -> bytes:
        head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", 99, 0)
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(head + body)) + head + body
        plain = _jpeg(FOREIGN.encode())
        return plain[:2] + segment + plain[2:]

    before = with_extension(b"<rdf:RDF> a depth map </rdf:RDF>")
    found = exchange(before, FOX)
    assert found is not None
    assert _segments(found.apply(before)) == _segments(before)
    with pytest.raises(PacketError, match="extended"):
        exchange(with_extension(b"<dc:subject/>"), FOX)


def test_a_packet_that_is_full_loses_its_padding_and_then_is_refused() -> None:
    padded = FOREIGN.replace(" " * 200, " " * (65_400 - len(FOREIGN.encode()))).encode()
    before = _jpeg(padded)
    found = exchange(before, FOX)
    assert found is not None
    assert len(found.new) < 10_000
    full = FOREIGN.replace("level='7'", f"level='{'7' * 64_400}'").encode()
    with pytest.raises(PacketError, match="longer than a JPEG"):
        exchange(_jpeg(full), FOX)


def test_a_packet_that_is_not_to_be_changed_is_not() -> None:
    sealed = FOREIGN.replace('end="w"', 'end="r"').encode()
    with pytest.raises(PacketError, match="read-only"):
        exchange(_jpeg(sealed), FOX)


@pytest.mark.parametrize("packed", [None, False, True])
def test_a_png_keeps_everything_but_its_packet(packed: bool | None) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "kept")
    if packed is not None:
        info.add_itxt("XML:com.adobe.xmp", FOREIGN, zip=packed)
    out = io.BytesIO()
    Image.effect_noise((64, 48), 60).save(out, "PNG", pnginfo=info)
    before = out.getvalue()
    found = exchange(before, DOG)
    assert found is not None
    after = found.apply(before)
    assert _chunks(after) == _chunks(before)
    again = Image.open(io.BytesIO(after))
    assert again.tobytes() == Image.open(io.BytesIO(before)).tobytes()
    assert "dog" in keywords_in(again.info["xmp"])["subject"]
    assert exchange(after, DOG) is None


def _chunks(content: bytes) -> list[bytes]:
    parts, position = [], 8
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        part = content[position : position + 12 + length]
        assert zlib.crc32(part[4:-4]) == struct.unpack(">I", part[-4:])[0]
        if b"XML:com.adobe.xmp" not in part[:40]:
            parts.append(part)
        position += 12 + length
    return parts


@pytest.mark.parametrize(
    "content",
    [b"RIFF....WEBP", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"\x89PNG\r\n\x1a\n\0\0", b"II*\0"],
)
def test_other_and_damaged_files_are_refused(content: bytes) -> None:
    with pytest.raises(PacketError):
        exchange(content, FOX)
