"""The report's plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.metatraining.charts import (
    as_svg,
    columns_of,
    draw_by_shots,
    draw_reliability,
    file_suffixes,
    house_style,
    legend_below,
    look,
    panels_for,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]


def plots_of(report: Mapping[str, Any]) -> dict[str, tuple[str, bytes]]:
    """The plots for which the report has numbers.

    Args:
        report: see ``report``.

    Returns:
        Title -> what its file's name ends with (less ``.svg``), and the file's content.
    """
    made: dict[str, tuple[str, bytes]] = {}
    with house_style():
        if report["learning_curves"]:
            made["Learning curves"] = ("learning", as_svg(_learning(report["learning_curves"])))
        names = [described["name"] for described in report["data"]]
        for name, suffix in file_suffixes(names).items():
            rows = [row for row in report["results"] if row["data"] == name]
            if len({row["n_shot"] for row in rows}) > 1:
                figure = _accuracy_by_shots(rows)
                made[f"Accuracy by shots, {name}"] = (f"shots-{suffix}", as_svg(figure))
            made[f"Reliability, {name}"] = (f"reliability-{suffix}", as_svg(_reliability(rows)))
    return made


def _learning(curves: Sequence[Mapping[str, Any]]) -> Figure:
    figure, (panel,) = panels_for(1, len(curves))
    all_checked = True
    for number, curve in enumerate(curves):
        scores = curve["scores"]
        checked = [line for line in scores if "validation_accuracy" in line]
        key, drawn = ("validation_accuracy", checked) if checked else ("accuracy", scores)
        label = curve["model"] + ("" if checked else " (training tasks)")
        all_checked = all_checked and bool(checked)
        steps = [line["step"] for line in drawn]
        values = [100 * line[key] for line in drawn]
        panel.plot(steps, values, label=label, **look(number))
        if checked:
            half = [100 * line["validation_ci95"] for line in drawn]
            panel.fill_between(
                steps,
                [value - width for value, width in zip(values, half, strict=True)],
                [value + width for value, width in zip(values, half, strict=True)],
                color=look(number)["color"],
                alpha=0.2,
                linewidth=0,
            )
    panel.set_xlabel("steps of meta-training")
    panel.set_ylabel("accuracy on validation tasks, %" if all_checked else "accuracy, %")
    legend_below(figure, panel)
    return figure


def _accuracy_by_shots(rows: Rows) -> Figure:
    ways = sorted({row["n_way"] for row in rows})
    figure, panels = panels_for(len(ways), len(_methods(rows)))
    for way, panel in zip(ways, panels, strict=True):
        for number, method in enumerate(_methods(rows)):
            own = [row for row in rows if row["n_way"] == way and row["method"] == method]
            found = [row["after"]["accuracy"] for row in own]
            draw_by_shots(
                panel,
                number,
                method,
                [row["n_shot"] for row in own],
                [(accuracy["mean"], accuracy["ci95"]) for accuracy in found],
            )
        shots = sorted({row["n_shot"] for row in rows})
        panel.set_xticks(shots, [str(shot) for shot in shots])
        panel.set_title(f"{way}-way")
        panel.set_xlabel("shots, images per class")
    panels[0].set_ylabel("accuracy, %")
    legend_below(figure, panels[0])
    return figure


def _reliability(rows: Rows) -> Figure:
    settings = list(dict.fromkeys((row["n_way"], row["n_shot"]) for row in rows))
    figure, panels = panels_for(len(settings), len(_methods(rows)))
    for number, panel in enumerate(panels):
        if number % columns_of(len(panels)) == 0:
            panel.set_ylabel("share right, %")
    for (way, shot), panel in zip(settings, panels, strict=True):
        for number, method in enumerate(_methods(rows)):
            bins = [
                (found["n"], found["confidence"], found["accuracy"])
                for row in rows
                if (row["n_way"], row["n_shot"], row["method"]) == (way, shot, method)
                for found in row["after"]["reliability"]
            ]
            draw_reliability(panel, number, method, bins)
        panel.set_title(f"{way}-way {shot}-shot")
    legend_below(figure, panels[0])
    return figure


def _methods(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["method"] for row in rows))
