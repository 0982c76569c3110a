"""The Spectral Image Tokenizer (SIT), arXiv 2412.09607, with exact context and masked suffix.

[Note: coarse prefixes] ``decode_tokens`` and ``assemble`` also take the tokens of the coarsest scales alone, which in a
scale-causal decoder are what they are with finer ones. An absent scale has an empty batch, so that one graph does for
any number of scales: what works on an empty batch takes no time.

[Note: texture heads] The faithful upscale must stay the conditional mean, while what is drawn from codes should have
texture. So the decoder-only stage (``train_decoder``) trains parameters of its own, the texture heads, whose output is
added at CODE tokens only. Every other parameter is frozen: codes stay what they are, so an AR-SIT stays valid, and a
picture decoded without CODE tokens is the same bit for bit.

Dimensions: B batch, S scales, N tokens a scale, T = S * N, D width, d code dimension, r resolution of a scale,
p patch side of a scale, f feature channels that tokens hand to the detail heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layout import Layout
from .quantize import Codebook, FsqCodebook, Quantized
from .residual import ResidualBlock
from .transformer import SplitLinear, Transformer
from .transforms import Pyramid
from .wavelet import haar_forward, haar_merge

MASKED, CODE, EXACT = 0, 1, 2
"""Kinds of decoder token: not there yet, take the code, take the picture's own coefficients."""


@dataclass(frozen=True)
class HeadConfig:
    """Convolutional detail head of one scale."""

    width: int
    blocks: int


@dataclass(frozen=True)
class TokenizerConfig:
    """Everything that shapes a SIT (or, by its layout, a ViT-VQGAN).

    ``scale_std`` divides each scale's coefficients; left empty, the training measures it at its start.
    ``split_weights`` is the ADTransformer; the two ``causal`` switches make SIT-SC, -SCE, -SCD or dense attention.
    """

    layout: Layout
    scale_std: tuple[float, ...]
    width: int = 256
    encoder_layers: int = 3
    decoder_layers: int = 4
    heads: int = 4
    code_dim: int = 16
    approximation_codes: int = 4096
    detail_codes: int = 8192
    split_weights: bool = True
    encoder_causal: bool = True
    decoder_causal: bool = True
    detail_heads: tuple[HeadConfig, ...] = ()
    head_features: int = 16
    texture_heads: tuple[HeadConfig, ...] = ()
    """One a detail scale, or none; see [Note: texture heads]."""
    decoder_width: int | None = None
    """Width of the decoder where it is not the encoder's, as in the paper's small encoder with large decoder."""
    decoder_heads: int | None = None
    shared_codebook: bool = False
    fsq_levels: tuple[int, ...] = ()
    """Not empty: finite scalar quantisation with so many levels a dimension, in place of learned codes."""
    revive_below: float = 0.02
    """Usage under which a code is replaced; 0 never does."""
    rounded_similarity: bool = True
    """See :meth:`quantize.Codebook.nearest`."""

    @property
    def width_of_decoder(self) -> int:
        return self.decoder_width or self.width

    def build(self) -> Tokenizer:
        self.check()
        return Tokenizer(self)

    def check(self) -> None:
        """Raises ValueError where switches do not go together."""
        heads = {len(self.detail_heads), len(self.texture_heads)} - {0}
        if heads and (heads != {self.layout.levels} or self.layout.transform == "pyramid"):
            raise ValueError(
                f"Expected one head for each of {self.layout.levels} wavelet levels but got {sorted(heads)} heads with "
                f"transform {self.layout.transform}; give as many heads as levels, or none."
            )
        if self.shared_codebook and self.approximation_codes != self.detail_codes:
            raise ValueError("Expected equal sizes for a shared codebook; set detail_codes to approximation_codes.")
        if self.fsq_levels and (
            math.prod(self.fsq_levels) != self.approximation_codes
            or self.approximation_codes != self.detail_codes
            or len(self.fsq_levels) != self.code_dim
        ):
            raise ValueError(
                f"Expected fsq_levels to have code_dim entries whose product is both numbers of codes but got "
                f"{self.fsq_levels}; change them or the other three."
            )


def build_codebook(config: TokenizerConfig, codes: int) -> Codebook | FsqCodebook:
    if config.fsq_levels:
        return FsqCodebook(config.fsq_levels)
    return Codebook(codes, config.code_dim, revive_below=config.revive_below, rounded=config.rounded_similarity)


