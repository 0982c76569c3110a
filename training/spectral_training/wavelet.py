"""Haar pyramid.

Dimensions: B batch, C colour (3), H/W pixels, L levels, S = L + 1 scales.

The "mean" convention is used everywhere, also by the app: for a 2 x 2 block ``a b / c d``

    LL = (a+b+c+d)/4   H = (a-b+c-d)/4   V = (a+b-c-d)/4   D = (a-b-c+d)/4

so that the approximation is the mean colour and every band stays in [-1, 1] for pixels in [-1, 1].
It is the orthonormal transform of arXiv 2412.09607 section 3.1, divided by 2 at each level.
"""

from __future__ import annotations

import torch
from torch import Tensor


def haar_split(image: Tensor) -> tuple[Tensor, Tensor]:
    """One level: (B, C, H, W) -> approximation (B, C, H/2, W/2) and details (B, 3C, H/2, W/2).

    The channel axis of the details is H (all colours), then V, then D.
    Raises ValueError when a side is odd.
    """
    height, width = image.shape[-2:]
    if height % 2 or width % 2:
        raise ValueError(
            f"Expected even sides for one Haar level but got {height} x {width}; crop or pad the image first."
        )
    a, b = image[..., 0::2, 0::2], image[..., 0::2, 1::2]
    c, d = image[..., 1::2, 0::2], image[..., 1::2, 1::2]
    approximation = (a + b + c + d) * 0.25
    details = torch.cat([(a - b + c - d), (a + b - c - d), (a - b - c + d)], dim=1) * 0.25
    return approximation, details


def haar_merge(approximation: Tensor, details: Tensor) -> Tensor:
    """Inverse of :func:`haar_split`."""
    h, v, d = details.chunk(3, dim=1)
    batch, colours, height, width = approximation.shape
    corners = torch.stack(
        [
            approximation + h + v + d,
            approximation - h + v - d,
            approximation + h - v - d,
            approximation - h - v + d,
        ],
        dim=2,
    )
    # (B, C, 2, 2, H, W) -> (B, C, H, 2, W, 2): the corner's row and column become the pixel's low bits.
    return (
        corners.reshape(batch, colours, 2, 2, height, width)
        .permute(0, 1, 4, 2, 5, 3)
        .reshape(batch, colours, height * 2, width * 2)
    )


def haar_forward(image: Tensor, levels: int) -> list[Tensor]:
    """Pyramid of S = levels + 1 scales, coarsest first: the approximation, then details coarse to fine."""
    details: list[Tensor] = []
    approximation = image
    for _ in range(levels):
        approximation, band = haar_split(approximation)
        details.append(band)
    return [approximation, *reversed(details)]


def haar_inverse(scales: list[Tensor]) -> Tensor:
    """Inverse of :func:`haar_forward`."""
    image = scales[0]
    for details in scales[1:]:
        image = haar_merge(image, details)
    return image
