"""The report as a page: Markdown tables that fit a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.benchmark.methods import LOGISTIC_REGRESSION
from engine.benchmark.report import MEANINGS

_WIDEST: Final = 4  # Methods side by side; more go into a table below.

Row = Mapping[str, Any]
Told = Callable[[Row], str]


def as_markdown(report: Mapping[str, Any], plots: Mapping[str, str]) -> str:
    """The report's page.

    Args:
        report: see ``report``.
        plots: title -> file name beside the page.
    """
    settings = report["settings"]
    trials = settings["trials"]
    lines = [
        "# Benchmark",
        "",
        f"A few images of every class are labelled at random, all the others classified: "
        f"{trials} {'trial' if trials == 1 else 'trials'} for each number of labels, seed "
        f"{settings['seed']}. {_harm(settings)}± is the 95 % interval over trials.",
        "",
        f"Encoder: {report['encoder']['name']}, fingerprint "
        f"`{report['encoder']['fingerprint'][:16]}`."
        + (
            f" Start, the untouched network: `{report['start']['fingerprint'][:16]}`."
            if report["start"]
            else ""
        ),
    ]
    if report["warnings"]:
        lines += ["", *(f"- {sentence}" for sentence in report["warnings"])]
    for n_shot in settings["shots"]:
        rows = [row for row in report["results"] if row["n_shot"] == n_shot]
        means = [row for row in report["means"] if row["n_shot"] == n_shot]
        lines += ["", f"## {n_shot} {'label' if n_shot == 1 else 'labels'} per class"]
        lines += ["", "Accuracy in %:", "", *_by_set(rows, means, _percent("accuracy"))]
        if any(row["against_logistic_regression"] for row in means):
            differing = [row for row in rows if row["method"] != LOGISTIC_REGRESSION]
            lines += ["", "Accuracy less that of logistic regression, in points:", ""]
            lines += _by_set(
                differing,
                [row for row in means if row["method"] != LOGISTIC_REGRESSION],
                lambda row: _points(row["against_logistic_regression"]["accuracy"]),
            )
        lines += ["", "All measures, mean over sets:", "", *_all_measures(means)]
    for title, name in plots.items():
        lines += ["", f"![{title}]({name})"]
    lines += ["", "## Every measure by set"]
    for title, key, told in _PER_SET:
        for n_shot in settings["shots"]:
            rows = [row for row in report["results"] if row["n_shot"] == n_shot]
            means = [row for row in report["means"] if row["n_shot"] == n_shot]
            if key == "worse_than_plain":
                rows, means = ([row for row in found if row[key]] for found in (rows, means))
            if rows:
                labels = "label" if n_shot == 1 else "labels"
                lines += ["", f"{title}, {n_shot} {labels} per class:", ""]
                lines += _by_set(rows, means, told)
    lines += ["", "## How it was measured", ""]
    lines += [f"- {_TITLES[measure]}: {text}." for measure, text in MEANINGS.items()]
    lines += [f"- {note}" for note in report["notes"]]
    lines += ["", "| set | images | classes | SHA-256 of the images |", "|---|---|---|---|"]
    lines += [
        f"| {_cell(item['name'])} | {item['n_images']} | {item['n_classes']} | "
        f"`{item['images_sha256'][:16]}…` |"
        for item in report["data"]
    ]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    hardware = report["hardware"]
    lines += [
        "",
        f"{versions}; {hardware['device']} on {hardware['machine']} with {hardware['cores']} "
        f"cores; {report['seconds']:.0f} s in all.",
    ]
    return "\n".join(lines) + "\n"


def _harm(settings: Mapping[str, Any]) -> str:
    parts = []
    if settings["unbalanced"]:
        parts.append("Labels and images are unbalanced. ")
    if settings["wrong_labels"]:
        parts.append(f"About {100 * settings['wrong_labels']:g} % of the labels are wrong. ")
    return "".join(parts)


def _by_set(rows: Sequence[Row], means: Sequence[Row], told: Told) -> list[str]:
    """Sets down, methods across, their mean last; several tables where methods are many."""
    sets = list(dict.fromkeys(row["data"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    found = {(row["data"], row["method"]): row for row in rows}
    mean_of = {row["method"]: row for row in means}
    lines: list[str] = []
    for first in range(0, len(methods), _WIDEST):
        shown = methods[first : first + _WIDEST]
        lines += [""] if lines else []
        lines += _table_head(["set", *shown])
        for name in sets:
            lines.append(_line([name, *(told(found[name, method]) for method in shown)]))
        if len(sets) > 1:
            lines.append(_line(["**mean**", *(f"**{told(mean_of[method])}**" for method in shown)]))
    return lines


def _all_measures(means: Sequence[Row]) -> list[str]:
    """Methods down; what is right and what is believed in two tables."""
    lines = _table_head(
        [
            *("method", "accuracy", "macro F1", "log-loss"),
            *("calibration error (pooled)", "unknown AUROC"),
        ]
    )
    for row in means:
        lines.append(
            _line(
                [
                    row["method"],
                    _percent("accuracy")(row),
                    _percent("f1")(row),
                    _plain("log_loss")(row),
                    f"{_percent('calibration_error')(row)} "
                    f"({100 * row['pooled_calibration_error']:.1f})",
                    _percent("unknown_auroc")(row),
                ]
            )
        )
    heads = ["method", "against logistic regression", "worse than plain prototypes", "time"]
    lines += ["", *_table_head(heads)]
    for row in means:
        against = row["against_logistic_regression"]
        lines.append(
            _line(
                [
                    row["method"],
                    _points(against["accuracy"]) if against else "–",
                    _share(row),
                    _duration(row),
                ]
            )
        )
    return lines


def _percent(measure: str) -> Told:
    def told(row: Row) -> str:
        found = row[measure]
        return "–" if found is None else f"{100 * found['mean']:.1f}{_half(found, 100, 1)}"

    return told


def _plain(measure: str) -> Told:
    def told(row: Row) -> str:
        return f"{row[measure]['mean']:.3f}{_half(row[measure], 1, 3)}"

    return told


def _points(found: Mapping[str, Any]) -> str:
    return f"{100 * found['mean']:+.1f}{_half(found, 100, 1)}"


def _half(found: Mapping[str, Any], factor: int, digits: int) -> str:
    return "" if found["ci95"] is None else f" ± {factor * found['ci95']:.{digits}f}"


def _duration(row: Row) -> str:
    seconds = row["median_seconds"]
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def _share(row: Row) -> str:
    found = row["worse_than_plain"]
    if found is None:
        return "–"
    return (
        f"{100 * found['share']:.0f} % ({found['count']} of {found['of']}; "
        f"{100 * found['low']:.0f} to {100 * found['high']:.0f})"
    )


def _table_head(heads: Sequence[str]) -> list[str]:
    return [_line(heads), "|---" * len(heads) + "|"]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_TITLES: Final = {
    "accuracy": "Accuracy",
    "f1": "Macro F1",
    "log_loss": "Log-loss",
    "calibration_error": "Calibration error",
    "unknown_auroc": "Unknown AUROC",
    "seconds": "Time to adapt",
    "worse_than_plain": "Worse than plain prototypes",
    "ci95": "95 % interval",
}

_PER_SET: Final[Sequence[tuple[str, str, Told]]] = (
    ("Macro F1 in %", "f1", _percent("f1")),
    ("Log-loss in nats", "log_loss", _plain("log_loss")),
    ("Calibration error in %", "calibration_error", _percent("calibration_error")),
    ("Unknown AUROC in %", "unknown_auroc", _percent("unknown_auroc")),
    ("Time to adapt, median", "seconds", _duration),
    ("Trials worse than plain prototypes of the same encoder", "worse_than_plain", _share),
)
