"""How long the map takes to follow the hand: a frame of panning and zooming, hovering, a lasso.

    QT_QPA_PLATFORM=offscreen python benchmarks/map_frames.py [--points 100000] [--size 1000 650]

Random clusters, all signs and twelve colours; pyqtgraph's own scatter plot of as many points beside
it. Prints medians and the longest of 40, in milliseconds of one core's own time, other programs
left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QWidget

from app.look.theme import LIGHT
from app.map.canvas import MapCanvas
from app.map.looks import Looks
from app.map.sprites import Sign
from engine import CLASS_COLOURS

_TIMES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--size", type=int, nargs=2, default=(1000, 650))
    options = parser.parse_args()
    application = QApplication([])
    random = np.random.default_rng(0)
    count = options.points
    centres = random.normal(0, 0.6, (12, 2))
    classes = random.integers(12, size=count)
    positions = (centres[classes] + random.normal(0, 0.13, (count, 2))).astype(np.float32)
    canvas = MapCanvas(LIGHT)
    canvas.resize(*options.size)
    canvas.show()
    canvas.set_points(np.arange(count), positions)
    signs = random.integers(len(Sign), size=count).astype(np.uint8)
    canvas.set_looks(Looks(CLASS_COLOURS, classes.astype(np.uint8), signs), [])
    application.processEvents()
    print(f"{count} points, {options.size[0]} x {options.size[1]}")
    box, viewport = canvas._box, canvas.viewport()

    def paint_anew() -> None:
        canvas.points.refresh()
        viewport.repaint()

    def pan() -> None:
        box.translateBy((0.005, 0.002))
        viewport.repaint()

    def zoom() -> None:
        canvas.zoom(1.02)
        viewport.repaint()

    def lasso() -> None:
        width, height = viewport.width(), viewport.height()
        angles = np.linspace(0, 2 * np.pi, 200)
        places = [
            QPointF(width * (0.5 + 0.3 * x), height * (0.5 + 0.3 * y))
            for x, y in zip(np.cos(angles).tolist(), np.sin(angles).tolist(), strict=True)
        ]
        canvas.lasso.begin(places[0])
        for place in places[1:]:
            canvas.lasso.go_on(place)
        canvas.lasso.encloses(canvas.points.places(), viewport.size())
        canvas.lasso.forget()

    report("all points painted anew", paint_anew)
    report("a frame of panning", pan)
    report("a frame of zooming", zoom)
    report("the point under the pointer", lambda: canvas._hover(QPointF(300, 300)))
    report("a lasso of 200 corners", lasso)
    canvas.deleteLater()
    own = panning_of_pyqtgraph(positions, classes, options.size)
    report("a frame of panning, pyqtgraph's ScatterPlotItem", own)


def panning_of_pyqtgraph(
    positions: np.ndarray, classes: np.ndarray, size: tuple[int, int]
) -> Callable[[], None]:
    plot = pg.PlotWidget()
    plot.resize(*size)
    plot.show()
    brushes = [pg.mkBrush(colour) for colour in CLASS_COLOURS]
    item = pg.ScatterPlotItem(size=5, pen=None)
    item.setData(pos=positions, brush=[brushes[number] for number in classes.tolist()])
    plot.addItem(item)
    QApplication.processEvents()
    viewport: QWidget = plot.viewport()

    def pan() -> None:
        plot.getViewBox().translateBy((0.005, 0.002))
        viewport.repaint()

    return pan


def report(name: str, work: Callable[[], None]) -> None:
    taken = []
    for _ in range(_TIMES):
        started = time.thread_time()
        work()
        taken.append(1000 * (time.thread_time() - started))
    print(f"  {name}: {np.median(taken):.1f} ms, at most {max(taken):.1f}")


if __name__ == "__main__":
    main()
