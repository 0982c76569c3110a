"""The ONNX graphs of a bundle that PyTorch exports; that of the AR is in ``ar_graph``.

Dimensions: B batch, T codes, C positions of one chunk, P text positions, D width, H heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .ar import NEGATIVE, AutoregressiveModel
from .tokenizer import CODE, EXACT, MASKED, Tokenizer

OPSET = 17


class EncoderGraph(nn.Module):
    def __init__(self, model: Tokenizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        return self.model.encode(image)


@dataclass(frozen=True)
class Skills:
    """What a decoder was trained for; a bundle's manifest states it."""

    exact_context: bool = True
    """Takes a picture's own coefficients in place of codes."""
    masked_suffix: bool = True
    """Predicts scales that are missing."""


class DecoderGraph(nn.Module):
    """A decoder that keeps the contract of a bundle whatever it was trained for.

    [Note: one contract for all decoders] Exact tokens come back as the picture's own coefficients, and masked ones as
    a prediction. A decoder without exact context reads such a token's *code* instead, so its codes have to be given,
    and the coefficients still pass through. One without masked suffix predicts nothing: details are 0, a level of the
    picture pyramid is the one before with larger pixels. The app knows both from the manifest and does not offer what
    would need them.
    """

    def __init__(self, model: Tokenizer, skills: Skills) -> None:
        super().__init__()
        self.model, self.skills = model, skills

    def forward(self, image: Tensor, codes: Tensor, kinds: Tensor) -> Tensor:
        model, coefficients = self.model, self.model.coefficients(image)
        read = kinds if self.skills.exact_context else torch.where(kinds == EXACT, torch.full_like(kinds, CODE), kinds)
        tokens = model.decode_tokens(model.code_vectors(codes), coefficients, read)
        if self.skills.masked_suffix:
            return model.assemble(tokens, coefficients, kinds).image
        where = [model.where_kind(kinds, MASKED, scale) for scale in range(model.layout.scales)]
        known = [torch.where(masked, torch.zeros_like(c), c) for masked, c in zip(where, coefficients, strict=True)]
        passed = torch.where(kinds == MASKED, torch.full_like(kinds, EXACT), kinds)
        decoded = model.assemble(tokens, known, passed)
        if model.layout.transform != "pyramid":
            return decoded.image
        picture = decoded.pictures[0]
        for masked, finer in zip(where[1:], decoded.pictures[1:], strict=True):
            larger = F.interpolate(picture, scale_factor=2, mode="nearest")
            picture = torch.where(masked, larger, finer)
        return picture


class StagedDecoderGraph(nn.Module):
    """A decoder that also takes the coarsest scales alone and then costs only those; see tokenizer [Note: coarse
    prefixes]. It gives the picture of every level, fine to coarse, those of absent scales with an empty batch."""

    def __init__(self, model: Tokenizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, codes: Tensor, kinds: Tensor) -> tuple[Tensor, ...]:
        decoded = self.model.decode(self.model.code_vectors(codes), self.model.coefficients(image), kinds)
        return tuple(decoded.pictures[::-1])

    @staticmethod
    def suits(model: Tokenizer, skills: Skills) -> bool:
        """Only where coarse tokens do not look at finer ones is a part what it is in the whole.

        The runtime pads convolutions of other widths to blocks of 16 channels, and then reshapes at their sums, which
        fails on empty batches.
        """
        config = model.config
        causal = config.decoder_causal and model.layout.scales > 1 and model.layout.transform != "pyramid"
        heads = (*config.detail_heads, *config.texture_heads)
        return causal and skills == Skills() and all(head.width % 16 == 0 for head in heads)


def export(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    path: Path,
    names: tuple[list[str], list[str]],
    axes: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        module.eval(), inputs, str(path), input_names=names[0], output_names=names[1], dynamic_axes=axes,
        opset_version=OPSET, dynamo=False, do_constant_folding=True,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(path), full_check=True)


def export_tokenizer(model: Tokenizer, out: Path, skills: Skills) -> None:
    size, tokens = model.layout.image_size, model.layout.tokens
    image = torch.rand(2, 3, size, size) * 2 - 1
    codes = torch.zeros(2, tokens, dtype=torch.long)
    batch = {0: "batch"}
    export(
        EncoderGraph(model), (image,), out / "encoder.onnx", (["image"], ["codes"]), {"image": batch, "codes": batch}
    )
    tokens_axes: dict[str, dict[int, str]] = {"image": batch, "codes": batch, "kinds": batch, "reconstruction": batch}
    outputs = ["reconstruction"]
    graph: nn.Module = DecoderGraph(model, skills)
    if StagedDecoderGraph.suits(model, skills):
        graph = StagedDecoderGraph(model)
        outputs += [f"picture_{scale}" for scale in reversed(range(model.layout.levels))]
        tokens_axes |= {name: {0: f"batch_of_{name}"} for name in outputs}
        tokens_axes |= {name: {0: "batch", 1: "tokens"} for name in ("codes", "kinds")}
    export(
        graph,
        (image, codes, torch.full_like(codes, CODE)),
        out / "decoder.onnx",
        (["image", "codes", "kinds"], outputs),
        tokens_axes,
    )


def empty_cache(model: AutoregressiveModel, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, values (layers, B, H, P + T, D/H) and an additive mask that hides all of it."""
    config = model.config
    total = config.text_positions + model.layout.tokens
    shape = (config.layers, batch, config.heads, total, config.width // config.heads)
    return torch.zeros(shape), torch.zeros(shape), torch.full((batch, total), NEGATIVE)


def cache_inputs(keys: Tensor, values: Tensor) -> list[Tensor]:
    """The caches of :func:`empty_cache` as the graph takes them; see :func:`ar_graph.cache_names`."""
    return [*keys.transpose(-1, -2).contiguous(), *values]
