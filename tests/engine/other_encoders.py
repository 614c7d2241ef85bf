"""Networks of libraries with weights drawn at random, as files: nothing can be downloaded here."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.encoder.description import Encoder
from engine.encoder.libraries import NamedNetwork, look_up
from engine.encoder.library_network import make_encoder

SMALL = "timm:test_resnet"
"""A network for tests: 0.5 million weights, 160 px, 96 features, which are never negative."""


def whole_network(network: NamedNetwork, n_classes: int = 1000, seed: int = 0) -> torch.nn.Module:
    """The network as its library makes it, classifier and all, with weights from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if network.library == "timm":
            import timm

            made: torch.nn.Module = timm.create_model(network.model, num_classes=n_classes)
        else:
            import torchvision

            architecture = network.model.partition(".")[0]
            made = torchvision.models.get_model(architecture, weights=None, num_classes=n_classes)
        _measure_batch_norms(made, network.preprocessing.size_px)
    return made.eval()


@torch.no_grad()
def _measure_batch_norms(network: torch.nn.Module, size_px: int) -> None:
    """Or activations would fade to 1e-12 from layer to layer, as they do in no trained network."""
    norms = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    if norms:
        for norm in norms:
            norm.momentum = 1.0
        network.train()(torch.randn(4, 3, size_px, size_px))


def write_weights(name: str, path: Path, n_classes: int = 1000, seed: int = 0) -> Path:
    """The weights of :func:`whole_network` as a safetensors file."""
    state = whole_network(look_up(name), n_classes, seed).state_dict()
    save_file({key: value.contiguous() for key, value in state.items()}, path)
    return path


def encoder_of(name: str, folder: Path, seed: int = 0) -> Encoder:
    """The encoder of a network with such weights."""
    weights = write_weights(name, folder / "weights.safetensors", seed=seed)
    return make_encoder(look_up(name), weights, "https://somewhere/weights.safetensors")
