"""The encoder file: what is written comes back, and nothing damaged is taken for an encoder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.encoder.description import Encoder, Preprocessing, Projection
from engine.encoder.encoder_file import (
    encoder_from_weights,
    holds_bare_weights,
    load_encoder,
    open_encoder,
    save_encoder,
    shipped_encoder_path,
)
from engine.errors import EncoderError


@pytest.fixture
def encoder() -> Encoder:
    """Two small arrays under names that no network has: the file does not look into them."""
    random = np.random.default_rng(0)
    return Encoder(
        name="Tiny",
        architecture="mobilenet_v2",
        weights={
            "features.0.weight": random.normal(size=(4, 3)).astype(np.float32),
            "features.0.bias": random.normal(size=4).astype(np.float32),
        },
        feature_mean=random.random(1280).astype(np.float32),
        preprocessing=Preprocessing(size_px=96),
        metadata={"licence": "Apache-2.0", "meta_training": {"sets": ["Blätter"], "seed": 3}},
    )


def test_an_encoder_comes_back_as_it_was_saved(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_encoder(encoder, path)
    loaded = load_encoder(path)

    assert loaded.name == "Tiny"
    assert loaded.architecture == encoder.architecture
    assert loaded.preprocessing == encoder.preprocessing
    assert loaded.metadata == encoder.metadata
    assert loaded.fingerprint == encoder.fingerprint
    assert loaded.embedding_size == 1280
    assert loaded.weights.keys() == encoder.weights.keys()
    for name, array in encoder.weights.items():
        np.testing.assert_array_equal(loaded.weights[name], array)
    np.testing.assert_array_equal(loaded.feature_mean, encoder.feature_mean)
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


@pytest.fixture
def projected(encoder: Encoder) -> Encoder:
    """The same with a projection of blocks 18 and 7 to 5 numbers in two parts."""
    random = np.random.default_rng(1)
    projection = Projection(
        taps=(18, 7),
        matrix=random.normal(size=(1280 + 192, 5)).astype(np.float32),
        offset=random.normal(size=5).astype(np.float32),
        parts=(0, 3),
    )
    return replace(encoder, projection=projection, feature_mean=np.zeros(5, np.float32))


def test_a_projection_comes_back_as_it_was_saved(projected: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_encoder(projected, path)
    loaded = load_encoder(path)
    assert loaded.embedding_size == 5
    assert loaded.fingerprint == projected.fingerprint
    assert projected.projection is not None
    assert loaded.projection is not None
    assert (loaded.projection.taps, loaded.projection.parts) == ((18, 7), (0, 3))
    np.testing.assert_array_equal(loaded.projection.matrix, projected.projection.matrix)
    np.testing.assert_array_equal(loaded.projection.offset, projected.projection.offset)
    with pytest.raises(ValueError, match="read-only"):
        loaded.projection.matrix[0, 0] = 1.0


def test_the_fingerprint_covers_the_projection(encoder: Encoder, projected: Encoder) -> None:
    projection = projected.projection
    assert projection is not None
    variants = [
        projection,
        replace(projection, matrix=projection.matrix + 1),
        replace(projection, offset=projection.offset + 1),
        replace(projection, taps=(7, 18)),
        replace(projection, parts=(0, 2)),
    ]
    prints = {replace(projected, projection=variant).fingerprint for variant in variants}
    assert len(prints | {encoder.fingerprint}) == len(variants) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"taps": (18,)},
        {"taps": (18, 18)},
        {"taps": (18, 99)},
        {"taps": ()},
        {"parts": ()},
        {"parts": (1, 3)},
        {"parts": (0, 5)},
        {"parts": (0, 3, 3)},
        {"offset": np.zeros(4, np.float32)},
        {"offset": np.zeros((), np.float32)},
        {"offset": np.zeros((5, 1), np.float32)},
        {"matrix": np.zeros((), np.float32)},
    ],
)
def test_a_projection_that_does_not_fit_is_refused(
    change: dict[str, Any], projected: Encoder, tmp_path: Path
) -> None:
    assert projected.projection is not None
    path = tmp_path / "odd.safetensors"
    save_encoder(replace(projected, projection=replace(projected.projection, **change)), path)
    with pytest.raises(EncoderError, match=r"odd\.safetensors is damaged: its projection"):
        load_encoder(path)


def test_a_file_of_the_first_format_keeps_its_fingerprint(encoder: Encoder) -> None:
    """Embeddings that were cached before there were projections stay valid."""
    expected = "798431716d69ba9f4db702571abe960e866c99d89c6fa9afe4b318a04a089ae6"
    assert encoder.fingerprint == expected


def test_the_arrays_of_a_loaded_encoder_cannot_be_changed(encoder: Encoder, tmp_path: Path) -> None:
    save_encoder(encoder, tmp_path / "mine.safetensors")
    loaded = load_encoder(tmp_path / "mine.safetensors")
    with pytest.raises(ValueError, match="read-only"):
        loaded.weights["features.0.bias"][0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        loaded.feature_mean[0] = 1.0


def test_the_fingerprint_covers_what_embeddings_depend_on_and_nothing_else(
    encoder: Encoder,
) -> None:
    nudged = dict(encoder.weights)
    nudged["features.0.bias"] = nudged["features.0.bias"].copy()
    nudged["features.0.bias"][0] = np.nextafter(nudged["features.0.bias"][0], np.float32(9))
    reordered = dict(reversed(encoder.weights.items()))

    assert len(encoder.fingerprint) == 64
    assert _changed(encoder, weights=reordered).fingerprint == encoder.fingerprint
    assert _changed(encoder, name="Other").fingerprint == encoder.fingerprint
    assert _changed(encoder, metadata={}).fingerprint == encoder.fingerprint
    assert (
        _changed(encoder, feature_mean=np.zeros(1280, np.float32)).fingerprint
        == encoder.fingerprint
    )
    assert _changed(encoder, weights=nudged).fingerprint != encoder.fingerprint
    for preprocessing in (
        Preprocessing(size_px=97),
        replace(encoder.preprocessing, mean=(0.5, 0.456, 0.406)),
        replace(encoder.preprocessing, std=(0.5, 0.224, 0.225)),
    ):
        assert _changed(encoder, preprocessing=preprocessing).fingerprint != encoder.fingerprint


def test_a_file_cut_anywhere_is_refused_by_name(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    save_encoder(encoder, path)
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(EncoderError, match=r"cut\.safetensors"):
            load_encoder(path)


def test_a_changed_byte_in_the_weights_is_noticed(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "rotten.safetensors"
    save_encoder(encoder, path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"rotten\.safetensors is damaged"):
        load_encoder(path)


def _text(path: Path) -> None:
    path.write_text("a letter, not an encoder")


def _folder(path: Path) -> None:
    path.mkdir()


def _nothing(path: Path) -> None:
    pass


def _other_safetensors(path: Path) -> None:
    save_file({"a": np.zeros(3, np.float32)}, path)


def _newer(path: Path) -> None:
    save_file({"a": np.zeros(3, np.float32)}, path, metadata={"format": "handful-encoder-9"})


def _header(**changes: str) -> dict[str, str]:
    described = {"size_px": 224, "fit": "stretch", "resampling": "", "mean": [0, 0, 0]}
    return {
        "format": "handful-encoder-1",
        "name": "x",
        "architecture": "mobilenet_v2",
        "preprocessing": json.dumps({**described, "std": [1, 1, 1]}),
        "metadata": "{}",
        **changes,
    }


def _without_mean(path: Path) -> None:
    save_file({"weights.a": np.zeros(3, np.float32)}, path, metadata=_header())


def _of_unknown_kind(path: Path) -> None:
    mean = {"feature_mean": np.zeros(3, np.float32)}
    save_file(mean, path, metadata=_header(architecture="vgg"))


def _of_unknown_fit(path: Path) -> None:
    described = json.dumps({"size_px": 224, "fit": "fold", "mean": [0] * 3, "std": [1] * 3})
    mean = {"feature_mean": np.zeros(1280, np.float32)}
    save_file(mean, path, metadata=_header(preprocessing=described))


def _of_doubles(path: Path) -> None:
    save_file({"feature_mean": np.zeros(1280, np.float64)}, path, metadata=_header())


@pytest.mark.parametrize(
    "make",
    [
        _text,
        _folder,
        _nothing,
        _other_safetensors,
        _newer,
        _without_mean,
        _of_unknown_kind,
        _of_unknown_fit,
        _of_doubles,
    ],
)
def test_what_is_no_encoder_is_refused_in_one_sentence(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "given"
    make(path)
    with pytest.raises(EncoderError) as caught:
        load_encoder(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_bare_weights_become_an_encoder(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    weights = {
        "features.0.0.weight": np.ones((2, 3), np.float32),
        "features.0.1.num_batches_tracked": np.array(0, np.int64),
        "classifier.1.weight": np.ones((2, 2), np.float32),
    }
    save_file(weights, path)
    assert holds_bare_weights(path)
    encoder = encoder_from_weights(path, "Bare", "painted", "MIT")
    assert list(encoder.weights) == ["features.0.0.weight"]
    assert encoder.metadata == {"provenance": "painted", "licence": "MIT"}
    assert not encoder.feature_mean.any()
    save_encoder(encoder, tmp_path / "mine.safetensors")
    assert load_encoder(tmp_path / "mine.safetensors").fingerprint == encoder.fingerprint
    assert not holds_bare_weights(tmp_path / "mine.safetensors")
    assert not holds_bare_weights(tmp_path / "missing.safetensors")

    save_file({"other": np.ones(2, np.float32)}, path)
    with pytest.raises(EncoderError, match=r"bare\.safetensors holds no weights"):
        encoder_from_weights(path, "Bare", "", "")
    path.write_text("no")
    with pytest.raises(EncoderError, match=r"bare\.safetensors is damaged"):
        encoder_from_weights(path, "Bare", "", "")


def test_an_encoder_is_opened_from_its_file_or_from_bare_weights(
    encoder: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    save_encoder(encoder, path)
    assert open_encoder(path, "Unused", "unused", "unused").name == "Tiny"
    bare = tmp_path / "bare.safetensors"
    save_file(dict(encoder.weights), bare)
    opened = open_encoder(bare)
    assert (opened.name, opened.metadata["provenance"]) == ("bare", "")
    opened = open_encoder(bare, "Start", "painted", "MIT")
    assert (opened.name, opened.metadata) == ("Start", {"provenance": "painted", "licence": "MIT"})
    np.testing.assert_array_equal(
        opened.weights["features.0.bias"], encoder.weights["features.0.bias"]
    )
    for make, words in ((_nothing, "no encoder file"), (_text, "damaged")):
        make(tmp_path / "given")
        with pytest.raises(EncoderError, match=words):
            open_encoder(tmp_path / "given")


def test_a_file_that_cannot_be_written_is_told(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no such file or folder"):
        save_encoder(encoder, tmp_path / "missing" / "mine.safetensors")


def test_the_shipped_encoder_loads_without_torch_or_onnx() -> None:
    code = (
        "import sys; from engine.encoder.encoder_file import *; import engine.encoder.graph as g;"
        "encoder = load_encoder(shipped_encoder_path());"
        "assert g.is_graph_of(g.shipped_graph_path(), encoder);"
        "assert not {'torch', 'onnx', 'onnxscript'} & sys.modules.keys(), 'imported'"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=shipped_encoder_path().parents[1], timeout=60
    )


def test_the_shipped_encoder_says_where_it_comes_from() -> None:
    encoder = load_encoder(shipped_encoder_path())
    assert encoder.metadata["licence"] == "Apache-2.0"
    assert encoder.metadata["provenance"]
    assert encoder.projection is not None
    assert encoder.projection.parts == (0, 320)
    assert encoder.feature_mean.any()


def _changed(encoder: Encoder, **changes: object) -> Encoder:
    return replace(encoder, **changes)  # type: ignore[arg-type]
