"""Train AR-SIT on the codes of a trained tokenizer.

    python -m spectral_training.train_ar --recipe studio-128 --data 'photos/train-*.tar' \
        --tokenizer runs/a/tokenizer.pt --out runs/a
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .checkpoint import Clock, Ema, Log, commit, cosine, save_atomic, start_from
from .layout import Layout
from .recipes import ArTraining, recipe
from .text import CaptionStates, TextEncoder
from .tokenizer import Tokenizer
from .train_tokenizer import load_tokenizer


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the training shards."""
    tokenizer: Path
    """Checkpoint of the tokenizer."""
    out: Path
    """Folder of the run: checkpoint, log, caption cache."""
    recipe: str = "studio-128"
    validation: str | None = None
    """Glob of held-out shards; their loss is logged now and then."""
    minutes: float | None = None
    """End by time instead of by steps."""
    limit: int | None = None
    start: Path | None = None
    """Compact checkpoint to begin a new run from; its tokenizer must be the one of --tokenizer."""
    resume: bool = True
    save_every: float = 240.0
    """Seconds between checkpoints."""
    validate_every: int = 500
    """Steps between validations."""


def encode_views(tokenizer: Tokenizer, pictures: Tensor, bf16: bool) -> Tensor:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        return tokenizer.encode(pictures)


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


