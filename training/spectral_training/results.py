"""Run the experiments, and have ``report`` write docs/results.md from what was run.

    python -m spectral_training results --run --data 'photos/train-*.tar' --validation 'photos/val-*.tar'
    python -m spectral_training results

A run appends one JSON line; a line is identified by experiment, label, seed and scale, and the last one counts. The
report is made from the lines alone.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from . import data
from .checkpoint import commit
from .condition import condition_for, unigram_loss
from .cost import cpu_time, saved_bytes
from .drawing_figures import drawing_figures
from .experiments import EXPERIMENTS, Experiment, Row
from .figures import ar_figures, tokenizer_figures
from .recipes import Recipe, recipe, resized
from .report import key, read, write_report
from .runtime import Runtime, RuntimeOptions
from .train_ar import Trainer as ArTrainer
from .train_tokenizer import Trainer as TokenizerTrainer

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Options:
    run: bool = False
    """Run what is not in the lines yet, before reporting."""
    only: tuple[str, ...] = ()
    """Names of experiments; all by default."""
    seeds: tuple[int, ...] = (0, 1)
    full: bool = False
    """Full-sized recipes in place of their -debug siblings; needs GPUs."""
    steps: int | None = None
    """Of the tokenizers, in place of the recipe's; AR models take half as many."""
    data: str = ""
    validation: str = ""
    photos: int = 2000
    """Training photos that are held in memory."""
    held_out: int = 128
    perceptual: bool = False
    """Also ST-LPIPS and FD-ENL0, which cost more than the runs at small scale."""
    minutes: float | None = None
    """Start no further run after so long."""
    lines: Path = ROOT / "experiments" / "results.jsonl"
    out: Path = ROOT.parent / "docs" / "results.md"


def main(options: Options) -> None:
    if options.run:
        run_all(options)
    write_report(options.lines, options.out)


def run_all(options: Options) -> None:
    torch.set_num_threads(max(1, torch.get_num_threads()))
    train = data.load_photos(options.data, options.photos)
    held_out = data.load_photos(options.validation, options.held_out)
    done = {key(line) for line in read(options.lines)}
    start, tokenizers = time.monotonic(), {}
    for name in options.only or EXPERIMENTS:
        for seed in options.seeds:
            for row in EXPERIMENTS[name].rows:
                chosen = recipe_of(row, options)
                line = {"experiment": name, "label": row.label, "recipe": chosen.name, "seed": seed}
                if key(line) in done:
                    continue
                if options.minutes is not None and time.monotonic() - start > 60 * options.minutes:
                    return
                line |= run_row(EXPERIMENTS[name], row, chosen, seed, options, train, held_out, tokenizers)
                options.lines.parent.mkdir(parents=True, exist_ok=True)
                with options.lines.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(json.dumps({k: line[k] for k in ("experiment", "label", "seed", "seconds")}), flush=True)


def recipe_of(row: Row, options: Options) -> Recipe:
    chosen = recipe(row.recipe if options.full else f"{row.recipe}-debug")
    chosen = resized(chosen, row.enlarge) if row.enlarge else chosen
    training = replace(chosen.tokenizer, steps=(options.steps or chosen.tokenizer.steps) * row.longer)
    return replace(chosen, tokenizer=training if row.batch is None else replace(training, codec_batch=row.batch))


def choose(photos: list[data.Photo], source: str) -> list[data.Photo]:
    """Photos of one source; "A" and "B" are every other one of all sources, by name."""
    names = sorted({p.source for p in photos})
    halves = {"A": set(names[::2]), "B": set(names[1::2])}
    kept = [p for p in photos if not source or p.source in halves.get(source, {source})]
    if not kept:
        raise ValueError(f"Expected photos of source {source!r} but there are only {', '.join(names)}.")
    return kept


def equal_share(photos: list[data.Photo], row: Row, experiment: Experiment) -> list[data.Photo]:
    """The row's training photos: as many as the row of the experiment has that has the fewest."""
    count = min(len(choose(photos, other.train_source)) for other in experiment.rows)
    mine = choose(photos, row.train_source)
    return mine if len(mine) == count else random.Random(0).sample(mine, count)


