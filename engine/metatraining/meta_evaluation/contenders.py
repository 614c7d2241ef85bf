"""Methods made ready for one data set: what can be computed once, before any episode, is."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from engine.encoder.runtime import EncoderRuntime
from engine.messages import Progress
from engine.metatraining.algorithms.interface import Learner
from engine.metatraining.episodes import Episode
from engine.metatraining.meta_evaluation.corruptions import CORRUPTIONS
from engine.metatraining.meta_evaluation.evaluate import Contender
from engine.metatraining.meta_evaluation.heads import HEADS, Columns
from engine.metatraining.meta_evaluation.images import EmbeddingImages, PixelImages, TaskImages
from engine.metatraining.meta_evaluation.methods import EncoderMethod, Method, PixelRule, united
from engine.metatraining.meta_evaluation.photographs import (
    N_ROBUST,
    EmbeddedPhotographs,
    JoinedImages,
    Photographs,
)
from engine.metatraining.meta_evaluation.settings import LabelledSet, Setting
from engine.metatraining.meta_evaluation.small_embeddings import (
    SmallEmbeddings,
    can_be_embedded_once,
    on_embeddings,
)


def contenders_of(
    methods: Sequence[Method],
    images: Mapping[PixelRule, PixelImages],
    labelled: LabelledSet,
    settings: Sequence[Setting],
    n_episodes: int,
    robustness: bool,
) -> Generator[Progress, None, list[Contender]]:
    """Small networks; where episodes draw more images than there are, each is embedded once.

    Args:
        methods: the rows.
        images: of the data set, in each of the forms that ``methods`` take.
        labelled: the data set.
        settings: of all episodes.
        n_episodes: of each setting.
        robustness: whether harm is done too.
    """
    n_robust = n_episodes if robustness else 0
    n_drawn = n_episodes * sum(
        setting.n_way * (setting.n_shot + setting.n_query) for setting in settings
    )
    embedded: dict[int, SmallEmbeddings] = {}
    contenders = []
    for method in methods:
        own = images[method.pixels]
        n_images = len(own.labels) * (4 if labelled.turned_classes else 1)
        if n_drawn <= n_images or not all(
            can_be_embedded_once(member) for member in method.members
        ):
            contenders.append(Contender(method.name, method.algorithm, own, n_robust))
            continue
        parts: list[SmallEmbeddings] = []
        for member in method.members:
            if id(member) not in embedded:
                part = SmallEmbeddings(
                    own, member.get_submodule("encoder"), labelled.turned_classes
                )
                yield from part.embed(method.name, CORRUPTIONS if robustness else ())
                embedded[id(member)] = part
            parts.append(embedded[id(member)])
        algorithm, joined = _side_by_side([on_embeddings(one) for one in method.members], parts)
        contenders.append(
            Contender(method.name, algorithm, joined, n_robust, (method.algorithm, own))
        )
    return contenders


def head_contenders_of(
    methods: Sequence[EncoderMethod],
    photographs: Photographs,
    runtimes: Mapping[str, EncoderRuntime],
    episodes: Mapping[Setting, Sequence[Episode]],
    robustness: bool,
) -> Generator[Progress, None, list[Contender]]:
    """Heads over encoders; every image that an episode needs is embedded once.

    Args:
        methods: the rows.
        photographs: the data set's images.
        runtimes: by the fingerprint of the encoder.
        episodes: all that will be asked.
        robustness: whether harm is done too, in the first ``N_ROBUST`` episodes of each setting.
    """
    n_robust = N_ROBUST if robustness else 0
    embedded: dict[str, EmbeddedPhotographs] = {}
    for fingerprint, runtime in runtimes.items():
        embedded[fingerprint] = EmbeddedPhotographs(photographs, runtime)
        yield from embedded[fingerprint].embed(
            (episode, number < n_robust)
            for drawn in episodes.values()
            for number, episode in enumerate(drawn)
        )
    contenders = []
    for method in methods:
        parts = [embedded[encoder.fingerprint] for encoder in method.encoders]
        heads = [
            HEADS[method.head](part.mean(encoder))
            for part, encoder in zip(parts, method.encoders, strict=True)
        ]
        algorithm, joined = _side_by_side(heads, parts)
        contenders.append(Contender(method.name, algorithm, joined, n_robust))
    return contenders


def _side_by_side(
    heads: Sequence[Learner], parts: Sequence[EmbeddingImages]
) -> tuple[Learner, TaskImages]:
    """Heads of which each sees its own part's embeddings, and these in one task."""
    if len(heads) == 1:
        return heads[0], parts[0]
    columns: list[Learner] = []
    first = 0
    for head, part in zip(heads, parts, strict=True):
        columns.append(Columns(head, first, first + part.size))
        first += part.size
    return united(columns), JoinedImages(parts)
