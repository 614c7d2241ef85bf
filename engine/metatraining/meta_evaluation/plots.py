"""The report's plots as SVG: lines in colours and greys that a light and a dark page both show.

matplotlib is imported where it is needed: it takes a second, and the command line must not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = ("#0082c8", "#d55e00", "#009e73", "#b9559b", "#b58900", "#3aa6d0")
"""After Okabe and Ito's palette, which the colour-blind can tell apart, a little nearer to the
middle, so that none drowns on white or on black."""
_LINES: Final = ("-", "--", ":", "-.")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P")
_GREY: Final = "#808080"

_PANEL_INCHES: Final = (3.6, 3.2)
_LEGEND_INCHES: Final = 0.17
_MOST_BESIDE: Final = 3

FEWEST: Final = 30
"""Confidence bins of fewer queries are left out of the reliability plots."""

Rows = Sequence[Mapping[str, Any]]


def plots_of(report: Mapping[str, Any]) -> dict[str, tuple[str, bytes]]:
    """The plots for which the report has numbers.

    Args:
        report: see ``report``.

    Returns:
        Title -> what its file's name ends with (less ``.svg``), and the file's content.
    """
    import matplotlib

    style: dict[Any, Any] = {
        "svg.fonttype": "none",  # Text stays text, in the page's own sans-serif.
        "svg.hashsalt": "handful",  # The same numbers give the same file.
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9,
        "legend.frameon": False,
        **{
            key: _GREY
            for key in (
                *("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor"),
                *("xtick.color", "ytick.color", "grid.color"),
            )
        },
    }
    made: dict[str, tuple[str, bytes]] = {}
    with matplotlib.rc_context(style):
        if report["learning_curves"]:
            made["Learning curves"] = ("learning", _svg(_learning(report["learning_curves"])))
        for name, suffix in _suffixes([described["name"] for described in report["data"]]).items():
            rows = [row for row in report["results"] if row["data"] == name]
            if len({row["n_shot"] for row in rows}) > 1:
                figure = _accuracy_by_shots(rows)
                made[f"Accuracy by shots, {name}"] = (f"shots-{suffix}", _svg(figure))
            made[f"Reliability, {name}"] = (f"reliability-{suffix}", _svg(_reliability(rows)))
    return made


def _suffixes(names: Sequence[str]) -> dict[str, str]:
    """Every name as the end of a file's, all different, also where capitals are not told apart."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "data"
        taken = {suffix.casefold() for suffix in found.values()}
        suffix, number = plain, 1
        while suffix.casefold() in taken:
            number += 1
            suffix = f"{plain}-{number}"
        found[name] = suffix
    return found


def _learning(curves: Sequence[Mapping[str, Any]]) -> Figure:
    figure, (panel,) = _panels(1, len(curves))
    all_checked = True
    for number, curve in enumerate(curves):
        scores = curve["scores"]
        checked = [line for line in scores if "validation_accuracy" in line]
        key, drawn = ("validation_accuracy", checked) if checked else ("accuracy", scores)
        label = curve["model"] + ("" if checked else " (training tasks)")
        all_checked = all_checked and bool(checked)
        steps = [line["step"] for line in drawn]
        values = [100 * line[key] for line in drawn]
        panel.plot(steps, values, label=label, **_look(number))
        if checked:
            half = [100 * line["validation_ci95"] for line in drawn]
            panel.fill_between(
                steps,
                [value - width for value, width in zip(values, half, strict=True)],
                [value + width for value, width in zip(values, half, strict=True)],
                color=_look(number)["color"],
                alpha=0.2,
                linewidth=0,
            )
    panel.set_xlabel("steps of meta-training")
    panel.set_ylabel("accuracy on validation tasks, %" if all_checked else "accuracy, %")
    _legend(figure, panel)
    return figure


def _accuracy_by_shots(rows: Rows) -> Figure:
    ways = sorted({row["n_way"] for row in rows})
    figure, panels = _panels(len(ways), len(_methods(rows)))
    for way, panel in zip(ways, panels, strict=True):
        for number, method in enumerate(_methods(rows)):
            own = [row for row in rows if row["n_way"] == way and row["method"] == method]
            found = [row["after"]["accuracy"] for row in own]
            panel.errorbar(
                [row["n_shot"] for row in own],
                [100 * accuracy["mean"] for accuracy in found],
                [100 * accuracy["ci95"] for accuracy in found],
                label=method,
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
                capsize=2,
                **_look(number),
            )
        shots = sorted({row["n_shot"] for row in rows})
        panel.set_xscale("log")
        panel.set_xticks(shots, [str(shot) for shot in shots])
        panel.set_xticks([], minor=True)
        panel.set_title(f"{way}-way")
        panel.set_xlabel("shots, images per class")
    panels[0].set_ylabel("accuracy, %")
    _legend(figure, panels[0])
    return figure


def _reliability(rows: Rows) -> Figure:
    settings = list(dict.fromkeys((row["n_way"], row["n_shot"]) for row in rows))
    figure, panels = _panels(len(settings), len(_methods(rows)))
    for number, panel in enumerate(panels):
        if number % _columns(len(panels)) == 0:
            panel.set_ylabel("share right, %")
    for (way, shot), panel in zip(settings, panels, strict=True):
        panel.plot([0, 100], [0, 100], color=_GREY, linewidth=0.8)
        for number, method in enumerate(_methods(rows)):
            bins = [
                found
                for row in rows
                if (row["n_way"], row["n_shot"], row["method"]) == (way, shot, method)
                for found in row["after"]["reliability"]
                if found["n"] >= FEWEST
            ]
            panel.plot(
                [100 * found["confidence"] for found in bins],
                [100 * found["accuracy"] for found in bins],
                label=method,
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=3,
                **_look(number),
            )
        panel.set_xlim(0, 100)
        panel.set_ylim(0, 100)
        panel.set_title(f"{way}-way {shot}-shot")
        panel.set_xlabel("confidence, %")
    _legend(figure, panels[0])
    return figure


def _panels(count: int, n_labels: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    columns = _columns(count)
    lines = -(-count // columns)
    width, height = _PANEL_INCHES
    wide = width * columns if count > 1 else 1.6 * width
    tall = height * lines + _LEGEND_INCHES * n_labels
    figure = Figure(figsize=(wide, tall), layout="constrained")
    panels = [figure.add_subplot(lines, columns, number + 1) for number in range(count)]
    for panel in panels:
        panel.grid(alpha=0.3, linewidth=0.6)
    return figure, panels


def _columns(count: int) -> int:
    return 2 if count == 4 else min(count, _MOST_BESIDE)


def _legend(figure: Figure, panel: Axes) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", fontsize=8)


def _look(number: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _LINES[number // len(_COLOURS) % len(_LINES)],
        "linewidth": 1.5,
    }


def _methods(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["method"] for row in rows))


def _svg(figure: Figure) -> bytes:
    stored = io.BytesIO()
    figure.savefig(stored, format="svg", transparent=True, metadata={"Date": None})
    return stored.getvalue()
