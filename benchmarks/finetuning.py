"""What fine-tuning gains on real sets, how often it is kept, and what it costs, as Markdown.

    python benchmarks/finetuning.py DIR_OR_TAR... --shots 5 10 --draws 2

A few images of every class are labelled at random, and all the others are classified with each
effort, as the program does it, on the same draw. Where fine-tuning is not kept, the thorough
answers stay. No image that is counted was trained on. Intervals are 95 %, over draws (sets for the
mean). "seconds" are those until all images were embedded again, or the encoder was refused;
"core-seconds" what this process computed meanwhile; "estimate" the seconds that the program would
have told beforehand.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.encoder.views import VIEWS
from engine.jobs.efforts import fit_or_next_best
from engine.jobs.embedding import embed
from engine.jobs.finetuning_time import estimate_seconds
from engine.jobs.fitted import Fit
from engine.jobs.workspace import Workspace, open_workspace
from engine.messages import ClassId, Effort, ImageId, ImageRef
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.encoder_training.label_draws import Draw, draw_labels
from engine.metatraining.intervals import score
from engine.method.calibration import losses_of

_T = TypeVar("_T")

COLUMNS = (
    "set",
    "labels a class",
    "labels",
    "instant",
    "thorough",
    "fine-tune against thorough",
    "log-loss, thorough",
    "change",
    "kept",
    "seconds",
    "core-seconds",
    "estimate",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Accuracy in percent and log-loss in nats on the images without a label."""

    accuracy: float
    log_loss: float


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One draw of labels; ``after`` is ``before`` where fine-tuning was not ``kept``."""

    instant: Answer
    before: Answer
    after: Answer
    kept: bool
    seconds: float
    core_seconds: float
    estimate: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--shots", nargs="+", type=int, default=[5, 10])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    every: dict[int, list[list[Trial]]] = {n_shot: [] for n_shot in options.shots}
    for images in open_image_sets(options.sets):
        with tempfile.TemporaryDirectory() as folder:
            refs = written(images, Path(folder) / "images")
            workspace = open_workspace(Path(folder) / "cache", device=options.device)
            for _ in embed(workspace, refs):
                pass
            for n_shot in options.shots:
                draws = draw_labels(images.labels, n_shot, options.draws, options.seed)
                trials = [tried(workspace, refs, images.labels, draw) for draw in draws]
                every[n_shot].append(trials)
                print(row(images.name, n_shot, len(draws[0].support), trials), flush=True)
            workspace.close()
    for n_shot, of_sets in every.items():
        gains = np.array([np.mean([gain(trial) for trial in trials]) for trials in of_sets])
        lost = np.array([np.mean([change(trial) for trial in trials]) for trials in of_sets])
        flat = [trial for trials in of_sets for trial in trials]
        kept = [trial for trial in flat if trial.kept]
        harmed = sum(gain(trial) < 0 for trial in kept)
        doubtful = sum(change(trial) > 0 for trial in kept)
        print(
            f"\n{n_shot} labels a class, mean of the sets: accuracy {interval(gains, '+.1f')} "
            f"points, log-loss {interval(lost, '+.3f')}. Kept in {len(kept)} of {len(flat)} "
            f"draws; of these {harmed} lost accuracy and {doubtful} log-loss."
        )


def written(images: ImageSet, folder: Path) -> list[ImageRef]:
    """The images of a set as files, lossless."""
    folder.mkdir(parents=True)
    refs = []
    for index in range(len(images)):
        path = folder / f"{index:05d}.png"
        Image.fromarray(images.decode(index)).save(path, compress_level=1)
        refs.append(ImageRef(ImageId(index + 1), path, path.name))
    return refs


def tried(
    workspace: Workspace, refs: Sequence[ImageRef], labels: NDArray[np.int64], draw: Draw
) -> Trial:
    """Classify all images without a label of a draw, with each effort."""
    support = [(refs[index], ClassId(int(labels[index]))) for index in draw.support]
    classes = [ClassId(number) for number in range(int(labels.max()) + 1)]

    def fitted(effort: Effort) -> Fit:
        return returned(fit_or_next_best(workspace, 0, support, classes, effort))

    def answer(of: Fit) -> Answer:
        embeddings = of.seen.store.select(refs[index].image_id for index in draw.query)
        logits = of.model.logits(of.model.directions(embeddings))
        truth = labels[draw.query]
        right = float(np.mean(logits.argmax(1) == truth))
        return Answer(100 * right, float(losses_of(logits, truth).mean()))

    instant = answer(fitted(Effort.INSTANT))
    before = answer(fitted(Effort.THOROUGH))
    estimate = estimate_seconds(len(support), len(refs), workspace, n_views=len(VIEWS))
    started, began = time.perf_counter(), time.process_time()
    tuned = fitted(Effort.FINETUNE)
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - began
    kept = tuned.model.effort is Effort.FINETUNE
    return Trial(instant, before, answer(tuned), kept, seconds, core_seconds, estimate)


def returned(steps: Generator[object, None, _T]) -> _T:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result


def gain(trial: Trial) -> float:
    """In accuracy, points."""
    return trial.after.accuracy - trial.before.accuracy


def change(trial: Trial) -> float:
    """In log-loss, nats; below 0 is better."""
    return trial.after.log_loss - trial.before.log_loss


def interval(values: NDArray[np.float64], form: str) -> str:
    """Mean and 95 % interval."""
    scored = score(values)
    return f"{scored.mean:{form}} ± {scored.ci95:{form.removeprefix('+')}}"


def row(name: str, n_shot: int, n_labels: int, trials: Sequence[Trial]) -> str:
    """A line of the table."""

    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    cells = (
        name,
        str(n_shot),
        str(n_labels),
        f"{mean([trial.instant.accuracy for trial in trials]):.1f}",
        f"{mean([trial.before.accuracy for trial in trials]):.1f}",
        interval(np.array([gain(trial) for trial in trials]), "+.1f"),
        f"{mean([trial.before.log_loss for trial in trials]):.3f}",
        interval(np.array([change(trial) for trial in trials]), "+.3f"),
        f"{sum(trial.kept for trial in trials)} of {len(trials)}",
        f"{mean([trial.seconds for trial in trials]):.0f}",
        f"{mean([trial.core_seconds for trial in trials]):.0f}",
        f"{mean([trial.estimate for trial in trials]):.0f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
