"""Parts of the quality page that figures depend on."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from spectral_training import data
from spectral_training.edit_figures import FROZEN, border_index, edit_table, redraw_squares
from spectral_training.evaluate import project
from spectral_training.perceptual import PerceptualDistance
from spectral_training.quality import round_blocks
from spectral_training.recipes import recipe
from spectral_training.text import CaptionStates
from spectral_training.text_figures import distinct_best, shifted
from spectral_training.tokenizer import Tokenizer


def test_rounding_keeps_every_block_sum_and_stays_within_a_level() -> None:
    torch.manual_seed(0)
    low = torch.randint(20, 236, (2, 3, 8, 8)).float()
    picture = project(F.interpolate(low, scale_factor=4) + torch.randn(2, 3, 32, 32) * 30, low, 4, rounds=60)
    rounded = round_blocks(picture, low, 4)
    assert torch.equal(F.avg_pool2d(rounded, 4), low)
    assert (rounded - picture).abs().max() <= 1.001
    assert rounded.min() >= 0
    assert rounded.max() <= 255


def test_rounding_is_exact_at_the_bounds_whatever_was_predicted() -> None:
    torch.manual_seed(0)
    low = torch.tensor([0.0, 1.0, 254.0, 255.0]).repeat(16).reshape(1, 1, 8, 8)
    picture = F.interpolate(low, scale_factor=4) + torch.randn(1, 1, 32, 32) * 200
    rounded = round_blocks(picture, low, 4)
    assert torch.equal(F.avg_pool2d(rounded, 4), low)
    assert torch.equal(rounded, rounded.round().clamp(0, 255))


def test_ten_choices_are_ten_different_captions() -> None:
    captions = [f"caption {i}" for i in range(200)]
    choices = [shifted(captions, k)[3] for k in range(10)]
    assert len(set(choices)) == 10
    assert choices[0] == captions[3]


def test_an_equal_caption_of_another_photo_is_no_mistake() -> None:
    captions = ["a cat"] * 50
    losses = torch.rand(50, 10)
    assert distinct_best(losses, captions).all()


def test_a_border_shows_where_the_square_does_not_continue_its_surroundings() -> None:
    ramp = torch.linspace(-1, 1, 64).expand(2, 3, 64, 64)
    square = (16, 16, 32)
    assert border_index(ramp, ramp, square) == 1
    lifted = ramp.clone()
    lifted[..., 16:48, 16:48] += 0.1
    assert border_index(lifted, ramp, square) > 2


def test_edits_change_their_square_alone_and_keep_the_frozen_scales(shards: Path, tokenizer: Tokenizer) -> None:
    photos = data.load_photos(str(shards / "val-*.tar"), 3)
    config = recipe("studio-debug").ar.model
    ar = config.build().eval()
    texts = CaptionStates(
        {c: np.zeros((2, config.text_width), np.float16) for c in ["", *(p.captions[0] for p in photos)]}
    )
    edits = redraw_squares(tokenizer, ar, photos, texts)
    top, left, side = edits.square
    outside = torch.ones(edits.truth.shape[-2:], dtype=torch.bool)
    outside[top : top + side, left : left + side] = False
    block = 2 ** (tokenizer.layout.scales - FROZEN)
    for name, picture in edits.results.items():
        assert torch.equal(picture[..., outside], edits.truth[..., outside]), name
    drawn = edits.results["frozen scales alone"]
    assert torch.allclose(F.avg_pool2d(drawn, block), F.avg_pool2d(edits.truth, block), atol=1e-5)
    table = edit_table(edits, PerceptualDistance())
    assert table["frozen scales alone"]["perceptual"] > 0
    assert set(table) == set(edits.results)
