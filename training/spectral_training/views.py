"""What a tokenizer is shown while it trains: views of photos, and which tokens its decoder is given in which kind.

Dimensions: B batch, I side of the picture, T tokens, N tokens a scale.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor

from . import data
from .layout import Layout
from .sources import Draw
from .tokenizer import CODE, EXACT, MASKED
from .transforms import Pyramid


def measure_std(photos: list[data.Photo], layout: Layout) -> tuple[float, ...]:
    """Standard deviation of each scale over whole photos and native crops, as a recipe's ``scale_std``."""
    rng, pyramid, size = random.Random(0), Pyramid(layout), layout.image_size
    views = [data.whole(p, size) for p in photos] + [data.native_crop(p, size, rng) for p in photos]
    sums = torch.zeros(layout.scales, dtype=torch.float64)
    for start in range(0, len(views), 32):
        part = views[start : start + 32]
        for s, band in enumerate(pyramid(data.to_tensor(part))):
            sums[s] += band.double().pow(2).mean() * len(part)
    # A scale that is empty, as in enlarged pictures, is divided by something small and not by nothing.
    return tuple(max(round(float(v), 4), 1e-3) for v in (sums / len(views)).sqrt())


def draw_kinds(
    layout: Layout, batch: int, rng: random.Random, exact_context: bool = True, masked_suffix: bool = True
) -> Tensor:
    """(B, T) kinds of the codec samples: the situations the app will meet, mixed.

    Half: codes only. Then: exact prefix and codes; codes and masked suffix; a rectangle to be edited whose
    surroundings are exact. A switched-off kind gives way to codes.
    """
    n, scales, g = layout.tokens_per_scale, layout.scales, layout.grid
    kinds = torch.full((batch, layout.tokens), CODE)
    for row in kinds:
        draw = rng.random()
        prefix = rng.randint(1, max(scales - 1, 1))
        if draw < 0.5 or scales == 1:
            continue
        if draw < 0.65:
            row[: prefix * n] = EXACT
        elif draw < 0.8:
            row[prefix * n :] = MASKED
        else:
            inside = torch.zeros(g, g, dtype=torch.bool)
            height, width = rng.randint(1, g), rng.randint(1, g)
            top, left = rng.randint(0, g - height), rng.randint(0, g - width)
            inside[top : top + height, left : left + width] = True
            cells = row.view(scales, n)
            cells[:, ~inside.reshape(-1)] = EXACT
            cells[: rng.randint(0, scales - 1)] = EXACT
            if rng.random() < 0.4:
                late = cells[rng.randint(1, scales - 1) :]
                late[late == CODE] = MASKED
    if not exact_context:
        kinds[kinds == EXACT] = CODE
    if not masked_suffix:
        kinds[kinds == MASKED] = CODE
    return kinds


def upscale_kinds(layout: Layout, batch: int, rng: random.Random) -> Tensor:
    """(B, T): an exact prefix, the rest masked; mostly only the finest scale is missing."""
    kinds = torch.zeros(batch, layout.tokens, dtype=torch.long)
    for row in kinds:
        known = rng.choices(range(1, layout.scales), weights=range(1, layout.scales))[0]
        row[: known * layout.tokens_per_scale] = EXACT
    return kinds


def render(draws: list[Draw], size: int, view: Callable[[data.Photo, random.Random], np.ndarray]) -> Tensor:
    """(B, 3, I, I) of a ``view`` (I, I, 3) of each; none give an empty batch.

    Made side by side, since an accelerator waits for them: resizing lets other threads run. Each draw has a generator
    of its own, so that the result does not depend on the order.
    """
    if not draws:
        return torch.empty(0, 3, size, size)
    return data.to_tensor(list(threads().map(lambda draw: view(*draw), draws)))


@cache
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="views")


def render_views(draws: list[Draw], size: int) -> Tensor:
    """(B, 3, I, I): native crops and random reduced views, mixed."""
    return render(
        draws,
        size,
        lambda photo, rng: (data.native_crop if rng.random() < 0.3 else data.random_view)(photo, size, rng),
    )


def render_crops(draws: list[Draw], size: int) -> Tensor:
    """(B, 3, I, I) native crops; none give an empty batch."""
    return render(draws, size, lambda photo, rng: data.native_crop(photo, size, rng))
