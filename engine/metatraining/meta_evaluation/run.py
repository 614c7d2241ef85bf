"""A whole evaluation, from checkpoints and data to the report's files."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from engine.encoder.runtime import EncoderRuntime, load_runtime
from engine.errors import EngineError, sentence_for
from engine.files import write_whole
from engine.messages import Progress
from engine.metatraining.encoder_training.seen import seen_by_encoder
from engine.metatraining.meta_evaluation.contenders import contenders_of, head_contenders_of
from engine.metatraining.meta_evaluation.evaluate import Contender, Outcome, Pace, evaluate
from engine.metatraining.meta_evaluation.images import OpenedSet, PixelImages, PixelShelf, open_data
from engine.metatraining.meta_evaluation.learning_curves import learning_curves
from engine.metatraining.meta_evaluation.methods import (
    Combination,
    EncoderMethod,
    EncoderModel,
    Method,
    PixelRule,
    TrainedModel,
    encoder_methods_of,
    has_same_projection,
    methods_of,
    open_checkpoint,
    with_distinct_sources,
)
from engine.metatraining.meta_evaluation.notes import notes_for
from engine.metatraining.meta_evaluation.photographs import Photographs
from engine.metatraining.meta_evaluation.plots import plots_of
from engine.metatraining.meta_evaluation.report import (
    MEASURES,
    REPORT_FORMAT,
    as_markdown,
    outcome_as_json,
)
from engine.metatraining.meta_evaluation.seen import seen_by_model, trained_on
from engine.metatraining.meta_evaluation.settings import (
    LabelledSet,
    Setting,
    check_possible,
    digest_of,
    draw_episodes,
)
from engine.metatraining.networks import n_parameters
from engine.version import VERSION
from engine.words import say


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
        lines += self.report["warnings"]
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
            "warnings": self.report["warnings"],
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
    cache_folder: Path,
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
        cache_folder: where graphs of other encoders than the shipped one are kept.
        combinations: rows for all checkpoints together.
        start_path: gives rows for weights between it and each checkpoint.
        device: auto, cpu or cuda.

    Raises:
        EngineError: a checkpoint or the data cannot be used, the data cannot give such episodes,
            a model cannot tell so many classes apart, or the report cannot be written.
    """
    began = time.monotonic()
    _check_rule(rule)
    _check_writable(out_path)
    chosen = _torch_device(device)
    yield Progress(0, say("Reading the models"), 0, 0, 0.0, 0.0)
    candidates = _candidates(checkpoints, combinations, start_path, chosen)
    _check_names(candidates.rows)
    asked, rule = rule, _without_impossible_ways(candidates, rule)
    curves = learning_curves(candidates.models)
    for model in candidates.small:
        trained_on(model)  # What is damaged is told now rather than after an hour.
    opened = open_data(data_paths, rule.split)
    for item in opened:
        for setting in rule.settings:
            check_possible(item.labelled, setting)

    shelf = PixelShelf(chosen)
    runtimes: dict[str, EncoderRuntime] = {}
    for method in candidates.encoder_methods:
        for encoder in method.encoders:
            if encoder.fingerprint not in runtimes:
                yield Progress(0, say("Preparing {name}", name=encoder.name), 0, 0, 0.0, 0.0)
                runtimes[encoder.fingerprint] = load_runtime(encoder, cache_folder, device)
    pace = Pace(len(opened) * len(rule.settings) * rule.n_episodes)
    described: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    warnings = candidates.missing(asked.ways)
    for item in opened:
        found = yield from _evaluate_set(item, candidates, shelf, runtimes, rule, pace)
        results += found.results
        described.append(found.described)
        warnings += found.warnings
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
        "recipes": {model.source.name: model.recipe.as_json() for model in candidates.models},
        "methods": [_method_as_json(method) for method in candidates.rows],
        "data": described,
        "results": results,
        "learning_curves": curves,
        "warnings": list(dict.fromkeys(warnings)),  # A start may be one of the models.
        "notes": notes_for(
            candidates.methods, candidates.encoder_methods, bool(curves), rule.robustness
        ),
        "versions": {
            "handful": VERSION,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnxruntime": onnxruntime.__version__,
            "numpy": np.__version__,
        },
        "hardware": {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else "CPU",
            **({"encoders": next(iter(runtimes.values())).device} if runtimes else {}),
        },
        "seconds": round(time.monotonic() - began, 1),
    }
    yield Progress(0, say("Writing the report"), 0, 0, 0.0, 0.0)
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


