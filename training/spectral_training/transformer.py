"""ADTransformer: approximation and detail tokens share one attention but no weights.

Dimensions: B batch, T tokens, N approximation tokens (the first ones), D width, H heads.
Source: arXiv 2412.09607 section 3.2 (AD = approximation/detail).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class SplitLinear(nn.Module):
    """One linear map for the first ``split`` tokens and another for the rest; ``split == 0`` shares one."""

    def __init__(self, inputs: int, outputs: int, split: int, bias: bool = True) -> None:
        super().__init__()
        self.split = split
        self.detail = nn.Linear(inputs, outputs, bias=bias)
        self.approximation = nn.Linear(inputs, outputs, bias=bias) if split else None

    def forward(self, x: Tensor) -> Tensor:
        if self.approximation is None:
            return self.detail(x)
        return torch.cat([self.approximation(x[:, : self.split]), self.detail(x[:, self.split :])], dim=1)


class SplitNorm(nn.Module):
    """Layer norm with the same division of weights as :class:`SplitLinear`."""

    def __init__(self, width: int, split: int) -> None:
        super().__init__()
        self.split = split
        self.detail = nn.LayerNorm(width)
        self.approximation = nn.LayerNorm(width) if split else None

    def forward(self, x: Tensor) -> Tensor:
        if self.approximation is None:
            return self.detail(x)
        return torch.cat([self.approximation(x[:, : self.split]), self.detail(x[:, self.split :])], dim=1)


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, width: int, heads: int, split: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = SplitNorm(width, split)
        self.qkv = SplitLinear(width, 3 * width, split)
        self.out = SplitLinear(width, width, split)
        self.norm_mlp = SplitNorm(width, split)
        self.up = SplitLinear(width, mlp_ratio * width, split)
        self.down = SplitLinear(mlp_ratio * width, width, split)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).reshape(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.down(F.gelu(self.up(self.norm_mlp(x))))


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
        for block in self.blocks:
            if self.recompute and torch.is_grad_enabled():
                x = checkpoint(block, x, mask, use_reentrant=False)
            else:
                x = block(x, mask)
        return self.norm(x)
