"""Figures on held-out photos.

    python -m spectral_training.evaluate --data 'photos/val-*.tar' --tokenizer runs/a/tokenizer.pt --ar runs/a/ar.pt

PSNR is the mean over pictures of each picture's own, RGB in 8 bits after rounding and clipping.
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
from .quantize import perplexity
from .text import CaptionStates, TextEncoder
from .tokenizer import Tokenizer
from .train_ar import load_ar, log_unigram, losses_by_scale, unigram_loss
from .train_tokenizer import load_tokenizer
from .wavelet import haar_forward


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the held-out shards."""
    tokenizer: Path
    ar: Path | None = None
    train: str | None = None
    """Glob of training shards, to measure the unigram distribution on; needed with --ar."""
    limit: int | None = None
    out: Path | None = None
    """Write the figures there as JSON."""
    captions_cache: Path | None = None


def to_levels(image: Tensor) -> Tensor:
    """[-1, 1] -> whole 8-bit levels 0..255, as float."""
    return ((image.float() + 1) * 127.5).round().clamp(0, 255)


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


@torch.no_grad()
def reconstruction(model: Tokenizer, photos: list[data.Photo], batch: int = 25) -> tuple[dict[str, float], Tensor]:
    """Whole pictures reduced by area, from codes alone, at every resolution; and their codes (M, T)."""
    layout, totals, codes = model.layout, {}, []
    for start in range(0, len(photos), batch):
        group = photos[start : start + batch]
        image = data.to_tensor([data.whole(p, layout.image_size) for p in group])
        mine = model.encode(image)
        codes.append(mine)
        decoded = model.decode_codes(mine)
        target, picture = image, decoded
        for _ in range(layout.levels):
            key = f"reconstruction {target.shape[-1]} psnr"
            totals[key] = totals.get(key, 0.0) + psnr(to_levels(picture), to_levels(target)) * len(group)
            target, picture = haar_forward(target, 1)[0], haar_forward(picture, 1)[0]
    figures = {key: value / len(photos) for key, value in totals.items()}
    every, n = torch.cat(codes), layout.tokens_per_scale
    for name, part, size in (
        ("approximation", every[:, :n], model.config.approximation_codes),
        ("detail", every[:, n:], model.config.detail_codes),
    ):
        figures[f"{name} codes used"], figures[f"{name} perplexity"] = perplexity(part, size)
    return figures, every


def autoregression(
    options: Options, tokenizer: Tokenizer, photos: list[data.Photo], codes: Tensor
) -> dict[str, object]:
    """AR loss with right, shuffled and empty captions against the unigram loss, and retrieval of captions."""
    if options.ar is None or options.train is None:
        return {}
    model, _ = load_ar(options.ar)
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
    captions = [p.captions[0] for p in photos]
    shift = len(photos) // 2
    encoder = TextEncoder(model.config.text_positions, model.config.text_width)
    texts = CaptionStates.build(encoder, captions, options.captions_cache)
    table = {
        "right": losses_by_scale(model, codes, captions, texts, bf16=False),
        "shuffled": losses_by_scale(model, codes, captions[shift:] + captions[:shift], texts, bf16=False),
        "empty": losses_by_scale(model, codes, [""] * len(captions), texts, bf16=False),
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
    return figures


def main(options: Options) -> None:
    model, meta = load_tokenizer(options.tokenizer)
    photos = data.load_photos(options.data, options.limit)
    figures: dict[str, object] = {"photos": len(photos), "tokenizer": meta}
    for factor in (2, 4):
        figures |= upscaling(model, photos, factor)
    restored, codes = reconstruction(model, photos)
    figures |= restored
    figures |= autoregression(options, model, photos, codes)
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