def _without_impossible_ways(candidates: _Candidates, rule: EvaluationRule) -> EvaluationRule:
    """Some rows may have gaps, but every task needs a method that can be asked."""
    limits = [method.max_way for method in candidates.methods]
    if candidates.encoder_methods or None in limits:
        return rule
    most = max(limit for limit in limits if limit is not None)
    ways = tuple(way for way in rule.ways if way <= most)
    if not ways:
        raise EngineError(
            f"{candidates.methods[0].name} was meta-trained for tasks of up to {most} classes; "
            f"{min(rule.ways)}-way tasks were asked for."
        )
    return replace(rule, ways=ways)


def _torch_device(device: str) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise EngineError("No CUDA device is available; use --device cpu or auto.")
    return torch.device("cuda" if has_gpu and device != "cpu" else "cpu")


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """All rows of the tables, and what they are made from.

    Attributes:
        models, encoders: as given.
        start: as given.
        methods, encoder_methods: the rows.
    """

    models: list[TrainedModel]
    encoders: list[EncoderModel]
    start: TrainedModel | EncoderModel | None
    methods: list[Method]
    encoder_methods: list[EncoderMethod]

    @property
    def rows(self) -> list[Method | EncoderMethod]:
        """In the order of the tables."""
        return [*self.methods, *self.encoder_methods]

    @property
    def small(self) -> list[TrainedModel]:
        """The small networks, a start included."""
        return [*self.models, *([self.start] if isinstance(self.start, TrainedModel) else [])]

    @property
    def large(self) -> list[EncoderModel]:
        """The encoders, a start included."""
        return [*self.encoders, *([self.start] if isinstance(self.start, EncoderModel) else [])]

    def missing(self, ways: Sequence[int]) -> list[str]:
        """Why figures that were asked for are not there."""
        told = [
            f"{method.name} was meta-trained for tasks of up to {method.max_way} classes: there "
            "are no figures for more."
            for method in self.methods
            if method.max_way is not None and method.max_way < max(ways)
        ]
        start = self.start
        if not isinstance(start, EncoderModel):
            return told
        return told + [
            f"There are no weights on the way from {start.source.name} to {model.source.name}: "
            "their embeddings are made by different projections."
            for model in self.encoders
            if not has_same_projection(start, model)
        ]


def _candidates(
    checkpoints: Sequence[Path],
    combinations: Sequence[Combination],
    start_path: Path | None,
    device: torch.device,
) -> _Candidates:
    paths = [*checkpoints, *([] if start_path is None else [start_path])]
    given = with_distinct_sources([open_checkpoint(path) for path in paths])
    opened = given[: len(checkpoints)]
    start = None if start_path is None else given[-1]
    models = [model for model in opened if isinstance(model, TrainedModel)]
    encoders = [model for model in opened if isinstance(model, EncoderModel)]
    if (combinations or start) and models and encoders:
        raise EngineError(
            f"{models[0].source.name} and {encoders[0].source.name} cannot be combined: one takes "
            "small images, the other is an encoder."
        )
    if start and isinstance(start, TrainedModel) != bool(models):
        raise EngineError(f"{start_path} is not of the kind of {opened[0].source.name}.")
    few_shot_start = start if isinstance(start, TrainedModel) else None
    encoder_start = start if isinstance(start, EncoderModel) else None
    for model in (*models, *([few_shot_start] if few_shot_start else ())):
        model.algorithm.to(device)
    return _Candidates(
        models,
        encoders,
        start,
        methods_of(models, combinations, few_shot_start) if models else [],
        encoder_methods_of(encoders, combinations, encoder_start) if encoders else [],
    )


def _check_names(methods: Sequence[Method | EncoderMethod]) -> None:
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise EngineError(f"Two of the methods are named {name!r}; is a file given twice?")


def _check_writable(path: Path) -> None:
    """What cannot be written is known before the work rather than after it."""
    if path.is_dir():
        raise EngineError(f"Could not write {path}: it is a folder.")
    if not path.parent.is_dir():
        raise EngineError(f"Could not write {path}: there is no folder {path.parent}.")


