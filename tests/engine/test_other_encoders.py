"""Networks of timm and torchvision as encoders: the same numbers, files, explanations, refusals."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.encoder import library_network
from engine.encoder.activations import (
    TappedEncoder,
    embedding_of_roots,
    emits_roots_of,
    projection_of,
)
from engine.encoder.description import BICUBIC, BILINEAR, Encoder, Preprocessing
from engine.encoder.encoder_file import load_encoder, save_encoder
from engine.encoder.graph import load_or_build_graph, write_graph
from engine.encoder.libraries import UNKNOWN_LICENCE, look_up, structure
from engine.encoder.library_network import make_encoder, read_weights
from engine.encoder.network import build_embedder, build_network, embed, preprocess
from engine.encoder.network_input import network_input
from engine.encoder.runtime import load_runtime
from engine.encoder.views import VIEWS, cut
from engine.errors import EncoderError, EngineError, NoMapError
from engine.image_cache import ImageCache
from engine.jobs.adaptation import adapt_and_classify
from engine.jobs.explanation import explain
from engine.jobs.workspace import Workspace, cache_key
from engine.messages import Adapt, Effort, Explain, Explained, NotAdapted, PredictionsReady
from engine.method.adaptation import adapt
from engine.method.explanation import View, score_map
from tests.engine.other_encoders import SMALL, encoder_of, whole_network, write_weights
from tests.engine.painted import KINDS, paint, paint_folder, snapshot_of

SIZES = ((33, 31), (160, 160), (224, 224), (301, 97), (640, 500), (1200, 900))
RESNET, MOBILENET, VIT = (
    "torchvision:resnet18",
    "torchvision:mobilenet_v3_small",
    "timm:vit_tiny_patch16_224",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def made(folder: Path) -> Callable[[str], tuple[Encoder, Path]]:
    """Encoders by name and their graphs, each made when it is asked for first."""
    known: dict[str, tuple[Encoder, Path]] = {}

    def make(name: str) -> tuple[Encoder, Path]:
        if name not in known:
            encoder = encoder_of(name, folder)
            known[name] = encoder, load_or_build_graph(encoder, folder / "graphs")
        return known[name]

    return make


@pytest.fixture
def small(made: Callable[[str], tuple[Encoder, Path]]) -> Encoder:
    return made(SMALL)[0]


def _features_by_hand(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """What the whole network pools before its classifier, taken as its library offers it."""
    network = whole_network(look_up(name))
    if name == VIT:
        return lambda pixels: network.forward_head(network.forward_features(pixels), True)
    pooled: list[torch.Tensor] = []
    network.avgpool.register_forward_hook(lambda _, given, made: pooled.append(made.flatten(1)))

    def take(pixels: torch.Tensor) -> torch.Tensor:
        network(pixels)
        return pooled.pop()

    return take


@pytest.mark.parametrize(
    ("name", "n_features", "is_rooted", "resampling"),
    [
        (RESNET, 512, True, BILINEAR),
        (MOBILENET, 576, False, BILINEAR),
        (VIT, 192, False, BICUBIC),
    ],
)
def test_the_graph_gives_the_pooled_features_of_the_library_at_any_size(
    made: Callable[[str], tuple[Encoder, Path]],
    name: str,
    n_features: int,
    is_rooted: bool,
    resampling: str,
) -> None:
    encoder, graph = made(name)
    assert encoder.network is not None
    assert (encoder.network.n_features, encoder.embedding_size) == (n_features, n_features)
    assert encoder.network.is_rooted is is_rooted
    assert encoder.preprocessing.resampling == resampling
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    features_of = _features_by_hand(name)
    for seed, (width, height) in enumerate(SIZES):
        pixels = np.asarray(paint(KINDS[seed % 3], width, height, seed))
        (given,) = session.run(["embedding"], {"image": pixels[None]})
        with torch.inference_mode():
            seen = preprocess(torch.from_numpy(pixels.copy()), encoder.preprocessing)[None]
            expected = features_of(seen)[0].numpy()
        rule = encoder.preprocessing
        mean, std = np.array(rule.mean), np.array(rule.std)
        square = seen[0].permute(1, 2, 0).numpy() * (255 * std) + 255 * mean
        assert np.abs(network_input(graph, pixels) - square).max() <= 0.51
        expected = np.sqrt(expected) if is_rooted else expected
        expected /= np.linalg.norm(expected)
        assert given.shape == (1, n_features)
        assert np.linalg.norm(given[0] - expected) <= 1e-3


def test_bicubic_resizing_is_pillows() -> None:
    """Pillow rounds to 8 bits, and cuts off there, after each direction."""
    noise = np.random.default_rng(3).integers(80, 176, (301, 207, 3)).astype(np.uint8)
    plain = Preprocessing(resampling=BICUBIC, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    for image in (noise, noise[:90, :60]):
        ours = preprocess(torch.from_numpy(image.copy()), plain).permute(1, 2, 0).numpy() * 255
        pillows = Image.fromarray(image).resize((224, 224), Image.Resampling.BICUBIC)
        assert np.abs(ours - np.asarray(pillows)).max() <= 1.5
    black_and_white = torch.from_numpy(np.repeat(noise[:40, :40] // 128 * 255, 2, axis=0))
    beyond = preprocess(black_and_white, plain)
    assert beyond.min() >= 0
    assert beyond.max() <= 1.0001


def test_from_several_views_the_graph_gives_the_mean(
    made: Callable[[str], tuple[Encoder, Path]], folder: Path
) -> None:
    encoder = replace(made(SMALL)[0], preprocessing=Preprocessing(64, resampling=BICUBIC))
    assert encoder.network is not None
    module = library_network.build_library_network(encoder)
    probe = library_network.embed(module, [library_network.probe_image()], encoder.preprocessing)
    encoder = replace(encoder, network=replace(encoder.network, probe=probe[0]))
    pixels = np.asarray(paint("dots", 300, 200))
    by_graph = load_runtime(encoder, folder / "graphs", "cpu", viewed=True).embed(pixels)
    seen = [cut(pixels, view).copy() for view in VIEWS]
    by_torch = embed(build_embedder(encoder), seen, encoder.preprocessing).mean(axis=0)
    np.testing.assert_allclose(by_graph, by_torch, rtol=2e-3, atol=1e-3)


# --- The file -------------------------------------------------------------------------------------


def test_an_encoder_survives_its_file(small: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    save_encoder(small, path)
    back = load_encoder(path)
    assert back.fingerprint == small.fingerprint
    assert back.architecture == "timm:test_resnet.r160_in1k"
    assert back.name == "test_resnet.r160_in1k (timm)"
    assert back.preprocessing == small.preprocessing == look_up(SMALL).preprocessing
    assert back.metadata["licence"] == "apache-2.0"
    assert back.network is not None
    assert small.network is not None
    assert (back.network.library, back.network.version) == ("timm", small.network.version)
    assert back.network.is_rooted
    np.testing.assert_array_equal(back.network.probe, small.network.probe)
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"\0\0\0\1")
    with pytest.raises(EncoderError, match=r"small\.safetensors is damaged"):
        load_encoder(path)


def test_the_fingerprint_is_of_what_embeddings_depend_on(small: Encoder) -> None:
    network = small.network
    assert network is not None
    same = replace(small, name="Another", network=replace(network, version="0.1"))
    assert same.fingerprint == small.fingerprint
    first = next(iter(small.weights))
    for other in (
        replace(small, network=replace(network, is_rooted=False)),
        replace(small, preprocessing=replace(small.preprocessing, resampling=BICUBIC)),
        replace(small, weights={**small.weights, first: small.weights[first] * 2}),
    ):
        assert other.fingerprint != small.fingerprint


def test_a_graph_with_other_numbers_than_when_it_was_made_is_refused(
    small: Encoder, tmp_path: Path
) -> None:
    """As where another version of the library builds another network under the name."""
    assert small.network is not None
    moved = replace(small.network, probe=np.roll(small.network.probe, 1), version="0.1")
    out = tmp_path / "graph.onnx"
    with pytest.raises(EncoderError, match=r"numbers that it gave when it was made with timm 0\.1"):
        write_graph(replace(small, network=moved), out)
    assert not out.exists()


def test_features_that_are_too_long_are_projected_at_unchanged_angles(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_network, "MAX_EMBEDDING_SIZE", 80)
    encoder = encoder_of(SMALL, folder)
    assert encoder.network is not None
    matrix = encoder.network.matrix
    assert matrix is not None
    assert matrix.shape == (96, 80)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(80), atol=1e-5)
    assert encoder.embedding_size == len(encoder.feature_mean) == 80
    again = encoder_of(SMALL, folder)
    assert again.fingerprint == encoder.fingerprint
    save_encoder(encoder, tmp_path / "projected.safetensors")
    encoder = load_encoder(tmp_path / "projected.safetensors")
    graph = load_or_build_graph(encoder, folder / "graphs")
    _check_that_the_map_sums_to_the_score(encoder, TappedEncoder(encoder, graph))


def test_2048_features_become_1280_numbers() -> None:
    matrix = library_network._projection(2048)
    assert (matrix.shape, matrix.dtype) == ((2048, 1280), np.float32)
    random = np.random.default_rng(0)
    given = np.abs(random.standard_normal((40, 2048))) * random.uniform(0, 2, (40, 1))
    given = given.astype(np.float32)

    def cosines(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return rows @ rows.T

    assert np.abs(cosines(given @ matrix) - cosines(given)).max() < 0.05


# --- Weights --------------------------------------------------------------------------------------


def _same(one: Encoder, other: Encoder) -> bool:
    return one.fingerprint == other.fingerprint


@pytest.mark.parametrize("name", [SMALL, "torchvision:shufflenet_v2_x0_5"])
def test_weights_are_taken_as_training_programs_save_them(
    made: Callable[[str], tuple[Encoder, Path]], name: str, tmp_path: Path
) -> None:
    network = look_up(name)
    expected = encoder_of(name, tmp_path)
    state = whole_network(network).state_dict()
    wrapped = {"epoch": 3, "state_dict": {f"module.{key}": item for key, item in state.items()}}
    torch.save(wrapped, tmp_path / "checkpoint.pth")
    assert _same(make_encoder(network, tmp_path / "checkpoint.pth", ""), expected)
    headless = {key: item for key, item in state.items() if not key.startswith("fc.")}
    torch.save(headless, tmp_path / "headless.pt")
    assert _same(make_encoder(network, tmp_path / "headless.pt", ""), expected)
    seven = {**state, "fc.weight": state["fc.weight"][:7], "fc.bias": state["fc.bias"][:7]}
    torch.save(seven, tmp_path / "seven.bin")
    assert _same(make_encoder(network, tmp_path / "seven.bin", ""), expected)


def test_weights_that_are_not_the_networks_are_refused(tmp_path: Path) -> None:
    for name, other in ((SMALL, "timm:test_vit"), (RESNET, MOBILENET)):
        path = write_weights(other, tmp_path / "other.safetensors")
        with pytest.raises(
            EncoderError, match=r"other\.safetensors holds other weights: not those"
        ):
            make_encoder(look_up(name), path, "")
    # More layers of the same names, and fewer.
    for name, other in ((RESNET, "torchvision:resnet34"), ("torchvision:resnet34", RESNET)):
        path = write_weights(other, tmp_path / "other.safetensors")
        with pytest.raises(EncoderError, match="not those of"):
            make_encoder(look_up(name), path, "")


class _Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("was_run"),))


def test_a_file_that_holds_code_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "more": _Code()}, tmp_path / "trojan.pth")
    (tmp_path / "pickle.pth").write_bytes(pickle.dumps(_Code()))
    for name in ("trojan.pth", "pickle.pth"):
        with pytest.raises(EncoderError, match=f"{name} holds more than weights"):
            read_weights(tmp_path / name)
    assert not (tmp_path / "was_run").exists()


def test_files_without_weights_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights")
    (tmp_path / "text.pth").write_text("no weights")
    torch.save([torch.zeros(2)], tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    for name in ("text.safetensors", "text.pth", "list.pth", "empty.pth", "none.pth"):
        with pytest.raises(EncoderError, match=name):
            read_weights(tmp_path / name)


# --- Names ----------------------------------------------------------------------------------------


def test_names_are_looked_up_without_a_connection() -> None:
    network = look_up("timm:resnet18")
    assert network.model == "resnet18.a1_in1k"
    assert network.urls[0] == (
        "https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/model.safetensors"
    )
    assert (network.licence, network.kept) == ("apache-2.0", None)
    network = look_up("torchvision:resnet50")
    assert network.model == "resnet50.IMAGENET1K_V2"
    assert network.urls == ("https://download.pytorch.org/models/resnet50-11ad3fa6.pth",)
    assert network.sha256 == "11ad3fa6"
    assert network.licence == UNKNOWN_LICENCE
    first = look_up("torchvision:resnet50.IMAGENET1K_V1")
    assert first.sha256 == "0676ba61"
    large = look_up("torchvision:vit_h_14")
    assert large.preprocessing.size_px == 518
    assert large.preprocessing.resampling == BICUBIC
    assert "SWAG" in large.licence


def test_what_the_library_downloaded_before_is_found(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(empty_home / "torch"))
    kept = empty_home / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"weights")
    assert look_up(RESNET).kept == kept


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("resnet18", r"'resnet18' is not the name of a network; names look like timm:resnet18"),
        ("keras:resnet18", "is not the name of a network"),
        ("timm:", "is not the name of a network"),
        ("timm:resnet81", r"timm 1\..* has no network called 'resnet81'; did you mean .*resnet"),
        ("timm:resnet18.never", r"no network called 'resnet18.never'; did you mean resnet18\."),
        ("torchvision:resnet81", "has no network called 'resnet81'; did you mean resnet18"),
        ("torchvision:resnet18.V9", r"did you mean resnet18\.IMAGENET1K_V1"),
        ("torchvision:fasterrcnn_resnet50_fpn", "does not classify whole images but finds objects"),
    ],
)
def test_names_that_are_none_are_told_in_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(EncoderError, match=sentence):
        look_up(name)


def test_without_timm_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    for ask in (lambda: look_up(SMALL), lambda: structure("timm", "test_resnet", 160)):
        with pytest.raises(EncoderError, match="not installed: pip install timm"):
            ask()
    assert look_up(RESNET).model == "resnet18.IMAGENET1K_V1"


@pytest.mark.parametrize(
    ("name", "n_features"),
    [
        ("alexnet", 256),
        ("convnext_tiny", 768),
        ("densenet121", 1024),
        ("efficientnet_b0", 1280),
        ("googlenet", 1024),
        ("mnasnet0_5", 1280),
        ("regnet_y_400mf", 440),
        ("shufflenet_v2_x0_5", 1024),
        ("squeezenet1_1", 512),
        ("vgg11", 512),
    ],
)
def test_every_family_of_torchvision_gives_features(name: str, n_features: int) -> None:
    trunk = structure("torchvision", name, 64)
    with torch.inference_mode():
        assert trunk(torch.zeros(2, 3, 64, 64)).flatten(1).shape == (2, n_features)


# --- Explanations ---------------------------------------------------------------------------------


def _check_that_the_map_sums_to_the_score(encoder: Encoder, tapped: TappedEncoder) -> None:
    random = np.random.default_rng(7)
    pictures = [np.asarray(paint(KINDS[n % 3], 90 + 20 * n, 120, n)) for n in range(5)]
    pictures.append(random.integers(0, 256, (80, 60, 3)).astype(np.uint8))
    seen = [tapped.run(pixels) for pixels in pictures]
    pooled = [item.taps[0].mean(axis=(1, 2)) for item in seen]
    roots = [np.sqrt(part) if emits_roots_of(encoder) else part for part in pooled]
    # Unrounded: networks with weights drawn at random see little difference between images.
    embeddings = np.stack([embedding_of_roots(part, projection_of(encoder)) for part in roots])
    model = adapt(embeddings, np.arange(len(seen)) % 2, embeddings.mean(axis=0))
    for item, embedding in zip(seen, embeddings, strict=True):
        np.testing.assert_allclose(item.embedding, embedding, atol=1e-3)
        laid = score_map(
            model,
            1,
            embedding,
            [View(item.taps)],
            projection_of(encoder),
            are_rooted=emits_roots_of(encoder),
        )
        bound = max(1.0, abs(laid.score))
        assert abs(float(laid.heat.sum(dtype=np.float64)) - laid.score) <= 1e-4 * bound
        assert abs(laid.remainder) <= 2e-3 * bound  # The parts themselves add up.
        assert laid.heat.std() > 0


@pytest.mark.parametrize("name", [RESNET, MOBILENET])
def test_where_a_map_is_averaged_the_account_is_exact(
    made: Callable[[str], tuple[Encoder, Path]], name: str
) -> None:
    encoder, graph = made(name)
    _check_that_the_map_sums_to_the_score(encoder, TappedEncoder(encoder, graph))


def test_without_a_map_nothing_is_made_up(made: Callable[[str], tuple[Encoder, Path]]) -> None:
    encoder, graph = made(VIT)
    with pytest.raises(NoMapError, match="does not average over the places of an image"):
        TappedEncoder(encoder, graph)


# --- In the program -------------------------------------------------------------------------------


@pytest.fixture
def open_with(made: Callable[[str], tuple[Encoder, Path]], folder: Path, tmp_path: Path) -> Any:
    """Opens workspaces on an encoder by name."""
    opened: list[Workspace] = []

    def open_one(name: str) -> Workspace:
        runtime = load_runtime(made(name)[0], folder / "graphs", "cpu")
        cache = ImageCache(tmp_path / "cache", cache_key(runtime), runtime.encoder.embedding_size)
        opened.append(Workspace(runtime, cache, graph_folder=folder / "graphs"))
        return opened[-1]

    yield open_one
    for workspace in opened:
        workspace.close()


def test_what_has_no_map_is_explained_by_its_neighbours(
    open_with: Callable[[str], Workspace], tmp_path: Path
) -> None:
    paths = paint_folder(tmp_path / "images", 2)
    snapshot = snapshot_of(tmp_path / "images", paths, 1)
    for name, has_map in ((SMALL, True), (VIT, False)):
        workspace = open_with(name)
        adapting = Adapt(1, snapshot.classes, snapshot.support, (), Effort.INSTANT)
        events = [event for event in adapt_and_classify(workspace, adapting) if event]
        assert any(isinstance(event, PredictionsReady) for event in events)
        asked = Explain(2, snapshot.images[1], snapshot.classes[0].class_id, snapshot.support)
        (told,) = [event for event in explain(workspace, asked) if isinstance(event, Explained)]
        assert bool(told.note) is not has_map
        assert (told.heat.shape == (1, 1)) is not has_map
        assert float(told.heat.sum()) == pytest.approx(told.score, abs=1e-3)
        assert len(told.neighbours) == 3


def test_fine_tuning_is_refused_with_the_reason(
    open_with: Callable[[str], Workspace], tmp_path: Path
) -> None:
    paths = paint_folder(tmp_path / "images", 5)
    snapshot = snapshot_of(tmp_path / "images", paths, 4)
    workspace = open_with(SMALL)
    adapting = Adapt(1, snapshot.classes, snapshot.support, (), Effort.FINETUNE)
    (told,) = [e for e in adapt_and_classify(workspace, adapting) if isinstance(e, NotAdapted)]
    assert told.reason == workspace.runtime.encoder.training_refusal
    assert "Only encoders of Handful's own architecture can be trained" in told.reason
    with pytest.raises(EngineError, match="is a network of timm"):
        build_network(workspace.runtime.encoder)
