"""Decoder-only stage: texture heads with perceptual and adversarial loss on top of a trained tokenizer.

python -m spectral_training.train_decoder --start runs/a/tokenizer.pt --data 'photos/train-*.tar' --out runs/b

Encoder, codebooks, decoder and detail heads are frozen (see [Note: texture heads] in ``tokenizer``): codes do not
change, so runs/a/ar.pt goes with runs/b/tokenizer.pt, and a faithful upscale stays the same bit for bit.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import EllipsisType

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor, nn

from . import data
from .adversarial import AdversarialLoss
from .checkpoint import Clock, Ema, Log, commit, cosine, load, save_atomic
from .layout import Layout
from .perceptual import PerceptualDistance
from .recipes import DecoderTraining, overridden, recipe
from .runtime import Runtime, RuntimeOptions, averaged, restore_weights, whole_state
from .sources import MemorySource
from .tokenizer import CODE, EXACT, Tokenizer
from .train_tokenizer import load_tokenizer
from .views import render_views


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the training shards."""
    start: Path
    """Tokenizer to start from: a run's checkpoint or a compact file."""
    out: Path
    """Folder of the run: checkpoint (tokenizer.pt), log (decoder.jsonl)."""
    recipe: str = "studio-128"
    validation: str | None = None
    """Glob of held-out shards; PSNR and perceptual distance are logged before, now and then, and after."""
    minutes: float | None = None
    """End by time instead of by steps."""
    steps: int | None = None
    batch: int | None = None
    """Pictures a step, where the recipe's number is too dear."""
    adversarial: float | None = None
    """Weight of the adversarial loss in place of the recipe's weight or share; 0 does without a discriminator."""
    bf16: bool | None = None
    """In place of the recipe's; ``bench`` tells which precision is the faster one here."""
    limit: int | None = None
    """Use only the first photos."""
    resume: bool = True
    save_every: float = 240.0
    """Seconds between checkpoints."""
    validate_every: int = 200
    """Steps between validations."""
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    """Batches are taken in one part (no ``accumulate``)."""


