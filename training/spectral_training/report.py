"""docs/results.md, made from the lines of the experiments alone: tables, expectations, curves and what gave each row."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from . import bench
from .experiments import EXPERIMENTS, Experiment
from .plots import plot_curves


def key(line: dict) -> tuple:
    return line["experiment"], line["label"], line["seed"], line["recipe"]


def read(path: Path) -> list[dict]:
    """The last line of each key, in the order of their first appearance."""
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    return list({key(line): line for line in lines}.values())


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
        found = {(line["label"], line["seed"]): figure_of(claim.figure, line) for line in lines}
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


def figure_of(name: str, line: dict) -> float | None:
    """A line's figure, or one of the two that are made of several; see :class:`experiments.Claim`."""
    figures = line["figures"]
    sides = [int(n.split()[0]) for n in figures if n.split()[0].isdigit() and n.endswith(" psnr")]
    if name == "psnr":
        return figures.get(f"{max(sides, default=0)} psnr")
    if name == "early gap":
        gaps = [
            figures[f"{side} early psnr"] - figures[f"{side} psnr"] for side in sides if f"{side} early psnr" in figures
        ]
        return min(gaps, default=None)
    return figures.get(name)


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


def write_report(source: Path, out: Path) -> None:
    lines = read(source)
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
        picture = out.parent / "images" / f"results-{name}.svg"
        plot_curves(mine, picture, experiment.kind)
        parts.append(f"![Loss while training](images/{picture.name})\n")
        parts.append(f"<details><summary>Runs</summary>\n\n{provenance(mine)}\n\n</details>\n")
    parts.append(speed_section(source.with_name("bench.jsonl")))
    out.write_text("\n".join(parts))
