"""The encoder's graph gives what the torch network gives, for images of any size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.encoder import graph as graph_module
from engine.encoder.description import Encoder, Preprocessing
from engine.encoder.encoder_file import load_encoder, save_encoder, shipped_encoder_path
from engine.encoder.graph import (
    is_graph_of,
    load_or_build_graph,
    read_graph_metadata,
    shipped_graph_path,
)
from engine.encoder.network import build_network, embed, preprocess, weights_of
from engine.encoder.network_input import network_input
from engine.errors import EncoderError

SIZES = (
    (31, 33),
    (33, 31),
    (224, 224),
    (97, 401),
    (640, 120),
    (500, 375),
    (1200, 1601),
    (1, 1),
    (225, 223),
)


@pytest.fixture(scope="module")
def shipped() -> Encoder:
    return load_encoder(shipped_encoder_path())


@pytest.fixture(scope="module")
def small(shipped: Encoder) -> Encoder:
    """The shipped network at a smaller input with other constants: never in the assets."""
    return Encoder(
        name="Small",
        architecture=shipped.architecture,
        weights=shipped.weights,
        feature_mean=shipped.feature_mean,
        projection=shipped.projection,
        preprocessing=Preprocessing(size_px=64, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)),
        metadata={"licence": "Apache-2.0"},
    )


@pytest.fixture(scope="module")
def unprojected(shipped: Encoder) -> Encoder:
    """The shipped network with the embedding of files of the first format."""
    return replace(shipped, projection=None, feature_mean=np.zeros(1280, np.float32))


@pytest.fixture(scope="module")
def built(small: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load_or_build_graph(small, tmp_path_factory.mktemp("cache"))


def _painted(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Smooth colours, fine stripes and noise: all that resampling can get wrong."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = [
        128
        + 60 * np.sin(x / (3 + 2 * c))
        + 40 * np.cos(y / (5 - c))
        + random.normal(0, 20, x.shape)
        for c in range(3)
    ]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _worst_difference(encoder: Encoder, path: Path) -> float:
    """Largest relative difference between graph and torch, the float16 rounding allowed for."""
    session, network = _session(path), build_network(encoder)
    worst = 0.0
    for seed, (height, width) in enumerate(SIZES):
        image = _painted(height, width, seed)
        (given,) = session.run(["embedding"], {"image": image[None]})
        assert given.shape == (1, encoder.embedding_size)
        assert given.dtype == np.float32
        exact = embed(network, [image], encoder.preprocessing)[0]
        np.testing.assert_array_equal(given[0], given[0].astype(np.float16))
        # Half of float16's spacing is what rounding alone may add.
        spacing = np.spacing(np.maximum(np.abs(given[0]), 1e-4).astype(np.float16)).astype(
            np.float32
        )
        beyond = np.maximum(np.abs(given[0] - exact) - 0.5 * spacing, 0)
        worst = max(worst, float(np.linalg.norm(beyond) / np.linalg.norm(exact)))
    return worst


def test_the_shipped_graph_gives_what_torch_gives(shipped: Encoder) -> None:
    assert is_graph_of(shipped_graph_path(), shipped)
    assert _worst_difference(shipped, shipped_graph_path()) <= 1e-4


def test_a_built_graph_gives_what_torch_gives(small: Encoder, built: Path) -> None:
    assert _worst_difference(small, built) <= 1e-4


def test_without_a_projection_the_graph_gives_what_torch_gives(
    unprojected: Encoder, shared_graphs: Path
) -> None:
    assert not is_graph_of(shipped_graph_path(), unprojected)
    assert _worst_difference(unprojected, load_or_build_graph(unprojected, shared_graphs)) <= 1e-4


def test_the_projected_embedding_is_the_documented_formula(shipped: Encoder) -> None:
    """u @ matrix + offset at length one; u from the blocks' activations, taken by hooks."""
    network, projection = build_network(shipped), shipped.projection
    assert projection is not None
    taken: dict[int, torch.Tensor] = {}

    def keep(tap: int) -> Callable[..., None]:
        return lambda module, given, made: taken.update({tap: made})

    for tap in projection.taps:
        block = network.features[tap]
        last = tap == len(network.features) - 1
        (block if last else block.conv[1]).register_forward_hook(keep(tap))
    pixels = preprocess(torch.from_numpy(_painted(80, 60, 0)), shipped.preprocessing)[None]
    with torch.inference_mode():
        given = network(pixels)[0].numpy()
        plain = network.features(pixels)  # The trunk as torchvision runs it, hooks and all.
    assert torch.equal(plain, taken[18])
    roots = np.concatenate([taken[tap].mean((2, 3))[0].sqrt().numpy() for tap in projection.taps])
    expected = roots.astype(np.float64) @ projection.matrix + projection.offset
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(given, expected, atol=1e-5)
    assert given.min() < 0 < given.max()
    network(pixels).sum().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in network.parameters())


