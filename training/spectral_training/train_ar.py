"""Train AR-SIT on the codes of a trained tokenizer.

    python -m spectral_training.train_ar --recipe studio-128 --data 'photos/train-*.tar' \
        --tokenizer runs/a/tokenizer.pt --out runs/a
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import torch
import tyro
from torch import Tensor, nn

from . import data
from .ar import ArConfig, AutoregressiveModel, seeing_around
from .checkpoint import Clock, Ema, Log, commit, cosine, load, save_atomic, start_from
from .condition import Condition, condition_for, log_unigram, losses_by_scale, unigram_loss
from .grid import save_grid
from .optimisers import optimiser_of
from .recipes import ArTraining, overridden, recipe
from .runtime import Runtime, RuntimeOptions, averaged, like, restore_weights, whole_state
from .sample import Prefix, Sampling, generate
from .sources import Draw, MemorySource, Source, StreamSource
from .text import CaptionStates
from .tokenizer import Tokenizer
from .train_tokenizer import load_tokenizer


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the training shards."""
    tokenizer: Path
    """Checkpoint of the tokenizer."""
    out: Path
    """Folder of the run: checkpoint, log, caption cache, sheets of drawn pictures."""
    recipe: str = "studio-128"
    validation: str | None = None
    """Glob of held-out shards; their loss is logged now and then."""
    minutes: float | None = None
    """End by time instead of by steps."""
    steps: int | None = None
    batch: int | None = None
    """Pictures a step, in place of the recipe's; so are the next four."""
    rate: float | None = None
    seed: int | None = None
    muon: bool | None = None
    bf16: bool | None = None
    """Lower precision than the recipe's pays on some machines only; `bench` tells."""
    limit: int | None = None
    stream: bool = False
    """Read shards as they are needed instead of holding all photos in memory."""
    start: Path | None = None
    """Compact checkpoint to begin a new run from; its tokenizer must be the one of --tokenizer."""
    resume: bool = True
    save_every: float = 240.0
    """Seconds between checkpoints."""
    validate_every: int = 500
    """Steps between validations."""
    log_every: int = 50
    grid_every: int = 1000
    """Steps between sheets of drawn pictures; 0: none."""
    tensorboard: bool = False
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)


class ArStep(nn.Module):
    """Loss of one part of a batch: what is wrapped, sharded and compiled.

    It takes tensors only: compiled for the captions of one batch, it would be compiled again for each.
    """

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, condition: Tensor, lengths: Tensor, codes: Tensor, given: Tensor) -> Tensor:
        """``condition`` and ``lengths`` as :meth:`Condition.inputs` has them, ``given`` as :func:`given_tokens`."""
        text = self.model.class_text(condition)[0] if self.model.config.classes else condition
        loss = self.model.loss_per_token(self.model(text, lengths, codes, given), codes)
        return loss.masked_fill(given, 0.0).sum() / (~given).sum()


def given_tokens(config: ArConfig, rng: random.Random) -> Tensor:
    """(T,) bool: codes that are there beforehand and not predicted; see [Note: neighbours] of ``neighbours``.

    Without ``around`` there are none. Else they are the situations of the app: nothing is given; all but a rectangle,
    from some scale on; all but a share of the tokens, as at less than full strength.
    """
    layout, g = config.layout, config.layout.grid
    given = torch.zeros(layout.tokens, dtype=torch.bool)
    if not config.around or (draw := rng.random()) < 0.5:
        return given
    cells = given.view(layout.scales, g, g)
    if draw < 0.6:
        given[:] = torch.tensor([rng.random() < 0.5 for _ in range(layout.tokens)])
    else:
        height, width = rng.randint(2, g), rng.randint(2, g)
        top, left = rng.randint(0, g - height), rng.randint(0, g - width)
        given[:] = True
        cells[:, top : top + height, left : left + width] = False
    cells[: rng.choice((0, 0, 1, 2, 3)) % layout.scales] = True
    return given


