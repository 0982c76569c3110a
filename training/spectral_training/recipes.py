"""Runs by name. A recipe is the whole configuration; ``NAME-debug`` is its small sibling, which trains in seconds.

The rows of the paper are in ``paper``; here are the types, the shipped models, and their variants of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from .adversarial import DiscriminatorConfig
from .ar import ArConfig
from .layout import Layout
from .perceptual import Trunk
from .tokenizer import HeadConfig, TokenizerConfig

PHOTO_STD_128 = (0.464, 0.0965, 0.0839, 0.0724, 0.0664)
"""Standard deviation of each scale over 1,500 whole training photos and 1,500 native crops."""


@dataclass(frozen=True)
class TokenizerTraining:
    """Weights of the losses are the paper's unless a recipe says otherwise.

    One optimiser step takes ``codec_batch`` pictures through the codes and ``upscale_batch`` ones through exact
    context alone, over all processes and accumulated parts together.
    """

    model: TokenizerConfig
    head_steps: int = 0
    """Steps of the detail heads alone, on exact pictures, before everything is trained together."""
    head_batch: int = 16
    head_rate: float = 1e-3
    steps: int = 4000
    codec_batch: int = 12
    upscale_batch: int = 0
    rate: float = 8e-4
    warmup_steps: int = 150
    """Steps without quantisation, at whose end the codebooks start from data; 0: they start at random."""
    collect_steps: int = 40
    l2: float = 1.0
    perceptual: float = 0.1
    adversarial: float = 0.1
    commitment: float = 0.25
    upscale_l1: float = 0.0
    focal: float = 0.0
    """More than 0: weight of a focal loss on wavelet details, where large errors count over-proportionally."""
    trunk: Trunk = "vgg"
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    adversarial_start: int = 10_000
    """First step of the adversarial loss; the discriminator learns from 500 steps earlier."""
    exact_context: bool = False
    masked_suffix: bool = False
    frozen_codes: bool = False
    """Encoder and codebooks stay as they are, so that an AR-SIT of their codes stays valid; the decoder goes on."""
    ema: float = 0.9999
    seed: int = 0
    bf16: bool = True
    muon: bool = False
    """Muon instead of AdamW for the matrices of the transformers' blocks."""


@dataclass(frozen=True)
class DecoderTraining:
    """The decoder-only stage; the weights of the losses are the paper's unless a recipe says otherwise."""

    heads: tuple[HeadConfig, ...]
    steps: int = 3000
    batch: int = 8
    rate: float = 5e-4
    l2: float = 1.0
    perceptual: float = 0.1
    adversarial: float = 0.1
    adversarial_share: float | None = None
    """In place of the weight: how large the adversarial gradient is at the pictures, against that of the other losses.
    So a discriminator that wins cannot take over."""
    trunk: Trunk = "alex"
    perceptual_crop: int | None = None
    """Side of the random crop that the perceptual loss sees, where whole pictures are too dear."""
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    adversarial_from: float = 0.15
    """Fraction of the stage after which the adversarial loss counts; the perceptual loss alone teaches before it."""
    discriminator_from: float = 0.1
    """Fraction after which the discriminator learns."""
    ema: float = 0.995
    seed: int = 2
    bf16: bool = True


@dataclass(frozen=True)
class ArTraining:
    model: ArConfig
    steps: int = 6000
    batch: int = 12
    rate: float = 1e-3
    caption_dropout: float = 0.1
    ema: float = 0.998
    seed: int = 1
    bf16: bool = True
    muon: bool = False
    """Muon instead of AdamW for the matrices of the blocks."""


@dataclass(frozen=True)
class Stated:
    """What the paper states of a row, to be compared with what we count; None where it (or we) do not know."""

    tokens: int | None = None
    ar_parameters: float | None = None


@dataclass(frozen=True)
class Recipe:
    name: str
    tokenizer: TokenizerTraining
    ar: ArTraining
    decoder: DecoderTraining | None = None
    stated: Stated = Stated()


Training = TypeVar("Training", TokenizerTraining, DecoderTraining, ArTraining)


def overridden(training: Training, options: object, *names: str) -> Training:
    """The recipe's part with those of ``options`` that are not None in place of its own."""
    chosen = {name: getattr(options, name) for name in names}
    return replace(training, **{name: value for name, value in chosen.items() if value is not None})


