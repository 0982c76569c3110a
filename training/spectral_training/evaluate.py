"""Figures on held-out photos.

    python -m spectral_training.evaluate --data 'photos/val-*.tar' --tokenizer runs/a/tokenizer.pt --ar runs/a/ar.pt

PSNR is the mean over pictures of each picture's own, RGB in 8 bits after rounding and clipping. What each figure is,
is said where it is measured: ``metrics`` (fidelity), ``figures`` (resolutions, codebooks, retrieval, speed and memory),
``drawing_figures`` (upsampling and editing).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import tyro
from PIL import Image
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from . import data
from .ar import AutoregressiveModel
from .condition import Condition, log_unigram, losses_by_scale, unigram_loss
from .drawing_figures import drawing_figures
from .figures import (
    CHOICES,
    codebook_figures,
    drawing_speed,
    edit_losses,
    losses_of_choices,
    reconstruct,
    resolution_figures,
    retrieval,
)
from .metrics import feature_networks, to_levels
from .recipes import recipe
from .text import CaptionStates, TextEncoder
from .tokenizer import Tokenizer
from .train_ar import load_ar
from .train_tokenizer import load_tokenizer


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the held-out shards."""
    tokenizer: Path
    ar: Path | None = None
    train: str | None = None
    """Glob of training shards, to measure the unigram distribution on; needed with --ar."""
    limit: int | None = None
    drawn: int = 16
    """Photos that are also drawn anew: upsampled and edited; 0: none."""
    networks: bool = True
    """Also distances by networks: ST-LPIPS, FD-ENL0, and FID where Inception's weights are."""
    out: Path | None = None
    """Write the figures there as JSON."""
    captions_cache: Path | None = None


def psnr(prediction: Tensor, target: Tensor) -> float:
    """Mean over the batch of each picture's PSNR; both in 0..255."""
    values = peak_signal_noise_ratio(prediction, target, data_range=255.0, dim=(1, 2, 3), reduction="none")
    return float(values.mean())


def ssim(prediction: Tensor, target: Tensor) -> float:
    """Mean SSIM of luma (Rec. 601)."""
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    luma = [(x * weights).sum(1, keepdim=True) for x in (prediction, target)]
    return float(structural_similarity_index_measure(luma[0], luma[1], data_range=255.0))


def project(prediction: Tensor, low: Tensor, factor: int, rounds: int = 12) -> Tensor:
    """Nearest picture (up to a few rounds of alternation) in 0..255 whose block means equal ``low``."""
    for _ in range(rounds):
        gap = low - F.avg_pool2d(prediction, factor)
        prediction = (prediction + F.interpolate(gap, scale_factor=factor, mode="nearest")).clamp(0, 255)
    return prediction


def lanczos(low: Tensor, factor: int) -> Tensor:
    """Centre-aligned Lanczos3, channel by channel in float, as Pillow does it."""
    size = low.shape[-1] * factor
    planes = [
        np.asarray(Image.fromarray(plane.numpy(), mode="F").resize((size, size), Image.Resampling.LANCZOS))
        for plane in low.reshape(-1, *low.shape[-2:])
    ]
    return torch.from_numpy(np.stack(planes)).reshape(*low.shape[:2], size, size).clamp(0, 255)


@torch.no_grad()
def upscaling(model: Tokenizer, photos: list[data.Photo], factor: int, batch: int = 25) -> dict[str, float]:
    """Native centre crops reduced by exact box averages to 8 bits, and enlarged again."""
    size = model.layout.image_size
    totals: dict[str, float] = {}
    known = model.layout.scales - factor.bit_length() + 1
    for start in range(0, len(photos), batch):
        group = photos[start : start + batch]
        target = to_levels(data.to_tensor([centre_crop(p.pixels, size) for p in group]))
        low = F.avg_pool2d(target, factor).round()
        repeated = F.interpolate(low, scale_factor=factor, mode="nearest")
        faithful = (model.upscale(repeated / 127.5 - 1, known) + 1) * 127.5
        candidates = {
            "faithful": project(faithful, low, factor),
            "lanczos3": lanczos(low, factor),
            "lanczos3+projection": project(lanczos(low, factor), low, factor),
        }
        for name, picture in candidates.items():
            rounded = picture.round()
            for metric, value in (("psnr", psnr(rounded, target)), ("ssim", ssim(rounded, target))):
                key = f"x{factor} {name} {metric}"
                totals[key] = totals.get(key, 0.0) + value * len(group)
    return {key: value / len(photos) for key, value in totals.items()}


