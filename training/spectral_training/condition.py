"""What codes are drawn from, and how likely they are: by captions or classes, and by nothing but their frequencies.

Dimensions: B batch, M pictures, T codes, S scales, n text positions, W width of the text states.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from . import data
from .ar import ArConfig, AutoregressiveModel
from .layout import Layout
from .recipes import ArTraining
from .text import CaptionStates, TextEncoder


def log_unigram(codes: Tensor, layout: Layout, sizes: tuple[int, int], smoothing: float = 0.1) -> list[Tensor]:
    """Log of the smoothed unigram distribution of each scale, from (M, T) codes; sizes of the two codebooks."""
    n, result = layout.tokens_per_scale, []
    for s in range(layout.scales):
        size = sizes[0] if s == 0 else sizes[1]
        counts = torch.bincount(codes[:, s * n : (s + 1) * n].reshape(-1), minlength=size).float() + smoothing
        result.append((counts / counts.sum()).log())
    return result


def unigram_loss(log_frequencies: list[Tensor], codes: Tensor, layout: Layout) -> list[float]:
    """Mean cross entropy in nats of each scale's codes under its unigram distribution."""
    n = layout.tokens_per_scale
    return [float(-f[codes[:, s * n : (s + 1) * n]].mean()) for s, f in enumerate(log_frequencies)]


class Condition:
    """What the pictures are drawn from: captions as text states, or for class-conditional models the photo's source.

    Captions that were not encoded before, as when streaming, are encoded now.
    """

    def __init__(self, texts: CaptionStates | None, classes: list[str], encoder: TextEncoder | None = None) -> None:
        self.texts, self.classes, self.encoder = texts, classes, encoder

    def inputs(self, config: ArConfig, captions: list[str]) -> tuple[Tensor, Tensor]:
        """States (B, n, W), or classes (B,), and lengths (B,); an empty caption, or an unknown class, is
        "unconditional"."""
        if config.classes:
            index = {name: i for i, name in enumerate(self.classes[: config.classes])}
            labels = torch.tensor([index.get(caption, config.classes) for caption in captions])
            return labels, torch.ones_like(labels)
        assert self.texts is not None, "a text-conditional model is always given text states"
        fresh = sorted(set(captions) - self.texts.states.keys())
        if fresh and self.encoder is not None:
            self.texts.states |= dict(zip(fresh, self.encoder.encode(fresh), strict=True))
        return self.texts.batch(captions)

    def prefix(self, model: AutoregressiveModel, captions: list[str]) -> tuple[Tensor, Tensor]:
        """States (B, n, W) and lengths (B,)."""
        given, lengths = self.inputs(model.config, captions)
        if model.config.classes:
            return model.class_text(given.to(model.class_states.weight.device))
        return given, lengths


@torch.no_grad()
def losses_by_scale(
    model: AutoregressiveModel,
    codes: Tensor,
    captions: list[str],
    texts: CaptionStates | Condition,
    bf16: bool,
    batch: int = 32,
) -> Tensor:
    """(M, S): mean cross entropy in nats of each picture and scale."""
    model.eval()
    condition = texts if isinstance(texts, Condition) else Condition(texts, [])
    parts = []
    for start in range(0, len(codes), batch):
        chunk = codes[start : start + batch]
        text, lengths = condition.prefix(model, captions[start : start + batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model.loss_per_token(model(text, lengths, chunk), chunk)
        parts.append(loss.float().reshape(len(chunk), model.layout.scales, -1).mean(-1))
    return torch.cat(parts)


def condition_for(config: ArTraining, photos: list[data.Photo], cache: Path | None) -> Condition:
    """Text states of all captions that are known now; for class-conditional models the names of the classes."""
    if config.model.classes:
        return Condition(None, sorted({p.source for p in photos}))
    encoder = TextEncoder(config.model.text_positions, config.model.text_width)
    captions = [caption for photo in photos for caption in photo.captions]
    return Condition(CaptionStates.build(encoder, captions, cache), [], encoder)
