"""How fast a recipe trains, against PyTorch's own encoder of the same active size and the machine's matrix products.

    python -m spectral_training bench --recipe studio-128

All are measured in turns in one process, and the best of the turns counts: what else the machine does then harms all
alike. Ratios carry over to other machines, times do not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .checkpoint import commit
from .count import flops_of
from .recipes import recipe


@dataclass(frozen=True)
class Options:
    recipe: str = "studio-128"
    batch: int = 4
    turns: int = 3
    steps: int = 2
    """Training steps a turn."""
    bf16: bool = True
    out: Path | None = None
    """Append the figures there as a JSON line."""


def trainer(model: nn.Module, loss: Callable[[], Tensor], bf16: bool) -> Callable[[], None]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss()
        value.backward()
        optimiser.step()

    return step


def plain_encoder(width: int, layers: int, heads: int, tokens: int, batch: int, causal: bool) -> tuple:
    """torch.nn.TransformerEncoder, pre-norm and GELU as ours, and a loss on random input."""
    layer = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    model = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    x = torch.randn(batch, tokens, width)
    mask = nn.Transformer.generate_square_subsequent_mask(tokens) if causal else None
    return model, lambda: model(x, mask=mask, is_causal=causal).float().pow(2).mean()


def matmul(bf16: bool, size: int = 2048) -> Callable[[], None]:
    a = torch.randn(size, size, dtype=torch.bfloat16 if bf16 else torch.float32)

    def product() -> None:
        torch.mm(a, a)

    return product


def best_times(runs: dict[str, Callable[[], None]], turns: int, steps: int) -> dict[str, float]:
    """Seconds a step of each, the best turn's."""
    best = dict.fromkeys(runs, float("inf"))
    for run in runs.values():
        run()
    for _ in range(turns):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(steps):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / steps)
    return best


def main(options: Options) -> dict[str, object]:
    chosen = recipe(options.recipe)
    torch.manual_seed(0)
    config, ar_config = chosen.tokenizer.model, chosen.ar.model
    tokens, batch = config.layout.tokens, options.batch
    ours: dict[str, tuple[nn.Module, Callable[[], Tensor], float]] = {}

    # The part that is compared is the transformer stack: the same tokens through the same width and depth.
    model = config.build()
    x = torch.randn(batch, tokens, config.width)
    ours["tokenizer encoder"] = (model.encoder, lambda: model.encoder(x).float().pow(2).mean(), tokens)
    plain, loss = plain_encoder(config.width, config.encoder_layers, config.heads, tokens, batch, causal=False)
    ours["tokenizer encoder, plain"] = (plain, loss, tokens)

    ar = ar_config.build()
    codes = torch.zeros(batch, tokens, dtype=torch.long)
    text = torch.randn(batch, 16 if not ar_config.classes else 1, ar_config.text_width)
    lengths = torch.full((batch,), text.shape[1])
    total = tokens + text.shape[1]
    ours["AR stack"] = (ar, lambda: ar(text, lengths, codes).float().pow(2).mean(), tokens)
    plain, loss = plain_encoder(ar_config.width, ar_config.layers, ar_config.heads, total, batch, causal=True)
    ours["AR stack, plain"] = (plain, loss, tokens)

    runs = {name: trainer(m, loss, options.bf16) for name, (m, loss, _) in ours.items()}
    runs["matmul"] = matmul(options.bf16)
    times = best_times(runs, options.turns, options.steps)
    peak = 2 * 2048**3 / times["matmul"]
    figures: dict[str, object] = {
        "recipe": options.recipe, "batch": batch, "commit": commit(), "threads": torch.get_num_threads(),
        "matmul GFLOP/s": round(peak / 1e9, 1),
    }  # fmt: skip
    for name, (_, loss, count) in ours.items():
        work = 3 * flops_of(loss)
        figures[f"{name} tokens/s"] = round(batch * count / times[name], 1)
        figures[f"{name} share of matmul"] = round(work / times[name] / peak, 3)
    for name in ("tokenizer encoder", "AR stack"):
        figures[f"{name}: ours / plain"] = round(times[f"{name}, plain"] / times[name], 3)
    print(json.dumps(figures, indent=2))
    if options.out is not None:
        with options.out.open("a") as file:
            file.write(json.dumps(figures) + "\n")
    return figures
