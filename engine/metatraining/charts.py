"""How plots look: SVG in colours and greys that a light and a dark page both show.

matplotlib is imported where it is needed: it takes a second, and the command line must not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY: Final = "#808080"
"""Of text and axes."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P")
"""Of points, by the number of the line."""

FEWEST: Final = 30
"""Confidence bins of fewer queries are left out of reliability plots."""

_COLOURS: Final = ("#0082c8", "#d55e00", "#009e73", "#b9559b", "#b58900", "#3aa6d0")
"""After Okabe and Ito's palette, which the colour-blind can tell apart, a little nearer to the
middle, so that none drowns on white or on black."""
_LINES: Final = ("-", "--", ":", "-.")
_PANEL_INCHES: Final = (3.6, 3.2)
_LEGEND_INCHES: Final = 0.17
_MOST_BESIDE: Final = 3


@contextmanager
def house_style() -> Iterator[None]:
    """Figures are made and written inside of it."""
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
            key: GREY
            for key in (
                *("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor"),
                *("xtick.color", "ytick.color", "grid.color"),
            )
        },
    }
    with matplotlib.rc_context(style):
        yield


def panels_for(count: int, n_labels: int) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` panels, with room for a legend of ``n_labels`` lines below."""
    from matplotlib.figure import Figure

    columns = columns_of(count)
    lines = -(-count // columns)
    width, height = _PANEL_INCHES
    wide = width * columns if count > 1 else 1.6 * width
    tall = height * lines + _LEGEND_INCHES * n_labels
    figure = Figure(figsize=(wide, tall), layout="constrained")
    panels = [figure.add_subplot(lines, columns, number + 1) for number in range(count)]
    for panel in panels:
        panel.grid(alpha=0.3, linewidth=0.6)
    return figure, panels


def columns_of(count: int) -> int:
    """How many of ``count`` panels are side by side."""
    return 2 if count == 4 else min(count, _MOST_BESIDE)


def draw_by_shots(
    panel: Axes,
    number: int,
    label: str,
    shots: Sequence[int],
    accuracies: Sequence[tuple[float, float | None]],
) -> None:
    """A line of accuracies in % by labels per class.

    Args:
        panel: to draw on.
        number: of the line.
        label: in the legend.
        shots: ascending.
        accuracies: mean in [0, 1] and half the width of its interval, if it has one.
    """
    panel.errorbar(
        shots,
        [100 * mean for mean, _ in accuracies],
        [100 * (half or 0.0) for _, half in accuracies],
        label=label,
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        capsize=2,
        **look(number),
    )
    panel.set_xscale("log")
    panel.set_xticks(shots, [str(shot) for shot in shots])
    panel.set_xticks([], minor=True)


def draw_reliability(
    panel: Axes, number: int, label: str, bins: Sequence[tuple[int, float, float]]
) -> None:
    """A line of the share that is right, by confidence.

    Args:
        panel: to draw on.
        number: of the line; with the first the diagonal is drawn, too.
        label: in the legend.
        bins: queries, mean confidence and share right of each; those of fewer than ``FEWEST``
            queries are left out.
    """
    if number == 0:
        panel.plot([0, 100], [0, 100], color=GREY, linewidth=0.8)
    kept = [(confidence, right) for n, confidence, right in bins if n >= FEWEST]
    panel.plot(
        [100 * confidence for confidence, _ in kept],
        [100 * right for _, right in kept],
        label=label,
        marker=MARKERS[number % len(MARKERS)],
        markersize=3,
        **look(number),
    )
    panel.set_xlim(0, 100)
    panel.set_ylim(0, 100)
    panel.set_xlabel("confidence, %")


def legend_below(figure: Figure, panel: Axes) -> None:
    """The lines of ``panel`` explained below all panels."""
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", fontsize=8)


def look(number: int) -> dict[str, Any]:
    """Colour and dashes of line ``number``."""
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _LINES[number // len(_COLOURS) % len(_LINES)],
        "linewidth": 1.5,
    }


def file_suffixes(names: Sequence[str]) -> dict[str, str]:
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


def as_svg(figure: Figure) -> bytes:
    """The figure's file, without its date."""
    stored = io.BytesIO()
    figure.savefig(stored, format="svg", transparent=True, metadata={"Date": None})
    return stored.getvalue()
