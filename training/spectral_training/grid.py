"""Sheets of pictures beside each other, for looking at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def grid(rows: list[Tensor]) -> np.ndarray:
    """Rows of pictures (B, 3, I, I) in [-1, 1], all of one size -> (h, w, 3) uint8."""
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)
    return ((sheet.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


def save_grid(rows: list[Tensor], path: Path) -> np.ndarray:
    pixels = grid(rows)
    Image.fromarray(pixels).save(path)
    return pixels
