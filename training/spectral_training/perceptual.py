"""Perceptual distance for training: shift-tolerant LPIPS (Ghildyal and Liu 2022), under that name.

Dimensions: B batch, I side of the picture in pixels.
The trunks come with the PyPI package ``stlpips-pytorch``, so nothing is downloaded at run time. Its values are
not those of LPIPS v0.1 and are never reported as such.
"""

from __future__ import annotations

import warnings
from typing import Literal

from torch import Tensor, nn

Trunk = Literal["alex", "vgg"]
"""``alex`` costs about half of ``vgg`` on a CPU; the paper's own network is not known to us."""


class PerceptualDistance(nn.Module):
    """prediction, target (B, 3, I, I) in [-1, 1] -> (B,) distance, 0 for equal pictures; its weights never train.

    Raises ImportError with what to install when the package is not there.
    """

    def __init__(self, trunk: Trunk = "alex") -> None:
        super().__init__()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from stlpips_pytorch import stlpips
        except ImportError as error:
            raise ImportError(
                "Expected the perceptual network but it is not installed; run `uv sync --extra perceptual`, "
                "or set the weight of the perceptual loss to 0."
            ) from error
        self.distance = stlpips.LPIPS(net=trunk, variant="shift_tolerant", verbose=False)
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> PerceptualDistance:
        """Stays in evaluation: dropout in front of the linear heads would make the loss noisy."""
        return super().train(False)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return self.distance(prediction, target).flatten()
