"""Masked edits of held-out photos: is what AR-SIT draws nearer to the truth than what one could put there without it?

A square in the middle of each photo is redrawn from its own caption while the coarsest scales stay frozen. Beside it:
the frozen scales alone (their blocks repeated) and the same enlarged smoothly, each within the square only. Nothing is
blended at the border, so a visible border would show; what is drawn has its seams softened as in the app.

Dimensions: M photos, I the side of the model's picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .evaluate import psnr, to_levels
from .perceptual import PerceptualDistance
from .sample import Prefix, Sampling, edit, generate
from .seams import soften_seams
from .text import CaptionStates, TextEncoder
from .tokenizer import Tokenizer

FROZEN = 2
"""Coarsest scales that stay."""
SAMPLING = Sampling(temperature=0.9, top_p=0.9, guidance=2.0)
"""The app's defaults."""
BATCH = 25


@dataclass(frozen=True)
class Edits:
    """Photos (M, 3, I, I) in [-1, 1] and what is in their squares by each method; ``square`` is top, left, side."""

    truth: Tensor
    results: dict[str, Tensor]
    square: tuple[int, int, int]


def prefix_of(texts: CaptionStates, captions: list[str]) -> Prefix:
    text, lengths = texts.batch(captions)
    empty, empty_lengths = texts.batch([""] * len(captions))
    return Prefix(text, lengths, empty, empty_lengths)


@torch.no_grad()
def redraw_squares(
    tokenizer: Tokenizer, ar: AutoregressiveModel, photos: list[data.Photo], texts: CaptionStates, seed: int = 1
) -> Edits:
    """Redraw the middle half (in each direction) of whole photos; everything else stays as it was, to the bit."""
    layout = tokenizer.layout
    size, grid = layout.image_size, layout.grid
    truth = data.to_tensor([data.whole(p, size) for p in photos])
    cells = torch.zeros(grid, grid, dtype=torch.bool)
    cells[grid // 4 : grid - grid // 4, grid // 4 : grid - grid // 4] = True
    inside = F.interpolate(cells[None, None].float(), size=size, mode="nearest").bool()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.cat(
        [
            edit(
                tokenizer, ar, truth[i : i + BATCH], cells, FROZEN,
                prefix_of(texts, [p.captions[0] for p in photos[i : i + BATCH]]), SAMPLING, generator,
            )
            for i in range(0, len(photos), BATCH)
        ]
    )  # fmt: skip
    reduced = F.avg_pool2d(truth, 2 ** (layout.scales - FROZEN))
    candidates = {
        "drawn from the caption": drawn,
        "frozen scales alone": F.interpolate(reduced, size=size, mode="nearest"),
        "frozen scales, smoothly enlarged": F.interpolate(
            reduced, size=size, mode="bicubic", align_corners=False, antialias=False
        ),
    }
    side = size // grid
    return Edits(
        truth,
        {name: torch.where(inside, picture, truth).clamp(-1, 1) for name, picture in candidates.items()},
        (side * (grid // 4), side * (grid // 4), side * (grid - 2 * (grid // 4))),
    )


def border_index(picture: Tensor, truth: Tensor, square: tuple[int, int, int]) -> float:
    """Mean absolute jump across the square's border, divided by the truth's across the same pixels; 1 shows nothing."""

    def jumps(x: Tensor) -> Tensor:
        top, left, side = square
        rows, columns = slice(top, top + side), slice(left, left + side)
        across = [
            x[..., top, columns] - x[..., top - 1, columns],
            x[..., top + side, columns] - x[..., top + side - 1, columns],
            x[..., rows, left] - x[..., rows, left - 1],
            x[..., rows, left + side] - x[..., rows, left + side - 1],
        ]
        return torch.stack(across).abs().mean()

    return float(jumps(picture) / jumps(truth).clamp(min=1e-6))


@torch.no_grad()
def edit_table(edits: Edits, distance: PerceptualDistance) -> dict[str, dict[str, float]]:
    """By method: perceptual distance to the truth, PSNR within the square, and how much its border shows."""
    top, left, side = edits.square
    rows = {}
    for name, picture in edits.results.items():
        far = torch.cat([distance(a, b) for a, b in zip(picture.split(50), edits.truth.split(50), strict=True)])
        cut = [to_levels(x[..., top : top + side, left : left + side]) for x in (picture, edits.truth)]
        rows[name] = {
            "perceptual": float(far.mean()),
            "psnr": psnr(*cut),
            "border": border_index(picture, edits.truth, edits.square),
        }
    return rows


@torch.no_grad()
def drawn_pictures(
    tokenizer: Tokenizer, ar: AutoregressiveModel, captions: list[str], texts: CaptionStates, columns: int
) -> list[Tensor]:
    """A row (columns, 3, I, I) for each caption, drawn from nothing but it; seams are softened as in the app."""
    rows, layout = [], tokenizer.layout
    for caption in captions:
        generator = torch.Generator().manual_seed(1)
        codes = generate(ar, prefix_of(texts, [caption] * columns), SAMPLING, generator)
        is_drawn = torch.ones(layout.tokens, dtype=torch.bool)
        rows.append(soften_seams(tokenizer.decode_codes(codes), layout, is_drawn).clamp(-1, 1))
    return rows


def caption_states(ar: AutoregressiveModel, captions: list[str]) -> CaptionStates:
    return CaptionStates.build(TextEncoder(ar.config.text_positions, ar.config.text_width), captions, None)
