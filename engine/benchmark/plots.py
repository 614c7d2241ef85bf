"""The report's plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.metatraining.charts import (
    as_svg,
    columns_of,
    draw_by_shots,
    draw_reliability,
    house_style,
    legend_below,
    panels_for,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]


def plots_of(report: Mapping[str, Any]) -> dict[str, tuple[str, bytes]]:
    """Title -> what its file's name ends with (less ``.svg``), and the file's content."""
    with house_style():
        return {
            "Accuracy by labels per class": ("accuracy", as_svg(_accuracy(report))),
            "Reliability, all sets together": (
                "reliability",
                as_svg(_reliability(report["means"])),
            ),
        }


def _accuracy(report: Mapping[str, Any]) -> Figure:
    """A panel for every set, and one for their mean."""
    results, means = report["results"], report["means"]
    names = list(dict.fromkeys(row["data"] for row in results))
    groups: list[tuple[str, Rows]] = [
        (name, [row for row in results if row["data"] == name]) for name in names
    ]
    if len(names) > 1:
        groups.append(("mean over sets", means))
    methods = _methods(means)
    figure, panels = panels_for(len(groups), len(methods))
    for (title, rows), panel in zip(groups, panels, strict=True):
        for number, method in enumerate(methods):
            own = [row for row in rows if row["method"] == method]
            draw_by_shots(
                panel,
                number,
                method,
                [row["n_shot"] for row in own],
                [(row["accuracy"]["mean"], row["accuracy"]["ci95"]) for row in own],
            )
        panel.set_title(title)
        panel.set_xlabel("labels per class")
    for panel in panels[:: columns_of(len(panels))]:
        panel.set_ylabel("accuracy, %")
    legend_below(figure, panels[0])
    return figure


def _reliability(means: Rows) -> Figure:
    """A panel for every number of labels."""
    shots = list(dict.fromkeys(row["n_shot"] for row in means))
    methods = _methods(means)
    figure, panels = panels_for(len(shots), len(methods))
    for n_shot, panel in zip(shots, panels, strict=True):
        for number, method in enumerate(methods):
            bins = [
                (found["n"], found["confidence"], found["accuracy"])
                for row in means
                if (row["n_shot"], row["method"]) == (n_shot, method)
                for found in row["reliability"]
            ]
            draw_reliability(panel, number, method, bins)
        panel.set_title(f"{n_shot} {'label' if n_shot == 1 else 'labels'} per class")
    for panel in panels[:: columns_of(len(panels))]:
        panel.set_ylabel("share right, %")
    legend_below(figure, panels[0])
    return figure


def _methods(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["method"] for row in rows))
