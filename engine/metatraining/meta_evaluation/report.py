"""The report of an evaluation: one JSON object, and the same as Markdown tables.

The object's keys:

* ``format``: "handful-meta-evaluation-1".
* ``protocol``: seed, episodes, queries, split, ways, shots, and what the measures mean.
* ``methods``: name, files with their SHA-256, number of weights.
* ``recipes``: of the small networks, by file: all settings of meta-training, its seed included.
* ``data``: name, images, classes, whether turned classes count as classes of their own.
* ``results``: one entry per data set, setting and method: ``data``, ``n_way``, ``n_shot``,
  ``n_query``, ``n_episodes``, ``episodes_sha256`` (equal digests: equal tasks), ``method``,
  ``before`` and ``after`` adaptation, ``seconds_to_adapt``, ``against_first`` (paired difference in
  accuracy from the setting's first method), ``robustness`` by condition (with ``change``: paired
  difference in accuracy from the same episodes unharmed).
* ``learning_curves``: by model, the lines of its run's scores.
* ``warnings``: sentences; rows that are missing, images that a model was trained on.
* ``notes``: what a reader must know.
* ``versions``, ``hardware``, ``seconds``.

Every measure is ``{"mean", "ci95"}``, shares in [0, 1], log-loss in nats. ``n_not_numbers`` counts
the queries whose predictions were NaN or infinite; they are scored as guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from engine.metatraining.intervals import Score, score
from engine.metatraining.meta_evaluation.evaluate import CLEAN, Outcome
from engine.metatraining.metrics import EPISODE_MEASURES, Tally

REPORT_FORMAT: Final = "handful-meta-evaluation-1"

MEASURES: Final = {
    "accuracy": "share of an episode's queries that are classified right",
    "precision": "mean over an episode's classes; 0 for a class that is never predicted",
    "recall": "mean over an episode's classes",
    "f1": "mean over an episode's classes of the harmonic mean of precision and recall",
    "log_loss": "mean negative logarithm of the right class's probability, in nats",
    "calibration_error": (
        "expected calibration error (Guo et al. 2017): all queries of all episodes in 15 "
        "confidence bins of equal width; mean over queries of |share right - mean confidence| "
        "of their bin"
    ),
    "seconds_to_adapt": "from the support set's images (encoders: embeddings) to a classifier",
    "ci95": "1.96 standard deviations over episodes, divided by the root of their number",
}

Json = dict[str, Any]


def outcome_as_json(outcome: Outcome, first: Outcome, episodes_sha256: str) -> Json:
    """An entry of ``results``.

    Args:
        outcome: what the method did.
        first: what the first method did on the same episodes.
        episodes_sha256: see ``digest_of``.
    """
    clean = outcome.after[CLEAN]
    setting = outcome.setting
    return {
        "data": outcome.data_set,
        "n_way": setting.n_way,
        "n_shot": setting.n_shot,
        "n_query": setting.n_query,
        "n_episodes": clean.n_episodes,
        "episodes_sha256": episodes_sha256,
        "method": outcome.method,
        "before": _tally_as_json(outcome.before),
        "after": {**_tally_as_json(clean), "reliability": _reliability(clean)},
        "seconds_to_adapt": {
            "mean": round(float(np.mean(outcome.seconds)), 6),
            "median": round(float(np.median(outcome.seconds)), 6),
        },
        "against_first": _score_as_json(
            score(clean.values("accuracy") - first.after[CLEAN].values("accuracy"))
        ),
        "robustness": {
            condition: {
                "n_episodes": tally.n_episodes,
                **_tally_as_json(tally),
                "change": _score_as_json(
                    score(tally.values("accuracy") - clean.values("accuracy")[: tally.n_episodes])
                ),
            }
            for condition, tally in outcome.after.items()
            if condition != CLEAN
        },
    }


def _tally_as_json(tally: Tally) -> Json:
    described: Json = {
        measure: _score_as_json(tally.score(measure)) for measure in EPISODE_MEASURES
    }
    described["calibration_error"] = round(tally.calibration_error, 6)
    described["n_not_numbers"] = tally.n_not_numbers
    return described


def _score_as_json(found: Score) -> Json:
    return {"mean": round(found.mean, 6), "ci95": round(found.ci95, 6)}


def _reliability(tally: Tally) -> list[Json]:
    """The bins that hold any query."""
    return [
        {
            "n": int(n),
            "confidence": round(float(confidence / n), 6),
            "accuracy": round(float(right / n), 6),
        }
        for n, confidence, right in tally.bins
        if n
    ]


# --- Markdown -------------------------------------------------------------------------------------


def as_markdown(report: Mapping[str, Any], plots: Mapping[str, str]) -> str:
    """The report's tables, for a page of results.

    Args:
        report: as described above.
        plots: title -> file name beside the page.
    """
    protocol = report["protocol"]
    queries = "query" if protocol["n_query"] == 1 else "queries"
    lines = [
        "# Meta-evaluation",
        "",
        f"{protocol['n_episodes']} episodes a setting, seed {protocol['seed']}, "
        f"{protocol['n_query']} {queries} a class; every method gets the same episodes. ± is the "
        "95 % interval over episodes.",
    ]
    if report["warnings"]:
        lines += ["", *(f"- {sentence}" for sentence in report["warnings"])]
    for described in report["data"]:
        results = [row for row in report["results"] if row["data"] == described["name"]]
        lines += ["", f"## {described['name']}", "", _data_sentence(described), ""]
        lines += _accuracy_table(results)
        lines += ["", "All measures, in % but for log-loss (nats) and time:", ""]
        lines += _measures_table(results)
        if any(row["robustness"] for row in results):
            lines += ["", *_robustness_table(results)]
    for title, name in plots.items():
        lines += ["", f"![{title}]({name})"]
    lines += ["", "## How it was measured", ""]
    lines += [f"- {_named(measure)}: {text}." for measure, text in MEASURES.items()]
    lines += [f"- {note}" for note in report["notes"]]
    for row in report["results"]:
        if n_broken := row["after"]["n_not_numbers"]:
            lines.append(
                f"- For {n_broken:,} queries of {row['n_way']}-way {row['n_shot']}-shot tasks of "
                f"{row['data']} the predictions of {row['method']} were NaN or infinite; they are "
                "scored as guesses."
            )
    lines += ["", "| method | made from | SHA-256 |", "|---|---|---|"]
    for method in report["methods"]:
        for file in method["files"]:
            lines.append(f"| {_cell(method['name'])} | {file['name']} | `{file['sha256'][:16]}…` |")
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    hardware = report["hardware"]
    lines += [
        "",
        f"{versions}; {hardware['device']} on {hardware['machine']} with {hardware['cores']} "
        f"cores, {hardware['threads']} in use; {report['seconds']:.0f} s in all.",
    ]
    return "\n".join(lines) + "\n"


def _data_sentence(described: Mapping[str, Any]) -> str:
    text = f"{described['n_images']:,} images of {described['n_classes']:,} classes"
    if described["turned_classes"]:
        n_turned = 4 * described["n_classes"]
        text += f", each counted as four when turned by quarters of a circle, {n_turned:,} in all"
    if described["n_unreadable"]:
        text += f"; {described['n_unreadable']} more cannot be read"
    return text + ". Accuracy in %:"


def _accuracy_table(results: Sequence[Mapping[str, Any]]) -> list[str]:
    settings = list(dict.fromkeys((row["n_way"], row["n_shot"]) for row in results))
    methods = list(dict.fromkeys(row["method"] for row in results))
    found = {(row["method"], row["n_way"], row["n_shot"]): row for row in results}
    lines = [
        "| method | " + " | ".join(f"{way}-way {shot}-shot" for way, shot in settings) + " |",
        "|---" * (len(settings) + 1) + "|",
    ]
    for method in methods:
        cells = [
            _percent(found[method, *setting]["after"]["accuracy"])
            if (method, *setting) in found
            else "–"
            for setting in settings
        ]
        lines.append(f"| {_cell(method)} | " + " | ".join(cells) + " |")
    return lines


def _measures_table(results: Sequence[Mapping[str, Any]]) -> list[str]:
    paired = len({row["method"] for row in results}) > 1
    heads = [
        *("tasks", "method", "accuracy before", "accuracy"),
        *(["against the first"] if paired else []),
        *("precision", "recall", "F1", "log-loss before", "log-loss", "calibration error"),
        "time to adapt, median (mean)",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    firsts: set[tuple[int, int]] = set()
    for row in results:
        before, after = row["before"], row["after"]
        setting = (row["n_way"], row["n_shot"])
        against = _change(row["against_first"]) if setting in firsts else ""
        firsts.add(setting)
        seconds = row["seconds_to_adapt"]
        cells = [
            f"{row['n_way']}-way {row['n_shot']}-shot",
            _cell(row["method"]),
            _percent(before["accuracy"]),
            _percent(after["accuracy"]),
            *([against] if paired else []),
            *(_percent(after[measure]) for measure in ("precision", "recall", "f1")),
            *(f"{part['log_loss']['mean']:.3f}" for part in (before, after)),
            f"{100 * after['calibration_error']:.2f}",
            f"{_duration(seconds['median'])} ({_duration(seconds['mean'])})",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _robustness_table(results: Sequence[Mapping[str, Any]]) -> list[str]:
    harmed = [row for row in results if row["robustness"]]
    conditions = list(dict.fromkeys(name for row in harmed for name in row["robustness"]))
    lines = [
        "What harm costs: accuracy in % with spoilt queries or wrong labels in the support set, "
        "and the change from the same episodes unharmed.",
        "",
        "| tasks | method | episodes | " + " | ".join(conditions) + " |",
        "|---" * (len(conditions) + 3) + "|",
    ]
    for row in harmed:
        cells = []
        for condition in conditions:
            found = row["robustness"].get(condition)
            cells.append(
                f"{100 * found['accuracy']['mean']:.1f} ({_change(found['change'])})"
                if found
                else "–"
            )
        n_episodes = next(iter(row["robustness"].values()))["n_episodes"]
        lines.append(
            f"| {row['n_way']}-way {row['n_shot']}-shot | {_cell(row['method'])} | {n_episodes} | "
            + " | ".join(cells)
            + " |"
        )
    return lines


def _percent(found: Mapping[str, float]) -> str:
    return f"{100 * found['mean']:.2f} ± {100 * found['ci95']:.2f}"


def _change(found: Mapping[str, float]) -> str:
    return f"{100 * found['mean']:+.2f} ± {100 * found['ci95']:.2f}"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def _named(measure: str) -> str:
    titles = {
        "f1": "F1",
        "log_loss": "Log-loss",
        "seconds_to_adapt": "Time to adapt",
        "ci95": "95 % interval",
    }
    return titles.get(measure, measure.replace("_", " ").capitalize())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