class Trainer:
    """Model, optimiser and sources of a run; the tokenizer and the text encoder are frozen."""

    def __init__(
        self,
        config: ArTraining,
        tokenizer: Tokenizer,
        photos: list[data.Photo],
        texts: CaptionStates | Condition,
        runtime: Runtime | None = None,
        stream: str | None = None,
    ) -> None:
        self.runtime = runtime or Runtime(bf16=config.bf16)
        self.config, self.photos = config, photos
        self.tokenizer = tokenizer.to(self.runtime.fabric.device)
        self.condition = texts if isinstance(texts, Condition) else Condition(texts, [])
        torch.manual_seed(config.seed)
        place = self.runtime.place
        self.source: Source = (
            MemorySource(photos, config.seed, place) if stream is None else StreamSource(stream, config.seed, place)
        )
        self.model: AutoregressiveModel = config.model.build()
        self.model.tie(tokenizer.approximation_codebook.vectors, tokenizer.detail_codebook.vectors)
        self.step, self.seen, self.seconds = 0, 0, 0.0
        self.is_trained = False
        self.module, self.optimiser = self.runtime.setup(ArStep(self.model), self._optimiser)
        self.ema = Ema(self.model, config.ema)

    def _optimiser(self) -> torch.optim.Optimizer:
        return optimiser_of(self.model, self.config.muon)

    def start_from(self, path: Path) -> None:
        start_from(self.model, path, "ar", seeing_around if self.config.model.around else None)
        self.model.tie(self.tokenizer.approximation_codebook.vectors, self.tokenizer.detail_codebook.vectors)
        self.ema = Ema(self.model, self.config.ema)
        self.is_trained = True

    def views(self, draws: list[Draw]) -> tuple[Tensor, list[str], Tensor]:
        """Codes of random views, a caption each, and which codes are given.

        Native crops keep their caption, since parts are what people edit.
        """
        size, pictures, captions, given = self.model.layout.image_size, [], [], []
        for photo, rng in draws:
            if rng.random() < 0.3:
                pictures.append(data.native_crop(photo, size, rng))
            else:
                pictures.append(data.random_view(photo, size, rng, smallest=0.7))
            dropped = rng.random() < self.config.caption_dropout
            caption = photo.source if self.config.model.classes else rng.choice(photo.captions)
            captions.append("" if dropped else caption)
            given.append(given_tokens(self.config.model, rng))
        return self.encode(data.to_tensor(pictures)), captions, torch.stack(given)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """(B, T) codes, in fp32 as in the app: in bf16 a tenth of them would be others."""
        return self.tokenizer.encode(pictures.to(self.runtime.fabric.device))

    def start(self, pictures: int = 512) -> list[Tensor]:
        """Measure the unigram distributions on whole photos, and start the output biases there."""
        sizes = (self.config.model.approximation_codes, self.config.model.detail_codes)
        size, count = self.model.layout.image_size, min(pictures, len(self.photos))
        parts = [
            self.encode(data.to_tensor([data.whole(p, size) for p in self.photos[i : i + 32]])).cpu()
            for i in range(0, count, 32)
        ]
        frequencies = log_unigram(torch.cat(parts), self.model.layout, sizes)
        if self.step == 0 and not self.is_trained:
            self.model.start_at_unigram(frequencies, like)
            self.ema = Ema(self.model, self.config.ema)
        return frequencies

    def update(self, fraction: float) -> float:
        """One optimiser step at ``fraction`` of the run; returns its loss over all processes."""
        runtime = self.runtime
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate * cosine(fraction)
        codes, captions, known = self.views(self.source.take(self.config.batch))
        known = known.to(codes.device)
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=codes.device)
        for part, is_last in runtime.parts(len(codes)):
            condition, lengths = (x.to(codes.device) for x in self.condition.inputs(self.config.model, captions[part]))
            with runtime.fabric.no_backward_sync(self.module, enabled=not is_last):
                loss = self.module(condition, lengths, codes[part], known[part]) / runtime.options.accumulate
                runtime.fabric.backward(loss)
            total += loss.detach()
        runtime.fabric.clip_gradients(self.module, self.optimiser, max_norm=1.0)
        self.optimiser.step()
        self.step += 1
        self.seen += self.config.batch
        self.ema.update(self.model, self.step)
        return runtime.mean({"loss": total})["loss"]

    def averaged(self) -> AutoregressiveModel:
        """A copy with the averaged weights, on the CPU; all processes call it."""
        return averaged(self.config.model.build(), self.model, self.ema)

    def state(self) -> dict[str, object]:
        """Everything a run goes on from; all processes call it, since sharded tensors are gathered."""
        return {
            "model": whole_state(self.model.state_dict()),
            "ema": whole_state(self.ema.shadow),
            "optimiser": whole_state(self.optimiser.state_dict()),
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "torch_rng": torch.get_rng_state(),
            "source": self.source.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        restore_weights(self.model, self.ema, self.optimiser, state)
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        torch.set_rng_state(state["torch_rng"])
        self.source.restore(state["source"])


def validate(trainer: Trainer, photos: list[data.Photo], codes: Tensor) -> dict[str, object]:
    """Loss of the averaged model on held-out whole photos: with their caption, and with another photo's."""
    model = trainer.averaged()
    own = [p.source if model.config.classes else p.captions[0] for p in photos]
    other = own[len(own) // 2 :] + own[: len(own) // 2]
    right = losses_by_scale(model, codes, own, trainer.condition, trainer.config.bf16)
    wrong = losses_by_scale(model, codes, other, trainer.condition, trainer.config.bf16)
    return {
        "validation": float(right.mean()),
        "validation_shuffled": float(wrong.mean()),
        "by_scale": [round(float(v), 4) for v in right.mean(0)],
    }


GRID_SAMPLING = Sampling(temperature=0.9, top_p=0.9, guidance=2.0)


def sample_grid(trainer: Trainer, photos: list[data.Photo], path: Path, log: Log) -> None:
    """Photos above what the averaged model draws from their captions, always from one seed; all processes call it."""
    model = trainer.averaged()
    if not trainer.runtime.is_first or not photos:
        return
    captions = [p.source if model.config.classes else p.captions[0] for p in photos]
    text, lengths = trainer.condition.prefix(model, captions)
    empty, empty_lengths = trainer.condition.prefix(model, [""] * len(photos))
    prefix = Prefix(text, lengths, empty, empty_lengths)
    codes = generate(model, prefix, GRID_SAMPLING, torch.Generator().manual_seed(0))
    with torch.no_grad():
        drawn = trainer.tokenizer.decode_codes(codes.to(trainer.runtime.fabric.device)).cpu()
    pictures = data.to_tensor([data.whole(p, model.layout.image_size) for p in photos])
    log.picture("drawn", save_grid([pictures, drawn], path), trainer.step)


def main(options: Options) -> None:
    chosen = overridden(recipe(options.recipe).ar, options, "steps", "batch", "rate", "seed", "muon", "bf16")
    runtime = Runtime(options.runtime, chosen.bf16)
    tokenizer, tokenizer_meta = load_tokenizer(options.tokenizer)
    log = Log(options.out / "ar.jsonl", runtime.is_first, options.tensorboard)
    path = options.out / "ar.pt"
    photos = data.load_photos(options.data, min(options.limit or 512, 512) if options.stream else options.limit)
    held_out = data.load_photos(options.validation, 256) if options.validation else []
    condition = condition_for(chosen, [*photos, *held_out], options.out / "captions.npz" if runtime.is_first else None)
    trainer = Trainer(chosen, tokenizer, photos, condition, runtime, options.data if options.stream else None)
    meta = {
        "recipe": options.recipe,
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "tokenizer": tokenizer_meta,
        "classes": condition.classes,
        "seed": chosen.seed,
        "processes": runtime.place.world,
    }
    if options.resume and path.exists():
        trainer.restore(load(path)["trainer"])
        log.write(event="resumed", step=trainer.step)
    elif options.start is not None:
        trainer.start_from(options.start)
    frequencies = trainer.start()

    def save() -> None:
        state = trainer.state()
        if runtime.is_first:
            save_atomic({"trainer": state, "config": chosen.model, "meta": meta}, path)

    parameters = sum(p.numel() for p in trainer.model.parameters())
    log.write(event="start", photos=len(photos), parameters=parameters, **meta)
    codes = torch.empty(0, trainer.model.layout.tokens, dtype=torch.long)
    if held_out:
        size = trainer.model.layout.image_size
        codes = trainer.encode(data.to_tensor([data.whole(p, size) for p in held_out])).cpu()
        by_scale = unigram_loss(frequencies, codes, trainer.model.layout)
        log.write(event="unigram", mean=sum(by_scale) / len(by_scale), by_scale=[round(v, 4) for v in by_scale])

    clock = Clock(chosen.steps, options.minutes, trainer.seconds)
    last_saved, total, counted = clock.seconds, 0.0, 0
    while (fraction := runtime.fraction(clock, trainer.step)) < 1:
        total += trainer.update(fraction)
        counted += 1
        trainer.seconds = clock.seconds
        if trainer.step % options.log_every == 0:
            log.write(step=trainer.step, seen=trainer.seen, seconds=clock.seconds, loss=total / counted)
            total, counted = 0.0, 0
        if held_out and trainer.step % options.validate_every == 0:
            log.write(step=trainer.step, **validate(trainer, held_out, codes))
        if options.grid_every and trainer.step % options.grid_every == 0:
            path_of_grid = options.out / f"drawn-{trainer.step:07d}.png"
            sample_grid(trainer, (held_out or photos)[:8], path_of_grid, log)
        if runtime.fabric.broadcast(clock.seconds - last_saved > options.save_every):
            save()
            last_saved = clock.seconds
    save()
    if held_out:
        log.write(event="end", step=trainer.step, seen=trainer.seen, **validate(trainer, held_out, codes))


def load_ar(path: Path) -> tuple[AutoregressiveModel, dict[str, object]]:
    """The averaged model of a checkpoint or compact file, and what is known about its training."""
    state = load(path)
    if "tokenizer" in state and "ar" in state:  # a compact file
        model = state["ar"]["config"].build()
        model.load_state_dict(
            {name: v.float() if v.is_floating_point() else v for name, v in state["ar"]["weights"].items()}
        )
        return model.eval(), state["ar"]["meta"]
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
