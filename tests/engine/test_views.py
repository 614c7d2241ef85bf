"""Several views of one image inside the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engine.cache import clean_cache
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.graph import is_graph_of, shipped_graph_path
from engine.encoder.runtime import EncoderRuntime, cpu_session, load_runtime
from engine.encoder.views import VIEWS, View, cut, load_or_build_viewed_graph, viewed_graph
from engine.jobs.workspace import cache_key
from tests.engine.painted import KINDS, paint


@pytest.fixture(scope="module")
def viewed_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    encoder = load_encoder(shipped_encoder_path())
    folder = tmp_path_factory.mktemp("encoders")
    return load_or_build_viewed_graph(encoder, shipped_graph_path(), folder)


def _mean_of_views(runtime: EncoderRuntime, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    each = [runtime.embed(cut(image, view)).astype(np.float64) for view in VIEWS]
    mean: NDArray[np.float64] = np.mean(each, axis=0)
    return mean


@pytest.mark.parametrize("shape", [(120, 160), (31, 33), (448, 301), (3, 2), (1, 1)])
def test_the_graph_gives_the_mean_over_the_views(
    viewed_path: Path, runtime: EncoderRuntime, shape: tuple[int, int]
) -> None:
    random = np.random.default_rng(0)
    batch = random.integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    batch[0] = np.asarray(paint(KINDS[0], shape[1], shape[0], seed=4))
    (embeddings,) = cpu_session(viewed_path).run(["embedding"], {"image": batch})
    for image, embedding in zip(batch, embeddings, strict=True):
        # Each view alone is rounded to half precision, the mean in the graph once.
        np.testing.assert_allclose(embedding, _mean_of_views(runtime, image), atol=2e-4)
        np.testing.assert_array_equal(embedding, embedding.astype(np.float16))


def test_the_mirror_image_has_the_same_views_but_for_the_centre(runtime: EncoderRuntime) -> None:
    image = np.asarray(paint(KINDS[1], 90, 60, seed=1))
    whole, mirrored, centre = (cut(image, view) for view in VIEWS)
    np.testing.assert_array_equal(whole, image)
    np.testing.assert_array_equal(mirrored, image[:, ::-1])
    np.testing.assert_array_equal(centre, image[9:51, 13:77])
    np.testing.assert_array_equal(cut(image, View(0.15, True)), image[9:51, 13:77][:, ::-1])


def test_it_is_built_once_and_again_where_it_was_damaged(tmp_path: Path) -> None:
    encoder = load_encoder(shipped_encoder_path())
    path = load_or_build_viewed_graph(encoder, shipped_graph_path(), tmp_path)
    content, changed = path.read_bytes(), path.stat().st_mtime_ns
    assert load_or_build_viewed_graph(encoder, shipped_graph_path(), tmp_path) == path
    assert path.stat().st_mtime_ns == changed
    path.write_bytes(content[:-100])
    load_or_build_viewed_graph(encoder, shipped_graph_path(), tmp_path)
    assert path.read_bytes() == content


def test_an_export_finds_it_after_the_cache_was_cleaned(
    runtime: EncoderRuntime, tmp_path: Path
) -> None:
    viewed = load_runtime(runtime.encoder, tmp_path / "encoders", "cpu", viewed=True)
    before = viewed.graph_path.read_bytes()
    list(clean_cache(tmp_path))
    assert not viewed.graph_path.exists()
    assert viewed.graph_on_disk().read_bytes() == before
    assert runtime.graph_on_disk() == shipped_graph_path()  # It came with the program.


def test_nobody_takes_it_for_the_encoders_own_graph(
    viewed_path: Path, runtime: EncoderRuntime, tmp_path: Path
) -> None:
    assert not is_graph_of(viewed_path, runtime.encoder)
    viewed = load_runtime(runtime.encoder, tmp_path, "cpu", viewed=True)
    assert viewed.is_viewed
    assert cache_key(viewed) != cache_key(runtime)


def test_the_graph_is_whole_and_has_one_input() -> None:
    model = viewed_graph(shipped_graph_path())
    onnx.checker.check_model(model, full_check=True)
    assert [item.name for item in model.graph.input] == ["image"]
    assert [item.name for item in model.graph.output] == ["embedding"]
    made = [output for node in model.graph.node for output in node.output]
    assert len(made) == len(set(made))