def both(first: nn.Conv2d, a: Tensor, second: nn.Conv2d, b: Tensor) -> Tensor:
    """``first(a) + second(b)`` as one convolution.

    A runtime that arranges channels in blocks reshapes both sides of such a sum, which takes time and fails on the
    empty batches of [Note: coarse prefixes].
    """
    weight = torch.cat([first.weight, second.weight], dim=1)
    assert first.bias is not None
    assert second.bias is not None
    return F.conv2d(torch.cat([a, b], dim=1), weight, first.bias + second.bias, padding=first.padding)


class DetailHead(nn.Module):
    """Details of one scale from the picture so far (its LL) and, if given, features of the tokens.

    Scale-causal: the LL holds coarser scales only. With ``features=None`` it is a plain detail predictor,
    which is how it is pretrained.
    """

    def __init__(self, config: HeadConfig, features: int) -> None:
        super().__init__()
        self.from_picture = nn.Conv2d(3, config.width, 3, padding=1)
        self.from_tokens = nn.Conv2d(features, config.width, 3, padding=1)
        nn.init.zeros_(self.from_tokens.weight)
        nn.init.zeros_(self.from_tokens.bias)
        # Starting as the identity lets deep heads train at the transformer's learning rate.
        self.blocks = nn.Sequential(*[ResidualBlock(config.width, std=1e-3) for _ in range(config.blocks)])
        self.out = nn.Conv2d(config.width, 9, 3, padding=1)
        nn.init.normal_(self.out.weight, std=1e-3)
        nn.init.zeros_(self.out.bias)

    def forward(self, picture: Tensor, features: Tensor | None) -> Tensor:
        x = (
            self.from_picture(picture)
            if features is None
            else both(self.from_picture, picture, self.from_tokens, features)
        )
        return self.out(self.blocks(F.relu(x)))


class TextureHead(nn.Module):
    """What the conditional mean lacks: texture of one scale, from the picture so far, its mean details and the tokens.

    It starts at (nearly) nothing, so that adversarial training starts from the decoder as it was.
    """

    def __init__(self, config: HeadConfig, features: int) -> None:
        super().__init__()
        self.from_picture = nn.Conv2d(3 + 9, config.width, 3, padding=1)
        self.from_tokens = nn.Conv2d(features, config.width, 3, padding=1)
        self.blocks = nn.Sequential(*[ResidualBlock(config.width, std=1e-3) for _ in range(config.blocks)])
        self.out = nn.Conv2d(config.width, 9, 3, padding=1)
        nn.init.normal_(self.out.weight, std=1e-3)
        nn.init.zeros_(self.out.bias)

    def forward(self, picture: Tensor, details: Tensor, features: Tensor) -> Tensor:
        x = both(self.from_picture, torch.cat([picture, details], dim=1), self.from_tokens, features)
        return self.out(self.blocks(F.relu(x)))


@dataclass
class Decoded:
    """image: (B, 3, I, I), not clipped; pictures: the LL of every level, coarse to fine, ending with image."""

    image: Tensor
    pictures: list[Tensor]


