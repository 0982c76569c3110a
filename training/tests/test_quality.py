"""Parts of the quality page that figures depend on."""

import torch
import torch.nn.functional as F

from spectral_training.evaluate import project
from spectral_training.quality import round_blocks
from spectral_training.text_figures import distinct_best, shifted


def test_rounding_keeps_every_block_sum_and_stays_within_a_level() -> None:
    torch.manual_seed(0)
    low = torch.randint(20, 236, (2, 3, 8, 8)).float()
    picture = project(F.interpolate(low, scale_factor=4) + torch.randn(2, 3, 32, 32) * 30, low, 4, rounds=60)
    rounded = round_blocks(picture, low, 4)
    assert torch.equal(F.avg_pool2d(rounded, 4), low)
    assert (rounded - picture).abs().max() <= 1.001
    assert rounded.min() >= 0
    assert rounded.max() <= 255


def test_ten_choices_are_ten_different_captions() -> None:
    captions = [f"caption {i}" for i in range(200)]
    choices = [shifted(captions, k)[3] for k in range(10)]
    assert len(set(choices)) == 10
    assert choices[0] == captions[3]


def test_an_equal_caption_of_another_photo_is_no_mistake() -> None:
    captions = ["a cat"] * 50
    losses = torch.rand(50, 10)
    assert distinct_best(losses, captions).all()