def centre_crop(pixels: np.ndarray, size: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    if min(height, width) < size:
        return data.resize_by_area(pixels, size)
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]


def reconstruction(model: Tokenizer, photos: list[data.Photo], networks: bool) -> tuple[dict[str, float], Tensor]:
    """Whole pictures reduced by area, from codes alone, at every resolution; and their codes (M, T)."""
    pictures = data.to_tensor([data.whole(p, model.layout.image_size) for p in photos])
    restored, codes = reconstruct(model, pictures)
    known = feature_networks() if networks else None
    measured = resolution_figures(model, pictures, restored, codes, "alex" if networks else None, known)
    figures = {f"reconstruction {name}": value for name, value in measured.items()}
    for name, value in codebook_figures(model, codes).items():
        figures[name.replace(" used", " codes used")] = value
    return figures, codes


def autoregression(
    options: Options, tokenizer: Tokenizer, photos: list[data.Photo], codes: Tensor, exact: bool
) -> dict[str, object]:
    """AR loss with right, shuffled and empty captions against the unigram loss, retrieval of captions, and what is
    drawn; ``exact`` as in ``drawing_figures``."""
    if options.ar is None or options.train is None:
        return {}
    model, meta = load_ar(options.ar)
    layout = model.layout
    training = data.load_photos(options.train, 4000)
    with torch.no_grad():
        seen = torch.cat(
            [
                tokenizer.encode(data.to_tensor([data.whole(p, layout.image_size) for p in training[i : i + 50]]))
                for i in range(0, len(training), 50)
            ]
        )
    sizes = (model.config.approximation_codes, model.config.detail_codes)
    unigram = unigram_loss(log_unigram(seen, layout, sizes), codes, layout)
    captions = [p.source if model.config.classes else p.captions[0] for p in photos]
    shift = len(photos) // 2
    condition = condition_of(model, meta, captions, options.captions_cache)
    table = {
        "right": losses_by_scale(model, codes, captions, condition, bf16=False),
        "shuffled": losses_by_scale(model, codes, captions[shift:] + captions[:shift], condition, bf16=False),
        "empty": losses_by_scale(model, codes, [""] * len(captions), condition, bf16=False),
    }
    mean = sum(unigram) / len(unigram)
    figures: dict[str, object] = {"ar unigram loss": mean, "ar unigram by scale": unigram}
    for name, losses in table.items():
        figures[f"ar {name} loss"] = float(losses.mean())
        figures[f"ar {name} by scale"] = [float(v) for v in losses.mean(0)]
    figures["ar below unigram %"] = 100 * (1 - float(table["right"].mean()) / mean)
    figures["right caption beats shuffled %"] = 100 * float(
        (table["right"].mean(1) < table["shuffled"].mean(1)).float().mean()
    )
    if layout.scales > 2:
        of_edits = edit_losses(model, codes, captions, condition)
        figures |= {f"ar {name}": value for name, value in of_edits.items()}
    if len(photos) >= CHOICES and not model.config.classes:
        choices = losses_of_choices(model, codes, captions, condition)
        figures["ar retrieval %"] = retrieval(choices)
        figures["ar retrieval, finer tokens %"] = retrieval(choices, first_scale=1)
    if options.drawn > 1:
        drawn = photos[: options.drawn]
        figures |= drawing_figures(tokenizer, model, drawn, condition, exact)
        figures |= drawing_speed(model, condition, captions[: options.drawn])
    return figures


def condition_of(
    model: AutoregressiveModel, meta: dict[str, object], captions: list[str], cache: Path | None
) -> Condition:
    """Of a trained model: its classes, or the text states of ``captions``."""
    if model.config.classes:
        return Condition(None, list(meta["classes"]))  # type: ignore[call-overload]
    encoder = TextEncoder(model.config.text_positions, model.config.text_width)
    return Condition(CaptionStates.build(encoder, captions, cache), [])


def main(options: Options) -> None:
    model, meta = load_tokenizer(options.tokenizer)
    photos = data.load_photos(options.data, options.limit)
    figures: dict[str, object] = {"photos": len(photos), "tokenizer": meta}
    trained = recipe(str(meta["recipe"])).tokenizer
    if model.layout.levels and model.layout.transform == "haar" and trained.masked_suffix:
        for factor in (f for f in (2, 4) if f <= 2**model.layout.levels):
            figures |= upscaling(model, photos, factor)
    restored, codes = reconstruction(model, photos, options.networks)
    figures |= restored
    figures |= autoregression(options, model, photos, codes, trained.exact_context)
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