def test_without_a_projection_it_is_the_root_of_the_pooled_activation(
    unprojected: Encoder,
) -> None:
    network = build_network(unprojected)
    pixels = preprocess(torch.from_numpy(_painted(80, 60, 0)), unprojected.preprocessing)[None]
    with torch.inference_mode():
        pooled = network.features(pixels).mean((2, 3))
        assert torch.equal(network(pixels), pooled.sqrt())
    # With gradients the silent units are led around the root's infinite slope.
    assert torch.equal(network(pixels).detach(), pooled.sqrt())
    network(pixels).sum().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in network.parameters())


def test_torch_resizes_as_pillow_does() -> None:
    """Pillow rounds to 8 bits after each direction, so one grey level is the bound."""
    image = _painted(301, 207, 5)
    plain = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    ours = preprocess(torch.from_numpy(image), plain).permute(1, 2, 0).numpy() * 255
    pillows = Image.fromarray(image).resize((224, 224), Image.Resampling.BILINEAR)
    assert np.abs(ours - np.asarray(pillows)).max() <= 1.0


@pytest.mark.parametrize("shape", SIZES)
def test_the_square_that_is_shown_is_what_the_network_gets(
    shipped: Encoder, shape: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(np.uint8)
    shown = network_input(shipped_graph_path(), pixels)
    normalised = (
        preprocess(torch.from_numpy(pixels), shipped.preprocessing).reshape(3, 224, 224).numpy()
    )
    mean, std = (
        np.array(part, np.float32)[:, None, None] * 255
        for part in (shipped.preprocessing.mean, shipped.preprocessing.std)
    )
    expected = (normalised * std + mean).transpose(1, 2, 0)
    assert shown.shape == (224, 224, 3)
    assert float(np.abs(shown - expected).max()) <= 0.51


def test_a_graph_without_preprocessing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(EncoderError, match=r"other\.onnx"):
        network_input(path, np.zeros((8, 8, 3), np.uint8))


def test_a_batch_gives_what_its_images_give_alone(built: Path) -> None:
    session = _session(built)
    batch = np.stack([_painted(70, 90, seed) for seed in range(3)])
    (together,) = session.run(["embedding"], {"image": batch})
    for image, embedding in zip(batch, together, strict=True):
        (alone,) = session.run(["embedding"], {"image": image[None]})
        np.testing.assert_allclose(alone[0], embedding, rtol=2e-3, atol=1e-4)


def test_the_graph_names_its_input_and_output_and_hides_this_machine(
    small: Encoder, built: Path
) -> None:
    model = onnx.load(built)
    onnx.checker.check_model(model, full_check=True)
    (given,), (made,) = model.graph.input, model.graph.output
    assert (given.name, made.name) == ("image", "embedding")
    assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    shape = [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim]
    assert shape == ["batch", "height", "width", 3]
    shape = [axis.dim_param or axis.dim_value for axis in made.type.tensor_type.shape.dim]
    assert shape == ["batch", small.embedding_size]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 20)]
    assert {entry.key: entry.value for entry in model.metadata_props}[
        "encoder_fingerprint"
    ] == small.fingerprint
    content = built.read_bytes()
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode(), b"torch.", b"engine."):
        assert trace not in content
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


