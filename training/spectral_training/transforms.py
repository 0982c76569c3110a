"""The transform of a layout: how a picture becomes scales, and how a picture so far and the next scale become one.

Dimensions: B batch, C colour, n side of a level, L levels.

[Note: boundaries] Haar needs none. LeGall 5/3 and CDF 9/7 (PyWavelets' ``bior2.2`` and ``bior4.4``) extend the
picture by whole-sample symmetry (... c b | a b c ...), as JPEG 2000 does: odd symmetric filters then give exactly n/2
coefficients a band, and nothing leaks from the opposite edge, as it would with periodic extension. Each level is a
pair of matrices made from PyWavelets' taps; the synthesis is their inverse in float64. ``ptwt`` pads instead and
gives more than n/2 coefficients, which no patch grid can take; away from the edges the two agree, and a test holds
them to it.

All transforms keep the "mean" convention of ``wavelet``: a constant picture has its own value as approximation.
"""

from __future__ import annotations

import numpy as np
import pywt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layout import Layout
from .wavelet import haar_forward, haar_merge

FILTERS = {"legall53": "bior2.2", "cdf97": "bior4.4"}


def reflect(index: int, size: int) -> int:
    """Whole-sample symmetric extension of 0..size-1."""
    period = 2 * (size - 1)
    index = index % period
    return min(index, period - index)


def analysis_matrix(name: str, size: int) -> np.ndarray:
    """(size, size): the first half of the rows gives the means, the second half the details."""
    wavelet = pywt.Wavelet(name)
    matrix = np.zeros((size, size))
    for half, taps in enumerate((wavelet.dec_lo, wavelet.dec_hi)):
        kept = np.trim_zeros(np.asarray(taps)) / np.sqrt(2)
        # PyWavelets' details are (later - earlier); ours are (earlier - later), as Haar's in ``wavelet``.
        kept = -kept if half and kept[len(kept) // 2] > 0 else kept
        centre = len(kept) // 2
        for row in range(size // 2):
            for tap, value in enumerate(kept):
                matrix[half * size // 2 + row, reflect(2 * row + half + tap - centre, size)] += value
    return matrix


class Pyramid(nn.Module):
    """Forward transform of whole pictures and one step of the inverse. Its matrices are constants, not weights."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        for level in range(layout.levels if layout.transform in FILTERS else 0):
            size = layout.image_size // 2**level
            analysis = analysis_matrix(FILTERS[layout.transform], size)
            for kind, matrix in (("analysis", analysis), ("synthesis", np.linalg.inv(analysis))):
                # Filled by copy so that a model may be built on the meta device, to be counted only.
                self.register_buffer(f"{kind}_{size}", torch.tensor(matrix, dtype=torch.float32), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 3, I, I) -> scales, coarsest first."""
        levels = self.layout.levels
        if self.layout.transform == "haar":
            return haar_forward(image, levels)
        if self.layout.transform == "pyramid":
            return [F.avg_pool2d(image, 2**level) if level else image for level in range(levels, -1, -1)]
        details = []
        for _ in range(levels):
            image, band = self._split(image)
            details.append(band)
        return [image, *reversed(details)]

    def merge(self, picture: Tensor, bands: Tensor) -> Tensor:
        """Picture of the next finer level from the one so far and that level's bands (not normalised)."""
        if self.layout.transform == "haar":
            return haar_merge(picture, bands)
        if self.layout.transform == "pyramid":
            return bands
        h, v, d = bands.chunk(3, dim=1)
        matrix = getattr(self, f"synthesis_{2 * picture.shape[-1]}")
        quadrants = torch.cat([torch.cat([picture, h], dim=-1), torch.cat([v, d], dim=-1)], dim=-2)
        return matrix @ quadrants @ matrix.t()

    def inverse(self, scales: list[Tensor]) -> Tensor:
        image = scales[0]
        for bands in scales[1:]:
            image = self.merge(image, bands)
        return image

    def _split(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """One level: (B, C, n, n) -> approximation (B, C, n/2, n/2) and H, V, D (B, 3C, n/2, n/2)."""
        half = image.shape[-1] // 2
        matrix = getattr(self, f"analysis_{image.shape[-1]}")
        both = matrix @ image @ matrix.t()
        h, v, d = both[..., :half, half:], both[..., half:, :half], both[..., half:, half:]
        return both[..., :half, :half], torch.cat([h, v, d], dim=1)