@dataclass(frozen=True, slots=True, eq=False)
class _SetEvaluated:
    """One data set's part of the report: entries of ``results``, one of ``data``, warnings."""

    results: list[dict[str, Any]]
    described: dict[str, Any]
    warnings: list[str]


def _evaluate_set(
    item: OpenedSet,
    candidates: _Candidates,
    shelf: PixelShelf,
    runtimes: Mapping[str, EncoderRuntime],
    rule: EvaluationRule,
    pace: Pace,
) -> Generator[Progress, None, _SetEvaluated]:
    name, labelled = item.labelled.name, item.labelled
    yield Progress(0, say("Reading {name}", name=name), 0, 0, 0.0, 0.0)
    images: dict[PixelRule, PixelImages] = {}
    for method in candidates.methods:
        if method.pixels not in images:
            images[method.pixels] = yield from shelf.images(item, method.pixels)
    warnings = [
        *(
            sentence
            for model in candidates.small
            for sentence in seen_by_model(model, item, images[model.pixels])
        ),
        *(
            sentence
            for model in candidates.large
            for sentence in seen_by_encoder(
                model.encoder, model.source.name, [(name, len(labelled.labels))]
            )
        ),
    ]
    photographs = Photographs(item)
    if candidates.encoder_methods:
        labelled = yield from photographs.read()
    elif images:
        labels = next(iter(images.values())).labels
        labelled = LabelledSet(name, labels, labelled.turned_classes)
    episodes = {
        setting: draw_episodes(labelled, setting, rule.n_episodes, rule.seed)
        for setting in rule.settings
    }
    contenders: list[Contender] = yield from contenders_of(
        candidates.methods, images, labelled, rule.settings, rule.n_episodes, rule.robustness
    )
    contenders += yield from head_contenders_of(
        candidates.encoder_methods, photographs, runtimes, episodes, rule.robustness
    )
    results: list[dict[str, Any]] = []
    limits = {method.name: method.max_way for method in candidates.methods}
    for setting, drawn in episodes.items():
        able = [
            contender
            for contender in contenders
            if setting.n_way <= (limits.get(contender.name) or setting.n_way)
        ]
        outcomes: list[Outcome] = yield from evaluate(able, name, setting, drawn, rule.seed, pace)
        digest = digest_of(drawn)
        results += [outcome_as_json(outcome, outcomes[0], digest) for outcome in outcomes]
    return _SetEvaluated(results, _described(item, labelled), warnings)


def _described(item: OpenedSet, labelled: LabelledSet) -> dict[str, Any]:
    return {
        "name": labelled.name,
        "n_images": len(labelled.labels),
        "n_classes": len(np.unique(labelled.labels)),
        "turned_classes": labelled.turned_classes,
        "n_unreadable": len(item.labelled.labels) - len(labelled.labels),
    }


def _method_as_json(method: Method | EncoderMethod) -> dict[str, Any]:
    if isinstance(method, Method):
        n_weights = sum(n_parameters(member) for member in method.members)
    else:
        arrays = [array for encoder in method.encoders for array in encoder.weights.values()]
        n_weights = sum(array.size for array in arrays)
    return {
        "name": method.name,
        "n_weights": n_weights,
        "files": [{"name": source.name, "sha256": source.sha256} for source in method.sources],
    }


def _write(report: dict[str, Any], path: Path) -> MetaEvaluated:
    markdown_path = path.with_suffix(".md")
    plots = {
        title: (path.with_name(f"{path.stem}-{ending}.svg"), content)
        for title, (ending, content) in plots_of(report).items()
    }
    markdown = as_markdown(report, {title: plot.name for title, (plot, _) in plots.items()})
    contents = {
        path: (json.dumps(report, indent=1) + "\n").encode(),  # First: it has all that was found.
        markdown_path: markdown.encode(),
        **dict(plots.values()),
    }
    for written, content in contents.items():
        try:
            write_whole(written, content)
        except OSError as error:
            raise EngineError(sentence_for(error, written, "write the report")) from error
    return MetaEvaluated(path, markdown_path, tuple(plot for plot, _ in plots.values()), report)
