"""Drawing codes: what is kept, what is drawn, and where it may stop."""

from dataclasses import replace

import pytest
import torch

from spectral_training.ar import AutoregressiveModel
from spectral_training.recipes import recipe
from spectral_training.sample import Prefix, Sampling, draw, edit, generate, picture_at, upsample
from spectral_training.tokenizer import CODE, Tokenizer


def make(order: str) -> AutoregressiveModel:
    torch.manual_seed(0)
    config = replace(recipe("studio-debug").ar.model, order=order, around=order == "raster")
    model = config.build().eval()
    model.tie(torch.randn(config.approximation_codes, 8), torch.randn(config.detail_codes, 8))
    return model


def prefix_for(model: AutoregressiveModel, batch: int) -> Prefix:
    width = model.config.text_width
    generator = torch.Generator().manual_seed(1)
    text = torch.randn(batch, 3, width, generator=generator)
    one = torch.ones(batch, dtype=torch.long)
    return Prefix(text, one * 3, torch.zeros(batch, 1, width), one)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("order", ["raster", "parallel"])
def test_known_codes_stay_and_a_seed_repeats(order: str):
    model = make(order)
    known = torch.randint(0, 32, (2, model.layout.tokens))
    keep = torch.rand(model.layout.tokens) < 0.5
    sampling = Sampling(guidance=2.0, top_p=0.95)
    drawn = [generate(model, prefix_for(model, 2), sampling, seeded(s), known, keep) for s in (0, 0, 1)]
    assert torch.equal(drawn[0][:, keep], known[:, keep])
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("order", ["raster", "parallel"])
def test_greedy_drawing_is_what_the_full_pass_predicts(order: str):
    """The cached run, with forced stretches, picks the most probable code of the uncached model."""
    model = make(order)
    prefix = prefix_for(model, 2)
    known = torch.randint(0, 32, (2, model.layout.tokens))
    keep = torch.arange(model.layout.tokens) % 3 == 0
    codes = generate(model, prefix, Sampling(top_k=1), seeded(), known, keep)
    with torch.no_grad():
        hidden = model(prefix.text, prefix.lengths, codes, keep.expand(2, -1))
        n = model.layout.tokens_per_scale
        best = torch.cat(
            [
                model.logits_approximation(hidden[:, :n]).argmax(-1),
                model.logits_detail(hidden[:, n:], model.scale_of[n:]).argmax(-1),
            ],
            dim=1,
        )
    assert torch.equal(best[:, ~keep], codes[:, ~keep])


def test_generation_stops_at_any_scale_and_has_its_picture(tokenizer: Tokenizer):
    model, n = make("raster"), tokenizer.layout.tokens_per_scale
    for scales, side in ((1, 4), (2, 8), (3, 16), (4, 32)):
        codes = generate(model, prefix_for(model, 2), Sampling(), seeded(), scales=scales)
        assert codes[:, scales * n :].abs().max() == 0 if scales < 4 else True
        assert picture_at(tokenizer, codes, scales).shape == (2, 3, side, side)


def test_a_scale_causal_decoder_shows_the_same_picture_early(tokenizer: Tokenizer):
    model = make("raster")
    full = generate(model, prefix_for(model, 1), Sampling(), seeded())
    early = generate(model, prefix_for(model, 1), Sampling(), seeded(), scales=2)
    assert torch.allclose(picture_at(tokenizer, early, 2), picture_at(tokenizer, full, 2), atol=1e-5)


def test_a_coarse_picture_is_what_the_whole_decoder_has_at_that_scale(tokenizer: Tokenizer):
    """Though it is computed from the coarse tokens alone, details of any kind included."""
    codes = torch.randint(0, 32, (2, tokenizer.layout.tokens))
    blank = tokenizer.coefficients(torch.zeros(2, 3, 32, 32))
    with torch.no_grad():
        whole = tokenizer.decode(tokenizer.code_vectors(codes), blank, torch.full_like(codes, CODE)).pictures
    for scales in range(1, 5):
        assert torch.allclose(picture_at(tokenizer, codes, scales), whole[scales - 1], atol=1e-5)


def test_a_scale_causal_encoder_gives_a_small_picture_the_large_ones_coarse_codes(tokenizer: Tokenizer):
    """What text-guided upsampling rests on: the codes of the coarse scales do not wait for the details."""
    large = torch.rand(2, 3, 32, 32) * 2 - 1
    dense = replace(tokenizer.config, encoder_causal=False).build().eval()
    known = 2 * tokenizer.layout.tokens_per_scale
    for model, is_equal in ((tokenizer, True), (dense, False)):
        small = torch.nn.functional.avg_pool2d(large, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
        # Without rounding to codes, of which few would change.
        z, other = (model.encode_continuous(model.coefficients(x))[:, :known] for x in (large, small))
        assert torch.allclose(z, other, atol=1e-5) == is_equal
    with pytest.raises(ValueError, match="scale-causal encoder"):
        upsample(dense, make("raster"), large[..., :16, :16], prefix_for(make("raster"), 2), Sampling(), seeded())


def test_upsampling_with_exact_scales_contains_the_small_picture(tokenizer: Tokenizer):
    small = torch.rand(2, 3, 16, 16) * 2 - 1
    model = make("raster")
    large = upsample(tokenizer, model, small, prefix_for(model, 2), Sampling(), seeded(), exact=True)
    assert torch.allclose(torch.nn.functional.avg_pool2d(large, 2), small, atol=1e-5)
    with pytest.raises(ValueError, match="15"):
        upsample(tokenizer, model, small[..., :15, :15], prefix_for(model, 2), Sampling(), seeded())


def test_an_edit_keeps_frozen_scales_and_other_cells(tokenizer: Tokenizer):
    model = make("raster")
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    cells = torch.zeros(4, 4, dtype=torch.bool)
    cells[1:3, 2] = True
    edited = edit(tokenizer, model, image, cells, 2, prefix_for(model, 1), Sampling(), seeded())
    pixels = cells.repeat_interleave(8, 0).repeat_interleave(8, 1)
    assert torch.allclose(edited[..., ~pixels], image[..., ~pixels], atol=1e-5)
    assert (edited - image).abs().max() > 1e-3
    pool = torch.nn.functional.avg_pool2d
    assert torch.allclose(pool(edited, 4), pool(image, 4), atol=1e-5)


def test_top_p_keeps_the_likeliest_codes_only():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).expand(400, -1)
    assert set(draw(logits, Sampling(top_p=0.6), seeded()).tolist()) == {0, 1}
    assert set(draw(logits, Sampling(top_k=3), seeded()).tolist()) == {0, 1, 2}
