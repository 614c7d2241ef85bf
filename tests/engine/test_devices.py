"""Whatever runs the encoder gives the CPU's numbers, and no image is lost where a device fails.

There need be no GPU: the batches are run by onnxruntime's CPU provider, also with so little memory
that its arena really says so, and by devices that fail with what onnxruntime and CUDA say then.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnxruntime.capi import _pybind_state

from engine.encoder import agreement, gpu, openvino_backend
from engine.encoder import runtime as runtime_module
from engine.encoder.agreement import LARGEST_ON_CPU, largest_difference, pictures
from engine.encoder.batches import BatchedBackend, Forward, SessionForward
from engine.encoder.gpu import CUDA_PROVIDER
from engine.encoder.graph import shipped_graph_path
from engine.encoder.parts import GraphParts, split
from engine.encoder.runtime import EncoderRuntime, cpu_session, load_runtime, preparing
from engine.errors import EncoderError
from engine.jobs.workspace import cache_key
from engine.messages import EmbedImages, EngineReady, Event, ImageId, ImageRef, JobFinished
from engine.words import NOTHING
from engine.worker import Engine
from tests.engine.painted import paint

ROOT = Path(__file__).parents[2]
ARENA_FULL = (
    "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running Conv node. "
    "Name:'hardtanh_2_nchwc' Status Message: /onnxruntime_src/onnxruntime/core/framework/"
    "bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, "
    "onnxruntime::Stream*) Available memory of 656384 is smaller than requested bytes of 38535168"
)
VANISHED = "CUDA failure 100: no CUDA-capable device is detected ; GPU=0 ; hostname=laptop"
SOME = pictures()[:6]


@pytest.fixture(scope="module")
def parts(runtime: EncoderRuntime) -> GraphParts:
    return split(runtime.graph_path, runtime.encoder.preprocessing.size_px, viewed=False)


@pytest.fixture(scope="module")
def session(parts: GraphParts) -> onnxruntime.InferenceSession:
    return cpu_session(parts.network)


@pytest.fixture(scope="module")
def expected(runtime: EncoderRuntime) -> list[NDArray[np.float16]]:
    return [runtime.embed(image) for image in SOME]


class Failing:
    """Batches on the CPU provider; ``fails`` says of each batch whether and how it goes wrong."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        parts: GraphParts,
        fails: Callable[[int, int], Exception | None],
    ) -> None:
        self.opened: list[int] = []
        self.n_batches = 0
        self._session, self._parts, self._fails = session, parts, fails

    def open(self, batch_size: int) -> Forward:
        self.opened.append(batch_size)
        device, forward = self, SessionForward(self._session, self._parts, batch_size)

        class Counted:
            rows = forward.rows

            def __call__(self) -> NDArray[np.float16]:
                device.n_batches += 1
                error = device._fails(device.n_batches, batch_size)
                if error is not None:
                    raise error
                return forward()

        return Counted()


def _never(batch: int, size: int) -> None:
    return None


def _full(batch: int, size: int) -> Exception | None:
    """The arena has room for two images."""
    return _pybind_state.Fail(ARENA_FULL) if size > 2 else None


def _always_full(batch: int, size: int) -> Exception:
    return _pybind_state.Fail(ARENA_FULL)


def _vanishes(batch: int, size: int) -> Exception | None:
    return _pybind_state.RuntimeException(VANISHED) if batch > 1 else None


def _embedded(backend: BatchedBackend) -> list[NDArray[np.float16]]:
    with ThreadPoolExecutor(len(SOME)) as pool:
        return list(pool.map(backend, SOME))


@pytest.mark.parametrize("viewed", [False, True])
def test_both_parts_together_are_the_graph(
    runtime: EncoderRuntime, tmp_path: Path, viewed: bool
) -> None:
    whole = load_runtime(runtime.encoder, tmp_path, "cpu", viewed=viewed)
    parts = split(whole.graph_path, 224, viewed=viewed)
    session = cpu_session(parts.network)
    backend = BatchedBackend(
        preparing(parts), lambda size: SessionForward(session, parts, size), _no_fallback, 2
    )
    for image in SOME[1:4]:
        np.testing.assert_allclose(backend(image), whole.embed(image), rtol=1e-3, atol=1e-6)


