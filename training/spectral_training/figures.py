"""Figures of trained models on held-out photos, as rows of a table: one dictionary of numbers a model.

Dimensions: M photos, T codes, S scales.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .condition import Condition, losses_by_scale
from .cost import speed
from .metrics import FeatureNetwork, feature_networks, fidelity, to_levels
from .perceptual import Trunk
from .quantize import perplexity
from .sample import Prefix, Sampling, generate, picture_at
from .tokenizer import Tokenizer

CHOICES = 10
FEW = 8
"""Pictures at a time where speed and memory are measured."""


@torch.no_grad()
def reconstruct(model: Tokenizer, pictures: Tensor, batch: int = 16) -> tuple[Tensor, Tensor]:
    """Pictures (M, 3, I, I) from their codes alone, and the codes (M, T)."""
    codes = torch.cat([model.encode(part) for part in pictures.split(batch)])
    return torch.cat([model.decode_codes(part) for part in codes.split(batch)]), codes


def tokenizer_figures(
    model: Tokenizer, photos: list[data.Photo], trunk: Trunk | None = "alex", features: bool = True
) -> dict[str, float]:
    """Fidelity, speed and memory at every resolution, usage of the codebooks, x2 if trained for it."""
    pictures = data.to_tensor([data.whole(p, model.layout.image_size) for p in photos])
    restored, codes = reconstruct(model, pictures)
    figures: dict[str, float] = {"photos": len(photos)}
    figures |= resolution_figures(model, pictures, restored, codes, trunk, feature_networks() if features else None)
    figures |= codebook_figures(model, codes)
    if model.layout.levels and model.layout.transform == "haar":
        figures["x2 psnr"] = enlarging(model, photos)
    few = pictures[:FEW]
    return figures | speed(lambda: reconstruct(model, few), len(few))


def resolution_figures(
    model: Tokenizer,
    pictures: Tensor,
    restored: Tensor,
    codes: Tensor,
    trunk: Trunk | None,
    networks: dict[str, FeatureNetwork] | None,
) -> dict[str, float]:
    """At full, 1/2, 1/4 and 1/8 resolution, named by the side: fidelity of what all codes give, reduced; and "early",
    of what the codes of the scales up to there give alone, with its speed and memory.

    In a scale-causal decoder the two are equal but for the rounding, and the early one costs less.
    """
    figures: dict[str, float] = {}
    size, layout = model.layout.image_size, model.layout
    for halvings in range(4):
        side, scales = size >> halvings, layout.levels - halvings + 1
        if side < 4:
            continue
        target, whole = (F.avg_pool2d(x, 2**halvings) for x in (pictures, restored))
        measured = fidelity(whole, target, trunk, networks)
        if scales >= 1:
            parts = [picture_at(model, part, scales) for part in codes.split(16)]
            measured["early psnr"] = fidelity(torch.cat(parts), target, trunk=None)["psnr"]
            few = codes[:FEW]
            cost = speed(lambda few=few, scales=scales: picture_at(model, few, scales), len(few))
            measured |= {f"early {name}": value for name, value in cost.items()}
        figures |= {f"{side} {name}": value for name, value in measured.items()}
    return figures


def codebook_figures(model: Tokenizer, codes: Tensor) -> dict[str, float]:
    """Distinct codes used of each codebook, and the perplexity of their distribution."""
    n, figures = model.layout.tokens_per_scale, {}
    parts = {
        "approximation": (codes[:, :n], model.config.approximation_codes),
        "detail": (codes[:, n:], model.config.detail_codes),
    }
    for name, (part, entries) in parts.items():
        if part.numel():
            figures[f"{name} used"], figures[f"{name} perplexity"] = perplexity(part, entries)
    return figures


@torch.no_grad()
def enlarging(model: Tokenizer, photos: list[data.Photo]) -> float:
    """PSNR in dB of the faithful x2: all but the finest scale exact, the rest the conditional mean."""
    pictures = data.to_tensor([data.whole(p, model.layout.image_size) for p in photos])
    enlarged = model.upscale(pictures, model.layout.scales - 1)
    mse = (to_levels(enlarged) - to_levels(pictures)).pow(2).mean(dim=(1, 2, 3)).clamp(min=1e-6)
    return float((10 * torch.log10(255**2 / mse)).mean())


@torch.no_grad()
def losses_of_choices(model: AutoregressiveModel, codes: Tensor, captions: list[str], condition: Condition) -> Tensor:
    """(M, 10, S) losses in nats of each picture's scales under ten captions: its own, then the next nine pictures'."""
    if len(codes) < CHOICES:
        raise ValueError(f"Expected at least {CHOICES} pictures to choose captions among but got {len(codes)}.")
    shifted = (captions[shift:] + captions[:shift] for shift in range(CHOICES))
    return torch.stack([losses_by_scale(model, codes, other, condition, bf16=False) for other in shifted], 1)


def retrieval(losses: Tensor, first_scale: int = 0) -> float:
    """Share in percent of pictures whose own caption is the likeliest of ten, given the tokens from ``first_scale`` on.

    ``losses`` are those of :func:`losses_of_choices`; chance is 10 %.
    """
    table = losses[..., first_scale:].mean(-1)
    # Strictly below all others: a model that cannot tell captions apart must not win by the order of the columns.
    return 100 * float((table[:, 0] < table[:, 1:].amin(1)).float().mean())


@torch.no_grad()
def edit_losses(
    model: AutoregressiveModel, codes: Tensor, captions: list[str], condition: Condition, batch: int = 32
) -> dict[str, float]:
    """Loss in nats of the middle cells' codes from the third scale on, as in an edit with two frozen scales.

    Once with all other codes given, once as if all codes were drawn: what a model makes of surroundings on all sides.
    """
    layout = model.layout
    is_given = torch.ones(layout.scales, layout.grid, layout.grid, dtype=torch.bool)
    inner = slice(layout.grid // 4, layout.grid - layout.grid // 4)
    is_given[2:, inner, inner] = False
    is_given = is_given.reshape(-1)
    sums = {"edit loss": 0.0, "edit, nothing given, loss": 0.0}
    for start in range(0, len(codes), batch):
        part = codes[start : start + batch]
        text, lengths = condition.prefix(model, captions[start : start + batch])
        for name, given in zip(sums, (is_given.expand(len(part), -1), None), strict=True):
            loss = model.loss_per_token(model(text, lengths, part, given), part)
            sums[name] += float(loss[:, ~is_given].mean(1).sum())
    return {name: value / len(codes) for name, value in sums.items()}


def ar_figures(
    model: AutoregressiveModel, codes: Tensor, captions: list[str], condition: Condition
) -> dict[str, object]:
    """Losses in nats with own, others' and no captions, by scale; retrieval; pictures drawn a second, peak memory."""
    shift = len(captions) // 2
    tables = {
        "right": captions, "shuffled": captions[shift:] + captions[:shift], "empty": [""] * len(captions),
    }  # fmt: skip
    losses = {name: losses_by_scale(model, codes, c, condition, bf16=False) for name, c in tables.items()}
    figures: dict[str, object] = {f"{name} loss": float(value.mean()) for name, value in losses.items()}
    figures["by scale"] = [round(float(v), 4) for v in losses["right"].mean(0)]
    if not model.config.classes:  # whose neighbours have the same class
        choices = losses_of_choices(model, codes, captions, condition)
        figures["retrieval %"] = retrieval(choices)
        if model.layout.scales > 1:
            figures["retrieval, finer tokens %"] = retrieval(choices, first_scale=1)
    return figures | drawing_speed(model, condition, captions[:2])


def drawing_speed(model: AutoregressiveModel, condition: Condition, captions: list[str]) -> dict[str, float]:
    """Pictures drawn a second from nothing but these captions, together, and what that takes at its peak."""
    text, lengths = condition.prefix(model, captions)
    empty, empty_lengths = condition.prefix(model, [""] * len(captions))
    prefix = Prefix(text, lengths, empty, empty_lengths)
    generator = torch.Generator().manual_seed(0)
    drawn = speed(lambda: generate(model, prefix, Sampling(guidance=2.0), generator), len(captions), repeats=1)
    return {f"drawing {name}": value for name, value in drawn.items()}


@torch.no_grad()
def consistency(small: Tensor, large: Tensor) -> float:
    """Largest difference, in 8-bit levels, between a small picture and the block means of its enlargement."""
    factor = large.shape[-1] // small.shape[-1]
    return float((F.avg_pool2d(large, factor) - small).abs().max() * 127.5)


def caption_sensitivity(first: Tensor, second: Tensor) -> float:
    """Root mean square difference, in 8-bit levels, of what two captions draw with the same seed: 0 = deaf."""
    return float((to_levels(first) - to_levels(second)).pow(2).mean().sqrt())
