"""The report of a benchmark: one JSON object.

The object's keys:

* ``format``: "handful-benchmark-1".
* ``settings``: shots, trials, efforts, seed, unbalanced, wrong_labels.
* ``measures``: what they mean.
* ``encoder``: name and fingerprint; ``start``: the untouched network's, or null.
* ``methods``: name, and ``plain``: the plain prototypes that its harm is counted against.
* ``data``: by set, images, classes, unreadable images, ``images_sha256``.
* ``results``: one entry per set, number of labels and method: ``data``, ``n_shot``, ``method``,
  ``splits_sha256`` (equal digests: equal trials), the measures over trials, ``worse_than_plain``,
  ``against_logistic_regression`` (paired differences of the measures), ``reliability`` and
  ``pooled_calibration_error`` (all trials together) and ``trials``: every trial's measures,
  labels, wrong labels and queries.
* ``means``: the same over sets: of each trial the mean over the sets that have the measure.
* ``warnings``: sentences on what was left out. ``notes``: what a reader must know.
* ``versions``, ``hardware``, ``seconds``.

A measure is ``{"mean", "ci95"}``; ``ci95`` is null where there was one trial. A share is
``{"count", "of", "share", "low", "high"}``, the ends of its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.benchmark.measures import MEASURES
from engine.benchmark.methods import LOGISTIC_REGRESSION, MAX_ITERATIONS
from engine.benchmark.splits import CONCENTRATION, digest_of
from engine.benchmark.trials import Cell
from engine.metatraining.intervals import score
from engine.metatraining.metrics import calibration_error
from engine.method.intervals import wilson_interval

REPORT_FORMAT: Final = "handful-benchmark-1"

MEANINGS: Final = {
    "accuracy": "share of the images to classify that are classified right",
    "f1": "mean over classes of the harmonic mean of precision and recall",
    "log_loss": "mean negative logarithm of the right class's probability, in nats",
    "calibration_error": (
        "expected calibration error (Guo et al. 2017) of the most likely class: a trial's images "
        "in 15 confidence bins of equal width, mean over images of |share right - mean "
        "confidence| of their bin; pooled: all trials in the same bins, without the chance of few "
        "images, but too much and too little confidence may make up for each other"
    ),
    "unknown_auroc": (
        "area under the ROC curve of the score “none of these”, from a second fit of the same "
        "trial in which about a fifth of the classes, others in each trial, has no label: how "
        "often an image of an unlabelled class scores above one of a labelled class; sets of "
        "fewer than 3 classes are left out; baselines score 1 - their largest probability"
    ),
    "seconds": (
        "seconds from the labels, with the embeddings of the folder in memory, to a "
        "classifier; whatever an effort embeds besides is in it, embedding the folder (once, "
        "cached) and classifying it are not"
    ),
    "worse_than_plain": (
        "share of trials in which fewer images are right than with plain prototypes on the same "
        "encoder, by more than one standard error of the difference, paired over the trial's "
        "images"
    ),
    "ci95": "1.96 standard deviations over trials, divided by the root of their number; of a "
    "share, Wilson's interval",
}

Json = dict[str, Any]
Floats = NDArray[np.float64]


def results_of(cell: Cell) -> list[Json]:
    """The entries of ``results`` of one set and one number of labels."""
    truth = cell.images.labels
    described = [
        {
            "n_labels": len(split.support),
            "n_wrong_labels": int(np.count_nonzero(truth[split.support] != split.given)),
            "n_queries": len(split.query),
            "unlabelled_classes": [cell.images.class_names[label] for label in split.unlabelled],
        }
        for split in cell.splits
    ]
    values = {method: _by_measure(cell, method) for method in cell.measured}
    digest = digest_of(cell.splits)
    results: list[Json] = []
    for method, measured in cell.measured.items():
        bins = np.sum([item.bins for item in measured], axis=0)
        results.append(
            {
                "data": cell.images.name,
                "n_shot": cell.n_shot,
                "method": method,
                "splits_sha256": digest,
                **_summarised(values, method, cell.worse.get(method)),
                "pooled_calibration_error": round(calibration_error(bins), 6),
                "reliability": _reliability(bins),
                "trials": [
                    {**split, **{key: round(value, 6) for key, value in item.values.items()}}
                    for split, item in zip(described, measured, strict=True)
                ],
            }
        )
    return results


def means_of(cells: Sequence[Cell]) -> list[Json]:
    """The entries of ``means`` of one number of labels."""
    methods = list(cells[0].measured)
    values = {
        method: {
            name: np.mean([of_set[name] for of_set in of_sets if name in of_set], axis=0)
            for name in MEASURES
            if any(name in of_set for of_set in of_sets)
        }
        for method in methods
        for of_sets in [[_by_measure(cell, method) for cell in cells]]
    }
    results: list[Json] = []
    for method in methods:
        bins = np.sum([item.bins for cell in cells for item in cell.measured[method]], axis=0)
        worse = [of_set for cell in cells for of_set in cell.worse.get(method, ())]
        results.append(
            {
                "n_shot": cells[0].n_shot,
                "method": method,
                **_summarised(values, method, worse or None),
                "pooled_calibration_error": round(calibration_error(bins), 6),
                "reliability": _reliability(bins),
            }
        )
    return results


def notes_for(settings: Mapping[str, Any], *, has_start: bool) -> list[str]:
    """What a reader must know."""
    notes = [
        "Every method gets the same labels and the same images to classify, all classes at once; "
        "the program may look at the images that have no label, as it does in a folder.",
        "Plain prototypes: class means of the embeddings as the encoder emits them, "
        "probabilities by softmax over negative squared Euclidean distances (Snell et al. 2017), "
        "with no temperature fitted.",
    ]
    if has_start:
        notes.append(
            "Logistic regression: scikit-learn's with its defaults, but at most "
            f"{MAX_ITERATIONS} iterations. Start: the untouched "
            "network's pooled last activation as it is."
        )
    if settings["unbalanced"]:
        notes.append(
            "Unbalanced: labels per class are drawn from 1 to twice the number given, and the "
            "images to classify are thinned in proportions from a Dirichlet distribution of "
            f"concentration {CONCENTRATION:g} (Veilleux et al. 2021), all images of the largest "
            "share staying; what is left of the folder is all that the methods see."
        )
    if settings["wrong_labels"]:
        notes.append(
            "Wrong labels: each label is replaced, with a probability of "
            f"{100 * settings['wrong_labels']:g} %, by that of another class; one right label of "
            "each class is always kept, so that none is wrong with one label per class."
        )
    notes.append(
        "Intervals are over trials, that is over the choice of labels, not over data sets."
    )
    return notes


def _by_measure(cell: Cell, method: str) -> dict[str, Floats]:
    measured = cell.measured[method]
    return {
        name: np.array([item.values[name] for item in measured])
        for name in MEASURES
        if name in measured[0].values
    }


def _summarised(
    values: Mapping[str, Mapping[str, Floats]], method: str, worse: Sequence[bool] | None
) -> Json:
    own, regression = values[method], values.get(LOGISTIC_REGRESSION)
    return {
        **{name: _interval(own[name]) if name in own else None for name in MEASURES},
        "median_seconds": round(float(np.median(own["seconds"])), 6),
        "worse_than_plain": None if worse is None else _share(worse),
        "against_logistic_regression": None
        if regression is None or method == LOGISTIC_REGRESSION
        else {name: _interval(own[name] - regression[name]) for name in own},
    }


def _interval(values: Floats) -> Json:
    found = score(values)
    return {
        "mean": round(found.mean, 6),
        "ci95": round(found.ci95, 6) if len(values) > 1 else None,
    }


def _share(flags: Sequence[bool]) -> Json:
    low, high = wilson_interval(sum(flags) / len(flags), len(flags))
    return {
        "count": sum(flags),
        "of": len(flags),
        "share": round(sum(flags) / len(flags), 6),
        "low": round(low, 6),
        "high": round(high, 6),
    }


def _reliability(bins: Floats) -> list[Json]:
    """The bins that hold any image."""
    return [
        {
            "n": int(n),
            "confidence": round(float(confidence / n), 6),
            "accuracy": round(float(right / n), 6),
        }
        for n, confidence, right in bins
        if n
    ]