@torch.no_grad()
def losses_by_scale(
    model: AutoregressiveModel, codes: Tensor, captions: list[str], texts: CaptionStates, bf16: bool, batch: int = 32
) -> Tensor:
    """(M, S): mean cross entropy in nats of each picture and scale."""
    model.eval()
    parts = []
    for start in range(0, len(codes), batch):
        chunk = codes[start : start + batch]
        text, lengths = texts.batch(captions[start : start + batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model.loss_per_token(model(text, lengths, chunk), chunk)
        parts.append(loss.float().reshape(len(chunk), model.layout.scales, -1).mean(-1))
    return torch.cat(parts)


class Trainer:
    def __init__(
        self, config: ArTraining, tokenizer: Tokenizer, photos: list[data.Photo], texts: CaptionStates
    ) -> None:
        self.config, self.tokenizer, self.photos, self.texts = config, tokenizer, photos, texts
        torch.manual_seed(config.seed)
        self.rng = random.Random(config.seed)
        self.sampler = data.PhotoSampler(len(photos), config.seed)
        self.model: AutoregressiveModel = config.model.build()
        self.model.tie(tokenizer.approximation_codebook.vectors, tokenizer.detail_codebook.vectors)
        self.step, self.seen, self.seconds = 0, 0, 0.0
        self.is_trained = False
        decay = [p for n, p in self.model.named_parameters() if p.ndim == 2 and "bias" not in n]
        rest = [p for n, p in self.model.named_parameters() if p.ndim != 2 or "bias" in n]
        self.optimiser = torch.optim.AdamW(
            [{"params": decay, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], betas=(0.9, 0.95)
        )
        self.ema = Ema(self.model, config.ema)

    def start_from(self, path: Path) -> None:
        start_from(self.model, path, "ar")
        self.model.tie(self.tokenizer.approximation_codebook.vectors, self.tokenizer.detail_codebook.vectors)
        self.ema = Ema(self.model, self.config.ema)
        self.is_trained = True

    def views(self, count: int) -> tuple[Tensor, list[str]]:
        """Codes of random views with a caption each; native crops keep theirs, since parts are what people edit."""
        size, pictures, captions = self.model.layout.image_size, [], []
        for index in self.sampler.take(count):
            photo, draw = self.photos[index], self.rng.random()
            if draw < 0.3:
                pictures.append(data.native_crop(photo, size, self.rng))
            else:
                pictures.append(data.random_view(photo, size, self.rng, smallest=0.7))
            dropped = self.rng.random() < self.config.caption_dropout
            captions.append("" if dropped else self.rng.choice(photo.captions))
        return encode_views(self.tokenizer, data.to_tensor(pictures), self.config.bf16), captions

    def start(self, pictures: int = 512) -> list[Tensor]:
        """Measure the unigram distributions on whole photos, and start the output biases there."""
        sizes = (self.config.model.approximation_codes, self.config.model.detail_codes)
        parts = [
            encode_views(
                self.tokenizer,
                data.to_tensor([data.whole(p, self.model.layout.image_size) for p in self.photos[i : i + 32]]),
                self.config.bf16,
            )
            for i in range(0, min(pictures, len(self.photos)), 32)
        ]
        frequencies = log_unigram(torch.cat(parts), self.model.layout, sizes)
        if self.step == 0 and not self.is_trained:
            self.model.start_at_unigram(frequencies)
            self.ema = Ema(self.model, self.config.ema)
        return frequencies

    def update(self, fraction: float) -> float:
        rate = self.config.rate * cosine(fraction)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        codes, captions = self.views(self.config.batch)
        text, lengths = self.texts.batch(captions)
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bf16):
            loss = self.model.loss_per_token(self.model(text, lengths, codes), codes).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self.seen += self.config.batch
        self.ema.update(self.model, self.step)
        return float(loss.detach())

    def state(self) -> dict[str, object]:
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.shadow,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
            "sampler": self.sampler.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        self.model.load_state_dict(state["model"])
        self.ema.shadow = state["ema"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        self.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.sampler.restore(state["sampler"])


def validate(trainer: Trainer, photos: list[data.Photo], codes: Tensor) -> dict[str, object]:
    """Loss of the averaged model on held-out whole photos: with their caption, and with another photo's."""
    model = trainer.config.model.build()
    model.load_state_dict(trainer.model.state_dict())
    trainer.ema.copy_to(model)
    own = [p.captions[0] for p in photos]
    other = own[len(own) // 2 :] + own[: len(own) // 2]
    right = losses_by_scale(model, codes, own, trainer.texts, trainer.config.bf16)
    wrong = losses_by_scale(model, codes, other, trainer.texts, trainer.config.bf16)
    return {
        "validation": float(right.mean()),
        "validation_shuffled": float(wrong.mean()),
        "by_scale": [round(float(v), 4) for v in right.mean(0)],
    }


def main(options: Options) -> None:
    chosen = recipe(options.recipe).ar
    tokenizer, tokenizer_meta = load_tokenizer(options.tokenizer)
    log, path = Log(options.out / "ar.jsonl"), options.out / "ar.pt"
    photos = data.load_photos(options.data, options.limit)
    held_out = data.load_photos(options.validation, 256) if options.validation else []
    encoder = TextEncoder(chosen.model.text_positions, chosen.model.text_width)
    texts = CaptionStates.build(
        encoder, [c for p in [*photos, *held_out] for c in p.captions], options.out / "captions.npz"
    )
    trainer = Trainer(chosen, tokenizer, photos, texts)
    meta = {
        "recipe": options.recipe,
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "tokenizer": tokenizer_meta,
    }
    if options.resume and path.exists():
        trainer.restore(torch.load(path, weights_only=False)["trainer"])
        log.write(event="resumed", step=trainer.step)
    elif options.start is not None:
        trainer.start_from(options.start)
    frequencies = trainer.start()

    def save() -> None:
        save_atomic({"trainer": trainer.state(), "config": chosen.model, "meta": meta}, path)

    parameters = sum(p.numel() for p in trainer.model.parameters())
    log.write(event="start", photos=len(photos), parameters=parameters, **meta)
    codes = torch.empty(0, trainer.model.layout.tokens, dtype=torch.long)
    if held_out:
        size = trainer.model.layout.image_size
        codes = encode_views(tokenizer, data.to_tensor([data.whole(p, size) for p in held_out]), chosen.bf16)
        by_scale = unigram_loss(frequencies, codes, trainer.model.layout)
        log.write(event="unigram", mean=sum(by_scale) / len(by_scale), by_scale=[round(v, 4) for v in by_scale])

    clock = Clock(chosen.steps, options.minutes, trainer.seconds)
    last_saved, total, counted = clock.seconds, 0.0, 0
    while (fraction := clock.fraction(trainer.step)) < 1:
        total += trainer.update(fraction)
        counted += 1
        trainer.seconds = clock.seconds
        if trainer.step % 50 == 0:
            log.write(step=trainer.step, seen=trainer.seen, seconds=clock.seconds, loss=total / counted)
            total, counted = 0.0, 0
        if held_out and trainer.step % options.validate_every == 0:
            log.write(step=trainer.step, **validate(trainer, held_out, codes))
        if clock.seconds - last_saved > options.save_every:
            save()
            last_saved = clock.seconds
    save()
    if held_out:
        log.write(event="end", step=trainer.step, seen=trainer.seen, **validate(trainer, held_out, codes))


def load_ar(path: Path) -> tuple[AutoregressiveModel, dict[str, object]]:
    """The averaged model of a checkpoint, and what is known about its training."""
    state = torch.load(path, weights_only=False)
    model: AutoregressiveModel = state["config"].build()
    trainer = state["trainer"]
    model.load_state_dict(trainer["model"])
    averages = Ema(model, 0.0)
    averages.shadow = trainer["ema"]
    averages.copy_to(model)
    return model.eval(), {
        **state["meta"],
        "seen": trainer["seen"],
        "seconds": trainer["seconds"],
        "step": trainer["step"],
    }


if __name__ == "__main__":
    main(tyro.cli(Options))
