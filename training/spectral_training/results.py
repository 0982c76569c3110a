"""Run the experiments, and write docs/results.md from what was run.

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

from . import bench, data
from .checkpoint import commit
from .cost import cpu_time, saved_bytes
from .drawing_figures import drawing_figures
from .experiments import EXPERIMENTS, Experiment, Row
from .figures import ar_figures, tokenizer_figures
from .plots import plot_curves
from .recipes import Recipe, recipe, resized
from .runtime import Runtime, RuntimeOptions
from .train_ar import Trainer as ArTrainer
from .train_ar import condition_for, unigram_loss
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
    write_report(options)


# -- running -------------------------------------------------------------------------------------------------


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
    training = replace(chosen.tokenizer, steps=chosen.tokenizer.steps * row.longer)
    return replace(chosen, tokenizer=training if row.batch is None else replace(training, codec_batch=row.batch))


def key(line: dict) -> tuple:
    return line["experiment"], line["label"], line["seed"], line["recipe"]


def read(path: Path) -> list[dict]:
    """The last line of each key, in the order of their first appearance."""
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    return list({key(line): line for line in lines}.values())


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
        steps, batch = options.steps or chosen.tokenizer.steps, chosen.tokenizer.codec_batch
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
    steps = options.steps or chosen.tokenizer.steps
    config = replace(chosen.tokenizer, seed=seed, steps=steps)
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


# -- reporting -----------------------------------------------------------------------------------------------


COLUMNS = {
    "tokenizer": ("psnr", "ssim", "ms_ssim", "st_lpips", "fd_enl0"),
    "ar": ("parameters", "unigram loss", "right loss", "by scale", "below unigram %", "shuffled loss", "retrieval %",
           "retrieval, finer tokens %"),
    "compute": ("tokens", "cpu ms a picture", "saved MB a picture"),
}  # fmt: skip


DRAWING = (
    "upsampling x2 psnr", "upsampling x2 consistency", "upsampling x2 caption sensitivity", "edit outside",
    "edit consistency", "edit caption sensitivity",
)  # fmt: skip


def second_columns(kind: str, lines: list[dict]) -> list[str]:
    """Of the table below the main one: what the first scales give alone; what is drawn under constraints."""
    present = list(dict.fromkeys(name for line in lines for name in line["figures"]))
    if kind == "ar":
        return [c for c in DRAWING if c in present]
    return [c for c in present if c.endswith(" early psnr")] if kind == "tokenizer" else []


SECOND_TABLE = {
    "tokenizer": "Pictures of the first scales' codes alone, of each size as soon as its scales are there:",
    "ar": "Drawn under constraints, in levels of 8 bits but for PSNR. Consistency and outside: how far what had to stay "
    "has moved; sensitivity: what another caption changes.",
}


def spread(values: list[float]) -> str:
    """Mean, and the range over seeds where there are several."""
    mean = statistics.mean(values)
    if all(value == round(value) for value in values) and min(values) == max(values):
        return f"{mean:.0f}"
    digits = 0 if abs(mean) >= 1000 else 2 if abs(mean) >= 1 else 4
    text = f"{mean:.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {(max(values) - min(values)) / 2:.{digits}f}"


def cell(values: list) -> str:
    """One figure of a row over its seeds; figures that are lists, one number a scale, keep their order."""
    if isinstance(values[0], list):
        return " / ".join(spread([float(v) for v in column]).split(" ")[0] for column in zip(*values, strict=True))
    return spread([float(value) for value in values])


def columns_of(kind: str, lines: list[dict]) -> list[str]:
    present = list(dict.fromkeys(name for line in lines for name in line["figures"]))
    if kind == "ar":
        return [c for c in COLUMNS["ar"] if c in present]
    if kind == "compute":
        return [c for c in COLUMNS["compute"] if c in present]
    sizes = sorted({int(n.split()[0]) for n in present if n.split()[0].isdigit()}, reverse=True)
    full = [f"{sizes[0]} {m}" for m in COLUMNS["tokenizer"]] if sizes else []
    reduced = [f"{side} psnr" for side in sizes[1:]]
    rest = ["detail perplexity", "x2 psnr"]  # speeds stay in the lines: other work on the machine distorts them
    return [c for c in [*full, *reduced, *rest] if c in present]


def table(experiment: Experiment, lines: list[dict], columns: list[str], is_main: bool = True) -> str:
    """A row a label, a column a figure, means and ranges over the seeds; the main one also counts spikes and seeds."""
    names = [c.replace("_", " ") for c in columns] + (["spikes", "seeds"] if is_main else [])
    rows = [["", *names]]
    for row in experiment.rows:
        mine = [line for line in lines if line["label"] == row.label]
        if not mine:
            rows.append([row.label, *[""] * (len(names) - 1), "not run"])
            continue
        cells = [cell([x["figures"][c] for x in mine]) if all(c in x["figures"] for x in mine) else "" for c in columns]
        ends = [str(sum(line["spikes"] for line in mine)), str(len(mine))] if is_main else []
        rows.append([row.label, *cells, *ends])
    rows.insert(1, ["---"] * (len(names) + 1))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def verdicts(experiment: Experiment, lines: list[dict]) -> str:
    """What was expected of each pair of rows, and what each seed says to it."""
    rows = []
    for claim in experiment.claims:
        found = {(line["label"], line["seed"]): line["figures"].get(figure_name(claim.figure, line)) for line in lines}
        seeds = sorted({seed for _, seed in found})
        pairs = [(found.get((claim.better, seed)), found.get((claim.worse, seed))) for seed in seeds]
        gaps = [better - worse for better, worse in pairs if better is not None and worse is not None]
        if not gaps:
            continue
        shown = [round(gap, 2) for gap in gaps]
        verdict = "as expected" if min(shown) > 0 else "**against it**" if max(shown) < 0 else "seeds disagree"
        verdict = verdict if any(shown) else "no difference"
        rows.append(f"| {claim.says} | {claim.figure} | {', '.join(f'{gap:+.2f}' for gap in gaps)} | {verdict} |")
    if not rows:
        return ""
    return "\n".join(["| expectation | figure | difference, a seed each | found |", "|---|---|---|---|", *rows]) + "\n"


def figure_name(figure: str, line: dict) -> str:
    """``psnr`` stands for that of the largest size, ``early psnr`` for the next smaller one's."""
    if figure not in ("psnr", "early psnr"):
        return figure
    sizes = [int(name.split()[0]) for name in line["figures"] if name.endswith(" psnr") and name[0].isdigit()]
    largest = max(sizes, default=0)
    return f"{largest} psnr" if figure == "psnr" else f"{largest // 2} early psnr"


