"""A run that was stopped goes on with the losses of one that was not, whatever stage and optimiser it was in."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import round_trip

from spectral_training import data, train_ar
from spectral_training.condition import condition_for, losses_by_scale
from spectral_training.recipes import recipe
from spectral_training.text import CaptionStates
from spectral_training.tokenizer import Tokenizer
from spectral_training.train_tokenizer import Trainer


def captions_of(photos: list[data.Photo], width: int) -> CaptionStates:
    """Random states, so that no text encoder is needed."""
    generator = torch.Generator().manual_seed(0)
    captions = sorted({c for p in photos for c in p.captions} | {""})
    return CaptionStates({c: torch.randn(4, width, generator=generator).numpy() for c in captions})


@pytest.mark.parametrize("use_muon", [False, True])
def test_autoregressive_training_resumes_alike(shards: Path, tokenizer: Tokenizer, use_muon: bool):
    photos = data.load_photos(str(shards / "train-*.tar"), 16)
    config = replace(recipe("studio-debug").ar, muon=use_muon)
    texts = captions_of(photos, config.model.text_width)
    whole = train_ar.Trainer(config, tokenizer, photos, texts)
    whole.start()
    for step in range(3):
        whole.update(0.1 + 0.1 * step)
    copy = train_ar.Trainer(config, tokenizer, photos, texts)
    copy.restore(round_trip(whole.state()))
    copy.start()  # as a restarted run does; what was learned must outlive it
    for step in range(3, 6):
        assert copy.update(0.1 + 0.1 * step) == pytest.approx(whole.update(0.1 + 0.1 * step), rel=1e-6)
    averages = whole.averaged().state_dict()
    assert all(torch.equal(value, averages[name]) for name, value in copy.averaged().state_dict().items())


@pytest.mark.parametrize("use_muon", [False, True])
def test_a_streamed_run_resumes_alike(shards: Path, use_muon: bool):
    pattern = str(shards / "train-*.tar")
    config, photos = replace(recipe("studio-debug").tokenizer, muon=use_muon), data.load_photos(pattern, 8)
    whole = Trainer(config, photos, stream=pattern)
    whole.enter_joint()
    for step in range(3):
        whole.update(0.1 + 0.01 * step)
    copy = Trainer(config, photos, stream=pattern)
    copy.restore(round_trip(whole.state()))
    for step in range(3, 6):
        assert copy.update(0.1 + 0.01 * step) == pytest.approx(whole.update(0.1 + 0.01 * step), rel=1e-6)


def test_the_stage_of_the_detail_heads_resumes_alike(shards: Path):
    photos = data.load_photos(str(shards / "train-*.tar"), 8)
    config = recipe("studio-debug").tokenizer
    whole = Trainer(config, photos)
    assert whole.stage == "heads"
    whole.update(0.1)
    copy = Trainer(config, photos)
    copy.restore(round_trip(whole.state()))
    for step in range(1, 4):
        assert copy.update(0.1 * step) == pytest.approx(whole.update(0.1 * step), rel=1e-6)
    assert all(torch.equal(value, whole.ema.shadow[name]) for name, value in copy.ema.shadow.items())


def test_class_conditional_training_learns_the_class_and_resumes_alike(shards: Path, tokenizer: Tokenizer):
    """The captions' colours are the classes here: with its own class a picture becomes likelier than with another."""
    photos = [replace(p, source=p.captions[0]) for p in data.load_photos(str(shards / "train-*.tar"))]
    chosen = recipe("ar-sit-4-class-350m-debug").ar
    layout = {"layout": tokenizer.layout, "approximation_codes": 32, "detail_codes": 64}
    config = replace(chosen, model=replace(chosen.model, **layout), caption_dropout=0.0)
    condition = condition_for(config, photos, None)
    assert len(condition.classes) == 4
    whole = train_ar.Trainer(config, tokenizer, photos, condition)
    whole.start()
    for _ in range(60):
        whole.update(0.3)
    size = tokenizer.layout.image_size
    codes = whole.encode(data.to_tensor([data.whole(p, size) for p in photos]))
    names = [p.source for p in photos]
    own, other = (
        losses_by_scale(whole.model, codes, labels, condition, bf16=False).mean()
        for labels in (names, names[1:] + names[:1])
    )
    assert own < other - 0.01
    copy = train_ar.Trainer(config, tokenizer, photos, condition)
    copy.restore(round_trip(whole.state()))
    assert copy.update(0.3) == pytest.approx(whole.update(0.3), rel=1e-6)
