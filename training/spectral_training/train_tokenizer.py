"""Train a SIT: first the detail heads on exact pictures, then everything together.

python -m spectral_training.train_tokenizer --recipe studio-128 --data 'photos/train-*.tar' --out runs/a
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from torch import Tensor

from . import data
from .checkpoint import Clock, Ema, Log, commit, cosine, save_atomic, start_from
from .layout import Layout
from .recipes import TokenizerTraining, recipe
from .tokenizer import CODE, EXACT, MASKED, Tokenizer, predict_details


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the training shards."""
    out: Path
    """Folder of the run: checkpoint, log."""
    recipe: str = "studio-128"
    minutes: float | None = None
    """End the joint stage by time instead of by steps."""
    head_minutes: float | None = None
    """End the stage of the detail heads by time instead of by steps."""
    limit: int | None = None
    """Use only the first photos."""
    start: Path | None = None
    """Compact checkpoint to begin a new run from, in place of random weights."""
    resume: bool = True
    save_every: float = 240.0
    """Seconds between checkpoints."""


def draw_kinds(layout: Layout, batch: int, rng: random.Random) -> Tensor:
    """(B, T) kinds of the codec samples: the situations the app will meet, mixed.

    Half: codes only. Then: exact prefix and codes; codes and masked suffix; a rectangle to be edited whose
    surroundings are exact.
    """
    n, scales, g = layout.tokens_per_scale, layout.scales, layout.grid
    kinds = torch.full((batch, layout.tokens), CODE)
    for row in kinds:
        draw = rng.random()
        prefix = rng.randint(1, scales - 1)
        if draw < 0.5:
            continue
        if draw < 0.65:
            row[: prefix * n] = EXACT
        elif draw < 0.8:
            row[prefix * n :] = MASKED
        else:
            inside = torch.zeros(g, g, dtype=torch.bool)
            height, width = rng.randint(1, g), rng.randint(1, g)
            top, left = rng.randint(0, g - height), rng.randint(0, g - width)
            inside[top : top + height, left : left + width] = True
            cells = row.view(scales, n)
            cells[:, ~inside.reshape(-1)] = EXACT
            cells[: rng.randint(0, scales - 1)] = EXACT
            if rng.random() < 0.4:
                late = cells[rng.randint(1, scales - 1) :]
                late[late == CODE] = MASKED
    return kinds


def upscale_kinds(layout: Layout, batch: int, rng: random.Random) -> Tensor:
    """(B, T): an exact prefix, the rest masked; mostly only the finest scale is missing."""
    kinds = torch.zeros(batch, layout.tokens, dtype=torch.long)
    for row in kinds:
        known = rng.choices(range(1, layout.scales), weights=range(1, layout.scales))[0]
        row[: known * layout.tokens_per_scale] = EXACT
    return kinds


def draw_views(
    photos: list[data.Photo], sampler: data.PhotoSampler, count: int, size: int, rng: random.Random
) -> Tensor:
    """(B, 3, I, I): native crops and random reduced views, mixed."""
    pictures = []
    for index in sampler.take(count):
        photo, draw = photos[index], rng.random()
        pictures.append(data.native_crop(photo, size, rng) if draw < 0.3 else data.random_view(photo, size, rng))
    return data.to_tensor(pictures)


