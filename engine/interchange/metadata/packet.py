"""An XMP packet as text that others own: ours goes in and comes out, all else keeps its bytes.

Nothing is serialised anew. expat tells where in the text each element begins and ends, and only the
entries that change are cut out or put in. What we wrote is listed in a namespace of our own
(``handful:``), so that a second run replaces its own keywords and never a person's.

Structure: XMP specification part 1 (ISO 16684-1), chapter 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from engine.errors import ExportError
from engine.interchange.metadata.keywords import Keyword
from engine.words import say

MAX_PACKET_BYTES: Final = 1 << 24
_MAX_DEPTH: Final = 100

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_HANDFUL: Final = "urn:handful:xmp:1.0/"


@dataclass(frozen=True, slots=True)
class _List:
    uri: str
    prefix: str
    container: str


LISTS: Final = {
    "subject": _List("http://purl.org/dc/elements/1.1/", "dc", "Bag"),
    "hierarchicalSubject": _List("http://ns.adobe.com/lightroom/1.0/", "lr", "Bag"),
    "TagsList": _List("http://www.digikam.org/ns/1.0/", "digiKam", "Seq"),
}
"""The lists of keywords that programs read; each reads another one first."""

_NEW: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Handful">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
# Which file was made by us, and which was there without a byte in it, a packet says of itself.
_MADE: Final = b'x:xmptk="Handful"'
_MADE_IN_EMPTY: Final = b'x:xmptk="Handful, in a file that was empty"'
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS: Final = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_READ_ONLY: Final = re.compile(rb"<\?xpacket\s+end\s*=\s*[\"']r[\"']")
_PADDING: Final = re.compile(rb"\s*(<\?xpacket\s+end)")


class PacketError(ExportError):
    """The metadata cannot be added to without harm; the reason is half a sentence."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A packet after keywords were merged into it, and which came and went (``dc:subject`` first).

    ``is_bare``: nothing is left in it.
    """

    content: bytes
    added: tuple[str, ...]
    removed: tuple[str, ...]
    is_bare: bool


def merge(content: bytes | None, keyword: Keyword | None, *, is_in_empty: bool = False) -> Merge:
    """Put a keyword into a packet in place of those that Handful wrote before.

    Args:
        content: the packet with its wrapper, in its encoding; None where there is none yet.
        keyword: None takes out what Handful wrote and puts nothing in.
        is_in_empty: there is none, but its file is there without a byte in it.

    Raises:
        PacketError: it is no XMP, or of a form that cannot be added to safely.
    """
    if content is None:
        raw, encoding = _NEW.encode(), "utf-8"
        raw = raw.replace(_MADE, _MADE_IN_EMPTY) if is_in_empty else raw
    else:
        raw, encoding = _as_utf8(content)
    packet = _Packet(raw)
    before = packet.all_keywords()
    if keyword is not None and packet.says(keyword):
        assert content is not None
        return Merge(content, (), (), False)
    had_record = packet.has_record
    if had_record:
        packet = packet.without_ours()
    if keyword is not None:
        packet = packet.with_keyword(keyword)
    elif not had_record:
        return Merge(content or b"", (), (), content is None)
    after = packet.all_keywords()
    mark = next((mark for mark, _ in _MARKS if (content or b"").startswith(mark)), b"")
    # Letters that the file's encoding lacks are written as numbers, which XML reads alike.
    merged = mark + packet.raw.decode().encode(encoding, "xmlcharrefreplace")
    _Packet(_as_utf8(merged)[0])  # What we wrote can be read.
    return Merge(merged, _less(after, before), _less(before, after), packet.is_bare)


def without_keywords(before: bytes | None, merged: Merge) -> bytes | None:
    """What a sidecar becomes when all that Handful wrote is taken out; None: it goes.

    It goes where Handful had made it and nothing else is in it; what others made stays, if bare.

    Args:
        before: its content before, None where there was none.
        merged: what :func:`merge` gave for it without a keyword.
    """
    if not before or not merged.is_bare:
        return before if not before else merged.content
    if _MADE in before:
        return None
    return b"" if _MADE_IN_EMPTY in before else merged.content


def keywords_in(content: bytes) -> dict[str, list[str]]:
    """The entries of each list; names as in :data:`LISTS`; raises PacketError."""
    packet = _Packet(_as_utf8(content)[0])
    return {name: packet.entries(name) for name in LISTS}


def has_lists(content: bytes) -> bool:
    """Whether a piece of XMP (the extension of a long one, say) has lists of keywords."""
    return any(f":{name}".encode() in content for name in LISTS)


def without_padding(content: bytes) -> bytes:
    """A UTF-8 packet without the white space kept for additions, where it would be too long."""
    return _PADDING.sub(rb"\n\1", content)


def is_read_only(content: bytes) -> bool:
    """Whether its wrapper says that it must not be changed in place."""
    return _READ_ONLY.search(content) is not None


@dataclass(slots=True)
class _Node:
    """An element; ``start`` to ``inner`` is its start tag, ``outer`` to ``end`` its end tag."""

    uri: str
    local: str
    prefix: str
    attributes: dict[tuple[str, str, str], str]
    start: int
    inner: int
    parent: _Node | None
    outer: int = 0
    end: int = 0
    text: str = ""
    children: list[_Node] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self.outer == self.end

    def named(self, local: str) -> str:
        """Another name in the same namespace, as it is written here."""
        return f"{self.prefix}:{local}" if self.prefix else local

    def is_rdf(self, *locals_: str) -> bool:
        return self.uri == _RDF and self.local in locals_


class _Packet:
    """One parsed packet in UTF-8 without a byte order mark; changing it makes another one."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        root = _parse(raw)
        found = next((node for node in _walk(root) if node.is_rdf("RDF")), None)
        if found is None:
            raise PacketError(say("it holds no XMP"))
        self._rdf = found
        self._lists: dict[str, _Node | None] = {}
        for name, item in LISTS.items():
            nodes = [node for node in self._properties() if _is(node, item.uri, name)]
            is_attribute = any(
                (uri, local) == (item.uri, name)
                for description in found.children
                for uri, local, _ in description.attributes
            )
            if len(nodes) > 1 or is_attribute or (nodes and _container(nodes[0]) is None):
                raise PacketError(
                    say("its list {name} has an unusual form", name=f"{item.prefix}:{name}")
                )
            self._lists[name] = nodes[0] if nodes else None

    # --- What is in it ----------------------------------------------------------------------------

    @property
    def has_record(self) -> bool:
        """Whether Handful wrote into it before."""
        return any(node.uri == _HANDFUL for node in self._properties()) or any(
            uri == _HANDFUL for item in self._rdf.children for uri, _, _ in item.attributes
        )

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing at all."""
        return all(_says_nothing(item) for item in self._rdf.children)

    def entries(self, name: str) -> list[str]:
        """The keywords in one list."""
        node = self._lists[name]
        return [] if node is None else [item.text for item in _items(node)]

    def all_keywords(self) -> list[str]:
        return [entry for name in LISTS for entry in self.entries(name)]

    def says(self, keyword: Keyword) -> bool:
        """Whether it has this keyword already, with the same record of it."""
        if self._record() != _record_of(keyword):
            return False
        return all(text in self.entries(name) for name, text in keyword.lists().items())

    def _properties(self) -> Iterator[_Node]:
        for description in self._rdf.children:
            yield from description.children

    def _record(self) -> dict[str, str]:
        """What is recorded of the last run, without the lists of what it wrote."""
        found = {
            local: value
            for item in self._rdf.children
            for (uri, local, _), value in item.attributes.items()
            if uri == _HANDFUL
        }
        for node in self._properties():
            if node.uri == _HANDFUL and not node.local.startswith("Written"):
                found[node.local] = node.text
        return found

    def _written(self, name: str) -> list[str]:
        local = _written_name(name)
        nodes = (node for node in self._properties() if _is(node, _HANDFUL, local))
        return [item.text for node in nodes for item in _items(node)]

    # --- Changing it ------------------------------------------------------------------------------

    def without_ours(self) -> _Packet:
        """Without the record and all that it lists."""
        cuts: list[tuple[int, int]] = []
        gone: set[int] = set()
        for name, node in self._lists.items():
            if node is None:
                continue
            items = _items(node)
            ours = []
            for text in self._written(name):
                # The last of several: the others came from elsewhere.
                mine = [item for item in items if item.text == text and item not in ours]
                ours += mine[-1:]
            left_out = [node] if ours and len(ours) == len(items) else ours
            cuts += [self._with_gap(item) for item in left_out]
            gone.update(id(item) for item in left_out)
        for node in self._properties():
            if node.uri == _HANDFUL:
                cuts.append(self._with_gap(node))
                gone.add(id(node))
        for item in self._rdf.children:
            is_ours = [id(child) in gone for child in item.children]
            if is_ours and all(is_ours) and _only_about(item):
                first, last = self._with_gap(item)
                cuts = [cut for cut in cuts if not first <= cut[0] < last]
                cuts.append((first, last))
            else:
                cuts += self._attribute_spans(item)
        return _Packet(_edited(self.raw, [(start, end, b"") for start, end in cuts]))

    def with_keyword(self, keyword: Keyword) -> _Packet:
        """With a keyword, a packet that has no record of another."""
        edits: list[tuple[int, int, bytes]] = []
        written: dict[str, str] = {}
        absent: dict[str, str] = {}
        for name, text in keyword.lists().items():
            node = self._lists[name]
            if node is None:
                absent[name] = text
                written[name] = text
            elif text not in self.entries(name):
                edits.append(self._appended(node, LISTS[name].container, text))
                written[name] = text
        edits.append(self._described(_record_of(keyword), absent, written))
        return _Packet(_edited(self.raw, edits))

    def _appended(self, node: _Node, kind: str, text: str) -> tuple[int, int, bytes]:
        """The edit that puts an entry behind the others of a list."""
        rdf = self._rdf
        holder = _container(node)
        if holder is None or holder is node:  # No container: the property is empty.
            bag, li = rdf.named(kind), rdf.named("li")
            name = self.raw[node.start + 1 : node.inner].split(b"/")[0].split(b">")[0].split()[0]
            made = f"<{bag}><{li}>{escape(text)}</{li}></{bag}>".encode()
            return self._filled(node, made, name)
        entry = f"<{holder.named('li')}>{escape(text)}</{holder.named('li')}>".encode()
        items = _items(node)
        if items:
            start, _ = self._with_gap(items[-1])
            gap = self.raw[start : items[-1].start]
            return items[-1].end, items[-1].end, gap + entry
        return self._filled(holder, entry, holder.named(holder.local).encode())

    def _filled(self, node: _Node, content: bytes, name: bytes) -> tuple[int, int, bytes]:
        """The edit that gives an element without children content."""
        if not node.is_empty:
            return node.inner, node.inner, content
        tag = self.raw[node.start : node.inner].rstrip(b">").rstrip(b"/").rstrip()
        return node.start, node.end, tag + b">" + content + b"</" + name + b">"

    def _described(
        self, record: dict[str, str], absent: dict[str, str], written: dict[str, str]
    ) -> tuple[int, int, bytes]:
        """The edit that adds a description with the record and the lists that there were not."""
        rdf = self._rdf
        last = rdf.children[-1] if rdf.children else None
        about = ""
        for item in rdf.children[:1]:
            about = next((v for (_, name, _), v in item.attributes.items() if name == "about"), "")
        if last is not None:
            start, _ = self._with_gap(last)
            gap = self.raw[start : last.start].decode()
        else:
            gap = "\n  " if b"\n" in self.raw else ""
        gap = gap if "\n" in gap else ""  # One line stays one line.
        gap = gap[gap.rfind("\r\n" if "\r\n" in gap else "\n") :] if gap else ""
        spaces = "".join(
            f' xmlns:{LISTS[name].prefix}="{LISTS[name].uri}"' for name in LISTS if name in absent
        )
        head = rdf.named("Description")
        # The prefix must be one that is bound; attributes have no default namespace.
        about_name = f"{rdf.prefix}:about" if rdf.prefix else "rdf:about"
        if not rdf.prefix:
            spaces += f' xmlns:rdf="{_RDF}"'
        lines = [f'<{head} {about_name}={quoteattr(about)}{spaces} xmlns:handful="{_HANDFUL}">']
        for name, text in absent.items():
            item_list = LISTS[name]
            lines.append(self._list_text(f"{item_list.prefix}:{name}", item_list.container, text))
        lines += [f" <handful:{k}>{escape(v)}</handful:{k}>" for k, v in record.items()]
        for name, text in written.items():
            lines.append(self._list_text(f"handful:{_written_name(name)}", "Bag", text))
        lines.append(f"</{head}>")
        block = "".join(gap + (line if gap else line.strip()) for line in lines)
        if last is not None:
            return last.end, last.end, block.encode()
        return self._filled(rdf, block.encode(), rdf.named("RDF").encode())

    def _list_text(self, name: str, container: str, text: str) -> str:
        bag, li = self._rdf.named(container), self._rdf.named("li")
        return f" <{name}><{bag}><{li}>{escape(text)}</{li}></{bag}></{name}>"

    def _with_gap(self, node: _Node) -> tuple[int, int]:
        """Where an element is with the white space before it."""
        assert node.parent is not None
        siblings = node.parent.children
        place = siblings.index(node)
        before = siblings[place - 1].end if place else node.parent.inner
        is_blank = not self.raw[before : node.start].strip()
        return (before if is_blank else node.start), node.end

    def _attribute_spans(self, node: _Node) -> list[tuple[int, int]]:
        """Where a start tag has attributes of ours, as other programs write our simple values."""
        spans = []
        for uri, local, prefix in node.attributes:
            if uri != _HANDFUL:
                continue
            name = re.escape(f"{prefix}:{local}".encode())
            pattern = re.compile(rb"\s+" + name + rb"\s*=\s*(\"[^\"]*\"|'[^']*')")
            if match := pattern.search(self.raw, node.start, node.inner):
                spans.append(match.span())
        return spans


def _parse(raw: bytes) -> _Node:
    """The element tree of a packet; raises PacketError."""
    # A parser that is told its encoding ignores what the text itself says of it.
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    root: list[_Node] = []
    opened: list[_Node] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(opened) > _MAX_DEPTH:
            raise PacketError(say("it is nested too deeply to be XMP"))
        begin = parser.CurrentByteIndex
        known = {_split(key): value for key, value in attributes.items()}
        inner = _tag_end(raw, begin)
        parent = opened[-1] if opened else None
        node = _Node(*_split(name), known, begin, inner, parent)
        (parent.children if parent else root).append(node)
        opened.append(node)

    def end(_: str) -> None:
        node = opened.pop()
        if raw[node.inner - 2 : node.inner] == b"/>":
            node.outer = node.end = node.inner
        else:
            node.outer = parser.CurrentByteIndex
            node.end = raw.index(b">", node.outer) + 1

    def text(data: str) -> None:
        if opened:
            opened[-1].text += data

    def doctype(*_: object) -> None:
        # Entities could make it grow without end, and no XMP has them.
        raise PacketError(say("it has a document type declaration, which XMP never has"))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise PacketError(say("it is damaged at line {line}", line=error.lineno)) from error
    return root[0]


def _split(name: str) -> tuple[str, str, str]:
    """Namespace, name and prefix of what expat calls an element or attribute."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _tag_end(raw: bytes, start: int) -> int:
    """Where the start tag at ``start`` ends; a ">" may be within quotes."""
    match = _START_TAG.match(raw, start)
    if match is None:  # expat has read it, but its place is not where expat says.
        raise PacketError(say("its parts cannot be told apart"))
    return match.end()


