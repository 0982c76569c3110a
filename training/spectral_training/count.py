"""Parameters and arithmetic of every recipe, counted on models without storage (the meta device).

    python -m spectral_training recipes

FLOPs are 2 a multiply-add, of matrix products, convolutions and attention, counted by PyTorch's own counter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .ar import ArConfig
from .recipes import Recipe, all_recipes, recipe
from .tokenizer import CODE, TokenizerConfig


@dataclass(frozen=True)
class Count:
    """parameters; active: those that one token meets (ADTransformer's other half left out); flops: one forward pass
    of one picture."""

    parameters: int
    active: int
    flops: int


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def flops_of(run: Callable[[], object]) -> int:
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        run()
    return counter.get_total_flops()


def count_tokenizer(config: TokenizerConfig) -> tuple[Count, Count]:
    """Encoder with quantisation, and decoder, of one picture."""
    with torch.device("meta"):
        model = config.build().eval()
        image = torch.empty(1, 3, config.layout.image_size, config.layout.image_size)
        codes = torch.zeros(1, config.layout.tokens, dtype=torch.long)
        kinds = torch.full_like(codes, CODE)
        encoding = flops_of(lambda: model.encode(image))
        coefficients = model.coefficients(image)
        decoding = flops_of(lambda: model.decode(model.code_vectors(codes), coefficients, kinds))
    encoder = [model.embed, model.encoder, model.to_code]
    encoder_parameters = sum(parameters(m) for m in encoder) + model.encoder_position.numel()
    rest = parameters(model) - encoder_parameters
    idle = [parameters(m) // 2 if config.split_weights else 0 for m in (model.encoder, model.decoder)]
    return (
        Count(encoder_parameters, encoder_parameters - idle[0], encoding),
        Count(rest, rest - idle[1], decoding),
    )


def count_ar(config: ArConfig) -> Count:
    """A full training pass over the longest prefix and all codes of one picture; frozen text encoder left out."""
    with torch.device("meta"):
        model = config.build()
        text = torch.zeros(1, config.text_positions, config.text_width)
        lengths = torch.full((1,), config.text_positions)
        codes = torch.zeros(1, config.layout.tokens, dtype=torch.long)
        flops = flops_of(lambda: model.loss_per_token(model(text, lengths, codes), codes))
    return Count(parameters(model), parameters(model), flops)


def deviation(counted: float, stated: float | None) -> str:
    return "" if stated is None else f" ({100 * (counted / stated - 1):+.0f} % of stated)"


def row(chosen: Recipe) -> str:
    model = chosen.tokenizer.model
    encoder, decoder = count_tokenizer(model)
    ar, stated = count_ar(chosen.ar.model), chosen.stated
    tokens = model.layout.tokens
    checked = "" if stated.tokens is None else " ok" if stated.tokens == tokens else f" (stated {stated.tokens})"
    cells = [
        chosen.name,
        f"{model.layout.image_size}",
        f"{tokens}{checked}",
        f"{encoder.parameters / 1e6:.1f} / {decoder.parameters / 1e6:.1f} M",
        f"{encoder.active / 1e6:.1f} / {decoder.active / 1e6:.1f} M",
        f"{encoder.flops / 1e9:.2f} / {decoder.flops / 1e9:.2f}",
        f"{ar.parameters / 1e6:.1f} M{deviation(ar.parameters, stated.ar_parameters)}",
        f"{ar.flops / 1e9:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| recipe | pixels | tokens | encoder / decoder parameters | active a token | GFLOP encode / decode "
    "| AR parameters | GFLOP AR pass |\n|---|---|---|---|---|---|---|---|"
)


def main(names: list[str] | None = None) -> None:
    """Print the table; by default of every full-sized recipe."""
    print(HEADER)
    for name in names or list(all_recipes()):
        print(row(recipe(name)), flush=True)
