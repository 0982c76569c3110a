"""How far exported graphs are from the PyTorch models they were made of, weights rounded and quantised included.

Dimensions: B pictures, T codes, n word pieces.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import torch

from .ar import AutoregressiveModel
from .golden import all_but
from .graphs import DecoderGraph, Skills
from .text import ClassTable, TextEncoder
from .tokenizer import CODE, EXACT, Tokenizer

LogitsOf = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
"""Text states (1, n, W), codes (1, T) and a position -> the AR graph's logits of both codebooks there."""

PROMPTS = ("a dog runs across the grass", "two boats on a lake in the evening")
"""Of text-conditional models; others are given their first classes."""


@torch.no_grad()
def parity(
    sessions: dict[str, onnxruntime.InferenceSession],
    logits_of: LogitsOf,
    tokenizer: Tokenizer,
    ar: AutoregressiveModel,
    text: TextEncoder | ClassTable,
    skills: Skills,
) -> dict[str, float]:
    """Largest absolute error of each graph on random pictures and two prompts; for codes, the share that differs.

    The models are the trained ones, in fp32. Each graph is given what PyTorch computed before it, so that errors of
    one graph do not count for the next.
    """
    layout, generator = tokenizer.layout, torch.Generator().manual_seed(0)
    size, n = layout.image_size, layout.tokens_per_scale
    # Smooth noise: white noise is unlike any photo, and its codes are decided by a hair.
    coarse = torch.rand(2, 3, max(size // 8, 2), max(size // 8, 2), generator=generator) * 2 - 1
    image = torch.nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(-1, 1)
    codes = tokenizer.encode(image)
    mine = sessions["encoder"].run(None, {"image": image.numpy()})[0]
    errors = {"encoder codes that differ %": 100 * float((torch.from_numpy(mine) != codes).float().mean())}

    kinds = torch.full_like(codes, CODE)
    kinds[1, :n] = EXACT
    expected = DecoderGraph(tokenizer, skills)(image, codes, kinds)
    inputs = {"image": image.numpy(), "codes": codes.numpy(), "kinds": kinds.numpy()}
    errors["decoder max error"] = gap(sessions["decoder"].run(None, inputs)[0], expected)

    errors["text max error"] = errors["ar max error"] = 0.0
    for prompt in text.names[:2] if isinstance(text, ClassTable) else PROMPTS:
        ids = torch.tensor([text.ids(prompt)])
        states = text(ids, torch.ones_like(ids))
        inputs = {"input_ids": ids.numpy(), "attention_mask": np.ones_like(ids.numpy())}
        error = gap(sessions["text"].run(None, inputs)[0], states)
        errors["text max error"] = max(errors["text max error"], error)
        for position in (0, min(n + 1, layout.tokens - 1)):
            approximation, detail = logits_of(states.numpy(), codes[:1].numpy(), position)
            given = torch.from_numpy(all_but(ar, position))
            last = ar(states, torch.tensor([states.shape[1]]), codes[:1], given)[:, position]
            if position < n:
                error = gap(approximation, ar.logits_approximation(last))
            else:
                error = gap(detail, ar.logits_detail(last, ar.scale_of[position : position + 1]))
            errors["ar max error"] = max(errors["ar max error"], error)
    return errors


def gap(got: np.ndarray, expected: torch.Tensor) -> float:
    return float(np.abs(got - expected.numpy()).max())
