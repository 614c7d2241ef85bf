"""The evaluation itself: every method adapts to the same episodes."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch

from engine.messages import Progress
from engine.metatraining.algorithms.interface import Learner, Predict
from engine.metatraining.episodes import Episode
from engine.metatraining.meta_evaluation.corruptions import (
    CORRUPTIONS,
    WRONG_LABEL_RATES,
    wrong_labels,
)
from engine.metatraining.meta_evaluation.images import TaskImages
from engine.metatraining.meta_evaluation.settings import Setting
from engine.metatraining.metrics import Tally
from engine.metatraining.tasks import Task
from engine.words import sentence_of

CLEAN: Final = "clean"
N_TIMED: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A method and the images of the data set at hand, in its form.

    Attributes:
        name: of the method.
        algorithm: adapts and predicts.
        images: contenders may share them.
        n_robust: how many episodes are also asked with harm done to them.
        timed: where ``images`` are embedded already, the method as it is used, and what it then
            takes: its time to adapt is that of the first ``N_TIMED`` episodes.
    """

    name: str
    algorithm: Learner
    images: TaskImages
    n_robust: int
    timed: tuple[Learner, TaskImages] | None = None


@dataclass(slots=True, eq=False)
class Outcome:
    """What one method did in one setting of one data set.

    Attributes:
        method, data_set, setting: which.
        before: predictions before the support set was seen.
        after: by condition, ``CLEAN`` and what harm was done: predictions after adaptation.
        seconds: of each adaptation to an unharmed support set.
    """

    method: str
    data_set: str
    setting: Setting
    before: Tally = field(default_factory=Tally)
    after: dict[str, Tally] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def count(self, condition: str, predict: Predict, queries: torch.Tensor, task: Task) -> None:
        """Add the predictions for one episode."""
        tally = self.after.setdefault(condition, Tally())
        _count(tally, predict, queries, task)


@dataclass(slots=True)
class Pace:
    """Episodes done and to do over the whole evaluation, for the progress that is shown."""

    total: int
    done: int = 0
    _busy_s: float = 0.0
    _since: float = 0.0

    def go_on(self) -> None:
        """What was done since the last step was something else."""
        self._since = time.monotonic()

    def step(self, text: str) -> Progress:
        """One more episode is done."""
        now = time.monotonic()
        self._busy_s, self._since = self._busy_s + now - self._since, now
        self.done += 1
        rate = self.done / max(self._busy_s, 1e-6)
        return Progress(
            0, sentence_of(text), self.done, self.total, rate, (self.total - self.done) / rate
        )


def wrong_label_condition(rate: float) -> str:
    """What the report calls support sets with wrong labels."""
    return f"{100 * rate:g} % wrong labels"


def evaluate(
    contenders: Sequence[Contender],
    data_set: str,
    setting: Setting,
    episodes: Sequence[Episode],
    seed: int,
    pace: Pace,
) -> Generator[Progress, None, list[Outcome]]:
    """Let every contender adapt to every episode.

    With a single shot no labels are made wrong: one right label of each class is always kept.

    Args:
        contenders: one or more.
        data_set: its name.
        setting: of the episodes.
        episodes: the same for all.
        seed: of the wrong labels.
        pace: is stepped once an episode.
    """
    outcomes = [Outcome(contender.name, data_set, setting) for contender in contenders]
    pace.go_on()
    for contender in contenders:  # The first adaptation of all also pays for torch's warming up.
        algorithm, images = contender.timed or (contender.algorithm, contender.images)
        _timed_adaptation(algorithm, images.task(episodes[0]))
    for number, episode in enumerate(episodes):
        tasks: dict[int, Task] = {}
        for contender, outcome in zip(contenders, outcomes, strict=True):
            images = contender.images
            if id(images) not in tasks:
                tasks[id(images)] = images.task(episode)
            task = tasks[id(images)]
            predict, seconds = _timed_adaptation(contender.algorithm, task)
            if contender.timed is None:
                outcome.seconds.append(seconds)
            elif number < N_TIMED:
                algorithm, whole = contender.timed
                outcome.seconds.append(_timed_adaptation(algorithm, whole.task(episode))[1])
            outcome.count(CLEAN, predict, task.query, task)
            _count(outcome.before, contender.algorithm.unadapted(task.n_way), task.query, task)
            if number >= contender.n_robust:
                continue
            for corruption in CORRUPTIONS:
                outcome.count(corruption, predict, images.spoilt_queries(episode, corruption), task)
            if setting.n_shot == 1:
                continue
            for rate in WRONG_LABEL_RATES:
                key = (seed, data_set, setting.n_way, setting.n_shot, number)
                labels = torch.from_numpy(
                    wrong_labels(episode.support_labels, episode.n_way, rate, key)
                ).to(task.support_labels.device)
                misled = contender.algorithm.adapt(task.support, labels, task.n_way)
                outcome.count(wrong_label_condition(rate), misled, task.query, task)
        yield pace.step("Evaluating")
    return outcomes


def _timed_adaptation(algorithm: Learner, task: Task) -> tuple[Predict, float]:
    on_gpu = task.support.device.type == "cuda"
    if on_gpu:
        torch.cuda.synchronize(task.support.device)
    began = time.perf_counter()
    predict = algorithm.adapt(task.support, task.support_labels, task.n_way)
    if on_gpu:
        torch.cuda.synchronize(task.support.device)
    return predict, time.perf_counter() - began


def _count(tally: Tally, predict: Predict, queries: torch.Tensor, task: Task) -> None:
    log_probabilities = predict(queries).detach().to("cpu", torch.float32).numpy()
    tally.add(log_probabilities, task.query_labels.cpu().numpy())
