"""What a prompt is worth to AR-SIT: likelihoods with right and wrong captions, and retrieval among ten."""

from __future__ import annotations

import torch
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .condition import losses_by_scale
from .text import CaptionStates, TextEncoder
from .tokenizer import Tokenizer

CHOICES = 10


@torch.no_grad()
def text_figures(tokenizer: Tokenizer, ar: AutoregressiveModel, photos: list[data.Photo]) -> dict[str, object]:
    """Cross entropies in nats by scale, and shares in percent."""
    size = tokenizer.layout.image_size
    codes = torch.cat(
        [
            tokenizer.encode(data.to_tensor([data.whole(p, size) for p in photos[i : i + 25]]))
            for i in range(0, len(photos), 25)
        ]
    )
    captions = [p.captions[0] for p in photos]
    texts = CaptionStates.build(TextEncoder(ar.config.text_positions, ar.config.text_width), captions, None)
    # Column k: the caption of the photo k places further on; column 0 is the photo's own.
    losses = torch.stack(
        [losses_by_scale(ar, codes, shifted(captions, k), texts, bf16=False) for k in range(CHOICES)], dim=1
    )
    empty = losses_by_scale(ar, codes, [""] * len(photos), texts, bf16=False)
    totals = losses.mean(-1)
    finer = losses[..., 1:].mean(-1)
    return {
        "photos": len(photos),
        "loss with the right caption, nats": float(totals[:, 0].mean()),
        "by scale": by_scale(losses[:, 0]),
        "loss with another photo's caption": float(totals[:, 1].mean()),
        "by scale, another's": by_scale(losses[:, 1]),
        "loss without a caption": float(empty.mean()),
        "by scale, without": by_scale(empty),
        "right caption beats another's, %": percent(totals[:, 0] < totals[:, 1]),
        "right caption is the likeliest of ten, %": percent(distinct_best(totals, captions)),
        "the same from the finer scales' tokens, %": percent(distinct_best(finer, captions)),
    }


def shifted(captions: list[str], places: int) -> list[str]:
    # A stride of its own keeps neighbours of one source apart.
    step = places * 7 % len(captions)
    return captions[step:] + captions[:step]


def distinct_best(losses: Tensor, captions: list[str]) -> Tensor:
    """(M,) whether the likeliest caption's words are the photo's own: equal captions are no mistake."""
    best = losses.argmin(1).tolist()
    return torch.tensor([shifted(captions, k)[i] == captions[i] for i, k in enumerate(best)])


def by_scale(losses: Tensor) -> list[float]:
    return [float(v) for v in losses.mean(0)]


def percent(hits: Tensor) -> float:
    return 100 * float(hits.float().mean())
