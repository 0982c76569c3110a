"""The rows of arXiv 2412.09607 as recipes.

What the paper states and we follow: layouts and numbers of tokens, 256 tokens a scale, codebooks of 8192, separate
weights (query, key, value, norms, MLP) for approximation and details, losses, spectral norm, and for generation a small
encoder (8 layers) with a large decoder (32 layers, width 1280); AR models of 350 and 650 million parameters.

What it does not state, or we could not read, and how it is filled: widths of the symmetric tokenizers are ViT-VQGAN's
"base" (12 layers of width 768), the small encoder's width its "small" (512), code dimension 32; the discriminator is a
patch discriminator and the perceptual network shift-tolerant LPIPS; text is MiniLM's token states as a prefix where
Parti has an encoder of its own; optimiser settings are ordinary ones. So figures of these recipes are not the paper's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .layout import Layout, Transform
from .recipes import ArTraining, DecoderTraining, Recipe, Stated, TokenizerTraining, ar_for, with_model
from .tokenizer import HeadConfig, TokenizerConfig

AR_SIZES = {"350m": {"width": 1024, "layers": 26, "heads": 16}, "650m": {"width": 1536, "layers": 22, "heads": 16}}
IMAGENET_CLASSES = 1000


def layout_of(size: int, scales: int, transform: Transform = "haar") -> Layout:
    """One scale: raster of patches of 8 pixels (ViT-VQGAN); more: 16 x 16 tokens a scale (SIT)."""
    return Layout(size, size // 8 if scales == 1 else 16, scales - 1, transform)


def tokenizer(name: str, size: int, scales: int, causal: str = "", **changes: object) -> Recipe:
    """``causal``: "E", "D", both or none: where attention is scale-causal."""
    transform = changes.pop("transform", "haar")
    layout = layout_of(size, scales, transform)  # type: ignore[arg-type]
    model = TokenizerConfig(
        layout=layout,
        scale_std=(),
        width=768,
        encoder_layers=12,
        decoder_layers=12,
        heads=12,
        code_dim=32,
        approximation_codes=8192,
        detail_codes=8192 if scales > 1 else 1,
        split_weights=scales > 1,
        encoder_causal="E" in causal,
        decoder_causal="D" in causal,
    )
    model = replace(model, **changes)  # type: ignore[arg-type]
    training = TokenizerTraining(
        model, steps=500_000, codec_batch=256, rate=4e-4, warmup_steps=2000, collect_steps=40, adversarial_start=20_000
    )
    wavelet = scales > 1 and transform != "pyramid"
    decoder = DecoderTraining((HeadConfig(64, 4),) * (scales - 1), steps=50_000, batch=256) if wavelet else None
    return Recipe(name, training, autoregressive(model, "350m"), decoder, Stated(tokens=layout.tokens))


def autoregressive(model: TokenizerConfig, size: str, classes: int = 0) -> ArTraining:
    positions = 1 if classes else 64
    config = ar_for(model, text_positions=positions, classes=classes, **AR_SIZES[size])
    return ArTraining(config, steps=500_000, batch=1024 if classes else 4096, rate=4e-4, ema=0.9999)


LARGE_DECODER = {
    "width": 512, "heads": 8, "encoder_layers": 8, "decoder_width": 1280, "decoder_heads": 16, "decoder_layers": 32,
}  # fmt: skip


def generation(name: str, scales: int, size: str, causal: str = "", classes: int = 0, pixels: int = 256) -> Recipe:
    base = tokenizer(name, pixels, scales, causal, **LARGE_DECODER)
    ar = autoregressive(base.tokenizer.model, size, classes)
    stated = replace(base.stated, ar_parameters={"350m": 350e6, "650m": 650e6}[size])
    return replace(base, ar=ar, stated=stated)


def stated(recipe: Recipe, tokens: int) -> Recipe:
    return replace(recipe, stated=replace(recipe.stated, tokens=tokens))


def paper_recipes() -> dict[str, Callable[[], Recipe]]:
    """Name of each row -> recipe."""

    def sit4(name: str, **changes: object) -> Recipe:
        return stated(with_model(tokenizer(name, 256, 4), name, **changes), 1024)

    rows: dict[str, Callable[[str], Recipe]] = {
        # Reconstruction, plain (dense attention).
        "vit-vqgan-256": lambda n: stated(tokenizer(n, 256, 1), 1024),
        "vit-vqgan-512": lambda n: stated(tokenizer(n, 512, 1), 4096),
        "sit-4-256": lambda n: sit4(n),
        "sit-5-256": lambda n: stated(tokenizer(n, 256, 5), 1280),
        "sit-6-512": lambda n: stated(tokenizer(n, 512, 6), 1536),
        # Scale-causal: both, encoder only, decoder only.
        "sit-sc-4-256": lambda n: stated(tokenizer(n, 256, 4, "ED"), 1024),
        "sit-sce-4-256": lambda n: stated(tokenizer(n, 256, 4, "E"), 1024),
        "sit-scd-4-256": lambda n: stated(tokenizer(n, 256, 4, "D"), 1024),
        "sit-sc-5-256": lambda n: stated(tokenizer(n, 256, 5, "ED"), 1280),
        "sit-sce-5-256": lambda n: stated(tokenizer(n, 256, 5, "E"), 1280),
        "sit-scd-5-256": lambda n: stated(tokenizer(n, 256, 5, "D"), 1280),
        "sit-sc-6-512": lambda n: stated(tokenizer(n, 512, 6, "ED"), 1536),
        "sit-sce-6-512": lambda n: stated(tokenizer(n, 512, 6, "E"), 1536),
        "sit-scd-6-512": lambda n: stated(tokenizer(n, 512, 6, "D"), 1536),
        # Ablations; without ADTransformer at every size.
        "sit-4-256-shared-weights": lambda n: sit4(n, split_weights=False),
        "sit-5-256-shared-weights": lambda n: stated(tokenizer(n, 256, 5, split_weights=False), 1280),
        "sit-6-512-shared-weights": lambda n: stated(tokenizer(n, 512, 6, split_weights=False), 1536),
        "sit-4-256-shared-codebook": lambda n: sit4(n, shared_codebook=True),
        "sit-4-256-legall53": lambda n: sit4(n, layout=layout_of(256, 4, "legall53")),
        "sit-4-256-cdf97": lambda n: sit4(n, layout=layout_of(256, 4, "cdf97")),
        "sit-4-256-large-decoder": lambda n: sit4(n, **LARGE_DECODER),
        # Control that is not in the paper: scale-causal attention without wavelets.
        "pyramid-sc-5-256": lambda n: tokenizer(n, 256, 5, "ED", transform="pyramid"),
        # Generation.
        "ar-vit-vqgan-class-350m": lambda n: stated(generation(n, 1, "350m", classes=IMAGENET_CLASSES), 1024),
        "ar-vit-vqgan-class-650m": lambda n: stated(generation(n, 1, "650m", classes=IMAGENET_CLASSES), 1024),
        "ar-sit-4-class-650m": lambda n: stated(generation(n, 4, "650m", classes=IMAGENET_CLASSES), 1024),
        "ar-sit-4-class-350m": lambda n: stated(generation(n, 4, "350m", classes=IMAGENET_CLASSES), 1024),
        "parti-vit-vqgan-text-350m": lambda n: stated(generation(n, 1, "350m"), 1024),
        "parti-vit-vqgan-text-650m": lambda n: stated(generation(n, 1, "650m"), 1024),
        "ar-sit-scd-4-text-350m": lambda n: stated(generation(n, 4, "350m", "D"), 1024),
        "ar-sit-scd-4-text-650m": lambda n: stated(generation(n, 4, "650m", "D"), 1024),
        "ar-sit-sce-4-text-350m": lambda n: stated(generation(n, 4, "350m", "E"), 1024),
    }
    return {name: (lambda name=name, build=build: build(name)) for name, build in rows.items()}