def draw_code_kinds(layout: Layout, batch: int, rng: random.Random) -> Tensor:
    """(B, T): half codes only, the rest codes after an exact prefix or inside an exact frame; nothing masked."""
    n, g = layout.tokens_per_scale, layout.grid
    kinds = torch.full((batch, layout.tokens), CODE)
    for row in kinds:
        draw = rng.random()
        if draw < 0.5 or layout.scales == 1:
            continue
        row[: rng.randint(1, layout.scales - 1) * n] = EXACT
        if draw < 0.75:
            continue
        inside = torch.zeros(g, g, dtype=torch.bool)
        height, width = rng.randint((g + 1) // 2, g), rng.randint((g + 1) // 2, g)
        top, left = rng.randint(0, g - height), rng.randint(0, g - width)
        inside[top : top + height, left : left + width] = True
        row.view(layout.scales, n)[:, ~inside.reshape(-1)] = EXACT
    return kinds


class DecoderStep(nn.Module):
    """Forward pass of a step: what is wrapped and compiled."""

    def __init__(self, model: Tokenizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, kinds: Tensor) -> Tensor:
        """Pictures from the codes of ``images``; gradients reach the texture heads only."""
        model = self.model
        with torch.no_grad():
            coefficients = model.coefficients(images)
            vectors = model.code_vectors(model.encode(images))
            x = model.decode_tokens(vectors, coefficients, kinds)
        return model.assemble(x, coefficients, kinds).image


class DecoderTrainer:
    """Frozen tokenizer, its texture heads, their optimiser and the discriminator; all but photos is in ``state``."""

    def __init__(
        self,
        config: DecoderTraining,
        tokenizer: Tokenizer,
        photos: list[data.Photo],
        runtime: Runtime | None = None,
    ) -> None:
        self.config, self.runtime = config, runtime or Runtime(bf16=config.bf16)
        if (pieces := self.runtime.options.accumulate) != 1:
            raise ValueError(f"Expected batches in one part but got accumulate {pieces}; use a smaller --batch.")
        torch.manual_seed(config.seed)
        self.model = with_texture_heads(tokenizer, config)
        self.model.requires_grad_(False)
        for parameter in self.model.texture_parameters():
            parameter.requires_grad_(True)
        self.perceptual = PerceptualDistance(config.trunk) if config.perceptual else None
        self.adversary = AdversarialLoss(config.discriminator)
        self.module, self.optimiser = self.runtime.setup(DecoderStep(self.model), self._optimiser)
        self.adversary.setup(self.runtime.fabric)
        if self.perceptual is not None:
            self.perceptual.to(self.runtime.fabric.device)
        self.ema = Ema(self.model, config.ema)
        self.rng = random.Random(config.seed)
        self.views = MemorySource(photos, config.seed, self.runtime.place)
        self.step, self.seen, self.seconds = 0, 0, 0.0

    def _optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.model.texture_parameters(), betas=(0.5, 0.95), weight_decay=0.01)

    def draw(self) -> tuple[Tensor, Tensor]:
        """This process's pictures of the next step, and their kinds."""
        config, layout, device = self.config, self.model.layout, self.runtime.fabric.device
        images = render_views(self.views.take(config.batch), layout.image_size)
        # All processes draw all kinds, so that their generators stay in step.
        kinds = draw_code_kinds(layout, config.batch, self.rng)[self.runtime.place.share(config.batch)]
        return images.to(device), kinds.to(device)

    def update(self, fraction: float) -> dict[str, float]:
        """One step of the texture heads and, after its start, of the discriminator; returns the losses."""
        config, fabric = self.config, self.runtime.fabric
        for group in self.optimiser.param_groups:
            group["lr"] = config.rate * cosine(fraction)
        images, kinds = self.draw()
        self.model.eval()  # the codebooks must not follow the encoder any more
        fake = self.module(images, kinds).float()
        with fabric.autocast():
            shown = fake.detach().requires_grad_()
            losses, gradient = self.similarity(shown, images)
            if config.adversarial and fraction >= config.adversarial_from:
                losses["adversarial"] = self.adversary.of_generator(shown)
                (towards_real,) = torch.autograd.grad(losses["adversarial"], shown)
                gradient = gradient + self.adversarial_weight(gradient, towards_real) * towards_real
        self.optimiser.zero_grad(set_to_none=True)
        fabric.backward(fake, gradient)
        fabric.clip_gradients(self.module, self.optimiser, max_norm=1.0)
        self.optimiser.step()
        report = {name: value.detach() for name, value in losses.items()}
        if config.adversarial and fraction >= config.discriminator_from:
            with fabric.autocast():
                judged = self.adversary.update(images, fake.detach())
            report["discriminator"] = torch.tensor(judged, device=fabric.device)
        self.step += 1
        self.seen += config.batch
        self.ema.update(self.model, self.step)
        return self.runtime.mean(report)

    def similarity(self, shown: Tensor, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Losses that compare pictures (B, 3, I, I) with what they are to be, and their gradient at the pictures."""
        config, losses = self.config, {"l2": F.mse_loss(shown, images)}
        loss = config.l2 * losses["l2"]
        if self.perceptual is not None:
            part = crop(images.shape[-1], config.perceptual_crop, self.rng)
            losses["perceptual"] = self.perceptual(shown[part], images[part]).float().mean()
            loss = loss + config.perceptual * losses["perceptual"]
        (gradient,) = torch.autograd.grad(loss, shown)
        return losses, gradient

    def adversarial_weight(self, gradient: Tensor, towards_real: Tensor) -> float:
        """What the adversarial gradient counts beside ``gradient``, both at the pictures."""
        if self.config.adversarial_share is None:
            return self.config.adversarial
        return self.config.adversarial_share * float(gradient.norm() / towards_real.norm().clamp_min(1e-12))

    def averaged(self) -> Tokenizer:
        """A copy with the averaged weights, on the CPU, for looking at."""
        return averaged(self.model.config.build(), self.model, self.ema)

    def state(self) -> dict[str, object]:
        """Everything a run goes on from; all processes call it, since sharded tensors are gathered."""
        return {
            "model": whole_state(self.model.state_dict()),
            "ema": whole_state(self.ema.shadow),
            "optimiser": whole_state(self.optimiser.state_dict()),
            "adversary": self.adversary.state_dict(),
            "stage": "decoder",
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
            "views": self.views.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        restore_weights(self.model, self.ema, self.optimiser, state)
        self.adversary.load_state_dict(state["adversary"])
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        self.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.views.restore(state["views"])


def crop(size: int, side: int | None, rng: random.Random) -> tuple[slice | EllipsisType, ...]:
    """Where a random square of ``side`` pixels lies in pictures (..., size, size); all of them without a side."""
    if side is None or side >= size:
        return (...,)
    top, left = rng.randint(0, size - side), rng.randint(0, size - side)
    return (..., slice(top, top + side), slice(left, left + side))


def with_texture_heads(tokenizer: Tokenizer, config: DecoderTraining) -> Tokenizer:
    """The same tokenizer with texture heads; those of a tokenizer that has some of the same shape are kept."""
    if tokenizer.config.texture_heads == config.heads:
        return tokenizer
    model: Tokenizer = replace(tokenizer.config, texture_heads=config.heads).build()
    texture = ("to_texture.", "texture_heads.")
    kept = {name: value for name, value in tokenizer.state_dict().items() if not name.startswith(texture)}
    missing, unexpected = model.load_state_dict(kept, strict=False)
    odd = [name for name in missing if not name.startswith(texture)]
    if odd or unexpected:
        raise ValueError(f"Expected only texture heads to be new but {odd + unexpected} differ; use another recipe.")
    return model


@torch.no_grad()
def validate(model: Tokenizer, pictures: Tensor, perceptual: PerceptualDistance | None) -> dict[str, float]:
    """PSNR in dB and perceptual distance of held-out pictures (M, 3, I, I), decoded from their codes."""
    decoded = torch.cat([model.decode_codes(model.encode(part)) for part in pictures.split(8)]).clamp(-1, 1)
    mse = (decoded - pictures).pow(2).mean(dim=(1, 2, 3))
    figures = {"psnr": float((10 * torch.log10(4 / mse)).mean())}
    if perceptual is not None:
        parts = zip(decoded.split(8), pictures.split(8), strict=True)
        figures["st_lpips"] = float(torch.cat([perceptual(a, b) for a, b in parts]).mean())
    return figures


def main(options: Options) -> None:
    config = recipe(options.recipe).decoder
    if config is None:
        raise ValueError(f"Expected a recipe with wavelet details but {options.recipe} has none; choose another one.")
    if options.adversarial is not None:
        config = replace(config, adversarial=options.adversarial, adversarial_share=None)
    config = overridden(config, options, "steps", "batch", "bf16")
    runtime = Runtime(options.runtime, config.bf16)
    log, path = Log(options.out / "decoder.jsonl", runtime.is_first), options.out / "tokenizer.pt"
    photos = data.load_photos(options.data, options.limit)
    tokenizer, start_meta = load_tokenizer(options.start)
    trainer = DecoderTrainer(config, tokenizer, photos, runtime)
    size = trainer.model.layout.image_size
    held_out = data.load_photos(options.validation, 64) if options.validation else []
    pictures = data.to_tensor([data.whole(p, size) for p in held_out]) if held_out else torch.empty(0)
    meta = {
        "recipe": options.recipe,
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "torch": torch.__version__,
        "start": start_meta,
    }
    if options.resume and path.exists():
        trainer.restore(load(path)["trainer"])
        log.write(event="resumed", step=trainer.step)
    count = sum(p.numel() for p in trainer.model.texture_parameters())
    log.write(event="start", photos=len(photos), trained_parameters=count, **meta)

    def save() -> None:
        state = trainer.state()
        if runtime.is_first:
            save_atomic({"trainer": state, "config": trainer.model.config, "meta": meta}, path)

    measure = PerceptualDistance() if config.perceptual else None  # the same network for every run

    def check(event: str) -> None:
        model = trainer.averaged()
        if held_out and runtime.is_first:
            log.write(event=event, step=trainer.step, **validate(model, pictures, measure))

    check("before")
    clock = Clock(config.steps, options.minutes, trainer.seconds)
    last_saved, sums, counts = clock.seconds, {}, {}
    while (fraction := runtime.fraction(clock, trainer.step)) < 1:
        for name, value in trainer.update(fraction).items():
            sums[name] = sums.get(name, 0.0) + value
            counts[name] = counts.get(name, 0) + 1
        trainer.seconds = clock.seconds
        if trainer.step % 20 == 0:
            means = {name: value / counts[name] for name, value in sums.items()}
            log.write(step=trainer.step, seen=trainer.seen, seconds=clock.seconds, **means)
            sums, counts = {}, {}
        if trainer.step % options.validate_every == 0:
            check("validation")
        if runtime.fabric.broadcast(clock.seconds - last_saved > options.save_every):
            save()
            last_saved = clock.seconds
    save()
    check("after")


if __name__ == "__main__":
    main(tyro.cli(Options))