_START_TAG: Final = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def _walk(node: _Node) -> Iterator[_Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _is(node: _Node, uri: str, local: str) -> bool:
    return (node.uri, node.local) == (uri, local)


def _container(node: _Node) -> _Node | None:
    """What holds a list's entries; the node itself where it is empty; None: no list at all."""
    if not node.children:
        return node if not node.text.strip() and not node.attributes else None
    holder = node.children[0]
    is_list = len(node.children) == 1 and holder.is_rdf("Bag", "Seq", "Alt")
    return holder if is_list and not node.text.strip() else None


def _items(node: _Node) -> list[_Node]:
    holder = _container(node)
    return [] if holder is None else [item for item in holder.children if item.is_rdf("li")]


def _only_about(description: _Node) -> bool:
    return all(local == "about" or uri == _HANDFUL for uri, local, _ in description.attributes)


def _says_nothing(description: _Node) -> bool:
    return not description.children and _only_about(description)


def _written_name(name: str) -> str:
    return f"Written{name[0].upper()}{name[1:]}"


def _record_of(keyword: Keyword) -> dict[str, str]:
    record = {"Class": keyword.name, "Source": "human" if keyword.is_human else "machine"}
    if not keyword.is_human:
        record |= {"Confidence": f"{keyword.confidence:.4f}", "ModelID": keyword.model_id}
    return record


def _as_utf8(content: bytes) -> tuple[bytes, str]:
    """The text in UTF-8 without a byte order mark, and the encoding it came in.

    Raises:
        PacketError: too long, of an encoding that is not known, or not in its own.
    """
    if len(content) > MAX_PACKET_BYTES:
        raise PacketError(say("it has {size:.0f} MB, too much for XMP", size=len(content) / 1e6))
    encoding = ""
    for mark, name in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], name
            break
    if not encoding:
        declared = _DECLARED.match(content)
        encoding = declared.group(1).decode().lower() if declared else "utf-8"
        if encoding not in _ENCODINGS:
            raise PacketError(say("its encoding {encoding} is not known", encoding=encoding))
    try:
        text = content.decode(encoding)
        if text.encode(encoding) == content:
            return text.encode(), encoding
    except UnicodeError:
        pass
    raise PacketError(say("it is not text in the encoding {encoding}", encoding=encoding))


def _edited(raw: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    for start, end, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw


def _less(these: list[str], those: list[str]) -> tuple[str, ...]:
    """Those that are more often in the first list, each once, in its order."""
    return tuple(dict.fromkeys(item for item in these if these.count(item) > those.count(item)))
