"""Runs by name. A recipe is the whole configuration; its ``-debug`` sibling trains in seconds on a CPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .adversarial import DiscriminatorConfig
from .ar import ArConfig
from .layout import Layout
from .perceptual import Trunk
from .tokenizer import HeadConfig, TokenizerConfig

PHOTO_STD_128 = (0.464, 0.0965, 0.0839, 0.0724, 0.0664)
"""Standard deviation of each scale over 1,500 whole training photos and 1,500 native crops."""


@dataclass(frozen=True)
class TokenizerTraining:
    model: TokenizerConfig
    head_steps: int = 1500
    head_batch: int = 16
    head_rate: float = 1e-3
    steps: int = 4000
    codec_batch: int = 12
    upscale_batch: int = 4
    rate: float = 8e-4
    warmup_steps: int = 150
    collect_steps: int = 40
    commitment: float = 0.25
    ema: float = 0.998
    seed: int = 0
    bf16: bool = True


@dataclass(frozen=True)
class DecoderTraining:
    """The decoder-only stage; the weights of the losses are the paper's."""

    heads: tuple[HeadConfig, ...]
    steps: int = 3000
    batch: int = 8
    rate: float = 5e-4
    l2: float = 1.0
    perceptual: float = 0.1
    adversarial: float = 0.1
    trunk: Trunk = "alex"
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


@dataclass(frozen=True)
class Recipe:
    name: str
    tokenizer: TokenizerTraining
    ar: ArTraining
    decoder: DecoderTraining


def studio_128() -> Recipe:
    layout = Layout(image_size=128, grid=8, levels=4)
    heads = (HeadConfig(48, 3), HeadConfig(48, 4), HeadConfig(48, 6), HeadConfig(48, 8))
    tokenizer = TokenizerConfig(layout=layout, scale_std=PHOTO_STD_128, detail_heads=heads)
    ar = ArConfig(layout=layout, width=256, layers=8, heads=4)
    texture = (HeadConfig(32, 2), HeadConfig(32, 2), HeadConfig(32, 3), HeadConfig(32, 4))
    decoder = DecoderTraining(texture, discriminator=DiscriminatorConfig(width=32))
    return Recipe("studio-128", TokenizerTraining(tokenizer), ArTraining(ar), decoder)


def studio_debug() -> Recipe:
    """A differently shaped model: 32 pixels, grid 4, three levels."""
    layout = Layout(image_size=32, grid=4, levels=3)
    heads = (HeadConfig(8, 1), HeadConfig(8, 1), HeadConfig(8, 1))
    tokenizer = TokenizerConfig(
        layout=layout,
        scale_std=(0.45, 0.11, 0.1, 0.08),
        width=32,
        encoder_layers=1,
        decoder_layers=1,
        heads=2,
        code_dim=8,
        approximation_codes=32,
        detail_codes=64,
        detail_heads=heads,
        head_features=4,
    )
    training = TokenizerTraining(
        tokenizer,
        head_steps=40,
        head_batch=8,
        steps=120,
        codec_batch=6,
        upscale_batch=2,
        warmup_steps=30,
        collect_steps=20,
        rate=3e-3,
        head_rate=3e-3,
        bf16=False,
        ema=0.95,
    )
    ar = ArConfig(
        layout=layout,
        width=32,
        layers=2,
        heads=2,
        code_dim=8,
        approximation_codes=32,
        detail_codes=64,
        text_positions=16,
        text_width=32,
    )
    decoder = DecoderTraining(
        (HeadConfig(8, 1), HeadConfig(8, 1), HeadConfig(8, 1)),
        steps=12,
        batch=4,
        rate=3e-3,
        perceptual=0.0,
        discriminator=DiscriminatorConfig(width=8, layers=2),
        adversarial_from=0.3,
        discriminator_from=0.2,
        ema=0.9,
        bf16=False,
    )
    autoregressive = ArTraining(ar, steps=60, batch=8, rate=3e-3, bf16=False, ema=0.95)
    return Recipe("studio-debug", training, autoregressive, decoder)


RECIPES = {"studio-128": studio_128, "studio-debug": studio_debug}


def recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"Expected a recipe out of {', '.join(RECIPES)} but got {name!r}.")
    return replace(RECIPES[name]())
