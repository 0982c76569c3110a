"""ADTransformer: approximation and detail tokens share one attention but no weights.

Dimensions: B batch, T tokens, N approximation tokens (the first ones), D width, H heads.
Source: arXiv 2412.09607 section 3.2 (AD = approximation/detail).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def parts_of(x: Tensor, split: int) -> list[Tensor]:
    """(B, T, D) -> approximation and detail tokens, or all of them where they share weights (``split`` 0)."""
    return [x[:, :split], x[:, split:]] if split else [x]


def joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


class SplitLinear(nn.Module):
    """One linear map for the first ``split`` tokens and another for the rest; ``split == 0`` shares one."""

    def __init__(self, inputs: int, outputs: int, split: int, bias: bool = True) -> None:
        super().__init__()
        self.split = split
        self.detail = nn.Linear(inputs, outputs, bias=bias)
        self.approximation = nn.Linear(inputs, outputs, bias=bias) if split else None

    def each(self, parts: list[Tensor]) -> list[Tensor]:
        """Of :func:`parts_of`, each by its own weights."""
        return [self.detail(parts[0])] if self.approximation is None else [
            self.approximation(parts[0]), self.detail(parts[1]),
        ]  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return joined(self.each(parts_of(x, self.split)))


class SplitNorm(SplitLinear):
    """Layer norm with the same division of weights as :class:`SplitLinear`."""

    def __init__(self, width: int, split: int) -> None:
        nn.Module.__init__(self)
        self.split = split
        self.detail = nn.LayerNorm(width)
        self.approximation = nn.LayerNorm(width) if split else None


class Block(nn.Module):
    """Pre-norm transformer block.

    The two kinds of tokens stay apart from block to block and meet in the attention alone: joined and parted at every
    layer, all tokens would be copied seven times a block.
    """

    def __init__(self, width: int, heads: int, split: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.width, self.heads, self.split = width, heads, split
        self.norm_attention = SplitNorm(width, split)
        self.qkv = SplitLinear(width, 3 * width, split)
        self.out = SplitLinear(width, width, split)
        self.norm_mlp = SplitNorm(width, split)
        self.up = SplitLinear(width, mlp_ratio * width, split)
        self.down = SplitLinear(mlp_ratio * width, width, split)

    def forward(self, parts: list[Tensor], mask: Tensor | None) -> list[Tensor]:
        """Tokens as :func:`parts_of` gives them, before and after."""
        qkv = joined(self.qkv.each(self.norm_attention.each(parts)))
        batch, tokens, width = qkv.shape[0], qkv.shape[1], self.width
        q, k, v = qkv.reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        attended = attended.transpose(1, 2).reshape(batch, tokens, width)
        parts = [x + y for x, y in zip(parts, self.out.each(parts_of(attended, self.split)), strict=True)]
        hidden = [F.gelu(x) for x in self.up.each(self.norm_mlp.each(parts))]
        return [x + y for x, y in zip(parts, self.down.each(hidden), strict=True)]


class Transformer(nn.Module):
    """Stack of blocks over (B, T, D) with a fixed attention mask (T, T), or dense when ``mask`` is None."""

    def __init__(self, width: int, layers: int, heads: int, split: int, mask: Tensor | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(width, heads, split) for _ in range(layers)])
        self.norm = SplitNorm(width, split)
        self.recompute = False
        """Activation checkpointing: blocks are computed again in the backward pass instead of being kept."""
        self.register_buffer("mask", mask, persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                # Residual branches start small so that depth does not change the scale of the stream.
                gain = (2 * layers) ** -0.5 if ".out." in name or ".down." in name else 1.0
                nn.init.normal_(parameter, std=0.02 * gain * (256 / width) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        count = x.shape[1]
        mask = None if self.mask is None else self.mask[:count, :count]
        parts = parts_of(x, self.norm.split)
        for block in self.blocks:
            if self.recompute and torch.is_grad_enabled():
                parts = checkpoint(block, parts, mask, use_reentrant=False)
            else:
                parts = block(parts, mask)
        return joined(self.norm.each(parts))