def test_a_graph_is_built_once_and_again_only_when_it_is_damaged(
    small: Encoder, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built.name == f"{small.fingerprint}.onnx"
    assert {path.name for path in built.parent.iterdir()} == {built.name, f"{built.name}.sha256"}
    builds: list[Encoder] = []

    def build(encoder: Encoder) -> onnx.ModelProto:
        builds.append(encoder)
        return onnx.load_from_string(whole)

    whole = built.read_bytes()
    monkeypatch.setattr(graph_module, "encoder_graph", build)
    assert load_or_build_graph(small, built.parent) == built
    assert not builds

    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1  # Still a graph, of other numbers.
    for number, damaged in enumerate((whole[: len(whole) // 2], bytes(flipped)), start=1):
        built.write_bytes(damaged)
        assert load_or_build_graph(small, built.parent) == built
        assert builds == [small] * number
        assert built.read_bytes() == whole


def test_the_shipped_encoder_needs_no_building(shipped: Encoder, tmp_path: Path) -> None:
    assert load_or_build_graph(shipped, tmp_path) == shipped_graph_path()
    assert list(tmp_path.iterdir()) == []


def test_metadata_are_read_as_onnx_reads_them(built: Path, tmp_path: Path) -> None:
    model = onnx.load(built, load_external_data=False)
    assert read_graph_metadata(built) == {entry.key: entry.value for entry in model.metadata_props}
    content = built.read_bytes()
    cut = tmp_path / "cut.onnx"
    for length in (0, 1, 5, 100, len(content) - 100, len(content) - 1):
        cut.write_bytes(content[:length])
        found = read_graph_metadata(cut)
        assert not is_graph_of(cut, load_encoder(shipped_encoder_path()))
        assert len(found) < len(model.metadata_props)
    assert read_graph_metadata(tmp_path / "none.onnx") == {}
    assert read_graph_metadata(tmp_path) == {}
    cut.write_bytes(np.random.default_rng(0).bytes(4000))
    assert read_graph_metadata(cut) == {}


def test_weights_survive_the_way_through_the_network(shipped: Encoder) -> None:
    back = weights_of(build_network(shipped))
    assert back.keys() == shipped.weights.keys()
    for name, array in shipped.weights.items():
        np.testing.assert_array_equal(back[name], array)


def test_a_network_stays_in_evaluation_mode(shipped: Encoder) -> None:
    network = build_network(shipped).train()
    assert not any(module.training for module in network.modules())


def test_weights_that_do_not_fit_are_refused(shipped: Encoder) -> None:
    name = "features.0.0.weight"
    missing = {key: array for key, array in shipped.weights.items() if key != name}
    unknown = {**shipped.weights, "features.99.weight": np.zeros(3, np.float32)}
    misshapen = {**shipped.weights, name: np.zeros((3, 3), np.float32)}
    for weights in (missing, unknown, misshapen):
        encoder = Encoder("Odd", shipped.architecture, weights, shipped.feature_mean)
        with pytest.raises(EncoderError, match="do not fit their network"):
            build_network(encoder)


def test_the_command_writes_a_graph(small: Encoder, built: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    save_encoder(small, damaged)
    damaged.write_bytes(damaged.read_bytes()[:1000])
    made = tmp_path / "made.onnx"
    command = [sys.executable, "-m", "engine.encoder.graph", str(damaged), str(made)]
    failed = subprocess.run(
        command, capture_output=True, text=True, cwd=shipped_encoder_path().parents[1], check=False
    )
    assert failed.returncode == 1
    assert "damaged.safetensors" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not made.exists()