def ar_for(tokenizer: TokenizerConfig, **settings: object) -> ArConfig:
    """An AR-SIT for the codes of a tokenizer."""
    return ArConfig(
        layout=tokenizer.layout,
        code_dim=tokenizer.code_dim,
        approximation_codes=tokenizer.approximation_codes,
        detail_codes=tokenizer.detail_codes,
        **settings,  # type: ignore[arg-type]
    )


def studio_128() -> Recipe:
    layout = Layout(image_size=128, grid=8, levels=4)
    heads = (HeadConfig(48, 3), HeadConfig(48, 4), HeadConfig(48, 6), HeadConfig(48, 8))
    tokenizer = TokenizerTraining(
        TokenizerConfig(layout=layout, scale_std=PHOTO_STD_128, detail_heads=heads),
        head_steps=1500,
        upscale_batch=4,
        l2=10.0,
        perceptual=0.0,
        adversarial=0.0,
        commitment=0.125,
        upscale_l1=2.0,
        exact_context=True,
        masked_suffix=True,
        ema=0.998,
    )
    texture = (HeadConfig(64, 4), HeadConfig(64, 4), HeadConfig(64, 5), HeadConfig(48, 6))
    decoder = DecoderTraining(
        texture,
        l2=0.3,
        adversarial_share=0.06,
        trunk="vgg",
        perceptual_crop=80,
        discriminator=DiscriminatorConfig(width=32),
        adversarial_from=0.25,
        discriminator_from=0.15,
    )
    ar = ArTraining(ar_for(tokenizer.model, width=256, layers=8, heads=4, around=True), muon=True)
    return Recipe("studio-128", tokenizer, ar, decoder)


def studio_debug() -> Recipe:
    return replace(debug(studio_128()), name="studio-debug")


def with_model(recipe: Recipe, name: str, **changes: object) -> Recipe:
    """The recipe with another tokenizer model."""
    model = replace(recipe.tokenizer.model, **changes)  # type: ignore[arg-type]
    sizes = {
        "code_dim": model.code_dim,
        "approximation_codes": model.approximation_codes,
        "detail_codes": model.detail_codes,
        "layout": model.layout,
    }
    ar = replace(recipe.ar, model=replace(recipe.ar.model, **sizes))
    return replace(recipe, name=name, tokenizer=replace(recipe.tokenizer, model=model), ar=ar)


def with_training(recipe: Recipe, name: str, **changes: object) -> Recipe:
    return replace(recipe, name=name, tokenizer=replace(recipe.tokenizer, **changes))  # type: ignore[arg-type]


def with_ar(recipe: Recipe, name: str, **changes: object) -> Recipe:
    return replace(recipe, name=name, ar=replace(recipe.ar, model=replace(recipe.ar.model, **changes)))  # type: ignore[arg-type]


def studio_variants() -> dict[str, Callable[[], Recipe]]:
    """One switch each: what an extension is worth is the difference from studio-128."""
    base = studio_128
    return {
        "studio-128-no-exact-context": lambda: with_training(
            base(), "studio-128-no-exact-context", exact_context=False, upscale_batch=0, upscale_l1=0.0
        ),
        "studio-128-no-masked-suffix": lambda: with_training(
            base(), "studio-128-no-masked-suffix", masked_suffix=False
        ),
        "studio-128-no-detail-heads": lambda: with_training(
            with_model(base(), "", detail_heads=()), "studio-128-no-detail-heads", head_steps=0
        ),
        "studio-128-random-codebooks": lambda: with_training(base(), "studio-128-random-codebooks", warmup_steps=0),
        "studio-128-no-revival": lambda: with_model(base(), "studio-128-no-revival", revive_below=0.0),
        "studio-128-random-no-revival": lambda: with_training(
            with_model(base(), "", revive_below=0.0), "studio-128-random-no-revival", warmup_steps=0
        ),
        "studio-128-exact-similarity": lambda: with_model(
            base(), "studio-128-exact-similarity", rounded_similarity=False
        ),
        "studio-128-focal": lambda: with_training(base(), "studio-128-focal", focal=1.0),
        "studio-128-fsq": lambda: with_model(
            base(), "studio-128-fsq", fsq_levels=(8, 8, 8, 8), code_dim=4, approximation_codes=4096, detail_codes=4096
        ),
        "studio-128-adamw": lambda: replace(base(), name="studio-128-adamw", ar=replace(base().ar, muon=False)),
        "studio-128-rotary": lambda: with_ar(base(), "studio-128-rotary", rotary=True),
        "studio-128-few-neighbours": lambda: with_ar(base(), "studio-128-few-neighbours", around=False),
        "studio-128-parallel": lambda: with_ar(base(), "studio-128-parallel", order="parallel", around=False),
        "studio-128-ar-small": lambda: with_ar(base(), "studio-128-ar-small", width=128, layers=4),
        "studio-128-ar-large": lambda: with_ar(base(), "studio-128-ar-large", width=384, layers=12, heads=6),
    }