def _no_fallback() -> Callable[[NDArray[np.uint8]], NDArray[np.float16]]:
    raise AssertionError("the fallback is not for this")


def test_what_is_no_encoders_graph_cannot_be_taken_apart(tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"no graph")
    with pytest.raises(EncoderError, match=r"other\.onnx cannot be taken apart"):
        split(tmp_path / "other.onnx", 224, viewed=False)


def test_images_that_come_while_the_device_works_are_one_batch(
    parts: GraphParts,
    session: onnxruntime.InferenceSession,
    expected: list[NDArray[np.float16]],
) -> None:
    prepare, all_there = preparing(parts), threading.Semaphore(0)

    def prepared(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = prepare(pixels)
        all_there.release()
        return rows

    def wait_for_all(batch: int, size: int) -> None:
        if batch == 1:
            for _ in SOME:
                assert all_there.acquire(timeout=60)

    device = Failing(session, parts, wait_for_all)
    backend = BatchedBackend(prepared, device.open, _no_fallback, batch_size=4)
    for found, wanted in zip(_embedded(backend), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    # One or some alone, the others together; padding is nobody's answer.
    assert device.n_batches <= 4
    assert device.opened == [4]


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(
    runtime: EncoderRuntime,
    parts: GraphParts,
    session: onnxruntime.InferenceSession,
    expected: list[NDArray[np.float16]],
) -> None:
    device = Failing(session, parts, _full)
    backend = BatchedBackend(preparing(parts), device.open, _no_fallback, batch_size=8)
    for found, wanted in zip(_embedded(backend), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    assert device.opened == [8, 4, 2]
    assert backend.batch_size == 2
    assert backend.failure == NOTHING


def test_onnxruntimes_own_lack_of_memory_is_understood(
    parts: GraphParts, expected: list[NDArray[np.float16]]
) -> None:
    """Its arena, limited as on a GPU: 64 images would need about 1 GB, a few fit into 60 MB."""
    info = _pybind_state.OrtMemoryInfo(
        "Cpu",
        _pybind_state.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
        0,
        _pybind_state.OrtMemType.DEFAULT,
    )
    _pybind_state.create_and_register_allocator(
        info, _pybind_state.OrtArenaCfg(60_000_000, 1, -1, -1)
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.use_env_allocators", "1")

    def open_small(batch_size: int) -> Forward:
        session = onnxruntime.InferenceSession(
            parts.network, options, providers=["CPUExecutionProvider"]
        )
        return SessionForward(session, parts, batch_size)

    backend = BatchedBackend(preparing(parts), open_small, _no_fallback, batch_size=16)
    assert 1 <= backend.batch_size < 16
    np.testing.assert_allclose(backend(SOME[0]), expected[0], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (_always_full, "The GPU has too little free memory; working on the CPU from here on."),
        (_vanishes, "The GPU failed (CUDA failure 100: no CUDA-capable device is detected"),
    ],
)
def test_a_device_that_fails_hands_over_to_the_cpu_and_nothing_is_lost(
    runtime: EncoderRuntime,
    parts: GraphParts,
    session: onnxruntime.InferenceSession,
    expected: list[NDArray[np.float16]],
    fails: Callable[[int, int], Exception | None],
    told: str,
) -> None:
    opened = []

    def on_cpu() -> Callable[[NDArray[np.uint8]], NDArray[np.float16]]:
        opened.append(True)
        return runtime.backend

    device = Failing(session, parts, fails)
    backend = BatchedBackend(preparing(parts), device.open, on_cpu, batch_size=2)
    for found, wanted in zip(_embedded(backend), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    assert backend.failure.startswith(told)
    n_batches = device.n_batches
    np.testing.assert_array_equal(backend(SOME[0]), expected[0])
    assert device.n_batches == n_batches
    assert opened == [True]


def test_a_gpu_that_fails_amid_a_folder_is_told_and_done_without(
    runtime: EncoderRuntime,
    parts: GraphParts,
    session: onnxruntime.InferenceSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Failing(session, parts, _vanishes)
    backend = BatchedBackend(preparing(parts), device.open, lambda: runtime.backend, batch_size=2)
    on_gpu = replace(runtime, backend=backend, provider=CUDA_PROVIDER)
    monkeypatch.setattr("engine.jobs.workspace.load_runtime", lambda *_: on_gpu)
    images = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        paint("dots", 90 + number, 80).save(path)
        images.append(ImageRef(ImageId(number), path, path.name))
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    engine = Engine(events.put, cache_folder=tmp_path / "cache")
    try:
        engine.submit(EmbedImages(1, tuple(images)))
        heard = list(_until_finished(events))
    finally:
        engine.close()
    ready = [event for event in heard if isinstance(event, EngineReady)]
    assert [event.provider for event in ready] == [CUDA_PROVIDER, "CPUExecutionProvider"]
    assert ready[1].device.startswith("CPU, ")
    assert ready[1].notice.startswith("The GPU failed (CUDA failure 100")
    embedded = [i for event in heard for i in getattr(event, "image_ids", ())]
    assert sorted(set(embedded)) == list(range(6))


def _until_finished(events: queue.SimpleQueue[Event]) -> Iterator[Event]:
    while True:
        event = events.get(timeout=60)
        yield event
        if isinstance(event, JobFinished):
            break
    while not events.empty():
        yield events.get()


def test_a_gpu_is_taken_if_it_gives_the_cpus_numbers(
    runtime: EncoderRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "has_nvidia_device", lambda: True)
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: False)
    monkeypatch.setattr(runtime_module, "BATCH_SIZE", 2)
    monkeypatch.setattr(agreement, "pictures", lambda: SOME[1:4])
    scale = 1.0

    def open_cuda(parts: GraphParts, batch_size: int) -> Forward:
        forward = SessionForward(cpu_session(parts.network), parts, batch_size)

        class Scaled:
            rows = forward.rows

            def __call__(self) -> NDArray[np.float16]:
                embeddings = forward()
                embeddings[:, :100] *= np.float16(scale)
                return embeddings

        return Scaled()

    monkeypatch.setattr(gpu, "open_cuda_forward", open_cuda)
    loaded = load_runtime(runtime.encoder, tmp_path)
    assert loaded.provider == CUDA_PROVIDER
    assert loaded.is_on_gpu
    assert loaded.n_callers == loaded.n_threads + 2
    assert loaded.notice == NOTHING
    assert cache_key(loaded) == cache_key(runtime)
    np.testing.assert_allclose(loaded.embed(SOME[0]), runtime.embed(SOME[0]), rtol=1e-3, atol=1e-6)

    scale = 1.005  # Near enough to be used, too far to lie beside what the CPU embeds.
    loaded = load_runtime(runtime.encoder, tmp_path)
    assert loaded.provider == CUDA_PROVIDER
    assert cache_key(loaded) != cache_key(runtime)

    scale = 0.5  # A provider that computes something else; torch does not.
    monkeypatch.setattr(
        gpu,
        "open_torch_forward",
        lambda encoder, parts, batch: SessionForward(cpu_session(parts.network), parts, batch),
    )
    loaded = load_runtime(runtime.encoder, tmp_path)
    assert loaded.provider == "torch"
    assert "it gives other numbers" in loaded.notice
    np.testing.assert_allclose(loaded.embed(SOME[0]), runtime.embed(SOME[0]), rtol=2e-3, atol=1e-3)

    def no_torch(*_: object) -> Forward:
        raise RuntimeError(VANISHED)

    monkeypatch.setattr(gpu, "open_torch_forward", no_torch)
    loaded = load_runtime(runtime.encoder, tmp_path)
    assert loaded.provider == "CPUExecutionProvider"
    assert loaded.notice.startswith("A GPU was found, but onnxruntime cannot use the GPU (it gives")
    assert loaded.n_callers == loaded.n_threads
    assert [reason[:4] for reason in loaded.passed_over] == ["CUDA", "Open"]
    with pytest.raises(EncoderError, match="The device cuda cannot be used: onnxruntime cannot"):
        load_runtime(runtime.encoder, tmp_path, "cuda")


def test_sessions_do_not_spin_beside_the_window() -> None:
    options = cpu_session(shipped_graph_path(), n_threads=2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.get_session_config_entry("session.inter_op.allow_spinning") == "0"


def test_where_openvino_is_missing_onnxruntime_works(
    runtime: EncoderRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: False)
    monkeypatch.setattr(runtime_module, "has_nvidia_device", lambda: False)
    loaded = load_runtime(runtime.encoder, tmp_path)
    assert loaded.provider == "CPUExecutionProvider"
    assert loaded.notice == NOTHING
    assert loaded.passed_over == (
        "CUDA: no NVIDIA GPU was found",
        "OpenVINO is not installed (pip install handful[openvino])",
    )
    with pytest.raises(EncoderError, match="The device openvino cannot be used: OpenVINO is not"):
        load_runtime(runtime.encoder, tmp_path, "openvino")


@pytest.mark.parametrize("viewed", [False, True])
def test_openvino_gives_onnxruntimes_numbers(
    runtime: EncoderRuntime, tmp_path: Path, viewed: bool
) -> None:
    pytest.importorskip("openvino")
    loaded = load_runtime(runtime.encoder, tmp_path, "openvino", viewed=viewed)
    by_graph = load_runtime(runtime.encoder, tmp_path, "cpu", viewed=viewed)
    assert loaded.provider == "OpenVINO"
    assert loaded.device == f"{by_graph.device}, OpenVINO"
    with ThreadPoolExecutor(4) as pool:  # More than it has streams.
        found = list(pool.map(loaded.embed, SOME))
    for embedding, image in zip(found, SOME, strict=True):
        np.testing.assert_allclose(embedding, by_graph.embed(image), rtol=1e-3, atol=1e-6)


def test_openvino_tells_nobody_that_it_was_imported(tmp_path: Path) -> None:
    """Its package for that would be imported with it, and opens a connection when it is."""
    pytest.importorskip("openvino")
    (tmp_path / "openvino_telemetry.py").write_text("raise SystemExit('it was imported')")
    code = "from engine.encoder.openvino_backend import import_openvino as i; i().Core()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)


def test_openvinos_trial_is_made_once(
    runtime: EncoderRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(runtime_module, "has_nvidia_device", lambda: False)
    trials = []

    def slow(backend: object, reference: object) -> openvino_backend.Verdict:
        trials.append(backend)
        return openvino_backend.Verdict(1e-5, 0.97)

    monkeypatch.setattr(openvino_backend, "judged", slow)
    for _ in range(2):
        loaded = load_runtime(runtime.encoder, tmp_path)
        assert loaded.provider == "CPUExecutionProvider"
        assert loaded.passed_over[1] == "OpenVINO is not faster here (0.97 times)"
    assert len(trials) == 1
    # Asked for by name, it need not be faster; on another processor, it is tried anew.
    assert load_runtime(runtime.encoder, tmp_path, "openvino").provider == "OpenVINO"
    assert len(trials) == 1
    monkeypatch.setattr(openvino_backend, "_processor", lambda: "another")
    load_runtime(runtime.encoder, tmp_path)
    assert len(trials) == 2
    (tmp_path / "openvino.json").write_text("damaged")
    load_runtime(runtime.encoder, tmp_path)
    assert len(trials) == 3


def test_a_backend_of_other_numbers_is_not_used(runtime: EncoderRuntime) -> None:
    def coarse(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """As with the eight bits of bfloat16's fraction."""
        bits = runtime.embed(pixels).astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32).astype(np.float16)

    assert largest_difference(runtime.embed, runtime.embed) == 0
    assert largest_difference(coarse, runtime.embed) > 5 * LARGEST_ON_CPU
    verdict = openvino_backend.judged(coarse, runtime.embed)
    assert not verdict.is_usable(only_if_faster=False)
    assert verdict.reason.startswith("OpenVINO gives other numbers here")
    broken = largest_difference(lambda _: np.full(640, np.nan, np.float16), runtime.embed)
    assert not broken <= 1
