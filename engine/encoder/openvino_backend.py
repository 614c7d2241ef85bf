"""The encoder's graph run by OpenVINO, where that is installed, agrees, and is really faster.

Preprocessing is the same as elsewhere; OpenVINO runs the network behind it, in float32. In bfloat16
or on 8-bit integers it would be faster on processors with AMX or VNNI, but not the encoder whose
exported graph is held to the program's answers (``docs/results/openvino.md`` has the figures).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.agreement import LARGEST_ON_CPU, largest_difference, pictures
from engine.encoder.devices import has_openvino
from engine.encoder.parts import GraphParts, Prepare
from engine.files import write_whole
from engine.words import Sentence, say

PROVIDER: Final = "OpenVINO"

_SMALLEST_GAIN: Final = 1.05
"""How many times as fast it has to be: a smaller gain is not worth another library."""
_ROUNDS: Final = 5
_VERDICT_VERSION: Final = 2  # Counts changes of the trial.
_MAX_VERDICTS: Final = 64
_VERDICTS_NAME: Final = "openvino.json"
_NICENESS: Final = 5  # Its threads give way to the window, as those that decode do.
_log = logging.getLogger(__name__)

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float16]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial found.

    Attributes:
        largest_difference: of a probability, see ``agreement``.
        gain: how many times as fast as onnxruntime; 0 where it was not timed.
    """

    largest_difference: float
    gain: float

    @property
    def agrees(self) -> bool:
        return self.largest_difference <= LARGEST_ON_CPU

    def is_usable(self, only_if_faster: bool) -> bool:
        return self.agrees and (self.gain >= _SMALLEST_GAIN or not only_if_faster)

    @property
    def reason(self) -> Sentence:
        """Why it is not used, as part of a sentence."""
        if not self.agrees:
            return say(
                "OpenVINO gives other numbers here (probabilities move by up to {difference:.1g})",
                difference=self.largest_difference,
            )
        return say("OpenVINO is not faster here ({gain:.2f} times)", gain=self.gain)


def is_installed() -> bool:
    """Whether there is an ``openvino`` to import; imports nothing."""
    return has_openvino()


def import_openvino() -> Any:
    """The module, kept from the network: importing it reports that to Google Analytics.

    It does so by a package of its own, which it can do without.

    Raises:
        ImportError: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


class OpenVinoBackend:
    """Embeds one image per call; any thread, each on a stream of its own."""

    def __init__(
        self, parts: GraphParts, prepare: Prepare, n_threads: int, precision: str = "f32"
    ) -> None:
        """Compile the network; some tenths of a second.

        Args:
            parts: of the encoder's graph.
            prepare: from an image to the network's input.
            n_threads: how many streams of one thread.
            precision: what OpenVINO calculates in; anything but "f32" is for measuring only.

        Raises:
            ImportError: OpenVINO is not installed.
            RuntimeError: it cannot run this graph.
        """
        self._prepare = prepare
        self._mine = threading.local()
        # Compiled on a thread that has given way: the streams' threads inherit its priority.
        with ThreadPoolExecutor(1, initializer=_give_way) as short_lived:
            self._compiled: Any = short_lived.submit(_compile, parts, n_threads, precision).result()
        # Once before any other thread does: two that were the first at once have waited for each
        # other for ever, one with the interpreter's lock, one with OpenVINO's.
        self(np.zeros((parts.side, parts.side, 3), np.uint8))

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """The embedding (embedding_size,) of one image (height, width, 3) of any size."""
        rows = self._prepare(pixels)
        request = getattr(self._mine, "request", None)
        if request is None:
            request = self._mine.request = self._compiled.create_infer_request()
        request.infer([rows], share_inputs=True)
        embedding: NDArray[np.float16] = request.get_output_tensor(0).data[0].astype(np.float16)
        return embedding


def _compile(parts: GraphParts, n_threads: int, precision: str) -> Any:
    core = import_openvino().Core()
    model = core.read_model(parts.network)
    model.reshape([parts.n_views, 3, parts.side, parts.side])
    return core.compile_model(
        model,
        "CPU",
        {
            # Its default is bfloat16 where the processor has it.
            "INFERENCE_PRECISION_HINT": precision,
            "NUM_STREAMS": n_threads,
            "INFERENCE_NUM_THREADS": n_threads,
            "ENABLE_CPU_PINNING": False,  # The cores are not its alone.
        },
    )


def judged(backend: Embed, reference: Embed) -> Verdict:
    """Compare it with onnxruntime on pictures, and time the two in turns; about half a second."""
    difference = largest_difference(backend, reference)
    verdict = Verdict(difference, 0.0)
    return Verdict(difference, _gain(backend, reference)) if verdict.agrees else verdict


def _gain(backend: Embed, reference: Embed) -> float:
    """By processor time, which is what a folder costs and other programs change least.

    The best of some rounds for each picture, in turns.
    """
    # Windows counts processor time in steps longer than a forward pass.
    clock = time.perf_counter if sys.platform == "win32" else time.process_time
    total = [0.0, 0.0]
    for image in pictures()[:4]:
        best = [float("inf"), float("inf")]
        for _ in range(_ROUNDS):
            for index, embed in enumerate((backend, reference)):
                started = clock()
                embed(image)
                best[index] = min(best[index], clock() - started)
        total = [so_far + seconds for so_far, seconds in zip(total, best, strict=True)]
    return total[1] / total[0]


def verdict_key(graph_path: Path, n_threads: int) -> str:
    """Whatever a verdict depends on: the graph, the versions, the processor."""
    made_of = (
        _VERDICT_VERSION,
        hashlib.sha256(graph_path.read_bytes()).hexdigest(),
        metadata.version("openvino"),
        onnxruntime.__version__,
        _processor(),
        n_threads,
    )
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def _processor() -> str:
    """Its name and abilities; on Linux as the kernel tells them."""
    if sys.platform == "linux":
        try:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        told = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
        if told:
            return "\n".join(sorted(told))
    return f"{platform.machine()} {platform.processor()}"


def remembered(folder: Path, key: str) -> Verdict | None:
    """The verdict of an earlier trial; None where there is none that can be read."""
    try:
        found = json.loads((folder / _VERDICTS_NAME).read_text(encoding="utf-8"))[key]
        return Verdict(float(found["largest_difference"]), float(found["gain"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def known_verdict(folder: Path, graph_path: Path, n_threads: int) -> Verdict | None:
    """That of an earlier trial with a graph; None where there was none, or nothing can be read."""
    try:
        return remembered(folder, verdict_key(graph_path, n_threads))
    except (OSError, metadata.PackageNotFoundError):
        return None


def remember(folder: Path, key: str, verdict: Verdict) -> None:
    """Keep a verdict beside the graphs; where that fails, the next start tries again."""
    path = folder / _VERDICTS_NAME
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    known.pop(key, None)
    kept = dict([*known.items(), (key, asdict(verdict))][-_MAX_VERDICTS:])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(kept, indent=1).encode())
    except OSError as error:
        _log.warning("Could not write %s: %s", path, error)


def _give_way() -> None:
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        except OSError:
            _log.debug("Threads keep the priority of the process", exc_info=True)