def debug(recipe: Recipe) -> Recipe:
    """A sibling of 32 pixels and 64 tokens with the same switches, for a CPU."""
    large = recipe.tokenizer.model
    levels = min(large.layout.levels, 3)
    layout = replace(large.layout, image_size=32, grid=4 if levels else 8, levels=levels)
    heads = (HeadConfig(8, 1),) * levels if large.detail_heads else ()
    shared = large.shared_codebook or large.fsq_levels or not levels
    fsq = (4, 4, 4) if large.fsq_levels else ()
    model = replace(
        large,
        layout=layout,
        scale_std=(0.45, 0.11, 0.1, 0.08) if levels == 3 and layout.transform == "haar" else (),
        width=32,
        encoder_layers=1,
        decoder_layers=2 if large.decoder_layers > large.encoder_layers + 1 else 1,
        heads=2,
        decoder_width=48 if large.decoder_width else None,
        decoder_heads=2 if large.decoder_heads else None,
        code_dim=3 if fsq else 8,
        approximation_codes=64 if shared else 32,
        detail_codes=64 if levels else 1,
        fsq_levels=fsq,
        detail_heads=heads,
        head_features=4,
    )
    training = replace(
        recipe.tokenizer,
        model=model,
        head_steps=40 if heads else 0,
        head_batch=8,
        head_rate=3e-3,
        steps=120,
        codec_batch=6,
        upscale_batch=2 if recipe.tokenizer.upscale_batch else 0,
        warmup_steps=30 if recipe.tokenizer.warmup_steps else 0,
        collect_steps=20,
        rate=3e-3,
        perceptual=0.0,
        adversarial_start=100,
        discriminator=DiscriminatorConfig(width=8, layers=2),
        bf16=False,
        ema=0.95,
    )
    wide = recipe.ar.model.width
    ar = replace(
        recipe.ar.model,
        layout=layout,
        width=16 if wide < 256 else 32 if wide < 384 else 48,
        layers=2,
        heads=2,
        code_dim=model.code_dim,
        approximation_codes=model.approximation_codes,
        detail_codes=model.detail_codes,
        text_positions=1 if recipe.ar.model.classes else 16,
        text_width=32,
        classes=min(recipe.ar.model.classes, 4),
    )
    autoregressive = replace(recipe.ar, model=ar, steps=60, batch=8, rate=3e-3, bf16=False, ema=0.95)
    decoder = None
    if levels and layout.transform != "pyramid":
        decoder = DecoderTraining(
            (HeadConfig(8, 1),) * levels, steps=12, batch=4, rate=3e-3, perceptual=0.0,
            discriminator=DiscriminatorConfig(width=8, layers=2), adversarial_from=0.3, discriminator_from=0.2,
            ema=0.9, bf16=False,
        )  # fmt: skip
    return Recipe(f"{recipe.name}-debug", training, autoregressive, decoder)


def resized(recipe: Recipe, doublings: int) -> Recipe:
    """The recipe for pictures of 2**doublings times the side.

    A raster keeps its patches and gets a larger grid; a pyramid keeps its grid and gets more scales, as the paper's do.
    """
    layout = recipe.tokenizer.model.layout
    size = layout.image_size * 2**doublings
    if layout.levels:
        larger = replace(layout, image_size=size, levels=layout.levels + doublings)
    else:
        larger = replace(layout, image_size=size, grid=layout.grid * 2**doublings)
    return with_model(recipe, recipe.name, layout=larger, scale_std=())


def all_recipes() -> dict[str, Callable[[], Recipe]]:
    """Every full-sized recipe and studio-debug; each also has its ``-debug`` sibling."""
    from .paper import paper_recipes

    return {"studio-128": studio_128, "studio-debug": studio_debug, **studio_variants(), **paper_recipes()}


def recipe(name: str) -> Recipe:
    """Raises ValueError naming the recipes there are."""
    known = all_recipes()
    if name in known:
        return known[name]()
    if name.endswith("-debug") and name.removesuffix("-debug") in known:
        return debug(known[name.removesuffix("-debug")]())
    raise ValueError(
        f"Expected a recipe out of {', '.join(known)}, or one of them followed by -debug, but got {name!r}."
    )
