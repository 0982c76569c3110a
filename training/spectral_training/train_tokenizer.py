"""Train a SIT: first the detail heads (if it has any) on exact pictures, then everything together.

python -m spectral_training.train_tokenizer --recipe studio-128 --data 'photos/train-*.tar' --out runs/a
torchrun --nproc-per-node 8 -m spectral_training.train_tokenizer --recipe sit-6-512 --stream --runtime.devices 8 ...
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import tyro
from torch import Tensor, nn

from . import data
from .adversarial import AdversarialLoss
from .checkpoint import Clock, Ema, Log, commit, cosine, load, save_atomic, start_from
from .grid import save_grid
from .optimisers import MuonAndAdamW
from .perceptual import PerceptualDistance
from .quantize import gather
from .recipes import TokenizerTraining, overridden, recipe
from .runtime import Runtime, RuntimeOptions, averaged, restore_weights, whole_state
from .sources import MemorySource, Source, StreamSource
from .tokenizer import Tokenizer, TokenizerConfig
from .tokenizer_step import TokenizerStep
from .views import draw_kinds, measure_std, render_crops, render_views, upscale_kinds

DISCRIMINATOR_LEAD = 500
"""Steps for which the discriminator learns before its loss counts."""
BETAS, WEIGHT_DECAY = (0.9, 0.95), 0.01


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the training shards."""
    out: Path
    """Folder of the run: checkpoint, log, sample grids."""
    recipe: str = "studio-128"
    minutes: float | None = None
    """End the joint stage by time instead of by steps."""
    head_minutes: float | None = None
    """End the stage of the detail heads by time instead of by steps."""
    steps: int | None = None
    """Steps of the joint stage, in place of the recipe's."""
    codec_batch: int | None = None
    """Pictures through the codes a step, in place of the recipe's; so are the next two."""
    upscale_batch: int | None = None
    rate: float | None = None
    seed: int | None = None
    bf16: bool | None = None
    """In place of the recipe's; ``bench`` tells which precision is the faster one here."""
    muon: bool | None = None
    """In place of the recipe's optimiser."""
    limit: int | None = None
    """Use only the first photos."""
    stream: bool = False
    """Read shards as they are needed instead of holding all photos in memory."""
    start: Path | None = None
    """Compact checkpoint to begin a new run from, in place of random weights; its texture heads are left out."""
    frozen_codes: bool = False
    """Train the decoder alone, so that an AR-SIT of the codes stays valid; goes with ``start``."""
    resume: bool = True
    save_every: float = 240.0
    """Seconds between checkpoints."""
    log_every: int = 50
    """Steps between log lines."""
    grid_every: int = 1000
    """Steps between sample grids."""
    tensorboard: bool = False
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)


