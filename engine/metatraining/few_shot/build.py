"""The algorithm that a recipe names, with fresh weights."""

from __future__ import annotations

from torch import nn

from engine.metatraining.algorithms.interface import Algorithm
from engine.metatraining.algorithms.maml import Maml
from engine.metatraining.algorithms.prototypical import PrototypicalNetwork
from engine.metatraining.algorithms.reptile import Reptile
from engine.metatraining.algorithms.transfer import Transfer
from engine.metatraining.few_shot.recipe import FewShotRecipe, Kind
from engine.metatraining.networks import Classifier, Conv4


def build_algorithm(recipe: FewShotRecipe, n_classes: int) -> Algorithm:
    """The algorithm of a recipe with fresh weights, drawn from torch's global generator.

    Args:
        recipe: names the algorithm and its network.
        n_classes: of the training data; only plain transfer has an output for each.
    """
    network, rule = recipe.network, recipe.algorithm
    encoder = Conv4(network.channels, network.side_px, network.strided, network.norm)
    size = encoder.embedding_size
    algorithm: Algorithm
    if rule.kind is Kind.PROTOTYPICAL:
        algorithm = PrototypicalNetwork(encoder)
    elif rule.kind is Kind.TRANSFER:
        algorithm = Transfer(encoder, size, n_classes)
    elif rule.kind is Kind.REPTILE:
        algorithm = Reptile(
            _classifier(encoder, size, recipe),
            n_steps=rule.inner_steps,
            batch_size=rule.inner_batch,
            rate=rule.inner_rate,
            n_test_steps=rule.test_steps,
            test_batch_size=rule.test_batch,
            transductive=rule.transductive,
            seed=recipe.seed,
            inner_optimizer=rule.inner_optimizer,
        )
    else:
        algorithm = Maml(
            _classifier(encoder, size, recipe),
            n_steps=rule.inner_steps,
            rate=rule.inner_rate,
            n_test_steps=rule.test_steps,
            first_order=rule.kind is Kind.FIRST_ORDER_MAML,
            head_only=rule.kind is Kind.ANIL,
            learned_rates=rule.kind is Kind.META_SGD,
        )
    return algorithm


def _classifier(encoder: nn.Module, embedding_size: int, recipe: FewShotRecipe) -> Classifier:
    return Classifier(encoder, embedding_size, recipe.episodes.max_way)
