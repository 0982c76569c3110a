"""Figures of upsampling and editing: nothing that had to stay has moved, and captions matter where they are heard."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spectral_training import data
from spectral_training.ar import AutoregressiveModel
from spectral_training.condition import Condition
from spectral_training.drawing_figures import drawing_figures
from spectral_training.recipes import recipe
from spectral_training.text import CaptionStates
from spectral_training.tokenizer import Tokenizer


@pytest.fixture
def photos(shards: Path) -> list[data.Photo]:
    return data.load_photos(str(shards / "val-*.tar"), 3)


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Untrained, but with codes that make a difference of more than one level."""
    torch.manual_seed(0)
    model = recipe("studio-debug").tokenizer.model.build().eval()
    with torch.no_grad():
        for linear in model.to_coefficients:
            linear.weight.mul_(20)
    return model


@pytest.fixture
def model(tokenizer: Tokenizer) -> AutoregressiveModel:
    """Untrained, but attentive and sure of itself, so that what it hears changes what it draws."""
    torch.manual_seed(0)
    model = recipe("studio-debug").ar.model.build().eval()
    model.tie(tokenizer.approximation_codebook.vectors, tokenizer.detail_codebook.vectors)
    with torch.no_grad():
        model.logit_scale.add_(2.0)
        for block in model.blocks:
            block.out.weight.mul_(20)
    return model


def condition_for(model: AutoregressiveModel, loudness: float) -> Condition:
    """States of the captions of ``conftest``, and of none; the louder they are, the more an untrained model hears."""
    generator = torch.Generator().manual_seed(0)
    captions = ["", *(f"a {colour} ball" for colour in ("red", "green", "blue", "yellow"))]
    width = model.config.text_width
    states = {c: (loudness * torch.randn(4, width, generator=generator)).numpy() for c in captions}
    return Condition(CaptionStates(states), [])


def test_what_is_kept_does_not_move_and_what_is_drawn_follows_the_caption(tokenizer, model, photos):
    figures = drawing_figures(tokenizer, model, photos, condition_for(model, 10.0), exact=True)
    for factor in (2, 4):
        assert figures[f"upsampling x{factor} consistency"] < 1e-3
        assert figures[f"upsampling x{factor} caption sensitivity"] > 0
        assert figures[f"upsampling x{factor} psnr"] > 5
    assert figures["edit outside"] < 1e-3
    assert figures["edit consistency"] < 1e-3
    assert figures["edit caption sensitivity"] > 0


def test_codes_alone_keep_a_small_picture_only_roughly(tokenizer, model, photos):
    figures = drawing_figures(tokenizer, model, photos, condition_for(model, 10.0), exact=False)
    assert figures["upsampling x2 consistency"] > 1


def test_a_deaf_model_has_no_caption_sensitivity(tokenizer, model, photos):
    figures = drawing_figures(tokenizer, model, photos, condition_for(model, 0.0), exact=True)
    assert figures["edit caption sensitivity"] == figures["upsampling x2 caption sensitivity"] == 0


def test_a_dense_encoder_has_figures_of_edits_alone(tokenizer, model, photos):
    dense = replace(tokenizer.config, encoder_causal=False).build().eval()
    figures = drawing_figures(dense, model, photos, condition_for(model, 1.0), exact=True)
    assert figures["edit outside"] < 1e-3
    assert not any(name.startswith("upsampling") for name in figures)
