"""The scores that runs of small networks left, for the report's learning curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import EngineError, sentence_for
from engine.metatraining.meta_evaluation.methods import TrainedModel, distinct_names


def learning_curves(models: Sequence[TrainedModel]) -> list[dict[str, Any]]:
    """The ``learning_curves`` of a report: of every trained model whose run's scores lie beside it.

    Scores are those of the first of the models that lie beside them.

    Raises:
        EngineError: scores cannot be read or are damaged; the sentence names file and line.
    """
    curves = []
    seen: set[Path] = set()
    for name, model in zip(distinct_names(models), models, strict=True):
        path = model.scores_path.resolve()
        if not model.is_trained or path in seen or not path.is_file():
            continue
        seen.add(path)
        if scores := _read(model.scores_path):
            curves.append({"model": name, "file": model.source.name, "scores": scores})
    return curves


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read")) from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{path} is no text.") from error
    scores = []
    for number, line in enumerate(lines, 1):
        if (found := _score_in(line)) is None:
            raise EngineError(
                f"Line {number} of {path} is not a score of a run; without the file only the "
                "learning curve is missing."
            )
        scores.append(found)
    return scores


def _score_in(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    needed = ["step", "accuracy"]
    if "validation_accuracy" in found:
        needed += ["validation_accuracy", "validation_ci95"]
    return found if all(isinstance(found.get(key), int | float) for key in needed) else None
