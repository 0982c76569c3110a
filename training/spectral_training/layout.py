"""Token layout: which pixels and which scale each position of the sequence stands for.

Dimensions: S scales, N = grid * grid tokens a scale, T = S * N tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

Transform = Literal["haar", "legall53", "cdf97", "pyramid"]
"""What the scales hold: wavelet coefficients, or (``pyramid``, a control without wavelets) the picture's reductions."""


@dataclass(frozen=True)
class Layout:
    """Every scale has ``grid`` x ``grid`` tokens; the patch side doubles from scale to scale.

    Without levels there is one scale, the picture itself in raster order: the layout of ViT-VQGAN.
    """

    image_size: int
    grid: int
    levels: int
    transform: Transform = "haar"

    def __post_init__(self) -> None:
        base = self.image_size // 2**self.levels
        if base * 2**self.levels != self.image_size or base % self.grid:
            raise ValueError(
                f"Expected image_size = grid * k * 2**levels but got image_size {self.image_size}, "
                f"grid {self.grid}, levels {self.levels}; choose sides that divide."
            )

    @property
    def scales(self) -> int:
        return self.levels + 1

    @property
    def tokens_per_scale(self) -> int:
        return self.grid * self.grid

    @property
    def tokens(self) -> int:
        return self.scales * self.tokens_per_scale

    @cached_property
    def resolutions(self) -> tuple[int, ...]:
        """Side of each scale's coefficient map; scales 0 and 1 of a wavelet transform share the coarsest one."""
        base = self.image_size // 2**self.levels
        if self.transform == "pyramid":
            return tuple(base * 2**scale for scale in range(self.scales))
        return (base, *(base * 2**level for level in range(self.levels)))

    @cached_property
    def patches(self) -> tuple[int, ...]:
        return tuple(resolution // self.grid for resolution in self.resolutions)

    @cached_property
    def channels(self) -> tuple[int, ...]:
        return (3, *([3 if self.transform == "pyramid" else 9] * self.levels))

    @cached_property
    def patch_dims(self) -> tuple[int, ...]:
        """Length of one token's vector of coefficients, by scale."""
        return tuple(c * p * p for c, p in zip(self.channels, self.patches, strict=True))

    def scale_of_token(self) -> Tensor:
        """(T,) int64: the scale of each position."""
        return torch.arange(self.scales).repeat_interleave(self.tokens_per_scale)

    def patchify(self, coefficients: Tensor, scale: int) -> Tensor:
        """(B, C, r, r) -> (B, N, C*p*p), raster order over the grid."""
        batch, channels = coefficients.shape[:2]
        g, p = self.grid, self.patches[scale]
        return (
            coefficients.reshape(batch, channels, g, p, g, p)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(batch, g * g, channels * p * p)
        )

    def unpatchify(self, tokens: Tensor, scale: int, channels: int | None = None) -> Tensor:
        """Inverse of :meth:`patchify`; ``channels`` defaults to the scale's own number."""
        batch = tokens.shape[0]
        g, p = self.grid, self.patches[scale]
        c = self.channels[scale] if channels is None else channels
        return tokens.reshape(batch, g, g, c, p, p).permute(0, 3, 1, 4, 2, 5).reshape(batch, c, g * p, g * p)

    def scale_causal_mask(self) -> Tensor:
        """(T, T) bool, True = may attend: a scale sees itself and the coarser ones (paper, section 3.3)."""
        scale = self.scale_of_token()
        return scale[:, None] >= scale[None, :]
