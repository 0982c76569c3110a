"""Softening of the steps between drawn cells and what is beside them; the app does the same to what it draws.

Every scale's tokens cover the same cells, so tokens that do not quite fit leave steps along them, which add up to
visible blocks. The part of a step that is more than the slopes on both sides expect is taken away by a ramp into the
drawn cells, whose sum is 0, so that the means of blocks that the kept scales give stay.

Dimensions: B pictures, I side, T tokens, G grid.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .layout import Layout

LEAST_REACH = 4
"""Below so many pixels there is no room for a correction that leaves block means alone."""
AVERAGED = 5
"""Lines of a seam whose steps are averaged."""


def seam_reach(layout: Layout, is_drawn: Tensor) -> Tensor:
    """(G, G) int64: how far from its border each cell may be changed; 0 where none of its ``is_drawn`` (T,) is set."""
    cell = layout.image_size // layout.grid
    drawn = is_drawn.cpu().reshape(layout.scales, -1)
    first = drawn.int().argmax(0)
    blocks = torch.tensor([cell] + [2 ** (layout.levels - s + 1) for s in range(1, layout.scales)])
    reach = blocks[first].clamp(max=cell // 2)
    reach[(reach < LEAST_REACH) | ~drawn.any(0)] = 0
    return reach.reshape(layout.grid, layout.grid)


def ramp(reach: int) -> Tensor:
    """From 1 smoothly to 0 over ``reach`` pixels, with a sum of 0: (1 - u)^2 (1 - 4u) less its mean."""
    u = (torch.arange(reach, dtype=torch.float64) + 0.5) / reach
    raw = (1 - u) ** 2 * (1 - 4 * u)
    raw = raw - raw.mean()
    return (raw / raw[0]).float()


def soften_seams(pictures: Tensor, layout: Layout, is_drawn: Tensor) -> Tensor:
    """(B, 3, I, I) -> the same with softer steps around cells that are drawn; others stay to the bit."""
    reach = seam_reach(layout, is_drawn)
    across_x = soften_columns(pictures, layout, reach)
    return soften_columns(across_x.transpose(-1, -2), layout, reach.t()).transpose(-1, -2)


def soften_columns(pictures: Tensor, layout: Layout, reach: Tensor) -> Tensor:
    """The seams between columns of cells, from left to right."""
    cell = layout.image_size // layout.grid
    x = pictures.clone()
    of_line = reach.repeat_interleave(cell, 0)
    for seam in range(1, layout.grid):
        at = seam * cell
        slopes = x[..., at - 1] - x[..., at - 2] + x[..., at + 1] - x[..., at]
        excess = x[..., at] - x[..., at - 1] - slopes / 2
        half = AVERAGED // 2
        excess = F.avg_pool1d(F.pad(excess, (half, half), mode="replicate"), AVERAGED, 1)
        before, after = of_line[:, seam - 1], of_line[:, seam]
        share = excess / ((before > 0).int() + (after > 0).int()).clamp(min=1)
        for length in reach.unique().tolist():
            if length == 0:
                continue
            change = share[..., None] * ramp(length).to(share)
            x[..., at - length : at] += change.flip(-1) * (before == length)[:, None]
            x[..., at : at + length] -= change * (after == length)[:, None]
    return x
