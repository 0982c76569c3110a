"""The plain convolutional networks that enlarge pictures of any size: LL in, details out.

The picture that comes in is the exact LL of the one that goes out, as in the Haar pyramid, so only details are
predicted: within each ``factor`` x ``factor`` block they have mean 0.

Fully convolutional with zero padding, so an output pixel depends on no input pixel further away than ``halo``; a
picture may be enlarged tile by tile, and the tiles agree exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .checkpoint import load
from .residual import ResidualBlock


@dataclass(frozen=True)
class EnlargeConfig:
    """width: channels; blocks: residual blocks; factor: 2, 4 or 8."""

    factor: int = 2
    width: int = 48
    blocks: int = 6

    @property
    def halo(self) -> int:
        """Input pixels that an output pixel can see in each direction."""
        return 2 + 2 * self.blocks

    def build(self) -> EnlargeNetwork:
        return EnlargeNetwork(self)


SPEEDS = ("best", "fast", "finest")
"""What networks are made for. One for `finest` need not be there: it is the mean of eight views of any of them."""
FACTORS = (2, 4, 8)


def shape(speed: str, factor: int) -> EnlargeConfig:
    """The network of a speed and factor. Twice is enlarged most often, and has the most to gain from depth."""
    if speed == "fast":
        return EnlargeConfig(factor, width=32, blocks=3)
    if speed == "finest":
        return EnlargeConfig(factor, width=64, blocks=24)
    return EnlargeConfig(factor, width=64, blocks=12 if factor == 2 else 6)


class EnlargeNetwork(nn.Module):
    """(B, 3, h, w) in [-1, 1] -> (B, 3, factor * h, factor * w); block means are the input."""

    def __init__(self, config: EnlargeConfig) -> None:
        super().__init__()
        self.config = config
        self.first = nn.Conv2d(3, config.width, 3, padding=1)
        self.blocks = nn.Sequential(*[ResidualBlock(config.width, std=1e-2) for _ in range(config.blocks)])
        self.out = nn.Conv2d(config.width, 3 * config.factor**2, 3, padding=1)
        nn.init.normal_(self.out.weight, std=1e-2)
        nn.init.zeros_(self.out.bias)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.first(image))
        cells = self.out(self.blocks(x)).float()
        area = self.config.factor**2
        # One channel group a colour: its `area` values are the pixels of a block. Without their mean they are details.
        grouped = cells.unflatten(1, (3, area))
        details = grouped - grouped.mean(2, keepdim=True)
        return F.pixel_shuffle((details + image.unsqueeze(2)).flatten(1, 2), self.config.factor)


class EnlargeGraph(nn.Module):
    """The network in fewer operators: the blocks' means are taken out of the last convolution once and for all."""

    def __init__(self, network: EnlargeNetwork) -> None:
        super().__init__()
        self.first, self.blocks, self.factor = network.first, network.blocks, network.config.factor
        area = self.factor**2
        self.out = nn.Conv2d(network.config.width, 3 * area, 3, padding=1)
        with torch.no_grad():
            for mine, theirs in ((self.out.weight, network.out.weight), (self.out.bias, network.out.bias)):
                grouped = theirs.detach().unflatten(0, (3, area))
                mine.copy_((grouped - grouped.mean(1, keepdim=True)).flatten(0, 1))

    def forward(self, image: Tensor) -> Tensor:
        cells = self.out(self.blocks(F.relu(self.first(image)))).unflatten(1, (3, self.factor**2))
        # Added before the pixels are put in place: sums along whole planes instead of an enlarged copy of the picture.
        return F.pixel_shuffle((cells + image.unsqueeze(2)).flatten(1, 2), self.factor)


def run_name(speed: str, factor: int) -> str:
    return f"enlarge-{speed}-x{factor}"


def mean_of_views(enlarge: Callable[[Tensor], Tensor], low: Tensor) -> Tensor:
    """The mean of what ``enlarge`` makes of (B, 3, h, w) as it is, mirrored and turned: the app's finest way."""
    total: Tensor | float = 0.0
    for turn in range(8):
        flips = [axis for axis, bit in ((-1, 1), (-2, 2)) if turn & bit]
        view = low.flip(flips)
        large = enlarge(view.transpose(-1, -2)).transpose(-1, -2) if turn & 4 else enlarge(view)
        total = total + large.flip(flips)
    return total / 8


def load_enlarger(path: Path) -> tuple[EnlargeNetwork, dict[str, object]]:
    """The averaged network of a checkpoint, and what is known about its training."""
    state = load(path)
    model = EnlargeConfig(**state["config"]).build()
    model.load_state_dict(state["weights"])
    return model.eval(), state["meta"]
