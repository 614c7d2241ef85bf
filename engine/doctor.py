"""Is everything there, and does it work? Versions, devices, cache, one image through the engine."""

from __future__ import annotations

import math
import platform
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np

from engine.cache_limit import limit_in_force
from engine.encoder import openvino_backend
from engine.encoder.devices import has_nvidia_device
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import EncoderRuntime, load_runtime
from engine.errors import WITHOUT_TORCH, EngineError, is_without_torch
from engine.image_cache import ImageCache
from engine.images import decode_image, make_thumbnail
from engine.version import VERSION
from engine.words import size_words

_PACKAGES: Final = (
    *("PySide6-Essentials", "torch", "torchvision", "onnxruntime", "onnxruntime-gpu", "onnx"),
    *("openvino", "onnxscript", "pillow", "numpy", "safetensors", "timm"),
)
# A photograph-like pattern: its embedding must be the same however it is computed.
_TEST_SIDE_PX: Final = 320
_MAX_RELATIVE_DIFFERENCE: Final = 0.01


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What was found; ``problems`` are sentences, none when all is well, ``notes`` no problems.

    ``passed_over`` says why each device that would be preferred is not used, OpenVINO aside:
    ``openvino`` is what is known of that here; ``ray`` whether there is what --cluster needs.
    """

    handful: str
    python: str
    system: str
    packages: dict[str, str]
    nvidia_device: bool
    providers_available: list[str]
    provider_in_use: str
    device: str
    passed_over: list[str]
    openvino: str
    ray: str
    encoder: str
    fingerprint: str
    cache_folder: str
    cache_bytes: int
    cache_limit_bytes: int
    milliseconds_per_image: float
    difference_to_torch: float
    problems: list[str]
    notes: list[str]

    @property
    def is_well(self) -> bool:
        return not self.problems


def examine(cache_folder: Path, device: str, encoder_path: Path | None = None) -> DoctorReport:
    """Look at everything, with the shipped encoder or another one.

    Raises:
        EngineError: the encoder cannot be used at all.
    """
    import onnxruntime

    problems: list[str] = []
    notes: list[str] = []
    encoder = load_encoder(encoder_path or shipped_encoder_path())
    runtime = load_runtime(encoder, cache_folder / "encoders", device)
    if device == "cpu":
        notes.append("CUDA and OpenVINO were not tried: the device cpu was asked for.")
    if runtime.notice:
        problems.append(runtime.notice)
    with ImageCache(cache_folder, encoder.fingerprint, encoder.embedding_size) as cache:
        cache_bytes = cache.size_bytes()
        if cache.notice:
            problems.append(cache.notice)
    pixels = decode_image(make_thumbnail(_test_pattern(), _TEST_SIDE_PX)).pixels
    embedding = runtime.embed(pixels).astype(np.float64)
    started = time.perf_counter()
    for _ in range(10):
        runtime.embed(pixels)
    milliseconds = (time.perf_counter() - started) * 100
    difference = float("nan")
    try:
        from engine.encoder.network import build_embedder, embed

        # A copy: torch warns of arrays that cannot be written, as decoded pixels are.
        reference = embed(build_embedder(encoder), [pixels.copy()], encoder.preprocessing)[0]
        difference = float(np.linalg.norm(embedding - reference) / np.linalg.norm(reference))
        if not difference <= _MAX_RELATIVE_DIFFERENCE:
            problems.append(
                f"The encoder gives other numbers here than in torch (difference {difference:.2g})."
            )
    except (ImportError, OSError, RuntimeError, EngineError) as error:
        if is_without_torch(error):
            notes.append(WITHOUT_TORCH)
        else:
            problems.append(f"torch does not work here ({error}); meta-training needs it.")
    openvino_reason = _openvino_reason(runtime, device)
    packages = _versions()
    if {"onnxruntime", "onnxruntime-gpu"} <= packages.keys():
        problems.append(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other; remove "
            "both and install one."
        )
    return DoctorReport(
        handful=VERSION,
        python=platform.python_version(),
        system=platform.platform(),
        packages=packages,
        nvidia_device=has_nvidia_device(),
        providers_available=list(onnxruntime.get_available_providers()),
        provider_in_use=runtime.provider,
        device=runtime.device,
        passed_over=[reason for reason in runtime.passed_over if reason != openvino_reason],
        openvino=_openvino_words(runtime, openvino_reason),
        ray=_ray_words(),
        encoder=encoder.name,
        fingerprint=encoder.fingerprint,
        cache_folder=str(cache_folder),
        cache_bytes=cache_bytes,
        cache_limit_bytes=limit_in_force(cache_folder, cache_bytes),
        milliseconds_per_image=milliseconds,
        difference_to_torch=difference,
        problems=problems,
        notes=notes,
    )


def report_lines(report: DoctorReport) -> list[str]:
    """The report as a person reads it."""
    packages = ", ".join(f"{name} {version}" for name, version in report.packages.items())
    return [
        f"Handful      {report.handful}, Python {report.python}, {report.system}",
        f"Packages     {packages}",
        f"Device       {report.device} (provider in use: {report.provider_in_use}; "
        f"NVIDIA driver with a device: {'yes' if report.nvidia_device else 'no'})",
        *(f"Not used     {reason}" for reason in report.passed_over),
        f"OpenVINO     {report.openvino}",
        f"Ray          {report.ray}",
        f"Encoder      {report.encoder}, {report.fingerprint[:16]}",
        f"Cache        {report.cache_folder}, {size_words(report.cache_bytes)} of at most "
        f"{size_words(report.cache_limit_bytes)}",
        f"Self-test    {report.milliseconds_per_image:.1f} ms an image on one thread, "
        + (
            "not compared with torch"
            if math.isnan(report.difference_to_torch)
            else f"relative difference to torch {report.difference_to_torch:.1e}"
        ),
        *(f"Note         {note}" for note in report.notes),
        *(f"Problem      {problem}" for problem in report.problems),
        "All is well." if report.is_well else "There are problems; see above.",
    ]


def _openvino_reason(runtime: EncoderRuntime, device: str) -> str | None:
    """Why it was passed over, if it was; CUDA is tried before it."""
    was_tried = device == "auto" and len(runtime.passed_over) > 1
    return runtime.passed_over[1] if was_tried else None


def _openvino_words(runtime: EncoderRuntime, reason: str | None) -> str:
    """Whether it is installed, and what its trial with this encoder found."""
    if not openvino_backend.is_installed():
        return "not installed"
    verdict = openvino_backend.known_verdict(
        runtime.graph_folder, runtime.graph_path, runtime.n_threads
    )
    if reason is not None and (verdict is None or reason != verdict.reason):
        return f"installed, not in use: {reason}"
    if verdict is None:
        return "installed, not yet tried with this encoder (--device openvino tries it)"
    words = f"probabilities move by at most {verdict.largest_difference:.1e}"
    if verdict.gain:
        words = f"{verdict.gain:.2f} times as fast as onnxruntime, {words}"
    is_used = runtime.provider == openvino_backend.PROVIDER
    return f"installed, {'in use' if is_used else 'not in use'}; {words}"


def _ray_words() -> str:
    """Whether images can be classified on a cluster."""
    try:
        return f"{metadata.version('ray')}, for handful classify --cluster"
    except metadata.PackageNotFoundError:
        return 'not installed; --cluster needs it: pip install "handful[cluster]"'


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _test_pattern() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Smooth waves in three colours (side, side, 3) uint8."""
    ramp = np.linspace(0.0, 9.0, _TEST_SIDE_PX)
    waves = [
        np.sin(ramp[:, None] * (1 + c)) + np.cos(ramp[None, :] * (2 - 0.5 * c)) for c in range(3)
    ]
    return (np.stack(waves, axis=2) * 60 + 127).astype(np.uint8)
