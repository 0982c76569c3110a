"""Plain convolutional networks that enlarge pictures of any size: LL in, details out.

    python -m spectral_training.enlarge train --data 'photos/train-*.tar' --factor 2 --speed best --out runs/a
    python -m spectral_training.enlarge evaluate --data 'photos/val-*.tar' --runs runs/a --out runs/a/enlarge.json
    python -m spectral_training.enlarge export --runs runs/a --bundle models/studio-128 --figures runs/a/enlarge.json

``enlarge_bundle`` makes a bundle of nothing but such networks.

Trained on the error alone (no perceptual and no adversarial loss): what the network gives is close to the conditional
mean, which is what "faithful" means.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import tyro
from torch import Tensor, nn

from . import data
from .checkpoint import Clock, Ema, Log, commit, cosine, load, save_atomic
from .enlarge_network import (
    FACTORS,
    SPEEDS,
    EnlargeConfig,
    EnlargeGraph,
    EnlargeNetwork,
    load_enlarger,
    mean_of_views,
    run_name,
    shape,
)
from .evaluate import centre_crop, lanczos, project, psnr, ssim, to_levels
from .export_onnx import describe, export, session
from .runtime import Runtime, RuntimeOptions, averaged, restore_weights, whole_state
from .sources import MemorySource
from .views import render

BATCH = 16
"""Crops a step."""


@dataclass(frozen=True)
class Train:
    data: str
    """Glob of the training shards."""
    out: Path
    """Folder of the run."""
    factor: int = 2
    speed: str = "best"
    minutes: float | None = 30.0
    steps: int = 10**9
    """End by steps; without minutes the learning rate follows them too."""
    batch: int = BATCH
    crop: int = 96
    """Side of the large crops in pixels."""
    rate: float = 1e-3
    absolute: float = 0.7
    """Fraction of the run that minimises absolute error, which trains quickly; PSNR itself is what follows."""
    ema: float = 0.999
    seed: int = 0
    sources: tuple[str, ...] = ()
    """Use only photos of these sources (the samples' JSON names them); all by default."""
    start: Path | None = None
    """Checkpoint whose weights to begin with; of one for another factor the body alone."""
    bf16: tyro.conf.FlagConversionOff[bool] = True
    """``bench`` tells which precision is the faster one here."""
    save_every: float = 120.0
    limit: int | None = None
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)


def minus_psnr(error: Tensor) -> Tensor:
    """Logarithm of each picture's squared error (B, 3, h, w), averaged: what a mean of PSNRs counts.

    Plain squared error would listen to the pictures with the most detail alone.
    """
    return error.pow(2).mean(dim=(1, 2, 3)).clamp(min=1e-6).log().mean()


class EnlargeStep(nn.Module):
    """Forward pass and loss of one part of a batch: what is wrapped and compiled."""

    def __init__(self, model: EnlargeNetwork) -> None:
        super().__init__()
        self.model = model

    def forward(self, low: Tensor, target: Tensor, is_absolute: bool) -> tuple[Tensor, Tensor]:
        """Loss, and the mean squared error for the log."""
        error = self.model(low) - target
        return error.abs().mean() if is_absolute else minus_psnr(error), error.detach().pow(2).mean()