def run_row(
    experiment: Experiment, row: Row, chosen: Recipe, seed: int, options: Options, train: list[data.Photo],
    held_out: list[data.Photo], tokenizers: dict,
) -> dict[str, object]:  # fmt: skip
    """Train one row and measure it; everything that a line of the report needs."""
    photos, tests = equal_share(train, row, experiment), choose(held_out, row.test_source)
    start = time.monotonic()
    tokenizer, curve, cost = trained_tokenizer(chosen, seed, options, photos, row, tokenizers)
    if experiment.kind != "ar":
        # Networks that were trained on photos of 224 pixels have nothing to say about what resolution costs.
        judged = options.perceptual and experiment.kind == "tokenizer"
        trunk = "alex" if judged else None
        figures: dict[str, object] = cost | tokenizer_figures(tokenizer, tests, trunk, judged)
        steps, batch = chosen.tokenizer.steps, chosen.tokenizer.codec_batch
    else:
        steps, batch = (options.steps or 2 * chosen.ar.steps) // 2, chosen.ar.batch
        figures, curve = trained_ar(chosen, seed, steps, tokenizer, photos, tests)
    if not (chosen.tokenizer.exact_context or chosen.tokenizer.masked_suffix):
        figures.pop("x2 psnr", None)  # it was never trained for that
    return {
        "commit": commit(),
        "command": command_of(experiment, seed, options),
        "steps": steps,
        "batch": batch,
        "train photos": len(photos),
        "seconds": round(time.monotonic() - start, 1),
        "spikes": spikes(curve),
        "curve": [round(v, 5) for v in curve[:: max(1, len(curve) // 60)]],
        "figures": {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()},
    }


def command_of(experiment: Experiment, seed: int, options: Options) -> str:
    """What runs this row again; the shards are the reader's own."""
    name = next(n for n, e in EXPERIMENTS.items() if e is experiment)
    parts = [
        f"python -m spectral_training results --run --only {name} --seeds {seed}",
        f"--photos {options.photos} --held-out {options.held_out}",
        f"--steps {options.steps}" if options.steps else "",
        "--full" if options.full else "",
        "--perceptual" if options.perceptual else "",
    ]
    return " ".join(part for part in parts if part)


def trained_tokenizer(
    chosen: Recipe, seed: int, options: Options, photos: list[data.Photo], row: Row, known: dict
) -> tuple:
    """Model with averaged weights, its curve of squared errors and what it cost; trained once for equal settings."""
    config = replace(chosen.tokenizer, seed=seed)
    steps = config.steps
    name = (repr(config), row.train_source)
    if name not in known:
        runtime = Runtime(RuntimeOptions(accelerator="auto" if options.full else "cpu"), config.bf16)
        trainer = TokenizerTrainer(config, photos, runtime)
        if trainer.stage == "heads":
            for step in range(config.head_steps):
                trainer.update(step / config.head_steps)
            trainer.enter_joint()
        with cpu_time() as timer:
            curve = [trainer.update(step / steps)["codec_l2"] for step in range(steps)]
        kept = saved_bytes(lambda: trainer.joint_losses()["loss"], list(trainer.model.parameters()))
        cost = {
            "tokens": config.model.layout.tokens,
            "cpu ms a picture": 1000 * timer.cpu_seconds / (steps * config.codec_batch),
            "saved MB a picture": kept / 1e6 / config.codec_batch,
        }
        known[name] = trainer.averaged(), curve, cost
    return known[name]


def trained_ar(
    chosen: Recipe,
    seed: int,
    steps: int,
    tokenizer,
    photos: list[data.Photo],
    tests: list[data.Photo],  # noqa: ANN001
) -> tuple[dict[str, object], list[float]]:
    config = replace(chosen.ar, seed=seed, steps=steps)
    condition = condition_for(config, [*photos, *tests], None)
    trainer = ArTrainer(config, tokenizer, photos, condition)
    frequencies = trainer.start()
    curve = [trainer.update(step / steps) for step in range(steps)]
    size = tokenizer.layout.image_size
    codes = trainer.encode(data.to_tensor([data.whole(p, size) for p in tests]))
    unigram = unigram_loss(frequencies, codes, tokenizer.layout)
    captions = [p.source if config.model.classes else p.captions[0] for p in tests]
    model = trainer.averaged()
    figures = ar_figures(model, codes, captions, condition)
    figures |= drawing_figures(tokenizer, model, tests[:DRAWN], condition, chosen.tokenizer.exact_context)
    mean = sum(unigram) / len(unigram)
    parameters = sum(p.numel() for p in trainer.model.parameters())
    below = 100 * (1 - float(figures["right loss"]) / mean)  # type: ignore[arg-type]
    return {"parameters": parameters, "unigram loss": mean, "below unigram %": below, **figures}, curve


DRAWN = 8
"""Photos that an AR model is made to upsample and edit."""


def spikes(curve: list[float], window: int = 20, factor: float = 2.0) -> int:
    """Steps whose loss is more than ``factor`` times the median of the ``window`` before: unstable training."""
    return sum(curve[i] > factor * statistics.median(curve[i - window : i]) for i in range(window, len(curve)))
