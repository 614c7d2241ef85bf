"""The four-layer convolutional networks of the few-shot papers, for small images."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

WIDTH: Final = 64


class Norm(StrEnum):
    """Which statistics batch normalisation uses."""

    RUNNING = "running"
    """The batch's in training, running averages afterwards, as usual."""
    BATCH = "batch"
    """The batch's always, as in MAML's and Reptile's networks."""


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation whose second derivatives are right beside other tasks, too."""

    def __init__(self, norm: Norm) -> None:
        """Normalise ``WIDTH`` channels."""
        super().__init__(WIDTH, track_running_stats=norm is Norm.RUNNING)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (n, WIDTH, height, width), scaled and shifted."""
        if self.track_running_stats:
            return super().forward(x)
        # WORKAROUND https://github.com/pytorch/functorch/issues/534: where vmap lies between the
        # two derivatives, torch loses the part of the second that goes through the gradient of the
        # scale; MAML's gradients were off by a few thousandths. So the scale is applied outside.
        normalised = batch_norm(x, None, None, training=True, eps=self.eps)
        return normalised * self.weight[:, None, None] + self.bias[:, None, None]


class Conv4(nn.Sequential):
    """Four blocks of 3 x 3 convolution with 64 channels, batch norm, ReLU, each halving the side.

    With ``strided`` the convolution itself has stride 2 (Finn et al. 2017; Nichol et al. 2018),
    otherwise a 2 x 2 max-pooling follows (Vinyals et al. 2016; Snell et al. 2017). The embedding
    is the last activation, flattened: 64 numbers for 28 x 28 pixels (256 with strides; MAML's
    authors average these four places, Reptile's do not). Initial weights are torch's; both authors
    take Glorot's.
    """

    def __init__(self, channels: int, side_px: int, strided: bool, norm: Norm) -> None:
        """Make the network, with torch's default initial weights.

        Args:
            channels: of the images, 1 or 3.
            side_px: of the images.
            strided: stride 2 instead of max-pooling.
            norm: which statistics batch normalisation uses.
        """
        blocks: list[nn.Module] = []
        for n_in in (channels, WIDTH, WIDTH, WIDTH):
            blocks += [
                nn.Conv2d(n_in, WIDTH, 3, stride=2 if strided else 1, padding=1),
                BatchNorm(norm),
                nn.ReLU(),
            ]
            if not strided:
                blocks.append(nn.MaxPool2d(2))
            side_px = (side_px + 1) // 2 if strided else side_px // 2
        super().__init__(*blocks, nn.Flatten())
        self.embedding_size = WIDTH * side_px**2


class Classifier(nn.Module):
    """An encoder with a linear head for a fixed number of classes."""

    def __init__(self, encoder: nn.Module, embedding_size: int, n_outputs: int) -> None:
        """Put a head with torch's default initial weights on ``encoder``."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(embedding_size, n_outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, n_outputs)."""
        logits: Tensor = self.head(self.encoder(images))
        return logits


@torch.no_grad()
def n_parameters(network: nn.Module) -> int:
    """How many numbers training moves."""
    return sum(parameter.numel() for parameter in network.parameters())
