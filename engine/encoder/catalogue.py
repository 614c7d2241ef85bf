"""The encoders that a person can choose from: the shipped one and those that were added.

Only the files' headers are read. Importing this module is quick: no torch, no onnxruntime.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EncoderError, sentence_for
from engine.words import say

if TYPE_CHECKING:
    from engine.encoder.description import Encoder

_LONGEST_HEADER: Final = 100_000_000  # As the safetensors library allows.
_FORMAT: Final = "handful-encoder-"
_KEPT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What an encoder file says of itself.

    Attributes:
        path: the file.
        name: what a person reads.
        size_bytes: of the file.
        embedding_length: numbers that an image becomes.
        licence: of the weights, or that it is unknown.
        is_shipped: whether it came with the program.
    """

    path: Path
    name: str
    size_bytes: int
    embedding_length: int
    licence: str
    is_shipped: bool


def list_encoders(folder: Path) -> tuple[EncoderInfo, ...]:
    """The shipped encoder, then those in ``folder`` by name; files that are none are passed over.

    Args:
        folder: of added encoders; it need not be there.
    """
    shipped = Path(__file__).parents[2] / "assets" / "encoder.safetensors"
    try:
        others = sorted(folder.glob("*.safetensors"))
    except OSError:
        others = []
    found = [_read(shipped, is_shipped=True), *(_read(path, is_shipped=False) for path in others)]
    known = [info for info in found if info is not None]
    return tuple(sorted(known, key=lambda info: (not info.is_shipped, info.name.casefold())))


def remove_encoder(path: Path, cache_folder: Path) -> None:
    """Delete an encoder that was added, and its graphs in the cache.

    Embeddings made with it stay in the cache: should it be added again, they are good.

    Raises:
        EncoderError: it is the shipped one, it is no encoder file, or it cannot be deleted.
    """
    info, header = _read(path, is_shipped=False), _header(path)
    if info is None or header is None:
        raise EncoderError(say("{path} is not an encoder of Handful.", path=path))
    if path.resolve() == list_encoders(path.parent)[0].path.resolve():
        raise EncoderError(say("The encoder that came with Handful cannot be removed."))
    fingerprint = str(header.get("__metadata__", {}).get("fingerprint", ""))
    try:
        path.unlink()
        if fingerprint:
            for graph in (cache_folder / "encoders").glob(f"{fingerprint}.*"):
                graph.unlink(missing_ok=True)
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("delete"))) from error


def place_of(encoder: Encoder, folder: Path) -> Path:
    """Where an added encoder goes: a name that tells it, and other weights of the same network."""
    known = encoder.architecture if encoder.network is not None else encoder.name
    words = _KEPT_IN_NAMES.sub("-", known).strip("-.") or "encoder"
    return folder / f"{words}-{encoder.fingerprint[:8]}.safetensors"


def _read(path: Path, *, is_shipped: bool) -> EncoderInfo | None:
    header = _header(path)
    if header is None:
        return None
    try:
        described = header["__metadata__"]
        if not described["format"].startswith(_FORMAT):
            return None
        licence = json.loads(described["metadata"]).get("licence", "")
        (length,) = header["feature_mean"]["shape"]
        return EncoderInfo(
            path=path,
            name=str(described["name"]),
            size_bytes=path.stat().st_size,
            embedding_length=int(length),
            licence=str(licence),
            is_shipped=is_shipped,
        )
    except (
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        return None


def _header(path: Path) -> dict[str, Any] | None:
    """The JSON with which a safetensors file begins; None where there is none."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LONGEST_HEADER, path.stat().st_size):
                return None
            header = json.loads(file.read(length))
    except (OSError, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None