class Trainer:
    """Network, optimiser and source of crops; all but the photos goes into the checkpoint."""

    def __init__(self, options: Train, photos: list[data.Photo]) -> None:
        self.options = options
        self.runtime = Runtime(options.runtime, options.bf16)
        torch.manual_seed(options.seed)
        self.source = MemorySource(photos, options.seed, self.runtime.place)
        self.model = shape(options.speed, options.factor).build()
        if options.start is not None:
            self.start_from(options.start)
        self.model.to(memory_format=torch.channels_last)
        self.module, self.optimiser = self.runtime.setup(EnlargeStep(self.model), self._optimiser)
        self.ema = Ema(self.model, options.ema)
        self.step, self.seconds = 0, 0.0

    def _optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.model.parameters(), lr=self.options.rate, betas=(0.9, 0.99), weight_decay=0)

    def start_from(self, path: Path) -> None:
        """Go on with the weights of a network of the same width: of another factor without its last convolution, of
        fewer blocks with further ones that do nothing yet.

        Raises ValueError if its width is another or its blocks are more.
        """
        begun = load(path)
        old, new = EnlargeConfig(**begun["config"]), self.model.config
        if old.width != new.width or old.blocks > new.blocks:
            raise ValueError(
                f"Expected a network of {new.width} channels and at most {new.blocks} blocks but {path} has "
                f"{old.width} and {old.blocks}; start from another one."
            )
        kept = {k: v for k, v in begun["weights"].items() if old.factor == new.factor or not k.startswith("out.")}
        self.model.load_state_dict(kept, strict=False)
        for block in self.model.blocks[old.blocks :]:
            nn.init.zeros_(block.second.weight)

    def batch(self) -> Tensor:
        """This process's part of a step's large pictures (B, 3, crop, crop)."""
        size = self.options.crop
        crops = render(self.source.take(self.options.batch), size, lambda photo, rng: turned_view(photo, size, rng))
        return crops.to(self.runtime.fabric.device).contiguous(memory_format=torch.channels_last)

    def update(self, fraction: float) -> float:
        """One optimiser step at ``fraction`` of the run; returns its mean squared error."""
        runtime, pieces = self.runtime, self.runtime.options.accumulate
        for group in self.optimiser.param_groups:
            group["lr"] = self.options.rate * cosine(fraction, warmup=0.01, floor=0.005)
        target = self.batch()
        # Whole levels, as in a file: the network meets the rounding that it will meet in use.
        low = (F.avg_pool2d(target, self.options.factor) * 127.5 + 127.5).round() / 127.5 - 1
        self.optimiser.zero_grad(set_to_none=True)
        squared = torch.zeros((), device=target.device)
        for part, is_last in runtime.parts(len(target)):
            with runtime.fabric.no_backward_sync(self.module, enabled=not is_last):
                loss, error = self.module(low[part], target[part], fraction < self.options.absolute)
                runtime.fabric.backward(loss / pieces)
            squared += error / pieces
        runtime.fabric.clip_gradients(self.module, self.optimiser, max_norm=0.5)
        self.optimiser.step()
        self.step += 1
        self.ema.update(self.model, self.step)
        return runtime.mean({"squared": squared})["squared"]

    def state(self) -> dict[str, object]:
        """Everything a run goes on from; all processes call it, since sharded tensors are gathered."""
        return {
            "model": whole_state(self.model.state_dict()),
            "ema": whole_state(self.ema.shadow),
            "optimiser": whole_state(self.optimiser.state_dict()),
            "step": self.step,
            "seconds": self.seconds,
            "source": self.source.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        restore_weights(self.model, self.ema, self.optimiser, state)
        self.step, self.seconds = state["step"], state["seconds"]
        self.source.restore(state["source"])

    def averaged(self) -> dict[str, Tensor]:
        """The averaged weights, on the CPU; all processes call it."""
        return averaged(self.model.config.build(), self.model, self.ema).state_dict()


def turned_view(photo: data.Photo, size: int, rng: random.Random) -> np.ndarray:
    """(size, size, 3): a native crop, now and then a reduced view; turned and mirrored."""
    view = (data.native_crop if rng.random() < 0.8 else data.random_view)(photo, size, rng)
    if rng.random() < 0.5:
        view = view.transpose(1, 0, 2)
    return view[::-1] if rng.random() < 0.5 else view


def train(options: Train) -> None:
    """Train one network; goes on where a stopped run of the same folder left off."""
    name = run_name(options.speed, options.factor)
    path = options.out / f"{name}.pt"
    photos = [
        p
        for p in data.load_photos(options.data, options.limit)
        if min(p.pixels.shape[:2]) >= options.crop and (not options.sources or p.source in options.sources)
    ]
    trainer = Trainer(options, photos)
    runtime = trainer.runtime
    log = Log(options.out / f"{name}.jsonl", runtime.is_first)
    if path.exists():
        trainer.restore(load(path)["trainer"])
    meta = {
        "commit": commit(),
        "data": data.manifest_hash(options.data),
        "sources": list(options.sources),
        "photos": len(photos),
    }
    parameters = sum(p.numel() for p in trainer.model.parameters())
    log.write(event="start", step=trainer.step, parameters=parameters, **meta)

    def save() -> None:
        state = {"trainer": trainer.state(), "weights": trainer.averaged(), "config": asdict(trainer.model.config)}
        if runtime.is_first:
            save_atomic({**state, "meta": {**meta, "step": trainer.step, "seconds": trainer.seconds}}, path)

    clock = Clock(options.steps, options.minutes, trainer.seconds)
    saved, total, counted = clock.seconds, 0.0, 0
    while (fraction := runtime.fraction(clock, trainer.step)) < 1 and trainer.step < options.steps:
        total += trainer.update(fraction)
        counted += 1
        trainer.seconds = clock.seconds
        if trainer.step % 100 == 0:
            quality = float(-10 * np.log10(total / counted / 4))
            log.write(step=trainer.step, seconds=clock.seconds, psnr=quality)
            total, counted = 0.0, 0
        if runtime.fabric.broadcast(clock.seconds - saved > options.save_every):
            save()
            saved = clock.seconds
    save()
    log.write(event="end", step=trainer.step, seconds=trainer.seconds)


@dataclass(frozen=True)
class Evaluate:
    data: str
    """Glob of the held-out shards."""
    runs: Path
    """Folder of trained networks; those that are there are measured."""
    size: int = 128
    limit: int | None = None
    out: Path | None = None


@torch.no_grad()
def evaluate(options: Evaluate) -> dict[str, float]:
    """PSNR (RGB) and SSIM (luma) on native centre crops, against centre-aligned Lanczos3 with projection."""
    photos = data.load_photos(options.data, options.limit)
    target = to_levels(data.to_tensor([centre_crop(p.pixels, options.size) for p in photos]))
    figures: dict[str, float] = {"photos": len(photos)}
    for factor in FACTORS:
        low = F.avg_pool2d(target, factor).round()
        candidates = {"lanczos3+projection": project(lanczos(low, factor), low, factor)}
        ways: dict[str, Callable[[Tensor], Tensor]] = {}
        for speed in SPEEDS:
            path = options.runs / f"{run_name(speed, factor)}.pt"
            if path.exists():
                ways[speed], _ = load_enlarger(path)
        if one_view := ways.get("finest", ways.get("best")):
            ways["finest"] = partial(mean_of_views, one_view)
        for name, enlarge in ways.items():
            start = time.perf_counter()
            parts = [enlarge(part / 127.5 - 1) for part in low.split(25)]
            figures[f"x{factor} {name} seconds"] = time.perf_counter() - start
            candidates[name] = project((torch.cat(parts) + 1) * 127.5, low, factor)
        for name, picture in candidates.items():
            figures[f"x{factor} {name} psnr"] = psnr(picture.round(), target)
            figures[f"x{factor} {name} ssim"] = ssim(picture.round(), target)
    text = json.dumps(figures, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    return figures


@dataclass(frozen=True)
class Export:
    runs: Path
    """Folder of trained networks; those that are there are exported."""
    bundle: Path
    """Bundle whose manifest takes them in."""
    figures: Path | None = None
    """JSON of ``evaluate``, put among the bundle's metrics."""


@torch.no_grad()
def export_networks(options: Export) -> None:
    """Write the networks into a bundle and name them in its manifest; what PyTorch gives is checked first.

    Each takes the place of what the bundle had for its speed and factor, and others stay. One in 8 bits, which was
    made of another, leaves as well: run ``enlarge_int8`` next.
    """
    manifest_path = options.bundle / "model.json"
    manifest = json.loads(manifest_path.read_text())
    entries, metrics = [], []
    for speed in SPEEDS:
        for factor in FACTORS:
            checkpoint = options.runs / f"{run_name(speed, factor)}.pt"
            if not checkpoint.exists():
                continue
            network, _ = load_enlarger(checkpoint)
            path = options.bundle / f"{run_name(speed, factor)}.onnx"
            error = export_network(network, path)
            entries.append({**describe(path, "fp32"), "speed": speed, "factor": factor, "halo": network.config.halo})
            metrics.append(
                {
                    "name": f"{path.stem} max abs error against PyTorch",
                    "value": error,
                    "unit": "1",
                    "command": "python -m spectral_training.enlarge export",
                }
            )
    if options.figures is not None:
        for name, value in json.loads(options.figures.read_text()).items():
            if name.endswith("seconds"):
                continue  # true of the machine of that run, not of the bundle
            unit = "dB" if name.endswith("psnr") else "1"
            command = "python -m spectral_training.enlarge evaluate"
            metrics.append({"name": f"enlarge {name}", "value": round(value, 4), "unit": unit, "command": command})
    names = {metric["name"] for metric in metrics}
    manifest["metrics"] = [m for m in manifest["metrics"] if m["name"] not in names] + metrics
    new = {(entry["speed"], entry["factor"]) for entry in entries}
    stay = [e for e in manifest.get("enlarge", []) if (e["speed"], e["factor"]) not in new]
    # Those in 8 bits stay last.
    manifest["enlarge"] = sorted(entries + stay, key=lambda entry: entry["precision"] != "fp32")
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n")


@torch.no_grad()
def export_network(network: EnlargeNetwork, path: Path) -> float:
    """Write one ONNX file; returns the largest difference to PyTorch on a random picture of odd sides."""
    graph = EnlargeGraph(network).eval()
    sides = {0: "B", 2: "h", 3: "w"}
    outside = {0: "B", 2: "H", 3: "W"}
    export(graph, (torch.rand(1, 3, 16, 16),), path, (["image"], ["enlarged"]), {"image": sides, "enlarged": outside})
    image = torch.rand(2, 3, 13, 21, generator=torch.Generator().manual_seed(0)) * 2 - 1
    answer = session(path).run(None, {"image": image.numpy()})[0]
    return float((torch.from_numpy(answer) - network(image)).abs().max())


Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Export, tyro.conf.subcommand("export")]
)


def main(command: Train | Evaluate | Export) -> None:
    if isinstance(command, Train):
        train(command)
    elif isinstance(command, Evaluate):
        evaluate(command)
    else:
        export_networks(command)


if __name__ == "__main__":
    main(tyro.cli(Command))
