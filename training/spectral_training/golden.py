"""Golden inputs and outputs of a bundle, made by the exported files themselves: what both sides' tests check.

Dimensions: T codes, P text positions, W width of the text states.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import onnxruntime

from .ar import NEGATIVE, AutoregressiveModel
from .ar_graph import ar_outputs, cache_names
from .graphs import cache_inputs, empty_cache
from .onnx_files import session
from .text import ClassTable, TextEncoder
from .tokenizer import CODE, EXACT, Tokenizer

ROUNDING = 5e-3
"""Share of the logits' spread by which they may differ: activations are rounded to 8 bits, and where one lies between
two levels, versions of the runtime choose differently. A wrong graph is off by a hundred times as much."""


def floats(array: np.ndarray) -> dict[str, object]:
    data = np.ascontiguousarray(array, dtype="<f4")
    return {"shape": list(data.shape), "base64": base64.b64encode(data.tobytes()).decode()}


def smooth_picture(size: int) -> np.ndarray:
    """A picture with colour, edges and texture, made of formulas: (1, 3, size, size) in [-1, 1]."""
    y, x = np.mgrid[0:size, 0:size] / size
    disc = ((x - 0.6) ** 2 + (y - 0.45) ** 2 < 0.06).astype(np.float64)
    red = 0.9 * (2 * x - 1) * (1 - disc) + 0.8 * disc
    green = 0.7 * np.sin(5 * y + 2 * x) * (1 - disc) - 0.2 * disc
    blue = 0.6 * (1 - 2 * y) + 0.25 * np.sin(40 * x) * (y > 0.7)
    return np.clip(np.stack([red, green, blue])[None], -1, 1).astype(np.float32)


def golden(
    out: Path, tokenizer: Tokenizer, ar: AutoregressiveModel, text: TextEncoder | ClassTable, prompt: str
) -> dict[str, object]:
    layout, n = tokenizer.layout, tokenizer.layout.tokens_per_scale
    image = smooth_picture(layout.image_size)
    codes = session(out / "encoder.onnx").run(None, {"image": image})[0]
    decoder = session(out / "decoder.onnx")
    every = np.full_like(codes, CODE)
    reconstruction = decoder.run(None, {"image": image, "codes": codes, "kinds": every})[0]
    known = max(layout.scales - 1, 1)
    prefix = np.zeros_like(codes)
    prefix[:, : known * n] = EXACT
    faithful = decoder.run(None, {"image": image, "codes": np.zeros_like(codes), "kinds": prefix})[0]

    ids = np.array([text.ids(prompt)], dtype=np.int64)
    states = session(out / "text.onnx").run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
    logits, spread = [], 0.0
    runner = session(out / "ar.onnx")
    p = ar.config.text_positions
    for position in (0, min(n + 3, layout.tokens - 1)):
        first, second = run_prefix(runner, ar, states, codes, position)
        logits.append({"code": position, "approximation": floats(first), "detail": floats(second)})
        spread = max(spread, float(np.ptp(first)), float(np.ptp(second)))
    return {
        "image": floats(image),
        "codes": codes[0].tolist(),
        "reconstruction": floats(reconstruction),
        "faithful": {"frozenScales": known, "reconstruction": floats(faithful)},
        "prompt": prompt,
        "inputIds": ids[0].tolist(),
        "textStates": floats(states),
        "arLogits": logits,
        "textPositions": p,
        "tolerances": {"reconstruction": 2e-3, "textStates": 5e-2, "arLogits": max(5e-2, ROUNDING * spread)},
    }


def fed_before(ar: AutoregressiveModel, position: int) -> tuple[np.ndarray, int]:
    """Code positions that are fed for the logits of ``position``, block by block, and its place among them."""
    blocks = ar.block_of.numpy()
    order = np.argsort(blocks, kind="stable")
    fed = order[blocks[order] <= blocks[position]]
    return fed, int(np.flatnonzero(fed == position)[0])


def all_but(ar: AutoregressiveModel, position: int) -> np.ndarray:
    """(1, T) bool: every code is given but one."""
    return np.arange(ar.layout.tokens)[None] != position


def run_prefix(
    runner: onnxruntime.InferenceSession, ar: AutoregressiveModel, states: np.ndarray, codes: np.ndarray, position: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (1, V) of code ``position`` after the prompt, in one chunk over an empty cache; all others are given."""
    p = ar.config.text_positions
    keys, values, mask = empty_cache(ar, 1)
    fed, row = fed_before(ar, position)
    count = p + len(fed)
    text = np.zeros((1, count, states.shape[2]), np.float32)
    text[:, : states.shape[1]] = states
    text_mask = np.zeros((1, count), np.float32)
    text_mask[:, states.shape[1] : p] = NEGATIVE
    caches = dict(zip(cache_names(ar.config.layers), (x.numpy() for x in cache_inputs(keys, values)), strict=True))
    names = ar_outputs(ar)[:-2]
    logits = runner.run(
        names,
        {
            "text": text, "text_mask": text_mask, "codes": codes, "cache_mask": mask.numpy(),
            "positions": np.concatenate([np.arange(p), p + fed]).astype(np.int64), **caches,
            **({"given": all_but(ar, position).astype(np.int64)} if ar.config.around else {}),
        },
    )  # fmt: skip
    if ar.config.order == "parallel":
        logits = [values[:, p + row] for values in logits]
    # A raster has one codebook; its detail logits are of one entry, so that golden files have one shape.
    return logits[0], logits[1] if len(logits) > 1 else np.zeros((1, 1), np.float32)
