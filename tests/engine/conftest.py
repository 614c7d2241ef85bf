"""What the engine's tests share: the shipped encoder, loaded once, and workspaces on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.nothing_lost.child import Server, compiled_shim
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import EncoderRuntime, load_runtime
from engine.image_cache import ImageCache
from engine.jobs.workspace import Workspace


class CountingBackend:
    """The real encoder, counting how many images it was given."""

    def __init__(self, inner: Callable[[NDArray[np.uint8]], NDArray[np.float16]]) -> None:
        self.inner = inner
        self.count = 0
        self._counting = Lock()

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        with self._counting:
            self.count += 1
        return self.inner(pixels)


@pytest.fixture(scope="session")
def shared_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the graphs of encoders are, each built once for all tests and their processes.

    Its writer needs no lock: files appear whole, and two of one encoder are the same.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # Of this run, too, and all of its processes.
    folder /= "graphs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def runtime(shared_graphs: Path) -> EncoderRuntime:
    return load_runtime(load_encoder(shipped_encoder_path()), shared_graphs, "cpu")


@pytest.fixture
def open_workspace(
    runtime: EncoderRuntime, shared_graphs: Path, tmp_path: Path
) -> Iterator[Callable[..., tuple[Workspace, CountingBackend]]]:
    """Opens workspaces on one cache folder, each with a backend that counts its calls."""
    opened: list[Workspace] = []

    def open_one(cache_folder: Path | None = None) -> tuple[Workspace, CountingBackend]:
        backend = CountingBackend(runtime.backend)
        encoder = runtime.encoder
        cache = ImageCache(
            cache_folder or tmp_path / "cache", encoder.fingerprint, encoder.embedding_size
        )
        counted = replace(runtime, backend=backend)
        opened.append(Workspace(counted, cache, graph_folder=shared_graphs))
        return opened[-1], backend

    yield open_one
    for workspace in opened:
        workspace.close()


@pytest.fixture
def workspace(open_workspace: Callable[..., tuple[Workspace, CountingBackend]]) -> Workspace:
    return open_workspace()[0]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The library that lets calls fail, or kills; None without a C compiler."""
    return compiled_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def server(shim: Path | None) -> Iterator[Server]:
    """Runs work that is to die, or whose disk fails."""
    started = Server(shim=shim)
    yield started
    started.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB: room for a small checkpoint of 1.3 MB, not for two."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
