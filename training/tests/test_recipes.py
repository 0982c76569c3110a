"""Every recipe can be built, counted, and has a small sibling with the same switches."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from spectral_training import count
from spectral_training.paper import paper_recipes
from spectral_training.recipes import all_recipes, overridden, recipe
from spectral_training.tokenizer import Tokenizer
from spectral_training.transformer import Transformer

NAMES = list(all_recipes())
PAPER = list(paper_recipes())


@pytest.mark.parametrize("name", NAMES)
def test_the_small_sibling_of_a_recipe_encodes_and_decodes(name: str):
    chosen = recipe(f"{name}-debug")
    model: Tokenizer = chosen.tokenizer.model.build().eval()
    image = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        codes = model.encode(image)
        assert codes.shape == (2, model.layout.tokens)
        assert model.decode_codes(codes).shape == image.shape
    full = recipe(name).tokenizer.model
    for switch in ("split_weights", "encoder_causal", "decoder_causal", "shared_codebook"):
        assert getattr(full, switch) == getattr(model.config, switch)
    assert full.layout.transform == model.layout.transform
    assert chosen.ar.model.build() is not None


@pytest.mark.parametrize("name", [n for n in NAMES if recipe(n).stated.tokens is not None])
def test_tokens_are_those_of_the_paper(name: str):
    chosen = recipe(name)
    assert chosen.tokenizer.model.layout.tokens == chosen.stated.tokens


@pytest.mark.parametrize("name", [n for n in NAMES if recipe(n).stated.ar_parameters is not None])
def test_ar_models_have_the_papers_number_of_parameters_within_four_percent(name: str):
    """The same transformer for all; a raster's is smaller by the table of the second codebook."""
    chosen = recipe(name)
    with torch.device("meta"):
        counted = count.parameters(chosen.ar.model.build())
    assert counted == pytest.approx(chosen.stated.ar_parameters, rel=0.04)


@pytest.mark.parametrize("name", PAPER)
def test_rows_of_the_paper_have_its_losses(name: str):
    training = recipe(name).tokenizer
    assert (training.l2, training.perceptual, training.adversarial, training.commitment) == (1.0, 0.1, 0.1, 0.25)
    assert training.upscale_l1 == training.focal == 0
    assert not training.exact_context
    assert not training.masked_suffix
    assert training.model.detail_heads == ()


def test_every_size_is_there_with_every_attention_and_without_separate_weights():
    shapes = {"sit{}-4-256": 1024, "sit{}-5-256": 1280, "sit{}-6-512": 1536}
    attentions = {"": (False, False), "-sc": (True, True), "-sce": (True, False), "-scd": (False, True)}
    for shape, tokens in shapes.items():
        for kind, causal in attentions.items():
            model = recipe(shape.format(kind)).tokenizer.model
            assert (model.encoder_causal, model.decoder_causal) == causal
            assert (model.layout.tokens, model.split_weights) == (tokens, True)
        shared = recipe(f"{shape.format('')}-shared-weights").tokenizer.model
        assert (shared.layout.tokens, shared.split_weights) == (tokens, False)


def test_the_table_says_how_far_a_count_is_from_the_papers():
    line = count.row(recipe("ar-sit-4-class-350m-debug"))
    assert "% of stated" not in line  # a small sibling has nothing stated
    assert count.deviation(360e6, 350e6) == " (+3 % of stated)"
    assert count.deviation(1.0, None) == ""


def test_counting_agrees_with_the_transformers_textbook_numbers():
    encoder, _ = count.count_tokenizer(recipe("vit-vqgan-256").tokenizer.model)
    width, layers, tokens = 768, 12, 1024
    assert encoder.parameters == pytest.approx(12 * width**2 * layers, rel=0.02)
    expected = 2 * tokens * layers * (12 * width**2 + 2 * tokens * width)
    assert encoder.flops == pytest.approx(expected, rel=0.01)


def test_separate_weights_double_the_parameters_but_not_the_work():
    both = [recipe(n).tokenizer.model for n in ("sit-4-256", "sit-4-256-shared-weights")]
    (split, _), (shared, _) = (count.count_tokenizer(m) for m in both)
    assert split.parameters == pytest.approx(2 * shared.parameters, rel=0.03)
    assert split.active == pytest.approx(shared.active, rel=0.03)
    assert split.flops == pytest.approx(shared.flops, rel=0.001)


def test_no_gradient_reaches_the_other_half_of_an_ad_transformer():
    """Without attention to carry it over, details teach nothing to the approximation's weights, and the reverse."""
    for half in ("approximation", "detail"):
        own = torch.zeros(8, 8, dtype=torch.bool)
        own[:4, :4] = own[4:, 4:] = True
        model = Transformer(16, 1, 2, split=4, mask=own)
        out = model(torch.randn(1, 8, 16))
        mine = out[:, :4] if half == "approximation" else out[:, 4:]
        (mine * torch.randn_like(mine)).sum().backward()
        for name, parameter in model.named_parameters():
            is_own = f".{half}." in name
            assert (parameter.grad is not None and parameter.grad.abs().max() > 0) == is_own, name


def test_unknown_recipes_are_refused_by_name():
    with pytest.raises(ValueError, match="sit-9"):
        recipe("sit-9")


def test_options_take_the_place_of_what_a_recipe_says_where_they_are_given():
    chosen = recipe("studio-128").ar
    options = SimpleNamespace(batch=96, rate=None, bf16=False)
    assert overridden(chosen, options, "batch", "rate", "bf16") == replace(chosen, batch=96, bf16=False)
