"""The residual block of all convolutional networks here, and the quicker way to train it.

Dimensions: B batch, C channels, h and w sides.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import winograd


class ResidualBlock(nn.Module):
    """(B, C, h, w) plus two convolutions of it with a ReLU in between.

    ``std`` of the second one's weights at the start: small, so that the block begins near the identity.
    """

    def __init__(self, width: int, std: float) -> None:
        super().__init__()
        self.by_winograd = False
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.second.weight, std=std)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.by_winograd:
            return winograd.residual_block(x, self.first, self.second)
        return x + self.second(torch.relu(self.first(x)))


def train_by_winograd(model: nn.Module) -> int:
    """Let every residual block of a suitable width compute by :mod:`winograd`; returns how many do.

    Raises RuntimeError if this machine cannot.
    """
    winograd.library()
    blocks = [m for m in model.modules() if isinstance(m, ResidualBlock) and m.first.in_channels in winograd.WIDTHS]
    for block in blocks:
        block.by_winograd = True
    return len(blocks)
