"""Softened seams: what stays, and what goes."""

import pytest
import torch
import torch.nn.functional as F

from spectral_training.layout import Layout
from spectral_training.seams import seam_reach, soften_seams

LAYOUT = Layout(image_size=128, grid=8, levels=4)


def middle_from(scale: int) -> torch.Tensor:
    drawn = torch.zeros(LAYOUT.scales, 8, 8, dtype=torch.bool)
    drawn[scale:, 2:6, 2:6] = True
    return drawn.reshape(-1)


def test_the_reach_ends_at_blocks_whose_mean_is_given():
    assert [int(seam_reach(LAYOUT, middle_from(s)).max()) for s in range(6)] == [8, 8, 8, 4, 0, 0]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_kept_cells_and_block_means_stay(scale: int):
    picture = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(scale))
    soft = soften_seams(picture, LAYOUT, middle_from(scale))
    changed = (soft != picture).any(1).any(0)
    assert changed[32:96, 32:96].any()
    changed[32:96, 32:96] = False
    assert not changed.any()
    block = 2 ** (LAYOUT.levels - scale + 1)
    assert torch.allclose(F.avg_pool2d(soft, block), F.avg_pool2d(picture, block), atol=1e-5)


def test_a_step_goes_and_a_slope_stays():
    slope = torch.linspace(0, 1, 128).expand(1, 3, 128, 128).clone()
    assert torch.allclose(soften_seams(slope, LAYOUT, middle_from(1)), slope, atol=1e-6)
    stepped = slope.clone()
    stepped[..., 32:96, 32:96] += 0.3
    soft = soften_seams(stepped, LAYOUT, middle_from(1))
    assert (soft[..., 64, 32] - soft[..., 64, 31]).abs().max() < 0.02
