"""What the program does with an NVIDIA GPU: rates, agreement with the CPU, and what failing costs.

    python benchmarks/gpu.py [--images 2000] [--trials 3]

To be run where there is a GPU; prints Markdown. Forward passes alone by batch size, for onnxruntime
in float32 (what the program does), with TF32, and torch in float32 and float16, each with how far
probabilities move from the CPU's on the pictures of the program's own trial. Then whole folders of
painted JPEGs of 500 px on an empty cache, GPU and CPU in turns, beside what decoding and resizing
alone allow on all cores. Then, each in a process of its own: the GPU with most of its memory taken
by others, and hidden (CUDA_VISIBLE_DEVICES=""): which device embeds, in batches of what size, what
is told, how many images are lost.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from folder_rate import exhaust, interval, paint_files, timed
from precision import processor

from engine.encoder import gpu
from engine.encoder.agreement import largest_difference
from engine.encoder.batches import BATCH_SIZE, BatchedBackend, Forward, SessionForward
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.network import build_embedder
from engine.encoder.parts import GraphParts, split
from engine.encoder.runtime import EncoderRuntime, load_runtime, preparing
from engine.errors import EngineError
from engine.image_cache import ImageCache
from engine.images import decode_image, make_thumbnail
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import Workspace
from engine.messages import EmbedImages, ImageId, ImageRef, ImagesEmbedded

_BATCH_SIZES = (1, 8, 32, 128)
_FREE_MEGABYTES = (4000, 1000, 400, 150, 50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--with-free", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.with_free is not None:
        print(json.dumps(embedded_with(options.with_free)))
        return
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        encoder = load_encoder(shipped_encoder_path())
        on_cpu = load_runtime(encoder, scratch / "encoders", "cpu")
        try:
            on_gpu = load_runtime(encoder, scratch / "encoders", "cuda")
        except EngineError as error:
            sys.exit(f"{error} This is to be run where there is a GPU.")
        import torch

        print(
            f"{torch.cuda.get_device_name()}, {processor()}, {on_cpu.n_threads} cores, "
            f"{platform.machine()}, onnxruntime {onnxruntime.__version__}, torch "
            f"{torch.__version__}; in use: {on_gpu.device} ({on_gpu.provider}). {on_gpu.notice}"
        )
        parts = split(on_cpu.graph_path, encoder.preprocessing.size_px, viewed=False)
        print_forward(on_cpu, parts)
        print_folders(on_cpu, on_gpu, scratch, options)
    print_failures()


def print_forward(on_cpu: EncoderRuntime, parts: GraphParts) -> None:
    ways: dict[str, Callable[[int], Forward]] = {
        "onnxruntime float32": partial(gpu.open_cuda_forward, parts),
        "onnxruntime TF32": lambda size: with_tf32(parts, size),
        "torch float32": lambda size: gpu.open_torch_forward(on_cpu.encoder, parts, size),
        "torch float16": lambda size: in_half(on_cpu, parts, size),
    }
    sizes = " | ".join(f"batch {size}" for size in _BATCH_SIZES)
    print(f"\n| forward, images/s | {sizes} | probabilities move by |")
    print("|---" * (len(_BATCH_SIZES) + 2) + "|")
    for name, open_forward in ways.items():
        rates = []
        for size in _BATCH_SIZES:
            try:
                rates.append(f"{rate(open_forward(size), size):.0f}")
            except Exception as error:  # Whatever a driver says; the others are still of interest.
                rates.append(type(error).__name__)
        backend = BatchedBackend(preparing(parts), open_forward, lambda: on_cpu.backend, BATCH_SIZE)
        moved = largest_difference(backend, on_cpu.embed)
        failed = f" ({backend.failure})" if backend.failure else ""
        print(f"| {name} | {' | '.join(rates)} | {moved:.1e}{failed} |", flush=True)


def rate(forward: Forward, size: int) -> float:
    """Images a second, copies to the device and back included; the best of five rounds."""
    forward.rows[:] = np.random.default_rng(0).standard_normal(forward.rows.shape)
    forward()
    rounds = max(1, 512 // size)
    return rounds * size / min(timed(lambda: [forward() for _ in range(rounds)]) for _ in range(5))


def with_tf32(parts: GraphParts, batch_size: int) -> Forward:
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(
        parts.network,
        options,
        providers=[(gpu.CUDA_PROVIDER, {"use_tf32": "1", "cudnn_conv_algo_search": "HEURISTIC"})],
    )
    return SessionForward(session, parts, batch_size)


def in_half(on_cpu: EncoderRuntime, parts: GraphParts, batch_size: int) -> Forward:
    import torch

    network = build_embedder(on_cpu.encoder).to("cuda").eval()

    class Half(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cuda", torch.float16):
                return network(rows).float()

    return gpu.TorchForward(Half(), "cuda", parts, batch_size)


def print_folders(
    on_cpu: EncoderRuntime, on_gpu: EncoderRuntime, scratch: Path, options: argparse.Namespace
) -> None:
    files = list(paint_files(scratch / "images" / "all", options.images, 500))
    refs = tuple(ImageRef(ImageId(i), path, path.name) for i, path in enumerate(files))
    contents = [path.read_bytes() for path in files[:60]]
    prepare = preparing(split(on_cpu.graph_path, 224, viewed=False))

    def without_forward() -> None:
        for content in contents:
            pixels = decode_image(content).pixels
            make_thumbnail(pixels)
            prepare(pixels)

    print(f"\n{len(files)} JPEGs of 500 px, images/s:\n")
    print("| trial | GPU | CPU | limit of decoding and resizing | share of the limit |")
    print("|---|---|---|---|---|")
    shares, gains = [], []
    for trial in range(options.trials):
        limit = on_cpu.n_threads * len(contents) / timed(without_forward)
        rates = []
        for runtime in (on_gpu, on_cpu):
            encoder = runtime.encoder
            folder = scratch / f"cache{trial}-{runtime.provider}"
            cache = ImageCache(folder, encoder.fingerprint, encoder.embedding_size)
            workspace = Workspace(runtime, cache)
            steps = embed_images(workspace, EmbedImages(0, refs))
            rates.append(len(files) / timed(partial(exhaust, steps)))
            workspace.close()
        shares.append(rates[0] / limit)
        gains.append(rates[0] / rates[1])
        print(
            f"| {trial + 1} | {rates[0]:.0f} | {rates[1]:.0f} | {limit:.0f} | {shares[-1]:.2f} |",
            flush=True,
        )
    print(f"\nshare of the limit: {interval(shares)}; times the CPU: {interval(gains)}")


def print_failures() -> None:
    print(
        "\n| the GPU has | embeds | batch | images lost | probabilities move by | seconds | told |"
    )
    print("|---|---|---|---|---|---|---|")
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    cases = [(f"{free} MB free", free, dict(os.environ)) for free in _FREE_MEGABYTES]
    for words, free, environment in [*cases, ("been hidden", 0, hidden)]:
        done = subprocess.run(
            [sys.executable, __file__, "--with-free", str(free)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"| {words} | ended with {done.returncode}: {done.stderr.strip()[-300:]} |")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"| {words} | {' | '.join(map(str, found))} |", flush=True)


def embedded_with(free_megabytes: int) -> list[object]:
    """What happens to a folder of 60 images on a GPU that others have filled."""
    import torch

    held: list[torch.Tensor] = []
    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        taken = free - free_megabytes * 1_000_000
        if taken > 0:
            held.append(torch.empty(taken, dtype=torch.uint8, device="cuda"))
    started = time.perf_counter()
    encoder = load_encoder(shipped_encoder_path())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runtime = load_runtime(encoder, folder / "encoders", "auto")
        on_cpu = load_runtime(encoder, folder / "encoders", "cpu")
        files = list(paint_files(folder / "images", 60, 500))
        refs = tuple(ImageRef(ImageId(i), path, path.name) for i, path in enumerate(files))
        cache = ImageCache(folder / "cache", encoder.fingerprint, encoder.embedding_size)
        workspace = Workspace(runtime, cache)
        seen: set[ImageId] = set()
        for event in embed_images(workspace, EmbedImages(0, refs)):
            if isinstance(event, ImagesEmbedded):
                seen.update(event.image_ids)
        workspace.close()
    seconds = time.perf_counter() - started
    now = runtime.as_it_is_now()
    batch: object = "-"
    if isinstance(runtime.backend, BatchedBackend):
        batch = runtime.backend.batch_size
    moved = largest_difference(runtime.embed, on_cpu.embed)
    lost = len(files) - len(seen)
    told = now.notice or "nothing"
    return [now.device, batch, lost, f"{moved:.1e}", f"{seconds:.1f}", told]


if __name__ == "__main__":
    main()
