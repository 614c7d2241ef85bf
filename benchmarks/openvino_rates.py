"""What OpenVINO gains on this processor, and what each of its precisions does to the answers.

    python benchmarks/openvino_rates.py [--images 600] [--trials 3] [--no-torch] [SET...]

Needs ``handful[openvino]``. First the forward pass alone, resizing included: processor time per
image in turns with onnxruntime, the best of the rounds, and by how much probabilities move on the
pictures of the program's own trial. int8 is onnxruntime's static quantisation of all convolutions
and additions, run by both. Then folders of painted JPEGs of 500 px, whole pipeline on an empty
cache, in turns: onnxruntime, OpenVINO in float32, the plain torchvision loop. Then, for each SET (a
folder of images for each class, ten labelled), a whole run in each precision against onnxruntime:
accuracy, same class where the two largest probabilities are more than 0.02 apart, and by how much
probabilities move.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from folder_rate import exhaust, interval, paint_files, timed, torch_loop
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)
from precision import labelled, processor, result_of

from engine.encoder.agreement import largest_difference, pictures
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.openvino_backend import PROVIDER, OpenVinoBackend, import_openvino
from engine.encoder.parts import NETWORK_INPUT, GraphParts, split
from engine.encoder.runtime import EncoderRuntime, cpu_session, load_runtime, preparing
from engine.image_cache import ImageCache
from engine.images import decode_image, make_thumbnail
from engine.jobs.embedding import embed_images
from engine.jobs.predictions import fit_snapshot
from engine.jobs.workspace import Workspace
from engine.messages import Effort, EmbedImages, ImageId, ImageRef

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float16]]
_PRECISIONS = ("f32", "f16", "bf16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--no-torch", action="store_true")
    options = parser.parse_args()
    openvino = import_openvino()
    core = openvino.Core()
    print(
        f"OpenVINO {openvino.__version__.split('-')[0]}, onnxruntime {onnxruntime.__version__}, "
        f"{processor()}, {os.cpu_count()} cores, {platform.machine()}; it says of the processor: "
        f"{', '.join(core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES'))}; "
        f"AMX: {'yes' if has_flag('amx_tile') else 'no'}, VNNI: "
        f"{'yes' if has_flag('avx512_vnni') or has_flag('avx_vnni') else 'no'}"
    )
    encoder = load_encoder(shipped_encoder_path())
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        on_cpu = load_runtime(encoder, scratch / "encoders", "cpu")
        parts = split(on_cpu.graph_path, encoder.preprocessing.size_px, viewed=False)
        ways = ways_to_embed(on_cpu, parts, scratch)
        print_forward(ways, options.trials)
        if options.images:
            print_folders(on_cpu, ways["OpenVINO f32"], scratch, options)
        for folder in options.sets:
            print_set(folder, on_cpu, ways, scratch)


def ways_to_embed(on_cpu: EncoderRuntime, parts: GraphParts, scratch: Path) -> dict[str, Embed]:
    """Onnxruntime first, what others are compared with."""
    prepare, n_threads = preparing(parts), on_cpu.n_threads
    ways: dict[str, Embed] = {"onnxruntime f32": on_cpu.embed}
    for precision in _PRECISIONS:
        ways[f"OpenVINO {precision}"] = OpenVinoBackend(parts, prepare, n_threads, precision)
    quantised = replace(parts, network=quantised_network(parts, prepare, scratch))
    session = cpu_session(quantised.network)

    def by_session(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        return session.run(None, {NETWORK_INPUT: prepare(pixels)})[0][0].astype(np.float16)

    ways["onnxruntime int8"] = by_session
    ways["OpenVINO int8"] = OpenVinoBackend(quantised, prepare, n_threads)
    return ways


def quantised_network(parts: GraphParts, prepare: Callable[..., object], scratch: Path) -> bytes:
    class Shown(CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = iter([{NETWORK_INPUT: prepare(image)} for image in pictures()])

        def get_next(self) -> dict[str, object] | None:
            return next(self._inputs, None)

    whole, made = scratch / "network.onnx", scratch / "int8.onnx"
    whole.write_bytes(parts.network)
    quant_pre_process(whole, made, skip_symbolic_shape=True)
    quantize_static(
        made,
        made,
        Shown(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Add"],
    )
    return made.read_bytes()


def print_forward(ways: dict[str, Embed], trials: int) -> None:
    reference = next(iter(ways.values()))
    shown = pictures()
    best: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3 + 2 * trials):
        for name, embed in ways.items():
            started = time.process_time()
            for image in shown:
                embed(image)
            best[name].append((time.process_time() - started) / len(shown))
    fastest = min(best["onnxruntime f32"])
    wanted = unit([reference(image) for image in shown])
    print(
        "\n| forward | ms of processor time | times as fast | 1 - cosine | probabilities move by |"
    )
    print("|---|---|---|---|---|")
    for name, embed in ways.items():
        seconds = min(best[name])
        away = 1 - (unit([embed(image) for image in shown]) * wanted).sum(axis=1)
        print(
            f"| {name} | {1000 * seconds:.2f} | {fastest / seconds:.2f} | {away.max():.1e} | "
            f"{largest_difference(embed, reference):.1e} |",
            flush=True,
        )


def print_folders(
    on_cpu: EncoderRuntime, openvino_f32: Embed, scratch: Path, options: argparse.Namespace
) -> None:
    files = list(paint_files(scratch / "images" / "all", options.images, 500))
    refs = tuple(ImageRef(ImageId(i), path, path.name) for i, path in enumerate(files))
    by_openvino = replace(on_cpu, backend=openvino_f32, provider=PROVIDER)
    decoded = [path.read_bytes() for path in files[:60]]
    print(f"\n{len(files)} JPEGs of 500 px, images/s:\n")
    print("| trial | decode ms | onnxruntime | OpenVINO | torchvision loop |")
    print("|---|---|---|---|---|")
    gains, times = [], []
    for trial in range(options.trials):
        decode_s = timed(lambda: [make_thumbnail(decode_image(c).pixels) for c in decoded]) / 60
        rates = []
        for number, runtime in enumerate((on_cpu, by_openvino)):
            encoder = runtime.encoder
            folder = scratch / f"cache{trial}-{number}"
            cache = ImageCache(folder, encoder.fingerprint, encoder.embedding_size)
            workspace = Workspace(runtime, cache)
            steps = embed_images(workspace, EmbedImages(0, refs))
            rates.append(len(files) / timed(partial(exhaust, steps)))
            workspace.close()
        gains.append(rates[1] / rates[0])
        loop = ""
        if not options.no_torch:
            import torchvision  # noqa: F401  # Its loading is not the loop's fault.

            rate = len(files) / timed(lambda: torch_loop(scratch / "images"))
            times.append(max(rates) / rate)
            loop = f"{rate:.0f}"
        cells = (f"{1000 * decode_s:.2f}", f"{rates[0]:.0f}", f"{rates[1]:.0f}", loop)
        print(f"| {trial + 1} | {' | '.join(cells)} |", flush=True)
    print(f"\nOpenVINO over onnxruntime: {interval(gains)}")
    if times:
        print(f"the faster of the two over the torchvision loop: {interval(times)}")


def print_set(folder: Path, on_cpu: EncoderRuntime, ways: dict[str, Embed], scratch: Path) -> None:
    snapshot = labelled(folder, 10, scratch, Effort.INSTANT)
    print(f"\n| {folder.name} | right | same class | probabilities move by | 95th percentile |")
    print("|---|---|---|---|---|")
    wanted: NDArray[np.float64] | None = None
    for number, (name, embed) in enumerate(ways.items()):
        runtime = replace(on_cpu, backend=embed)
        encoder = runtime.encoder
        place = scratch / f"{folder.name}{number}"
        cache = ImageCache(place, encoder.fingerprint, encoder.embedding_size)
        workspace = Workspace(runtime, cache)
        try:
            fitted = result_of(fit_snapshot(workspace, snapshot, 0))
            known = {image.image_id for image, _ in snapshot.support}
            images = [image for image in snapshot.images if image.image_id not in known]
            embeddings = fitted.seen.store.select([image.image_id for image in images])
            found = np.asarray(fitted.model.probabilities(embeddings), np.float64)
            classes = [item.name for item in fitted.classes]
        finally:
            workspace.close()
        if wanted is None:
            wanted = found
        right = np.mean(
            [
                classes[column] == image.path.parent.name
                for column, image in zip(found.argmax(axis=1), images, strict=True)
            ]
        )
        ordered = np.sort(wanted, axis=1)
        clear = ordered[:, -1] - ordered[:, -2] > 0.02
        same = int((found.argmax(axis=1) == wanted.argmax(axis=1))[clear].sum())
        moved = np.abs(found - wanted).max(axis=1)
        print(
            f"| {name} | {100 * right:.1f} % | {same} of {clear.sum()} | {moved.max():.1e} | "
            f"{np.quantile(moved, 0.95):.1e} |",
            flush=True,
        )


def unit(embeddings: list[NDArray[np.float16]]) -> NDArray[np.float64]:
    rows = np.stack(embeddings).astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def has_flag(name: str) -> bool:
    path = Path("/proc/cpuinfo")
    return path.is_file() and f" {name} " in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
