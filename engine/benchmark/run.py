"""A whole benchmark, from image sets to the report's files."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import sklearn  # type: ignore[import-untyped]  # It has no types.

from engine.benchmark.image_sets import (
    EmbeddedSet,
    SetSource,
    UnusableSetError,
    embed_set,
    open_sets,
    open_start,
)
from engine.benchmark.methods import methods_for
from engine.benchmark.plots import plots_of
from engine.benchmark.report import MEANINGS, REPORT_FORMAT, means_of, notes_for, results_of
from engine.benchmark.splits import SplitRule
from engine.benchmark.tables import as_markdown
from engine.benchmark.trials import Cell, run_trials
from engine.errors import EngineError
from engine.jobs.files import written_whole
from engine.jobs.workspace import Workspace
from engine.messages import Effort, Progress
from engine.metatraining.encoder_training.seen import seen_by_encoder
from engine.version import VERSION
from engine.words import sentence_of


@dataclass(frozen=True, slots=True)
class BenchmarkRule:
    """What is asked of every method.

    Attributes:
        shots: labels per class, each at least 1.
        n_trials: with each number of labels, at least 1.
        efforts: of the program.
        splits: how images are labelled.
    """

    shots: tuple[int, ...] = (1, 5, 10)
    n_trials: int = 10
    efforts: tuple[Effort, ...] = (Effort.INSTANT,)
    splits: SplitRule = field(default_factory=SplitRule)


@dataclass(frozen=True, slots=True, eq=False)
class Benchmarked:
    """What a benchmark has left.

    Attributes:
        report_path, markdown_path: the report.
        plot_paths: beside it.
        report: what is in it; see ``report``.
    """

    report_path: Path
    markdown_path: Path
    plot_paths: tuple[Path, ...]
    report: dict[str, Any]

    def told(self) -> list[str]:
        """What a person reads on the terminal, beside the warnings."""
        lines = []
        for row in self.report["means"]:
            labels = "label" if row["n_shot"] == 1 else "labels"
            accuracy = row["accuracy"]
            half = "" if accuracy["ci95"] is None else f" ± {100 * accuracy['ci95']:.1f}"
            lines.append(
                f"{row['n_shot']} {labels} per class, {row['method']}: "
                f"{100 * accuracy['mean']:.1f}{half} %"
            )
        return [*lines, f"The tables are {self.markdown_path}, all numbers {self.report_path}."]

    def summary(self) -> dict[str, Any]:
        """The files and the means over sets, as plain values."""
        left_out = ("reliability", "pooled_calibration_error")
        return {
            "report": str(self.report_path),
            "tables": str(self.markdown_path),
            "plots": [str(path) for path in self.plot_paths],
            "settings": self.report["settings"],
            "sets": [item["name"] for item in self.report["data"]],
            "seconds": self.report["seconds"],
            "warnings": self.report["warnings"],
            "means": [
                {key: value for key, value in row.items() if key not in left_out}
                for row in self.report["means"]
            ],
        }


def benchmark(
    workspace: Workspace,
    paths: Sequence[Path],
    out_path: Path,
    rule: BenchmarkRule,
    cache_folder: Path,
    start_path: Path | None = None,
    device: str = "auto",
) -> Generator[Progress | None, None, Benchmarked]:
    """Measure the program on image sets, and write a report.

    Args:
        workspace: the encoder that is measured; it is emptied.
        paths: as ``open_image_sets`` takes them.
        out_path: the JSON file; Markdown and plots get its name with other endings.
        rule: what is asked.
        cache_folder: the program's.
        start_path: the untouched ImageNet network; gives the baselines on its activations.
        device: where that network runs: auto, cpu or cuda.

    Raises:
        EngineError: no set can be used, the rule asks for what there is not, or the report cannot
            be written.
    """
    began = time.monotonic()
    _check_rule(rule)
    yield Progress(0, sentence_of("Opening the image sets"), 0, 0, 0.0, 0.0)
    sources, warnings = open_sets(paths)
    cells: list[Cell] = []
    described: list[dict[str, Any]] = []
    with ExitStack() as stack:
        start: Workspace | None = None
        if start_path is not None:
            yield Progress(0, sentence_of("Preparing the start network"), 0, 0, 0.0, 0.0)
            start = stack.enter_context(closing(open_start(start_path, cache_folder, device)))
        first_id = 1
        for number, source in enumerate(sources, start=1):
            title = f"{source.images.name}, {number} of {len(sources)}"
            try:
                found = yield from _run_set(workspace, start, source, rule, first_id, title)
            except UnusableSetError as error:
                warnings.append(f"{str(error).removesuffix('.')}; it is left out.")
            else:
                cells += found
                described.append(_described(found[0].images))
                warnings += found[0].images.notes
            first_id += len(source.images)
        fingerprint = start.runtime.encoder.fingerprint if start else None
    if not cells:
        raise EngineError(warnings[-1])
    encoder = workspace.runtime.encoder
    sizes = [(source.images.name, len(source.images)) for source in sources]
    warnings += seen_by_encoder(encoder, encoder.name, sizes)
    settings = {
        "shots": list(rule.shots),
        "trials": rule.n_trials,
        "efforts": [effort.value for effort in rule.efforts],
        **asdict(rule.splits),
    }
    methods = methods_for(workspace, rule.efforts, has_start=start_path is not None)
    report: dict[str, Any] = {
        "format": REPORT_FORMAT,
        "settings": settings,
        "measures": MEANINGS,
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "start": {"fingerprint": fingerprint} if fingerprint else None,
        "methods": [{"name": method.name, "plain": method.plain} for method in methods],
        "data": described,
        "results": [row for cell in cells for row in results_of(cell)],
        "means": [
            row
            for n_shot in rule.shots
            for row in means_of([cell for cell in cells if cell.n_shot == n_shot])
        ],
        "warnings": warnings,
        "notes": notes_for(settings, has_start=start_path is not None),
        "versions": {
            "handful": VERSION,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "hardware": {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "device": workspace.runtime.device,
        },
        "seconds": round(time.monotonic() - began, 1),
    }
    yield Progress(0, sentence_of("Writing the report"), 0, 0, 0.0, 0.0)
    return _write(report, out_path)


def _check_rule(rule: BenchmarkRule) -> None:
    """What cannot be done is known before the work rather than after it."""
    for holds, sentence in (
        (bool(rule.shots), "Give at least one number of labels per class."),
        (min(rule.shots, default=1) >= 1, f"A class has at least 1 label, not {min(rule.shots)}."),
        (rule.n_trials >= 1, f"There is at least 1 trial, not {rule.n_trials}."),
        (bool(rule.efforts), "Give at least one effort."),
        (rule.splits.seed >= 0, f"The seed is at least 0, not {rule.splits.seed}."),
        (
            0 <= rule.splits.wrong_labels <= 1,
            f"The share of wrong labels is from 0 to 1, not {rule.splits.wrong_labels}.",
        ),
    ):
        if not holds:
            raise EngineError(sentence)


def _run_set(
    workspace: Workspace,
    start: Workspace | None,
    source: SetSource,
    rule: BenchmarkRule,
    first_id: int,
    title: str,
) -> Generator[Progress | None, None, list[Cell]]:
    # Efforts may read the images again, so the files stay until the set is done.
    with tempfile.TemporaryDirectory(prefix="handful-benchmark-") as scratch:
        images: EmbeddedSet = yield from embed_set(
            workspace, start, source, Path(scratch), first_id, title
        )
        methods = methods_for(workspace, rule.efforts, has_start=start is not None)
        cells = []
        for n_shot in rule.shots:
            cell = yield from run_trials(images, methods, n_shot, rule.n_trials, rule.splits, title)
            cells.append(cell)
    workspace.forget()
    return cells


def _described(images: EmbeddedSet) -> dict[str, Any]:
    return {
        "name": images.name,
        "n_images": len(images.images),
        "n_classes": len(images.class_names),
        "images_per_class": dict(
            zip(images.class_names, np.bincount(images.labels).tolist(), strict=True)
        ),
        "n_unreadable": images.n_unreadable,
        "images_sha256": images.sha256,
    }


def _write(report: Mapping[str, Any], path: Path) -> Benchmarked:
    """All of the files, or none where one cannot be written."""
    markdown_path = path.with_suffix(".md")
    plots = {
        title: (path.with_name(f"{path.stem}-{ending}.svg"), content)
        for title, (ending, content) in plots_of(report).items()
    }
    markdown = as_markdown(report, {title: plot.name for title, (plot, _) in plots.items()})
    contents = {
        **dict(plots.values()),
        markdown_path: markdown.encode(),
        path: (json.dumps(report, indent=1) + "\n").encode(),
    }
    with ExitStack() as stack:
        for written, content in contents.items():
            stack.enter_context(written_whole(written)).write_bytes(content)
    plot_paths = tuple(plot for plot, _ in plots.values())
    return Benchmarked(path, markdown_path, plot_paths, dict(report))
