"""A whole evaluation, from checkpoints and data to the report's files."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.encoder.encoder_file import write_whole
from engine.errors import EngineError, sentence_for
from engine.messages import Progress
from engine.metatraining.meta_evaluation.evaluate import Contender, Outcome, Pace, evaluate
from engine.metatraining.meta_evaluation.images import OpenedSet, PixelShelf, open_data
from engine.metatraining.meta_evaluation.methods import (
    Combination,
    EncoderModel,
    Method,
    TrainedModel,
    methods_of,
    open_checkpoint,
)
from engine.metatraining.meta_evaluation.report import (
    MEASURES,
    REPORT_FORMAT,
    as_markdown,
    outcome_as_json,
)
from engine.metatraining.meta_evaluation.settings import (
    LabelledSet,
    Setting,
    check_possible,
    digest_of,
    draw_episodes,
)


@dataclass(frozen=True, slots=True)
class EvaluationRule:
    """What is asked of every method.

    Attributes:
        ways, shots: every pair of them is a setting.
        n_query: queries per class.
        n_episodes: per setting and data set, at least 2.
        seed: of the episodes and of the harm done to them.
        split: of Omniglot.
        robustness: whether wrong labels and spoilt queries are tried too.
    """

    ways: tuple[int, ...] = (5, 20)
    shots: tuple[int, ...] = (1, 5)
    n_query: int = 15
    n_episodes: int = 600
    seed: int = 0
    split: str = "test"
    robustness: bool = False

    @property
    def settings(self) -> list[Setting]:
        """In the order of the tables."""
        return [Setting(way, shot, self.n_query) for way in self.ways for shot in self.shots]


@dataclass(frozen=True, slots=True, eq=False)
class MetaEvaluated:
    """What an evaluation has left.

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
        """What a person reads on the terminal."""
        lines = [
            f"{row['data']}, {row['n_way']}-way {row['n_shot']}-shot, {row['method']}: "
            f"{100 * row['after']['accuracy']['mean']:.2f} ± "
            f"{100 * row['after']['accuracy']['ci95']:.2f} %"
            for row in self.report["results"]
        ]
        return [*lines, f"The tables are {self.markdown_path}, all numbers {self.report_path}."]

    def summary(self) -> dict[str, Any]:
        """The files and the accuracies, as plain values."""
        return {
            "report": str(self.report_path),
            "tables": str(self.markdown_path),
            "plots": [str(path) for path in self.plot_paths],
            "n_episodes": self.report["protocol"]["n_episodes"],
            "seed": self.report["protocol"]["seed"],
            "seconds": self.report["seconds"],
            "results": [
                {
                    **{key: row[key] for key in ("data", "n_way", "n_shot", "method")},
                    "accuracy": row["after"]["accuracy"],
                    "log_loss": row["after"]["log_loss"],
                    "calibration_error": row["after"]["calibration_error"],
                }
                for row in self.report["results"]
            ],
        }


def meta_evaluate(
    checkpoints: Sequence[Path],
    data_paths: Sequence[Path],
    out_path: Path,
    rule: EvaluationRule,
    combinations: Sequence[Combination] = (),
    start_path: Path | None = None,
    device: str = "auto",
) -> Generator[Progress, None, MetaEvaluated]:
    """Evaluate checkpoints on seeded episodes, all on the same ones, and write a report.

    Args:
        checkpoints: models of meta-training, or the folders of their runs.
        data_paths: as ``load_pixels`` takes them.
        out_path: the JSON file; Markdown and plots get its name with other endings.
        rule: what is asked.
        combinations: rows for all checkpoints together.
        start_path: gives rows for weights between it and each checkpoint.
        device: auto, cpu or cuda.

    Raises:
        EngineError: a checkpoint or the data cannot be used, the data cannot give such episodes,
            a model cannot tell so many classes apart, or the report cannot be written.
    """
    began = time.monotonic()
    _check_rule(rule)
    chosen = _torch_device(device)
    yield Progress(0, "Reading the models", 0, 0, 0.0, 0.0)
    models = [_few_shot_model(path, chosen) for path in checkpoints]
    start = None if start_path is None else _few_shot_model(start_path, chosen)
    methods = _distinct(methods_of(models, combinations, start))
    _check_ways(methods, rule)
    opened = open_data(data_paths, rule.split)
    for item in opened:
        for setting in rule.settings:
            check_possible(item.labelled, setting)

    shelf = PixelShelf(chosen)
    pace = Pace(len(opened) * len(rule.settings) * rule.n_episodes)
    described: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for item in opened:
        yield Progress(0, f"Reading {item.labelled.name}", 0, 0, 0.0, 0.0)
        images = {method.pixels: shelf.images(item, method.pixels) for method in methods}
        labels = next(iter(images.values())).labels
        labelled = LabelledSet(item.labelled.name, labels, item.labelled.turned_classes)
        described.append(_described(item, labelled))
        contenders = [
            Contender(
                method.name,
                method.algorithm,
                images[method.pixels],
                rule.n_episodes if rule.robustness else 0,
            )
            for method in methods
        ]
        for setting in rule.settings:
            episodes = draw_episodes(labelled, setting, rule.n_episodes, rule.seed)
            outcomes: list[Outcome] = yield from evaluate(
                contenders, labelled.name, setting, episodes, rule.seed, pace
            )
            digest = digest_of(episodes)
            results += [outcome_as_json(outcome, outcomes[0], digest) for outcome in outcomes]
    report: dict[str, Any] = {
        "format": REPORT_FORMAT,
        "protocol": {
            "seed": rule.seed,
            "n_episodes": rule.n_episodes,
            "n_query": rule.n_query,
            "ways": list(rule.ways),
            "shots": list(rule.shots),
            "split": rule.split,
            "measures": MEASURES,
        },
        "methods": [_method_as_json(method) for method in methods],
        "data": described,
        "results": results,
        "learning_curves": _learning_curves(models),
        "notes": _notes(methods, rule),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "hardware": {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else "CPU",
        },
        "seconds": round(time.monotonic() - began, 1),
    }
    return _write(report, out_path)