class Trainer:
    """Holds the model, its optimiser and generators; all of it goes into the checkpoint."""

    def __init__(
        self,
        config: TokenizerTraining,
        photos: list[data.Photo],
        runtime: Runtime | None = None,
        stream: str | None = None,
    ) -> None:
        self.runtime = runtime or Runtime(bf16=config.bf16)
        if not config.model.scale_std:
            std = measure_std(photos[:256], config.model.layout)
            config = replace(config, model=replace(config.model, scale_std=std))
        self.config, self.photos, self.size = config, photos, config.model.layout.image_size
        torch.manual_seed(config.seed)
        self.model: Tokenizer = config.model.build()
        self.rng = random.Random(config.seed)
        self.views, self.sharp = self._sources(stream)
        self.perceptual = PerceptualDistance(config.trunk) if config.perceptual else None
        self.adversary = AdversarialLoss(config.discriminator) if config.adversarial else None
        if self.perceptual is not None:
            self.perceptual.to(self.runtime.fabric.device)
        if self.adversary is not None:
            self.adversary.setup(self.runtime.fabric)
        self.collected: list[Tensor] = []
        self.seen = 0
        self._enter("heads" if config.head_steps and len(self.model.detail_heads) else "joint")

    def _sources(self, stream: str | None) -> tuple[Source, Source]:
        seed, place = self.config.seed, self.runtime.place
        if stream is not None:
            return StreamSource(stream, seed, place), StreamSource(stream, seed + 1, place, smallest_side=2 * self.size)
        # Photos of at least twice the size were reduced from larger ones: their native pixels are sharp.
        sharp = [p for p in self.photos if min(p.pixels.shape[:2]) >= 2 * self.size]
        return MemorySource(self.photos, seed, place), MemorySource(sharp or self.photos, seed + 1, place)

    def _enter(self, stage: str) -> None:
        self.stage, self.step, self.seconds = stage, 0, 0.0
        self.model.requires_grad_(stage == "joint")
        self.model.detail_heads.requires_grad_(True)
        if self.config.frozen_codes:
            for parameter in self.model.code_parameters():
                parameter.requires_grad_(False)

        self.module, self.optimiser = self.runtime.setup(TokenizerStep(self.model, self.config), self._optimiser)
        self.ema = Ema(self.model, self.config.ema)

    def _optimiser(self) -> torch.optim.Optimizer:
        """Of all that is trained in this stage; AdamW alone where no block is."""
        trained = [p for p in self.model.parameters() if p.requires_grad]
        blocks = nn.ModuleList([self.model.encoder.blocks, self.model.decoder.blocks])
        inside = {id(p) for p in blocks.parameters() if p.requires_grad and p.ndim == 2}
        matrices = [p for p in trained if id(p) in inside]
        if not self.config.muon or not matrices:
            return torch.optim.AdamW(trained, lr=1e-4, betas=BETAS, weight_decay=WEIGHT_DECAY)
        rest = [p for p in trained if id(p) not in inside]
        return MuonAndAdamW(matrices, [{"params": rest, "weight_decay": WEIGHT_DECAY}], BETAS)

    def enter_joint(self) -> None:
        self.ema.copy_to(self.model)
        self._enter("joint")

    def start_from(self, path: Path) -> dict[str, object]:
        """Go on with trained weights: no stage of the heads alone, no warm-up, no new codebooks.

        Returns what is known about their training.
        """
        known = start_from(self.model, path, "tokenizer", without_texture_heads)
        self._enter("joint")
        self.step = self.config.warmup_steps
        return known

    def draw(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """This process's codec pictures, upscale pictures and kinds of the next step."""
        config, layout, device = self.config, self.config.model.layout, self.runtime.fabric.device
        if self.stage == "heads":
            crops = render_crops(self.sharp.take(config.head_batch), self.size)
            return torch.empty(0, 3, self.size, self.size), crops.to(device), None
        codec = render_views(self.views.take(config.codec_batch), self.size)
        upscale = render_crops(self.sharp.take(config.upscale_batch) if config.upscale_batch else [], self.size)
        # All processes draw all kinds, so that their generators stay in step.
        place = self.runtime.place
        for_codes = draw_kinds(layout, config.codec_batch, self.rng, config.exact_context, config.masked_suffix)
        for_upscale = upscale_kinds(layout, config.upscale_batch, self.rng)
        kinds = torch.cat([for_codes[place.share(config.codec_batch)], for_upscale[place.share(config.upscale_batch)]])
        return codec.to(device), upscale.to(device), kinds.to(device)

    def joint_losses(self) -> dict[str, Tensor]:
        """Losses of one step's pictures, without learning from them."""
        codec, upscale, kinds = self.draw()
        return self.module(codec, upscale, kinds, self.step >= self.config.warmup_steps)

    def update(self, fraction: float) -> dict[str, float]:
        """One optimiser step at ``fraction`` of the stage; returns its losses."""
        config, heads_only = self.config, self.stage == "heads"
        for group in self.optimiser.param_groups:
            group["lr"] = (config.head_rate if heads_only else config.rate) * cosine(fraction)
        self.model.train()
        codec, upscale, kinds = self.draw()
        self.optimiser.zero_grad(set_to_none=True)
        report: dict[str, Tensor] = {}
        fakes, latents = [], []
        for part, losses in self._parts(codec, upscale, kinds):
            for name in losses.keys() - {"z", "decoded"}:
                report[name] = report.get(name, 0.0) + losses[name].detach() / self.runtime.options.accumulate
            if not heads_only:
                fakes.append((codec[part], losses["decoded"].detach()))
                latents.append(losses["z"].detach())
        self.runtime.fabric.clip_gradients(self.module, self.optimiser, max_norm=1.0)
        self.optimiser.step()
        if not heads_only:
            self._after(report, fakes, torch.cat(latents))
        self.step += 1
        self.seen += config.head_batch if heads_only else config.codec_batch + config.upscale_batch
        self.ema.update(self.model, self.step)
        return self.runtime.mean(report)

    def _parts(self, codec: Tensor, upscale: Tensor, kinds: Tensor | None):  # noqa: ANN202
        """Forward and backward pass of each accumulated part; yields its slice of the codec pictures and losses."""
        runtime, config = self.runtime, self.config
        codecs, upscales = (list(runtime.parts(len(x))) for x in (codec, upscale))
        for (part, is_last), (other, _) in zip(codecs, upscales, strict=True):
            mine = None if kinds is None else torch.cat([kinds[: len(codec)][part], kinds[len(codec) :][other]])
            with runtime.fabric.no_backward_sync(self.module, enabled=not is_last):
                losses = self.module(codec[part], upscale[other], mine, self.step >= config.warmup_steps)
                if mine is not None:
                    self._judge(losses, codec[part])
                runtime.fabric.backward(losses["loss"] / runtime.options.accumulate)
            yield part, losses

    def _judge(self, losses: dict[str, Tensor], target: Tensor) -> None:
        """Add the losses of other networks, which are not part of the wrapped module."""
        config, decoded = self.config, losses["decoded"]
        with self.runtime.fabric.autocast():
            if self.perceptual is not None:
                losses["perceptual"] = self.perceptual(decoded, target).float().mean()
                losses["loss"] = losses["loss"] + config.perceptual * losses["perceptual"]
            if self.adversary is not None and self.step >= config.adversarial_start:
                losses["adversarial"] = self.adversary.of_generator(decoded)
                losses["loss"] = losses["loss"] + config.adversarial * losses["adversarial"]

    def _after(self, report: dict[str, Tensor], fakes: list[tuple[Tensor, Tensor]], z: Tensor) -> None:
        """What follows the generator's step: codebooks, discriminator, start of the codebooks from data."""
        for book in {id(b): b for b in (self.model.approximation_codebook, self.model.detail_codebook)}.values():
            book.follow()
        if self.adversary is not None and self.step >= self.config.adversarial_start - DISCRIMINATOR_LEAD:
            real, fake = (torch.cat(pictures) for pictures in zip(*fakes, strict=True))
            with self.runtime.fabric.autocast():
                report["discriminator"] = torch.tensor(self.adversary.update(real, fake.float()), device=z.device)
        self._collect(z)

    def _collect(self, z: Tensor) -> None:
        """Gather encoder outputs at the end of the warm-up, then start both codebooks from them."""
        config, n = self.config, self.model.layout.tokens_per_scale
        if not config.warmup_steps - config.collect_steps <= self.step < config.warmup_steps:
            return
        self.collected.append(gather(z).cpu())
        if self.step == config.warmup_steps - 1:
            samples, d = torch.cat(self.collected).to(z.device), z.shape[-1]
            everything = config.model.shared_codebook or config.model.layout.scales == 1
            self.model.approximation_codebook.initialise(samples[:, : None if everything else n].reshape(-1, d))
            if not everything:
                self.model.detail_codebook.initialise(samples[:, n:].reshape(-1, d))
            self.collected = []

    def averaged(self) -> Tokenizer:
        """A copy with the averaged weights, on the CPU, for looking at."""
        return averaged(self.config.model.build(), self.model, self.ema)

    def state(self) -> dict[str, object]:
        """Everything a run goes on from; all processes call it, since sharded tensors are gathered."""
        return {
            "model": whole_state(self.model.state_dict()),
            "ema": whole_state(self.ema.shadow),
            "optimiser": whole_state(self.optimiser.state_dict()),
            "adversary": self.adversary.state_dict() if self.adversary is not None else None,
            "stage": self.stage,
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "collected": self.collected,
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
            "views": self.views.state(),
            "sharp": self.sharp.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        if state["stage"] != self.stage:
            self._enter(str(state["stage"]))
        restore_weights(self.model, self.ema, self.optimiser, state)
        if self.adversary is not None and state["adversary"] is not None:
            self.adversary.load_state_dict(state["adversary"])
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        self.collected = state["collected"]
        self.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.views.restore(state["views"])
        self.sharp.restore(state["sharp"])


def without_texture_heads(
    config: TokenizerConfig, weights: dict[str, Tensor]
) -> tuple[TokenizerConfig, dict[str, Tensor]]:
    """Texture heads are a stage of their own, made for the decoder as it was: they are trained anew after this one."""
    kept = {name: v for name, v in weights.items() if not name.startswith(("to_texture.", "texture_heads."))}
    return replace(config, texture_heads=()), kept


def run_stage(trainer: Trainer, options: Options, log: Log, save: Callable[[], None]) -> None:
    """Train until the current stage is over, logging now and then and saving by time."""
    config = trainer.config
    heads = trainer.stage == "heads"
    clock = Clock(
        config.head_steps if heads else config.steps,
        options.head_minutes if heads else options.minutes,
        trainer.seconds,
    )
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    last_saved = clock.seconds
    while (fraction := trainer.runtime.fraction(clock, trainer.step)) < 1:
        for name, value in trainer.update(fraction).items():
            sums[name] = sums.get(name, 0.0) + value
            counts[name] = counts.get(name, 0) + 1
        trainer.seconds = clock.seconds
        if trainer.step % options.log_every == 0:
            means = {name: value / counts[name] for name, value in sums.items()}
            log.write(stage=trainer.stage, step=trainer.step, seen=trainer.seen, seconds=clock.seconds, **means)
            sums, counts = {}, {}
        if not heads and trainer.step % options.grid_every == 0:
            sample_grid(trainer, options.out / f"samples-{trainer.step:07d}.png", log)
        if trainer.runtime.fabric.broadcast(clock.seconds - last_saved > options.save_every):
            save()
            last_saved = clock.seconds


def sample_grid(trainer: Trainer, path: Path, log: Log) -> None:
    """Eight fixed photos above what the averaged model makes of their codes; all processes call it."""
    model = trainer.averaged()
    if not trainer.runtime.is_first:
        return
    pictures = data.to_tensor([data.whole(p, trainer.size) for p in trainer.photos[:8]])
    with torch.no_grad():
        grid = save_grid([pictures, model.decode_codes(model.encode(pictures))], path)
    log.picture("samples", grid, trainer.step)


def main(options: Options) -> None:
    chosen = recipe(options.recipe).tokenizer
    chosen = replace(chosen, frozen_codes=chosen.frozen_codes or options.frozen_codes)
    config = overridden(chosen, options, "steps", "codec_batch", "upscale_batch", "rate", "seed", "bf16", "muon")
    if config.frozen_codes and options.start is None:
        raise ValueError("Expected trained codes to freeze but there is no start; give --start a compact checkpoint.")
    runtime = Runtime(options.runtime, config.bf16)
    log = Log(options.out / "tokenizer.jsonl", runtime.is_first, options.tensorboard)
    path = options.out / "tokenizer.pt"
    photos = data.load_photos(options.data, min(options.limit or 256, 256) if options.stream else options.limit)
    trainer = Trainer(config, photos, runtime, options.data if options.stream else None)
    meta: dict[str, object] = {
        "recipe": options.recipe,
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "torch": torch.__version__,
        "seed": config.seed,
        "processes": runtime.place.world,
    }
    if options.resume and path.exists():
        stored = load(path)
        trainer.restore(stored["trainer"])
        meta |= {"start": stored["meta"]["start"]} if "start" in stored["meta"] else {}
        log.write(event="resumed", stage=trainer.stage, step=trainer.step)
    elif options.start is not None:
        meta["start"] = trainer.start_from(options.start)

    def save() -> None:
        state = trainer.state()
        if runtime.is_first:
            save_atomic({"trainer": state, "config": trainer.config.model, "meta": meta}, path)

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
    state = load(path)
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