def provenance(lines: list[dict]) -> str:
    rows = [
        f"| {line['label']} | `{line['recipe']}` | {line['seed']} | `{line['commit']}` | {line['steps']} x {line['batch']} | "
        f"{line['train photos']} | {line['seconds']:.0f} s | `{line['command']}` |"
        for line in lines
    ]
    head = (
        "| row | config | seed | commit | steps x batch | photos | time | command |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows])


INTRODUCTION = """# Results of the experiments

Written by `python -m spectral_training results` from `training/experiments/results.jsonl`.

**Scale.** Recipes whose name ends in `-debug` are models of some ten thousand parameters on pictures of 32 pixels, trained
for seconds on a CPU. They show that every row trains and is measured by one command; differences between rows at
that scale say little about the paper's claims, and none of them reproduces a number of the paper. Rows of one
experiment share data, steps, batch and evaluation, not parameters: a row's cost is in its recipe's count
(`python -m spectral_training recipes`).

**Columns.** ± is half the range over seeds. "Spikes" are steps whose loss is more than twice the median of the twenty
before. PSNR in dB on held-out photos, from codes alone, at full and reduced resolution; x2 is the faithful enlargement.
AR losses are nats a token, "by scale" coarse to fine. Networks for perceptual and Fréchet distances were made for
pictures of 224 pixels and say nothing about 32: `--perceptual` adds them where pictures are large enough. "CPU ms" are
the process's own, so that other programs do not count; "saved MB" is what a forward pass keeps for the backward one.

**Expectations** are the paper's or ours. A difference that is smaller than that between seeds decides nothing, and two
seeds at this scale are few: what is against an expectation is reported as found, not explained away.
"""


def speed_section(path: Path) -> str:
    """The last measurement of each recipe by ``bench``, if there is any."""
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    if not lines:
        return ""
    rows, found = [], []
    for line in {line["recipe"]: line for line in lines}.values():
        found += [f"`{line['recipe']}`: {line['advice']}"] if line["advice"] else []
        for precision, measured in line["precisions"].items():
            for part in bench.PARTS:
                shares = f"{measured[f'{part} share of matmul']:.0%} | {measured[f'{part}, plain share of matmul']:.0%}"
                rows.append(
                    f"| {line['recipe']} | {part} | {precision} | {measured[f'{part} tokens/s']:.0f} | "
                    f"{measured[f'{part}, plain tokens/s']:.0f} | {measured[f'{part}: ours / plain']:.2f} | {shares} | "
                    f"{measured['matmul GFLOP/s']:.0f} | {line['threads']} | `{line['commit']}` |"
                )
    return "\n".join(
        [
            "## speed\n",
            "Tokens trained a second against `torch.nn.TransformerEncoder` of the same active size, measured in turns in",
            "one run, and the share that each reaches of the machine's matrix products in that precision: `python -m",
            "spectral_training bench --recipe NAME --out experiments/bench.jsonl`. With one thread the clock is the",
            "thread's own, so that other programs on the machine do not count.\n",
            "| recipe | part | precision | ours, tokens/s | plain | ours / plain | ours, of the peak | plain | peak, GFLOP/s | threads | commit |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            *[f"{text}\n" for text in found],
        ]
    )


def write_report(options: Options) -> None:
    lines = read(options.lines)
    parts = [INTRODUCTION]
    for name, experiment in EXPERIMENTS.items():
        mine = [line for line in lines if line["experiment"] == name]
        parts.append(f"## {name}\n\n{experiment.question}\n")
        if not mine:
            parts.append("Not run yet.\n")
            continue
        parts.append(table(experiment, mine, columns_of(experiment.kind, mine)) + "\n")
        if second := second_columns(experiment.kind, mine):
            parts.append(f"{SECOND_TABLE[experiment.kind]}\n\n{table(experiment, mine, second, is_main=False)}\n")
        parts.append(verdicts(experiment, mine))
        picture = options.out.parent / "images" / f"results-{name}.svg"
        plot_curves(mine, picture, experiment.kind)
        parts.append(f"![Loss while training](images/{picture.name})\n")
        parts.append(f"<details><summary>Runs</summary>\n\n{provenance(mine)}\n\n</details>\n")
    parts.append(speed_section(options.lines.with_name("bench.jsonl")))
    options.out.write_text("\n".join(parts))
