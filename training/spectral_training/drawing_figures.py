"""What is drawn under constraints: upsampling from a small picture and editing by frozen scales, in figures.

Two things are measured of each. Consistency: how far what had to stay has moved, in levels of 8 bits, before rounding;
0 is exact. Caption sensitivity: how much of what was drawn another caption changes with the same seed; 0 is deaf.

Dimensions: M photos, I the side of the model's picture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .condition import Condition
from .figures import caption_sensitivity, consistency
from .metrics import fidelity
from .sample import Prefix, Sampling, edit, upsample
from .tokenizer import Tokenizer

FROZEN = 2
"""Coarsest scales that an edit keeps."""
SAMPLING = Sampling(temperature=0.9, top_p=0.9, guidance=2.0)
"""The app's defaults."""

Draw = Callable[[Prefix, torch.Generator], Tensor]


def prefix_of(model: AutoregressiveModel, condition: Condition, captions: list[str]) -> Prefix:
    text, lengths = condition.prefix(model, captions)
    empty, empty_lengths = condition.prefix(model, [""] * len(captions))
    return Prefix(text, lengths, empty, empty_lengths)


def with_two_captions(draw: Draw, own: Prefix, other: Prefix) -> tuple[Tensor, Tensor]:
    """What two captions draw from one seed."""
    return draw(own, torch.Generator().manual_seed(1)), draw(other, torch.Generator().manual_seed(1))


@torch.no_grad()
def drawing_figures(
    tokenizer: Tokenizer,
    model: AutoregressiveModel,
    photos: list[data.Photo],
    condition: Condition,
    exact: bool,
    sampling: Sampling = SAMPLING,
) -> dict[str, float]:
    """Of at least two photos. ``exact``: the decoder was trained for a picture's own coefficients.

    Upsampling needs a scale-causal encoder over Haar's means; without, there are figures of edits alone.
    """
    pictures = data.to_tensor([data.whole(p, tokenizer.layout.image_size) for p in photos])
    captions = [p.source if model.config.classes else p.captions[0] for p in photos]
    own, other = (prefix_of(model, condition, c) for c in (captions, captions[1:] + captions[:1]))
    figures: dict[str, float] = {}
    layout = tokenizer.layout
    if tokenizer.config.encoder_causal and layout.transform == "haar":
        for factor in (f for f in (2, 4) if f <= 2**layout.levels):
            small = F.avg_pool2d(pictures, factor)

            def draw(prefix: Prefix, generator: torch.Generator, small: Tensor = small) -> Tensor:
                return upsample(tokenizer, model, small, prefix, sampling, generator, exact)

            drawn, deaf = with_two_captions(draw, own, other)
            figures |= {
                f"upsampling x{factor} psnr": fidelity(drawn, pictures, trunk=None)["psnr"],
                f"upsampling x{factor} consistency": consistency(small, drawn),
                f"upsampling x{factor} caption sensitivity": caption_sensitivity(drawn, deaf),
            }
    return figures | edit_figures(tokenizer, model, pictures, own, other, sampling)


def edit_figures(
    tokenizer: Tokenizer,
    model: AutoregressiveModel,
    pictures: Tensor,
    own: Prefix,
    other: Prefix,
    sampling: Sampling,
) -> dict[str, float]:
    """The middle quarter of each picture redrawn, its coarsest scales kept where there are finer ones."""
    layout, grid = tokenizer.layout, tokenizer.layout.grid
    frozen = min(FROZEN, layout.scales - 1)
    cells = torch.zeros(grid, grid, dtype=torch.bool)
    cells[grid // 4 : grid - grid // 4, grid // 4 : grid - grid // 4] = True
    cell = layout.image_size // grid
    inside = cells.repeat_interleave(cell, 0).repeat_interleave(cell, 1)

    def draw(prefix: Prefix, generator: torch.Generator) -> Tensor:
        return edit(tokenizer, model, pictures, cells, frozen, prefix, sampling, generator)

    drawn, deaf = with_two_captions(draw, own, other)
    figures = {
        "edit outside": float((drawn - pictures)[..., ~inside].abs().max() * 127.5),
        "edit caption sensitivity": caption_sensitivity(drawn[..., inside][..., None], deaf[..., inside][..., None]),
    }
    if frozen and layout.transform == "haar":
        kept = F.avg_pool2d(pictures, 2 ** (layout.scales - frozen))
        figures["edit consistency"] = consistency(kept, drawn)
    return figures
