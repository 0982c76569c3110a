"""Which codes are drawn together, and which of those that are known the input of a code holds.

Dimensions: T codes, K neighbours of a code.

[Note: neighbours] Always: the code before in raster order, the one above, and the one at the same cell of the next
coarser scale (the parent). With ``around`` also the ones above to the left and right, the parent's four neighbours and
the parent's parent; and, where they are given beforehand, the ones to the right and below. The latter come later in the
sequence: an edit knows what lies on all sides of its mask, and a causal attention alone would see half of it.
A given code is never predicted, since the inputs before it may hold it.

[Note: decoding order] In ``raster`` order each code is a block of its own. In ``parallel`` order (a switch of ours) a
scale is four interleaved sub-grids, each one block: the codes of a block are drawn at once, from the coarser scales and
the blocks before, so a scale takes 4 passes instead of N. A block's positions see each other, but their inputs hold
codes of earlier blocks only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layout import Layout


def blocks_of(layout: Layout, order: str) -> Tensor:
    """(T,) int64: the block that each code is drawn with, see [Note: decoding order]."""
    token = torch.arange(layout.tokens)
    if order == "raster":
        return token
    row, column = token % layout.tokens_per_scale // layout.grid, token % layout.grid
    # The four sub-grids in the order of a quincunx: the second one fills the middles of the first.
    sub_grid = torch.tensor([[0, 2], [3, 1]])[row % 2, column % 2]
    return layout.scale_of_token() * 4 + sub_grid


AROUND, LATER = 12, 2
"""Neighbours with ``around``, and how many of them, the last ones, come later in the sequence."""


def neighbour_table(layout: Layout, around: bool = False) -> Tensor:
    """(K, T) int64: for each code its neighbours' tokens, see [Note: neighbours]; -1 where there is none."""
    grid, n = layout.grid, layout.tokens_per_scale
    token = torch.arange(layout.tokens)
    scale, row, column = token // n, token % n // grid, token % grid

    def at(up: int, right: int, coarser: int = 0) -> Tensor:
        y, x, s = row - up, column + right, scale - coarser
        is_there = (y >= 0) & (y < grid) & (x >= 0) & (x < grid) & (s >= 0)
        return torch.where(is_there, s * n + y * grid + x, -1)

    table = [token - 1, at(1, 0), at(0, 0, 1)]
    if around:
        beside = [at(up, right, 1) for up, right in ((1, 0), (0, -1), (0, 1), (-1, 0))]
        table += [at(1, -1), at(1, 1), *beside, at(0, 0, 2), at(0, 1), at(-1, 0)]
    return torch.stack(table)


def parallel_neighbours(layout: Layout, block_of: Tensor) -> Tensor:
    """(3, T) as :func:`neighbour_table`, of codes in earlier blocks: beside, above or below (else diagonal), parent."""
    grid, n = layout.grid, layout.tokens_per_scale
    device = block_of.device
    if device.type == "meta":  # a model that is only counted
        return torch.empty(3, layout.tokens, dtype=torch.long, device=device)
    directions = (((0, -1), (0, 1), (-1, -1), (1, 1)), ((-1, 0), (1, 0), (-1, 1), (1, -1)))
    table = torch.full((3, layout.tokens), -1, device=device)
    for token in range(layout.tokens):
        scale, cell = divmod(token, n)
        row, column = divmod(cell, grid)
        for slot, tries in enumerate(directions):
            for down, right in tries:
                y, x = row + down, column + right
                other = scale * n + y * grid + x
                if 0 <= y < grid and 0 <= x < grid and block_of[other] < block_of[token]:
                    table[slot, token] = other
                    break
        table[2, token] = token - n
    table[2, :n] = -1
    return table