class Tokenizer(nn.Module):
    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        layout, width = config.layout, config.width
        split = layout.tokens_per_scale if config.split_weights else 0
        mask = layout.scale_causal_mask()
        self.layout = layout
        self.register_buffer("std", torch.tensor(config.scale_std or (1.0,) * layout.scales), persistent=False)
        self.pyramid = Pyramid(layout)

        self.embed = nn.ModuleList([nn.Linear(dim, width) for dim in layout.patch_dims])
        self.encoder_position = nn.Parameter(torch.randn(layout.tokens, width) * 0.02)
        self.encoder = Transformer(
            width, config.encoder_layers, config.heads, split, mask if config.encoder_causal else None
        )
        self.to_code = SplitLinear(width, config.code_dim, layout.tokens_per_scale)
        self.approximation_codebook = build_codebook(config, config.approximation_codes)
        self.detail_codebook = (
            self.approximation_codebook if config.shared_codebook else build_codebook(config, config.detail_codes)
        )

        width = config.width_of_decoder
        self.from_code = SplitLinear(config.code_dim, width, layout.tokens_per_scale)
        self.embed_exact = nn.ModuleList([nn.Linear(dim, width) for dim in layout.patch_dims])
        self.decoder_position = nn.Parameter(torch.randn(layout.tokens, width) * 0.02)
        self.mask_embedding = nn.Parameter(torch.zeros(layout.scales, width))
        self.decoder = Transformer(
            width,
            config.decoder_layers,
            config.decoder_heads or config.heads,
            split,
            mask if config.decoder_causal else None,
        )
        self.to_coefficients = nn.ModuleList([nn.Linear(width, dim) for dim in layout.patch_dims])
        features = config.head_features
        self.to_features = nn.ModuleList(
            [nn.Linear(width, features * p * p) for p in layout.patches[1:]] if config.detail_heads else []
        )
        self.detail_heads = nn.ModuleList([DetailHead(head, features) for head in config.detail_heads])
        self.to_texture = nn.ModuleList(
            [nn.Linear(width, features * p * p) for p in layout.patches[1:]] if config.texture_heads else []
        )
        self.texture_heads = nn.ModuleList([TextureHead(head, features) for head in config.texture_heads])
        for linear in self.to_coefficients:
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    # -- encoder ---------------------------------------------------------------------------------------

    def coefficients(self, image: Tensor) -> list[Tensor]:
        """Normalised pyramid of (B, 3, I, I) in [-1, 1], coarsest first."""
        return [band / self.std[s] for s, band in enumerate(self.pyramid.forward(image))]

    def encode_continuous(self, coefficients: list[Tensor]) -> Tensor:
        """(B, T, d) before quantisation: unit vectors, or free ones for FSQ."""
        tokens = [
            embed(self.layout.patchify(band, s))
            for s, (embed, band) in enumerate(zip(self.embed, coefficients, strict=True))
        ]
        x = torch.cat(tokens, dim=1) + self.encoder_position
        z = self.to_code(self.encoder(x)).float()
        return z if self.config.fsq_levels else F.normalize(z, dim=-1)

    def quantize(self, z: Tensor) -> Quantized:
        """Approximation tokens by the first codebook, all others by the second."""
        n = self.layout.tokens_per_scale
        if self.config.shared_codebook or self.layout.scales == 1:
            return self.approximation_codebook(z)
        a, d = self.approximation_codebook(z[:, :n]), self.detail_codebook(z[:, n:])
        return Quantized(
            torch.cat([a.values, d.values], 1),
            torch.cat([a.codes, d.codes], 1),
            (a.commitment + (self.layout.scales - 1) * d.commitment) / self.layout.scales,
        )

    def encode(self, image: Tensor) -> Tensor:
        """(B, 3, I, I) in [-1, 1] -> (B, T) int64 codes."""
        return self.nearest_codes(self.encode_continuous(self.coefficients(image)))

    def nearest_codes(self, z: Tensor) -> Tensor:
        """(B, T, d) before quantisation -> (B, T) int64 codes."""
        n = self.layout.tokens_per_scale
        if self.layout.scales == 1:
            return self.approximation_codebook.nearest(z)
        return torch.cat([self.approximation_codebook.nearest(z[:, :n]), self.detail_codebook.nearest(z[:, n:])], 1)

    def code_vectors(self, codes: Tensor) -> Tensor:
        """(B, T) -> (B, T, d)."""
        n = self.layout.tokens_per_scale
        if self.layout.scales == 1:
            return self.approximation_codebook.lookup(codes)
        return torch.cat(
            [self.approximation_codebook.lookup(codes[:, :n]), self.detail_codebook.lookup(codes[:, n:])], 1
        )

    # -- decoder ---------------------------------------------------------------------------------------

    def decode(self, vectors: Tensor, coefficients: list[Tensor], kinds: Tensor) -> Decoded:
        """Picture from code vectors (B, T, d), exact coefficients and the kind (B, T) of each token.

        Exact tokens' coefficients pass through unchanged; masked ones become their conditional mean.
        """
        return self.assemble(self.decode_tokens(vectors, coefficients, kinds), coefficients, kinds)

    def decode_tokens(self, vectors: Tensor, coefficients: list[Tensor], kinds: Tensor) -> Tensor:
        """Outputs (B, T, D) of the decoder's transformer; arguments as in :meth:`decode`, or of the first scales only
        [Note: coarse prefixes]."""
        layout, n, count = self.layout, self.layout.tokens_per_scale, kinds.shape[1]
        patches = [layout.patchify(band, s) for s, band in enumerate(coefficients)]
        exact = torch.cat([embed(p) for embed, p in zip(self.embed_exact, patches, strict=True)], dim=1)
        exact, masked = exact[:, :count], self.mask_embedding.repeat_interleave(n, dim=0)[:count]
        kind = kinds[..., None]
        code = self.from_code(vectors)
        x = torch.where(kind == CODE, code, torch.where(kind == EXACT, exact, masked.to(code.dtype)))
        return self.decoder(x + self.decoder_position[:count])

    def assemble(self, x: Tensor, coefficients: list[Tensor], kinds: Tensor) -> Decoded:
        """Heads and inverse transform: picture from the decoder's outputs (B, T, D), scale by scale
        [Note: coarse prefixes]."""
        layout, n = self.layout, self.layout.tokens_per_scale
        pictures: list[Tensor] = []
        for s in range(layout.scales):
            mine = x[:, s * n : (s + 1) * n].reshape(-1, n, x.shape[2])
            before = pictures[-1][: mine.shape[0]] if s > 0 else None
            bands = layout.unpatchify(self.to_coefficients[s](mine), s)
            if s > 0 and len(self.detail_heads):
                features = layout.unpatchify(self.to_features[s - 1](mine), s, channels=self.config.head_features)
                bands = bands + self.detail_heads[s - 1](before, features)
            if s > 0 and len(self.texture_heads):
                bands = bands + self._texture(s, before, bands, mine, kinds)
            is_exact = self.where_kind(kinds, EXACT, s)
            bands = torch.where(is_exact, coefficients[s][: mine.shape[0]], bands.float()) * self.std[s]
            pictures.append(bands if before is None else self.pyramid.merge(before, bands))
        return Decoded(pictures[-1], pictures)

    def where_kind(self, kinds: Tensor, kind: int, scale: int) -> Tensor:
        """(B, T) kinds -> (B, 1, r, r) bool: the coefficients of one scale whose tokens are of ``kind``."""
        n = self.layout.tokens_per_scale
        tokens = kinds[:, scale * n : (scale + 1) * n].reshape(-1, n, 1) == kind
        return self.layout.unpatchify(tokens.expand(-1, -1, self.layout.patches[scale] ** 2), scale, channels=1)

    def _texture(self, scale: int, picture: Tensor, bands: Tensor, x: Tensor, kinds: Tensor) -> Tensor:
        """What the texture head adds to normalised details (B, 9, r, r): exactly 0 where the token is no CODE."""
        features = self.layout.unpatchify(self.to_texture[scale - 1](x), scale, channels=self.config.head_features)
        added = self.texture_heads[scale - 1](picture, bands, features)
        return torch.where(self.where_kind(kinds, CODE, scale), added, torch.zeros_like(added))

    def code_parameters(self) -> list[nn.Parameter]:
        """All that codes depend on, beside the codebooks, which are no parameters."""
        parts = (self.embed, self.encoder, self.to_code)
        return [self.encoder_position, *(p for part in parts for p in part.parameters())]

    def texture_parameters(self) -> list[nn.Parameter]:
        """All that the decoder-only stage trains."""
        return [*self.to_texture.parameters(), *self.texture_heads.parameters()]

    def decode_codes(self, codes: Tensor) -> Tensor:
        """Reconstruction from codes alone."""
        size, batch = self.layout.image_size, codes.shape[0]
        blank = self.coefficients(torch.zeros(batch, 3, size, size, device=codes.device))
        return self.decode(self.code_vectors(codes), blank, torch.full_like(codes, CODE)).image

    def upscale(self, image: Tensor, known_scales: int) -> Tensor:
        """Conditional mean of the finer scales given the ``known_scales`` coarsest ones of ``image``."""
        batch = image.shape[0]
        kinds = torch.zeros(batch, self.layout.tokens, dtype=torch.long, device=image.device)
        kinds[:, : known_scales * self.layout.tokens_per_scale] = EXACT
        vectors = torch.zeros(batch, self.layout.tokens, self.config.code_dim, device=image.device)
        return self.decode(vectors, self.coefficients(image), kinds).image


def predict_details(tokenizer: Tokenizer, image: Tensor) -> Tensor:
    """Mean absolute error of every detail head given the *exact* LL of its level; no tokens involved."""
    scales = haar_forward(image, tokenizer.layout.levels)
    picture, losses = scales[0], []
    for s, head in enumerate(tokenizer.detail_heads, start=1):
        predicted = head(picture, None)
        losses.append((predicted.float() - scales[s] / tokenizer.std[s]).abs().mean())
        picture = haar_merge(picture, scales[s])
    return torch.stack(losses).mean()