class Trainer:
    """Holds the model, its optimiser and generators; all of it goes into the checkpoint."""

    def __init__(self, config: TokenizerTraining, photos: list[data.Photo]) -> None:
        self.config, self.photos = config, photos
        torch.manual_seed(config.seed)
        self.model: Tokenizer = config.model.build()
        self.rng = random.Random(config.seed)
        self.sampler = data.PhotoSampler(len(photos), config.seed)
        size = config.model.layout.image_size
        sharp = [i for i, p in enumerate(photos) if min(p.pixels.shape[:2]) >= 2 * size]
        # Photos of at least twice the size were reduced from larger ones: their native pixels are sharp.
        self.sharp = sharp or list(range(len(photos)))
        self.sharp_sampler = data.PhotoSampler(len(self.sharp), config.seed + 1)
        self.stage, self.step, self.seen, self.seconds = "heads", 0, 0, 0.0
        self._enter(self.stage)

    def _enter(self, stage: str) -> None:
        self.stage, self.step, self.seconds = stage, 0, 0.0
        parameters = self.model.detail_heads.parameters() if stage == "heads" else self.model.parameters()
        self.optimiser = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.95), weight_decay=0.01)
        self.ema = Ema(self.model, self.config.ema)

    def enter_joint(self) -> None:
        self.ema.copy_to(self.model)
        self._enter("joint")

    def start_from(self, path: Path) -> None:
        """Go on with trained weights: no stage of the heads alone, no warm-up, no new codebooks."""
        start_from(self.model, path, "tokenizer")
        self._enter("joint")
        self.step = self.config.warmup_steps

    def crops(self, count: int) -> Tensor:
        size = self.config.model.layout.image_size
        chosen = [self.photos[self.sharp[i]] for i in self.sharp_sampler.take(count)]
        return data.to_tensor([data.native_crop(p, size, self.rng) for p in chosen])

    def views(self, count: int) -> Tensor:
        return draw_views(self.photos, self.sampler, count, self.config.model.layout.image_size, self.rng)

    def head_losses(self) -> dict[str, Tensor]:
        return {"loss": predict_details(self.model, self.crops(self.config.head_batch))}

    def joint_losses(self) -> dict[str, Tensor]:
        config, model, layout = self.config, self.model, self.model.layout
        codec, upscale = self.views(config.codec_batch), self.crops(config.upscale_batch)
        images = torch.cat([codec, upscale])
        coefficients = model.coefficients(images)
        z = model.encode_continuous([band[: len(codec)] for band in coefficients])
        if self.step < config.warmup_steps:
            vectors, commitment = z, torch.zeros(())
        else:
            quantized = model.quantize(z)
            vectors, commitment = quantized.values, quantized.commitment
        filler = torch.zeros(len(upscale), *vectors.shape[1:])
        kinds = torch.cat([draw_kinds(layout, len(codec), self.rng), upscale_kinds(layout, len(upscale), self.rng)])
        decoded = model.decode(torch.cat([vectors, filler]), coefficients, kinds)
        error = (decoded.image - images).float()
        # Squared error is the paper's; the absolute error keeps the faithful path from fearing sharp edges.
        codec_l2 = error[: len(codec)].pow(2).mean()
        upscale_l1 = error[len(codec) :].abs().mean()
        loss = codec_l2 * 10 + upscale_l1 * 2 + config.commitment * commitment * 0.5
        return {"loss": loss, "codec_l2": codec_l2, "upscale_l1": upscale_l1, "commitment": commitment, "z": z}

    def update(self, fraction: float) -> dict[str, float]:
        """One optimiser step at ``fraction`` of the stage; returns its losses."""
        heads_only = self.stage == "heads"
        rate = (self.config.head_rate if heads_only else self.config.rate) * cosine(fraction)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bf16):
            losses = self.head_losses() if heads_only else self.joint_losses()
        self.optimiser.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        if not heads_only:
            self.model.approximation_codebook.follow()
            self.model.detail_codebook.follow()
            self._collect(losses.pop("z").detach())
        self.step += 1
        self.seen += self.config.head_batch if heads_only else self.config.codec_batch + self.config.upscale_batch
        self.ema.update(self.model, self.step)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _collect(self, z: Tensor) -> None:
        """Gather encoder outputs at the end of the warm-up, then start both codebooks from them."""
        config, n = self.config, self.model.layout.tokens_per_scale
        if not config.warmup_steps - config.collect_steps <= self.step < config.warmup_steps:
            return
        if self.step == config.warmup_steps - config.collect_steps:
            self.collected: list[Tensor] = []
        self.collected.append(z)
        if self.step == config.warmup_steps - 1:
            samples = torch.cat(self.collected)
            self.model.approximation_codebook.initialise(samples[:, :n].reshape(-1, z.shape[-1]))
            self.model.detail_codebook.initialise(samples[:, n:].reshape(-1, z.shape[-1]))
            self.collected = []

    def state(self) -> dict[str, object]:
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.shadow,
            "optimiser": self.optimiser.state_dict(),
            "stage": self.stage,
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "collected": getattr(self, "collected", []),
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
            "sampler": self.sampler.state(),
            "sharp_sampler": self.sharp_sampler.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        if state["stage"] != self.stage:
            self._enter(str(state["stage"]))
        self.model.load_state_dict(state["model"])
        self.ema.shadow = state["ema"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        self.collected = state["collected"]
        self.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.sampler.restore(state["sampler"])
        self.sharp_sampler.restore(state["sharp_sampler"])


def run_stage(trainer: Trainer, options: Options, log: Log, save: Callable[[], None]) -> None:
    """Train until the current stage is over, logging every 50 steps and saving by time."""
    config = trainer.config
    heads = trainer.stage == "heads"
    clock = Clock(
        config.head_steps if heads else config.steps,
        options.head_minutes if heads else options.minutes,
        trainer.seconds,
    )
    sums: dict[str, float] = {}
    counted = 0
    last_saved = clock.seconds
    while (fraction := clock.fraction(trainer.step)) < 1:
        for name, value in trainer.update(fraction).items():
            sums[name] = sums.get(name, 0.0) + value
        counted += 1
        trainer.seconds = clock.seconds
        if trainer.step % 50 == 0:
            means = {name: value / counted for name, value in sums.items()}
            log.write(stage=trainer.stage, step=trainer.step, seen=trainer.seen, seconds=clock.seconds, **means)
            sums, counted = {}, 0
        if clock.seconds - last_saved > options.save_every:
            save()
            last_saved = clock.seconds


def main(options: Options) -> None:
    chosen = recipe(options.recipe)
    log, path = Log(options.out / "tokenizer.jsonl"), options.out / "tokenizer.pt"
    photos = data.load_photos(options.data, options.limit)
    trainer = Trainer(chosen.tokenizer, photos)
    meta = {
        "recipe": options.recipe,
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "torch": torch.__version__,
    }
    if options.resume and path.exists():
        trainer.restore(torch.load(path, weights_only=False)["trainer"])
        log.write(event="resumed", stage=trainer.stage, step=trainer.step)
    elif options.start is not None:
        trainer.start_from(options.start)

    def save() -> None:
        save_atomic({"trainer": trainer.state(), "config": chosen.tokenizer.model, "meta": meta}, path)

    log.write(event="start", photos=len(photos), parameters=sum(p.numel() for p in trainer.model.parameters()), **meta)
    if trainer.stage == "heads":
        run_stage(trainer, options, log, save)
        trainer.enter_joint()
    run_stage(trainer, options, log, save)
    save()
    log.write(event="end", seen=trainer.seen, seconds=trainer.seconds)


def from_compact(stored: dict) -> tuple[Tokenizer, dict[str, object]]:
    """Tokenizer of a compact file's part."""
    model: Tokenizer = stored["config"].build()
    model.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in stored["weights"].items()})
    return model.eval(), stored["meta"]


def load_tokenizer(path: Path) -> tuple[Tokenizer, dict[str, object]]:
    """The averaged model of a checkpoint or compact file, for evaluation, and what is known about its training."""
    state = torch.load(path, weights_only=False)
    if "tokenizer" in state:
        return from_compact(state["tokenizer"])
    model: Tokenizer = state["config"].build()
    trainer = state["trainer"]
    model.load_state_dict(trainer["model"])
    averages = Ema(model, 0.0)
    averages.shadow = trainer["ema"]
    averages.copy_to(model)
    return model.eval(), {**state["meta"], "seen": trainer["seen"], "seconds": trainer["seconds"]}


if __name__ == "__main__":
    main(tyro.cli(Options))