def _check_rule(rule: EvaluationRule) -> None:
    for holds, sentence in (
        (bool(rule.ways) and bool(rule.shots), "Give at least one way and one shot."),
        (min(rule.ways, default=2) >= 2, f"A task has at least 2 classes, not {min(rule.ways)}."),
        (min(rule.shots, default=1) >= 1, f"A class has at least 1 shot, not {min(rule.shots)}."),
        (rule.n_query >= 1, f"A class has at least 1 query, not {rule.n_query}."),
        (rule.n_episodes >= 2, f"An interval takes at least 2 episodes, not {rule.n_episodes}."),
        (rule.seed >= 0, f"The seed must be at least 0, not {rule.seed}."),
    ):
        if not holds:
            raise EngineError(sentence)


def _check_ways(methods: Sequence[Method], rule: EvaluationRule) -> None:
    most = max(rule.ways)
    for method in methods:
        if method.max_way is not None and method.max_way < most:
            raise EngineError(
                f"{method.name} was meta-trained for tasks of up to {method.max_way} classes; "
                f"{most}-way tasks were asked for."
            )


def _torch_device(device: str) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise EngineError("No CUDA device is available; use --device cpu or auto.")
    return torch.device("cuda" if has_gpu and device != "cpu" else "cpu")


def _few_shot_model(path: Path, device: torch.device) -> TrainedModel:
    model = open_checkpoint(path)
    if isinstance(model, EncoderModel):
        raise EngineError(f"{path} is an encoder.")
    model.algorithm.to(device)
    return model


def _distinct(methods: list[Method]) -> list[Method]:
    for method in methods:
        if sum(other.name == method.name for other in methods) > 1:
            raise EngineError(
                f"Two of the methods are named {method.name!r}; is a file given twice?"
            )
    return methods


def _described(item: OpenedSet, labelled: LabelledSet) -> dict[str, Any]:
    return {
        "name": labelled.name,
        "n_images": len(labelled.labels),
        "n_classes": len(np.unique(labelled.labels)),
        "turned_classes": labelled.turned_classes,
        "n_unreadable": len(item.labelled.labels) - len(labelled.labels),
    }


def _method_as_json(method: Method) -> dict[str, Any]:
    return {
        "name": method.name,
        "files": [{"name": source.name, "sha256": source.sha256} for source in method.sources],
    }


def _learning_curves(models: Sequence[TrainedModel]) -> list[dict[str, Any]]:
    curves = []
    for model in models:
        if model.scores_path.is_file():
            try:
                lines = model.scores_path.read_text(encoding="utf-8").splitlines()
                scores = [json.loads(line) for line in lines]
            except OSError as error:
                raise EngineError(sentence_for(error, model.scores_path, "read")) from error
            except ValueError as error:
                raise EngineError(f"{model.scores_path} is damaged.") from error
            curves.append({"model": model.name, "file": model.source.name, "scores": scores})
    return curves


def _notes(methods: Sequence[Method], rule: EvaluationRule) -> list[str]:
    return []


def _write(report: dict[str, Any], path: Path) -> MetaEvaluated:
    markdown_path = path.with_suffix(".md")
    try:
        write_whole(path, (json.dumps(report, indent=1) + "\n").encode())
        write_whole(markdown_path, as_markdown(report, {}).encode())
    except OSError as error:
        raise EngineError(sentence_for(error, path, "write the report")) from error
    return MetaEvaluated(path, markdown_path, (), report)
