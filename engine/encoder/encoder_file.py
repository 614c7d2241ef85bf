"""The encoder's file: weights, preprocessing and provenance in one safetensors file.

Never pickle: a safetensors file is a JSON header and plain numbers, so that opening a file from a
stranger runs none of its code. This module needs neither torch nor onnxruntime.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from engine.encoder.description import (
    FORMAT_OF_LIBRARY,
    FORMAT_OF_PROJECTION,
    FORMATS,
    LAST_BLOCK,
    LAYER_SIZES,
    MATRIX,
    MAX_EMBEDDING_SIZE,
    MOBILENET_V2,
    OFFSET,
    RESAMPLINGS,
    Encoder,
    Fit,
    LibraryNetwork,
    Preprocessing,
    Projection,
    described_projection,
    format_of,
)
from engine.errors import EncoderError, sentence_for
from engine.files import write_whole
from engine.words import say

_WEIGHTS_PREFIX: Final = "weights."
_FEATURE_MEAN: Final = "feature_mean"
_PROBE: Final = "probe"


def shipped_encoder_path() -> Path:
    """The encoder file that comes with the program."""
    return Path(__file__).parents[2] / "assets" / "encoder.safetensors"


def load_encoder(path: Path) -> Encoder:
    """Read an encoder file.

    Raises:
        EncoderError: the file is missing, truncated, damaged, of another kind, or needs a newer
            program; the sentence names the file.
    """
    if path.is_dir():
        raise EncoderError(say("{path} is a folder; give the encoder file in it.", path=path))
    if not path.is_file():
        raise EncoderError(say("There is no encoder file {path}.", path=path))
    try:
        with safe_open(path, framework="numpy") as stored:
            header: dict[str, str] = stored.metadata() or {}
            if not header.get("format", "").startswith("handful-encoder-"):
                raise EncoderError(say("{path} is not an encoder of Handful.", path=path))
            if header["format"] not in FORMATS:
                raise EncoderError(
                    say(
                        "{path} was made for another version of Handful (it says {found}, "
                        "this version reads {known}).",
                        path=path,
                        found=header["format"],
                        known=" and ".join(FORMATS),
                    )
                )
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("read the encoder"))) from error
    except SafetensorError as error:
        raise EncoderError(
            say("{path} is damaged or is not an encoder of Handful.", path=path)
        ) from error
    try:
        encoder = _from_stored(header, arrays)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncoderError(
            say("{path} is damaged: its description cannot be read.", path=path)
        ) from error
    if encoder.network is None and encoder.architecture not in LAYER_SIZES:
        raise EncoderError(
            say(
                "{path} holds an encoder of the kind {architecture!r}, which this version of "
                "Handful does not know.",
                path=path,
                architecture=encoder.architecture,
            )
        )
    if encoder.projection is not None and not _fits(encoder.projection, encoder.architecture):
        raise EncoderError(
            say("{path} is damaged: its projection does not fit its network.", path=path)
        )
    if encoder.network is not None and not _is_consistent(encoder.network):
        raise EncoderError(
            say("{path} is damaged: its projection does not fit its network.", path=path)
        )
    if encoder.feature_mean.shape != (encoder.embedding_size,):
        raise EncoderError(
            say("{path} is damaged: its mean embedding has the wrong length.", path=path)
        )
    if encoder.fingerprint != header.get("fingerprint"):
        raise EncoderError(
            say("{path} is damaged: its contents do not match its fingerprint.", path=path)
        )
    return encoder


def encoder_from_weights(path: Path, name: str, provenance: str, licence: str) -> Encoder:
    """An encoder from bare torchvision weights (``features.*``) in a safetensors file.

    Its mean embedding is zero, which centres nothing: meta-training measures a new one.

    Raises:
        EncoderError: the file cannot be read or holds no such weights.
    """
    try:
        arrays = load_file(path)
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("read the weights"))) from error
    except SafetensorError as error:
        raise EncoderError(
            say("{path} is damaged or is no safetensors file.", path=path)
        ) from error
    weights = {
        key: array.astype(np.float32)
        for key, array in arrays.items()
        if key.startswith("features.") and not key.endswith(".num_batches_tracked")
    }
    if not weights:
        raise EncoderError(
            say("{path} holds no weights of a torchvision network (features.*).", path=path)
        )
    return Encoder(
        name=name,
        architecture=MOBILENET_V2,
        weights=MappingProxyType(weights),
        feature_mean=np.zeros(LAYER_SIZES[MOBILENET_V2][LAST_BLOCK[MOBILENET_V2]], np.float32),
        metadata=MappingProxyType({"provenance": provenance, "licence": licence}),
    )


def holds_bare_weights(path: Path) -> bool:
    """Whether a file holds torchvision weights (``features.*``) and is no encoder file."""
    try:
        with safe_open(path, framework="numpy") as stored:
            described = stored.metadata() or {}
            return "format" not in described or not described["format"].startswith("handful-")
    except (OSError, SafetensorError):
        return False


def open_encoder(path: Path, name: str = "", provenance: str = "", licence: str = "") -> Encoder:
    """An encoder from its file, or from bare weights as ``encoder_from_weights`` takes them.

    Args:
        path: of either.
        name: of the encoder that bare weights become; else the file's, without its ending. An
            encoder file has its own, and its own ``provenance`` and ``licence``.

    Raises:
        EncoderError: as ``load_encoder`` and ``encoder_from_weights``.
    """
    if holds_bare_weights(path):
        return encoder_from_weights(path, name or path.stem, provenance, licence)
    return load_encoder(path)


def save_encoder(encoder: Encoder, path: Path) -> None:
    """Write an encoder file whole or not at all.

    Raises:
        EncoderError: the file could not be written.
    """
    header = {
        "format": format_of(encoder),
        "name": encoder.name,
        "architecture": encoder.architecture,
        "preprocessing": json.dumps(asdict(encoder.preprocessing), sort_keys=True),
        "metadata": json.dumps(dict(encoder.metadata), sort_keys=True, ensure_ascii=False),
        "fingerprint": encoder.fingerprint,
    }
    arrays = {
        _WEIGHTS_PREFIX + name: np.ascontiguousarray(array)
        for name, array in sorted(encoder.weights.items())
    }
    arrays[_FEATURE_MEAN] = np.ascontiguousarray(encoder.feature_mean)
    if encoder.projection is not None:
        header["projection"] = json.dumps(described_projection(encoder.projection))
        arrays[MATRIX] = np.ascontiguousarray(encoder.projection.matrix)
        arrays[OFFSET] = np.ascontiguousarray(encoder.projection.offset)
    if encoder.network is not None:
        header["network"] = json.dumps(_described_network(encoder.network))
        arrays[_PROBE] = np.ascontiguousarray(encoder.network.probe)
        if encoder.network.matrix is not None:
            arrays[MATRIX] = np.ascontiguousarray(encoder.network.matrix)
    try:
        write_whole(path, save(arrays, metadata=header))
    except OSError as error:
        raise EncoderError(sentence_for(error, path, say("write the encoder"))) from error


def _from_stored(header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> Encoder:
    described = json.loads(header["preprocessing"])
    metadata = json.loads(header["metadata"])
    if not isinstance(described, dict) or not isinstance(metadata, dict):
        raise TypeError("preprocessing and metadata must be objects")
    size_px = described["size_px"]
    if not isinstance(size_px, int) or not 1 <= size_px <= 4096:
        raise ValueError("size_px out of range")
    if described["resampling"] not in RESAMPLINGS:
        raise ValueError("unknown resampling")
    if any(array.dtype != np.float32 for array in arrays.values()):
        raise TypeError("weights must be float32")
    return Encoder(
        name=header["name"],
        architecture=header["architecture"],
        weights=MappingProxyType(
            {
                name.removeprefix(_WEIGHTS_PREFIX): _read_only(array)
                for name, array in arrays.items()
                if name.startswith(_WEIGHTS_PREFIX)
            }
        ),
        feature_mean=_read_only(arrays[_FEATURE_MEAN]),
        preprocessing=Preprocessing(
            size_px=size_px,
            fit=Fit(described["fit"]),
            resampling=str(described["resampling"]),
            mean=_three(described["mean"]),
            std=_three(described["std"]),
        ),
        metadata=MappingProxyType(metadata),
        projection=_stored_projection(header, arrays),
        network=_stored_network(header, arrays),
    )


def _stored_projection(
    header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]
) -> Projection | None:
    if header["format"] != FORMAT_OF_PROJECTION:
        return None
    described = json.loads(header["projection"])
    return Projection(
        taps=tuple(int(tap) for tap in described["taps"]),
        matrix=_read_only(arrays[MATRIX]),
        offset=_read_only(arrays[OFFSET]),
        parts=tuple(int(part) for part in described["parts"]),
    )


def _stored_network(
    header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]
) -> LibraryNetwork | None:
    if header["format"] != FORMAT_OF_LIBRARY:
        return None
    described = json.loads(header["network"])
    return LibraryNetwork(
        library=str(described["library"]),
        model=str(described["model"]),
        version=str(described["version"]),
        n_features=int(described["n_features"]),
        is_rooted=bool(described["is_rooted"]),
        matrix=_read_only(arrays[MATRIX]) if MATRIX in arrays else None,
        probe=_read_only(arrays[_PROBE]),
    )


def _is_consistent(network: LibraryNetwork) -> bool:
    matrix = network.matrix
    if matrix is not None and (matrix.ndim != 2 or len(matrix) != network.n_features):
        return False
    size = network.embedding_size
    return 1 <= size <= MAX_EMBEDDING_SIZE and network.probe.shape == (size,)


def _described_network(network: LibraryNetwork) -> dict[str, Any]:
    return {
        "library": network.library,
        "model": network.model,
        "version": network.version,
        "n_features": network.n_features,
        "is_rooted": network.is_rooted,
        "embedding_size": network.embedding_size,
    }


def _fits(projection: Projection, architecture: str) -> bool:
    if projection.offset.ndim != 1:
        return False
    sizes, size = LAYER_SIZES[architecture], len(projection.offset)
    return (
        bool(projection.taps)
        and len(set(projection.taps)) == len(projection.taps)
        and all(tap in sizes for tap in projection.taps)
        and 1 <= size <= MAX_EMBEDDING_SIZE
        and projection.matrix.shape == (sum(sizes[tap] for tap in projection.taps), size)
        and projection.parts[:1] == (0,)
        and all(a < b for a, b in zip(projection.parts, (*projection.parts[1:], size), strict=True))
    )


def _three(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


def _read_only(array: NDArray[Any]) -> NDArray[np.float32]:
    array.flags.writeable = False
    return array
