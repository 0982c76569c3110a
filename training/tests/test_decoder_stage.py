"""The decoder-only stage: what it may change and what it must not."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import round_trip

from spectral_training import data, train_decoder, train_tokenizer
from spectral_training.adversarial import AdversarialLoss, DiscriminatorConfig
from spectral_training.recipes import recipe
from spectral_training.runtime import Runtime, RuntimeOptions
from spectral_training.tokenizer import CODE, EXACT, HeadConfig, Tokenizer
from spectral_training.train_decoder import DecoderTrainer, crop, draw_code_kinds, with_texture_heads
from spectral_training.train_tokenizer import load_tokenizer

CONFIG = recipe("studio-debug").decoder


@pytest.fixture
def photos(shards: Path) -> list[data.Photo]:
    return data.load_photos(str(shards / "train-*.tar"))


def test_only_pictures_with_codes_change(tokenizer: Tokenizer, photos: list[data.Photo]):
    before = {name: value.clone() for name, value in tokenizer.state_dict().items()}
    size = tokenizer.layout.image_size
    image = data.to_tensor([data.whole(p, size) for p in photos[:3]])
    with torch.no_grad():
        codes, restored = tokenizer.encode(image), tokenizer.decode_codes(tokenizer.encode(image))
        faithful = [tokenizer.upscale(image, known) for known in range(1, tokenizer.layout.scales)]
    trainer = DecoderTrainer(CONFIG, tokenizer, photos)
    for step in range(8):
        trainer.update(0.3 + step * 0.01)
    model = trainer.model.eval()
    for name, value in before.items():
        assert torch.equal(model.state_dict()[name], value), name
    with torch.no_grad():
        assert torch.equal(model.encode(image), codes)
        for known, picture in enumerate(faithful, start=1):
            assert torch.equal(model.upscale(image, known), picture)
        assert (model.decode_codes(codes) - restored).abs().max() > 1e-4


def test_texture_stays_inside_the_cells_that_have_codes(tokenizer: Tokenizer):
    model = with_texture_heads(tokenizer, CONFIG).eval()
    for head in model.texture_heads:
        torch.nn.init.normal_(head.out.weight)
    layout = model.layout
    image = torch.rand(1, 3, layout.image_size, layout.image_size) * 2 - 1
    kinds = torch.full((1, layout.scales, layout.grid, layout.grid), EXACT)
    kinds[:, 1:, 2, 1] = CODE
    with torch.no_grad():
        vectors = model.code_vectors(model.encode(image))
        decoded = model.decode(vectors, model.coefficients(image), kinds.reshape(1, -1)).image
    cell = layout.image_size // layout.grid
    changed = (decoded - image).abs().amax((0, 1)) > 1e-5
    inside = torch.zeros_like(changed)
    inside[2 * cell : 3 * cell, cell : 2 * cell] = True
    assert torch.equal(changed | inside, inside)
    assert changed.any()


def test_a_resumed_stage_loses_nothing(tokenizer: Tokenizer, photos: list[data.Photo]):
    whole = DecoderTrainer(CONFIG, tokenizer, photos)
    for step in range(6):
        whole.update(0.3 + step * 0.01)
    copy = DecoderTrainer(CONFIG, tokenizer, photos)
    copy.restore(round_trip(whole.state()))
    for step in range(6, 9):
        first = whole.update(0.3 + step * 0.01)
        assert copy.update(0.3 + step * 0.01) == pytest.approx(first, rel=1e-6)
    assert "adversarial" in first


def test_a_batch_in_parts_is_refused_since_the_discriminator_wants_it_whole(tokenizer: Tokenizer, photos):
    runtime = Runtime(RuntimeOptions(accelerator="cpu", accumulate=2))
    with pytest.raises(ValueError, match="Expected batches in one part but got accumulate 2"):
        DecoderTrainer(CONFIG, tokenizer, photos, runtime)


def test_heads_of_the_same_shape_are_kept_and_others_begin_anew(tokenizer: Tokenizer):
    trained = with_texture_heads(tokenizer, CONFIG)
    assert with_texture_heads(trained, CONFIG) is trained
    larger = replace(CONFIG, heads=(HeadConfig(12, 2),) * tokenizer.layout.levels)
    model = with_texture_heads(trained, larger)
    assert model.config.texture_heads == larger.heads
    assert {head.out.weight.shape[1] for head in model.texture_heads} == {12}
    for name, value in tokenizer.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_the_adversarial_gradient_has_its_share_however_large_it_is(tokenizer: Tokenizer, photos: list[data.Photo]):
    trainer = DecoderTrainer(replace(CONFIG, adversarial_share=0.06), tokenizer, photos)
    others, direction = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
    for size in (1e-4, 1.0, 1e4):
        added = trainer.adversarial_weight(others, size * direction) * size * direction
        assert float(added.norm() / others.norm()) == pytest.approx(0.06, rel=1e-4)
    assert DecoderTrainer(CONFIG, tokenizer, photos).adversarial_weight(others, direction) == CONFIG.adversarial
    assert "adversarial" in trainer.update(0.5)


def test_crops_have_their_side_and_reach_every_border():
    rng, picture = random.Random(0), torch.arange(36).view(1, 1, 6, 6)
    parts = [picture[crop(6, 4, rng)] for _ in range(100)]
    assert {tuple(part.shape) for part in parts} == {(1, 1, 4, 4)}
    assert {int(part[0, 0, 0, 0]) for part in parts} == {6 * row + column for row in range(3) for column in range(3)}
    for side in (None, 6, 7):
        assert torch.equal(picture[crop(6, side, rng)], picture)


def test_the_stage_runs_from_a_checkpoint_to_a_checkpoint(tokenizer: Tokenizer, shards: Path, tmp_path: Path):
    start = tmp_path / "start.pt"
    shadow = {name: p.detach().clone() for name, p in tokenizer.named_parameters()}
    torch.save(
        {
            "trainer": {"model": tokenizer.state_dict(), "ema": shadow, "seen": 0, "seconds": 0.0},
            "config": tokenizer.config,
            "meta": {"recipe": "studio-debug"},
        },
        start,
    )
    train_decoder.main(
        train_decoder.Options(
            data=str(shards / "train-*.tar"),
            validation=str(shards / "val-*.tar"),
            start=start,
            out=tmp_path / "b",
            recipe="studio-debug",
        )  # fmt: skip
    )
    model, meta = load_tokenizer(tmp_path / "b" / "tokenizer.pt")
    assert model.config.texture_heads == CONFIG.heads
    assert meta["seen"] == CONFIG.steps * CONFIG.batch


def test_code_kinds_leave_something_to_draw_and_mask_nothing(tokenizer: Tokenizer):
    kinds = draw_code_kinds(tokenizer.layout, 64, random.Random(0))
    assert set(kinds.unique().tolist()) == {CODE, EXACT}
    assert ((kinds == CODE).sum(1) > 0).all()
    assert (kinds == CODE).all(1).float().mean() == pytest.approx(0.5, abs=0.2)


def test_the_discriminator_learns_and_the_generators_loss_leaves_it_alone():
    torch.manual_seed(0)
    loss = AdversarialLoss(DiscriminatorConfig(width=8, layers=2, rate=1e-2))
    real, fake = torch.rand(4, 3, 16, 16), -torch.rand(4, 3, 16, 16)
    fake.requires_grad_()
    first = loss.update(real, fake)
    for _ in range(20):
        last = loss.update(real, fake)
    assert last < 0.8 * first
    assert fake.grad is None
    loss.optimiser.zero_grad(set_to_none=True)
    loss.of_generator(fake).backward()
    assert fake.grad.abs().max() > 0
    assert all(p.grad is None for p in loss.discriminator.parameters())


def test_every_convolution_of_the_discriminator_has_spectral_norm_one():
    torch.manual_seed(0)
    net = AdversarialLoss(DiscriminatorConfig(width=8, layers=2)).discriminator.train()
    for _ in range(30):
        net(torch.rand(1, 3, 16, 16))
    for module in net.net:
        if isinstance(module, torch.nn.Conv2d):
            assert torch.linalg.matrix_norm(module.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.05)


def test_the_perceptual_distance_has_a_gradient_and_no_parameters_to_train():
    perceptual = pytest.importorskip("spectral_training.perceptual")
    pytest.importorskip("stlpips_pytorch")
    distance = perceptual.PerceptualDistance("alex").train()
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    other = (picture + 0.3 * torch.randn_like(picture)).requires_grad_()
    assert distance(picture, picture).item() == 0
    distance(other, picture).sum().backward()
    assert other.grad.abs().max() > 0
    assert not any(p.requires_grad for p in distance.parameters())


def test_a_decoder_that_goes_on_leaves_every_code_as_it_is(tokenizer: Tokenizer, photos: list[data.Photo], tmp_path):
    start = tmp_path / "start.pt"
    textured = with_texture_heads(tokenizer, CONFIG)
    stored = {"config": textured.config, "weights": textured.state_dict(), "meta": {}}
    torch.save({"tokenizer": stored}, start)
    trainer = train_tokenizer.Trainer(replace(recipe("studio-debug").tokenizer, frozen_codes=True), photos)
    trainer.start_from(start)
    image = data.to_tensor([data.whole(p, tokenizer.layout.image_size) for p in photos[:3]])
    for step in range(4):
        losses = trainer.update(0.2 + 0.01 * step)
    assert losses["commitment"] == 0
    model = trainer.averaged()
    assert not model.config.texture_heads
    with torch.no_grad():
        assert torch.equal(model.encode(image), tokenizer.encode(image))
        codes = model.encode(image)
        assert torch.equal(model.code_vectors(codes), tokenizer.code_vectors(codes))
        assert (model.decode_codes(codes) - tokenizer.decode_codes(codes)).abs().max() > 1e-4


def test_codes_that_were_never_trained_cannot_be_frozen(shards: Path, tmp_path: Path):
    options = train_tokenizer.Options(
        data=str(shards / "train-*.tar"), out=tmp_path, recipe="studio-debug", frozen_codes=True
    )
    with pytest.raises(ValueError, match="--start"):
        train_tokenizer.main(options)
