"""How fast a recipe trains, against PyTorch's own encoder of the same active size and the machine's matrix products.

    python -m spectral_training bench --recipe studio-128

Both precisions are measured, since which one is faster depends on the machine: some processors have instructions for
bf16, others emulate it. All are measured in turns in one process, and the best of the turns counts: what else the
machine does then harms all alike. Ratios carry over to other machines, times do not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from .ar import ArConfig
from .checkpoint import commit
from .count import flops_of
from .recipes import recipe
from .tokenizer import TokenizerConfig

Precision = Literal["fp32", "bf16"]
PARTS = ("tokenizer encoder", "AR stack")
MATRIX = 2048
"""Side of the matrices whose product stands for the machine's peak."""


@dataclass(frozen=True)
class Options:
    recipe: str = "studio-128"
    batch: int = 4
    turns: int = 3
    steps: int = 2
    """Training steps a turn."""
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    out: Path | None = None
    """Append the figures there as a JSON line."""


@dataclass(frozen=True)
class Contender:
    """A model, its loss and the FLOPs of one training step (backward is twice forward) on one batch."""

    model: nn.Module
    loss: Callable[[], Tensor]

    @property
    def flops(self) -> int:
        return 3 * flops_of(self.loss)

    def step(self, precision: Precision) -> Callable[[], None]:
        optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-4)

        def step() -> None:
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                value = self.loss()
            value.backward()
            optimiser.step()

        return step


def plain_encoder(width: int, layers: int, heads: int, tokens: int, batch: int, causal: bool) -> Contender:
    """torch.nn.TransformerEncoder, pre-norm and GELU as ours, and a loss on random input."""
    layer = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    model = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    x = torch.randn(batch, tokens, width)
    mask = nn.Transformer.generate_square_subsequent_mask(tokens) if causal else None
    return Contender(model, lambda: model(x, mask=mask, is_causal=causal).float().pow(2).mean())


def tokenizer_contenders(config: TokenizerConfig, batch: int) -> tuple[Contender, Contender]:
    """Ours and plain: the transformer stack alone, the same tokens through the same width and depth."""
    model, tokens = config.build(), config.layout.tokens
    x = torch.randn(batch, tokens, config.width)
    ours = Contender(model.encoder, lambda: model.encoder(x).float().pow(2).mean())
    return ours, plain_encoder(config.width, config.encoder_layers, config.heads, tokens, batch, causal=False)


def ar_contenders(config: ArConfig, batch: int) -> tuple[Contender, Contender]:
    """Ours and plain: all but the logits, over the codes and a prefix of a usual caption's length."""
    model, tokens = config.build(), config.layout.tokens
    codes = torch.zeros(batch, tokens, dtype=torch.long)
    text = torch.randn(batch, 1 if config.classes else 16, config.text_width)
    lengths = torch.full((batch,), text.shape[1])
    ours = Contender(model, lambda: model(text, lengths, codes).float().pow(2).mean())
    total = tokens + text.shape[1]
    return ours, plain_encoder(config.width, config.layers, config.heads, total, batch, causal=True)


def matmul(precision: Precision) -> Callable[[], None]:
    a = torch.randn(MATRIX, MATRIX, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)

    def product() -> None:
        torch.mm(a, a)

    return product


def clock() -> Callable[[], float]:
    """Seconds. One thread's own processor time leaves out what other programs take from it; several threads wait for
    each other, so only the wall clock says how long they took."""
    return time.process_time if torch.get_num_threads() == 1 else time.perf_counter


def best_times(runs: dict[str, Callable[[], None]], turns: int, steps: int) -> dict[str, float]:
    """Seconds a step of each, the best turn's."""
    best, now = dict.fromkeys(runs, float("inf")), clock()
    for run in runs.values():
        run()
    for _ in range(turns):
        for name, run in runs.items():
            start = now()
            for _ in range(steps):
                run()
            best[name] = min(best[name], (now() - start) / steps)
    return best


def figures_of(
    precision: Precision, pairs: dict[str, tuple[Contender, Contender]], times: dict[str, float], tokens: int
) -> dict[str, float]:
    """What one precision reached; ``tokens`` of a batch."""
    peak = 2 * MATRIX**3 / times[f"{precision} matmul"]
    figures = {"matmul GFLOP/s": round(peak / 1e9, 1)}
    for part, (ours, plain) in pairs.items():
        seconds = [times[f"{precision} {part}, {whose}"] for whose in ("ours", "plain")]
        figures |= {
            f"{part} tokens/s": round(tokens / seconds[0], 1),
            f"{part}, plain tokens/s": round(tokens / seconds[1], 1),
            f"{part}: ours / plain": round(seconds[1] / seconds[0], 3),
            f"{part} share of matmul": round(ours.flops / seconds[0] / peak, 3),
            f"{part}, plain share of matmul": round(plain.flops / seconds[1] / peak, 3),
        }
    return figures


def advice(measured: dict[str, dict[str, float]]) -> str:
    """Which precision to train in on this machine, in words; nothing where one alone was measured."""
    if len(measured) < 2:
        return ""
    seconds = {p: sum(1 / figures[f"{part} tokens/s"] for part in PARTS) for p, figures in measured.items()}
    best, other = sorted(seconds, key=seconds.__getitem__)[:2]
    flag = "True" if best == "bf16" else "False"
    return f"{best} trains {seconds[other] / seconds[best]:.1f} times as fast as {other} here: --bf16 {flag}"


def main(options: Options) -> dict[str, object]:
    chosen = recipe(options.recipe)
    torch.manual_seed(0)
    makers = (
        tokenizer_contenders(chosen.tokenizer.model, options.batch),
        ar_contenders(chosen.ar.model, options.batch),
    )
    pairs = dict(zip(PARTS, makers, strict=True))
    runs: dict[str, Callable[[], None]] = {}
    for precision in options.precisions:
        runs[f"{precision} matmul"] = matmul(precision)
        for part, (ours, plain) in pairs.items():
            runs[f"{precision} {part}, ours"] = ours.step(precision)
            runs[f"{precision} {part}, plain"] = plain.step(precision)
    times = best_times(runs, options.turns, options.steps)
    tokens = options.batch * chosen.tokenizer.model.layout.tokens
    measured = {precision: figures_of(precision, pairs, times, tokens) for precision in options.precisions}
    figures: dict[str, object] = {
        "recipe": options.recipe, "batch": options.batch, "commit": commit(), "threads": torch.get_num_threads(),
        "clock": clock().__name__, "precisions": measured, "advice": advice(measured),
    }  # fmt: skip
    print(json.dumps(figures, indent=2))
    if options.out is not None:
        with options.out.open("a") as file:
            file.write(json.dumps(figures) + "\n")
    return figures
