"""What a reader of the report must know, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from engine.metatraining.charts import FEWEST
from engine.metatraining.meta_evaluation.corruptions import (
    BLUR_SHARE,
    JPEG_QUALITY,
    NOISE_DEVIATION,
)
from engine.metatraining.meta_evaluation.heads import SCALE
from engine.metatraining.meta_evaluation.methods import EncoderMethod, Method
from engine.metatraining.meta_evaluation.photographs import N_CENTRED, N_ROBUST


def notes_for(
    methods: Sequence[Method],
    encoder_methods: Sequence[EncoderMethod],
    has_curves: bool,
    has_harm: bool,
) -> list[str]:
    """The notes for what the report has.

    Args:
        methods, encoder_methods: the rows.
        has_curves: whether there are learning curves.
        has_harm: whether there are wrong labels and spoilt queries.
    """
    notes = [f"Reliability plots leave out confidence bins of fewer than {FEWEST} queries."]
    if has_curves:
        notes.append(
            "Learning curves are of the runs' own validation tasks, with their 95 % interval, or "
            "where there were none of their training tasks."
        )
    if any(method.max_way is not None for method in methods):
        notes.append(
            "Queries share batch statistics: batch normalisation takes its mean and variance from "
            "all queries of an episode together, as MAML's and Reptile's authors report; such a "
            "figure is not to be compared with those of methods that see each query alone."
        )
    if encoder_methods:
        notes.append(
            "Encoders: all heads but the plain prototypes centre embeddings on the mean over the "
            "data set's images, upright and without their labels, as the program does with a "
            f"folder; of more than {N_CENTRED:,} images over the same {N_CENTRED:,}, drawn at "
            f"random. Cosine and ridge turn scores into logits by a fixed factor of {SCALE:g}, "
            "the product's head by one that it fits. The time to adapt is without embedding."
        )
    encoders = [encoder for method in encoder_methods for encoder in method.encoders]
    if any(encoder.emits_roots for encoder in encoders):
        notes.append(
            "z is an encoder's pooled last activation, which published networks classify by; an "
            "encoder without a projection emits its root, which all heads see that do not say z."
        )
    if has_harm:
        notes.append(
            f"Spoilt queries: Gaussian noise of standard deviation {NOISE_DEVIATION:g} (1 is the "
            "way from black to white), Gaussian blur whose standard deviation is "
            f"{100 * BLUR_SHARE:g} % of the shorter side, JPEG of quality {JPEG_QUALITY}; applied "
            "to what the small networks see (encoders: to the decoded image). Support sets stay "
            "clean."
        )
        notes.append(
            "Wrong labels: each label of the support set is replaced, with the probability given, "
            "by that of another class of the episode; one right label of each class is always "
            "kept. So there are none with a single shot, where a wrong label would take a whole "
            "class away."
        )
    if has_harm and encoder_methods:
        notes.append(f"Encoders are harmed in the first {N_ROBUST} episodes at most.")
    return notes
