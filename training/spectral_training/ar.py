"""AR-SIT: decoder-only transformer over a text prefix and the T codes, coarse to fine.

Dimensions: B batch, P text positions, T codes, D width, d code dimension, V codes of a codebook, S scales,
N tokens a scale, C positions of one chunk.

Position P + t carries the input for code t, and its output gives the logits of code t. Its input is made of the
codes that are already known around it: the one before in raster order, the one above, and the one at the same
cell of the next coarser scale. The last two are older than the first, so causality holds, and they save the
attention from having to learn the pyramid's geometry.

Tied to the tokenizer's codebooks: embedding = linear(code vector) + a table that starts at zero; logits =
scale * (linear(h) . code vectors) + a bias a scale that starts at the log unigram frequencies. With few
photos this is worth more than anything else tried (docs/training-log.md).

[Note: decoding order] In ``raster`` order each code is a block of its own. In ``parallel`` order (a switch of ours) a
scale is four interleaved sub-grids, each one block: the codes of a block are drawn at once, from the coarser scales and
the blocks before, so a scale takes 4 passes instead of N. A block's positions see each other, but their inputs hold
codes of earlier blocks only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .layout import Layout

NEGATIVE = -1e9
"""Additive mask of what may not be attended."""


@dataclass(frozen=True)
class ArConfig:
    layout: Layout
    width: int = 256
    layers: int = 8
    heads: int = 4
    code_dim: int = 16
    approximation_codes: int = 4096
    detail_codes: int = 8192
    text_width: int = 384
    text_positions: int = 64
    dropout: float = 0.0
    rotary: bool = False
    """2-D rotary positions (row and column of the grid) in the attention, besides the learned positions."""
    order: Literal["raster", "parallel"] = "raster"
    """See [Note: decoding order]."""
    classes: int = 0
    """More than 0: conditioned on a class, whose embedding takes the place of the text states."""

    def build(self) -> AutoregressiveModel:
        return AutoregressiveModel(self)


class ArBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def project(self, x: Tensor, rotation: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """(B, C, D) -> queries, keys, values (B, H, C, D/H); rotation: (2, C, D/H) or none."""
        batch, count, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).reshape(batch, count, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return (q, k, v) if rotation is None else (rotate(q, rotation), rotate(k, rotation), v)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        batch, count, width = x.shape
        x = x + self.out(attended.transpose(1, 2).reshape(batch, count, width))
        return x + self.down(F.gelu(self.up(self.norm_mlp(x))))

    def forward(self, x: Tensor, mask: Tensor, rotation: Tensor | None = None) -> Tensor:
        q, k, v = self.project(x, rotation)
        return self.finish(x, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))


@dataclass
class ArChunk:
    """Result of a cached step: logits (B, V), and the chunk's new rows (layers, B, H, C, D/H).

    Logits are those of the chunk's last position; in parallel order of all its positions, (B, C, V).
    """

    logits_approximation: Tensor
    logits_detail: Tensor
    new_keys: Tensor
    new_values: Tensor


class AutoregressiveModel(nn.Module):
    neighbours: Tensor
    scale_of: Tensor
    block_of: Tensor
    rotation: Tensor | None

    def __init__(self, config: ArConfig) -> None:
        super().__init__()
        self.config, self.layout = config, config.layout
        width, layout = config.width, config.layout
        self.text_in = nn.Linear(config.text_width, width)
        self.text_position = nn.Parameter(torch.randn(config.text_positions, width) * 0.02)
        self.position = nn.Parameter(torch.randn(layout.tokens, width) * 0.02)
        # One input map a neighbour (previous, above, parent) and a codebook; plus one for "no such neighbour".
        self.vector_in = nn.ModuleList([nn.Linear(config.code_dim, width, bias=False) for _ in range(6)])
        self.free_approximation = nn.Embedding(config.approximation_codes, width)
        self.free_detail = nn.Embedding(config.detail_codes, width)
        self.missing = nn.Parameter(torch.zeros(3, width))
        self.blocks = nn.ModuleList([ArBlock(width, config.heads) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(width)
        self.to_vector = nn.ModuleList([nn.Linear(width, config.code_dim) for _ in range(2)])
        self.logit_scale = nn.Parameter(torch.full((2,), math.log(4.0)))
        self.bias_approximation = nn.Parameter(torch.zeros(config.approximation_codes))
        self.bias_detail = nn.Parameter(torch.zeros(layout.scales - 1, config.detail_codes))
        self.register_buffer("vectors_approximation", torch.zeros(config.approximation_codes, config.code_dim))
        self.register_buffer("vectors_detail", torch.zeros(config.detail_codes, config.code_dim))
        block_of = blocks_of(layout, config.order)
        self.recompute = False
        """Activation checkpointing, see ``transformer``."""
        self.register_buffer("block_of", block_of, persistent=False)
        table = neighbour_table(layout) if config.order == "raster" else parallel_neighbours(layout, block_of)
        self.register_buffer("neighbours", table, persistent=False)
        self.register_buffer("rotation", rotation_table(config) if config.rotary else None, persistent=False)
        if config.classes:
            # The last row stands for "no class": it is what guidance pushes away from.
            self.class_states = nn.Embedding(config.classes + 1, config.text_width)
        self.register_buffer("scale_of", layout.scale_of_token(), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2 and "position" not in name and "bias" not in name:
                gain = (2 * config.layers) ** -0.5 if ".out." in name or ".down." in name else 1.0
                nn.init.normal_(parameter, std=0.02 * gain)
        for linear in self.vector_in:
            nn.init.normal_(linear.weight, std=0.2 * config.code_dim**-0.5)
        nn.init.zeros_(self.free_approximation.weight)
        nn.init.zeros_(self.free_detail.weight)

    def tie(self, approximation: Tensor, detail: Tensor) -> None:
        """Take over the tokenizer's code vectors (V, d)."""
        self.vectors_approximation.copy_(approximation)
        self.vectors_detail.copy_(detail)

    @torch.no_grad()
    def start_at_unigram(
        self, log_frequencies: list[Tensor], like: Callable[[Tensor, Tensor], Tensor] = lambda value, _: value
    ) -> None:
        """log_frequencies: for each scale (V,), the log of its smoothed unigram distribution.

        ``like`` puts a value onto the device of a parameter, or shards it in its way.
        """
        self.bias_approximation.copy_(like(log_frequencies[0], self.bias_approximation))
        if len(log_frequencies) > 1:
            self.bias_detail.copy_(like(torch.stack(log_frequencies[1:]), self.bias_detail))

    # -- inputs ----------------------------------------------------------------------------------------

    def embed_codes(self, codes: Tensor, positions: Tensor) -> Tensor:
        """Inputs (B, C, D) of the code positions ``positions`` (C,) in [0, T), given codes (B, T).

        Codes at or after a position are never read for it.
        """
        n = self.layout.tokens_per_scale
        x = self.position[positions].unsqueeze(0)
        for slot in range(3):
            source = self.neighbours[slot][positions]
            known = source >= 0
            safe = source.clamp(min=0)
            picked = codes[:, safe]
            is_detail = (safe >= n)[None, :, None]
            # Each code is looked up in both codebooks, so it has to be within the smaller one.
            as_approximation = picked.clamp(max=self.config.approximation_codes - 1)
            as_detail = picked.clamp(max=self.config.detail_codes - 1)
            approximation = self.vector_in[2 * slot](self.vectors_approximation[as_approximation])
            detail = self.vector_in[2 * slot + 1](self.vectors_detail[as_detail])
            if slot == 0:
                approximation = approximation + self.free_approximation(as_approximation)
                detail = detail + self.free_detail(as_detail)
            value = torch.where(is_detail, detail, approximation)
            x = x + torch.where(known[None, :, None], value, self.missing[slot].to(value.dtype))
        return x

    def embed_text(self, text: Tensor, positions: Tensor) -> Tensor:
        """(B, C, 384) text states -> (B, C, D)."""
        return self.text_in(text) + self.text_position[positions]

    # -- outputs ---------------------------------------------------------------------------------------

    def logits_approximation(self, h: Tensor) -> Tensor:
        vector = self.to_vector[0](h) * self.logit_scale[0].exp()
        return vector @ self.vectors_approximation.t() + self.bias_approximation

    def logits_detail(self, h: Tensor, scale: Tensor) -> Tensor:
        """``scale``: scale index >= 1 of each row of h, broadcastable to h's leading axes."""
        vector = self.to_vector[1](h) * self.logit_scale[1].exp()
        return vector @ self.vectors_detail.t() + self.bias_detail[scale - 1]

    # -- full pass for training -------------------------------------------------------------------------

    def forward(self, text: Tensor, text_lengths: Tensor, codes: Tensor) -> Tensor:
        """Hidden states (B, T, D) that predict the T codes.

        text: (B, p, 384) with p <= P; text_lengths: (B,) valid rows; codes: (B, T).
        """
        batch, p = text.shape[:2]
        tokens = self.layout.tokens
        x = torch.cat(
            [
                self.embed_text(text, torch.arange(p, device=text.device)),
                self.embed_codes(codes, torch.arange(tokens, device=codes.device)).expand(batch, -1, -1),
            ],
            dim=1,
        )
        total = p + tokens
        allowed = torch.ones(total, total, dtype=torch.bool, device=text.device).tril()
        if self.config.order == "parallel":
            allowed[p:, p:] = self.block_of[:, None] >= self.block_of[None, :]
        valid = torch.ones(batch, total, dtype=torch.bool, device=text.device)
        valid[:, :p] = torch.arange(p, device=text.device)[None] < text_lengths[:, None]
        # A padded row may see itself, so that no row of the softmax is empty.
        mask = (allowed[None] & valid[:, None, :]) | torch.eye(total, dtype=torch.bool, device=text.device)[None]
        mask = mask[:, None]
        rotation = None
        if self.rotation is not None:
            rotation = torch.cat([self.rotation[:, :p], self.rotation[:, self.config.text_positions :]], dim=1)
        for block in self.blocks:
            if self.recompute and torch.is_grad_enabled():
                x = checkpoint(block, x, mask, rotation, use_reentrant=False)
            else:
                x = block(x, mask, rotation)
        return self.norm(x[:, p:])

    def class_text(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) labels, ``classes`` for none -> states (B, 1, W) and lengths (B,), as a caption's."""
        return self.class_states(labels)[:, None], torch.ones_like(labels)

    def loss_per_token(self, hidden: Tensor, codes: Tensor) -> Tensor:
        """Cross entropy in nats, (B, T)."""
        n = self.layout.tokens_per_scale
        if self.layout.scales == 1:
            return F.cross_entropy(self.logits_approximation(hidden).float().transpose(1, 2), codes, reduction="none")
        a = F.cross_entropy(
            self.logits_approximation(hidden[:, :n]).float().transpose(1, 2), codes[:, :n], reduction="none"
        )
        d = F.cross_entropy(
            self.logits_detail(hidden[:, n:], self.scale_of[n:]).float().transpose(1, 2),
            codes[:, n:],
            reduction="none",
        )
        return torch.cat([a, d], dim=1)

    # -- cached pass for sampling and export ------------------------------------------------------------

    def extend(
        self,
        text: Tensor,
        text_mask: Tensor,
        codes: Tensor,
        positions: Tensor,
        key_cache: Tensor | Sequence[Tensor],
        value_cache: Tensor | Sequence[Tensor],
        cache_mask: Tensor,
    ) -> ArChunk:
        """One chunk of sequence positions against the split cache (the ONNX ``ar`` graph).

        text: (B, C, 384), ignored for code positions; text_mask: (B, C) additive, for padded text rows;
        codes: (B, T) known so far; positions: (C,) consecutive (or, in parallel order, one block), in [0, P + T);
        caches: a layer each (B, H, M, D/H), rows in any order; cache_mask: (B, M) additive. Attention is one
        softmax over [cache ; chunk], with the two parts multiplied apart so that the cache is never copied.
        """
        x, new_keys, new_values = self.extend_hidden(
            text, text_mask, codes, positions, key_cache, value_cache, cache_mask
        )
        rows = slice(None) if self.config.order == "parallel" else -1
        h = self.norm(x[:, rows])
        approximation = self.logits_approximation(h)
        if self.layout.scales == 1:
            return ArChunk(approximation, approximation[..., :0], new_keys, new_values)
        scale = self.scale_of[(positions - self.config.text_positions).clamp(min=0)].clamp(min=1)
        scale = scale if self.config.order == "parallel" else scale[-1:]
        return ArChunk(approximation, self.logits_detail(h, scale), new_keys, new_values)

    def extend_hidden(
        self,
        text: Tensor,
        text_mask: Tensor,
        codes: Tensor,
        positions: Tensor,
        key_cache: Tensor | Sequence[Tensor],
        value_cache: Tensor | Sequence[Tensor],
        cache_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs (B, C, D) before the last norm, and the new rows of both caches; arguments as in :meth:`extend`."""
        p, count = self.config.text_positions, positions.shape[0]
        is_text = (positions < p)[None, :, None]
        text_at = positions.clamp(max=p - 1)
        code_at = (positions - p).clamp(min=0)
        x = torch.where(is_text, self.embed_text(text, text_at), self.embed_codes(codes, code_at))
        rows = torch.arange(count, device=positions.device)
        visible = rows[:, None] >= rows[None, :]
        if self.config.order == "parallel":
            order = torch.where(positions < p, positions - p, self.block_of[code_at])
            visible = order[:, None] >= order[None, :]
        causal = torch.where(visible, 0.0, NEGATIVE)
        own = torch.where(rows[:, None] == rows[None, :], 0.0, text_mask[:, None, :])
        chunk_mask = (causal[None] + own)[:, None]
        past_mask = cache_mask[:, None, None, :]
        rotation = None if self.rotation is None else self.rotation[:, positions]
        new_keys, new_values = [], []
        head_dim = self.config.width // self.config.heads
        cached = cache_mask.shape[1]
        for index, block in enumerate(self.blocks):
            q, k, v = block.project(x, rotation)
            q = q * head_dim**-0.5
            past = q @ key_cache[index].transpose(-1, -2) + past_mask
            mine = q @ k.transpose(-1, -2) + chunk_mask
            weights = torch.cat([past, mine], dim=-1).softmax(dim=-1)
            attended = weights[..., :cached] @ value_cache[index] + weights[..., cached:] @ v
            x = block.finish(x, attended)
            new_keys.append(k)
            new_values.append(v)
        return x, torch.stack(new_keys), torch.stack(new_values)


def blocks_of(layout: Layout, order: str) -> Tensor:
    """(T,) int64: the block that each code is drawn with, see [Note: decoding order]."""
    token = torch.arange(layout.tokens)
    if order == "raster":
        return token
    row, column = token % layout.tokens_per_scale // layout.grid, token % layout.grid
    # The four sub-grids in the order of a quincunx: the second one fills the middles of the first.
    sub_grid = torch.tensor([[0, 2], [3, 1]])[row % 2, column % 2]
    return layout.scale_of_token() * 4 + sub_grid


def rotation_table(config: ArConfig) -> Tensor:
    """(2, P + T, D/H) cosines and sines: half of a head turns with the row, half with the column; text stands still."""
    head_dim, layout = config.width // config.heads, config.layout
    if head_dim % 4:
        raise ValueError(f"Expected rotary heads of a multiple of 4 numbers but got {head_dim}; change width or heads.")
    token = torch.arange(layout.tokens)
    row, column = token % layout.tokens_per_scale // layout.grid, token % layout.grid
    # The longest wave is about six grids long; larger bases of language models would leave most pairs unused.
    frequencies = layout.grid ** -(torch.arange(head_dim // 4) / (head_dim // 4))
    angles = torch.cat([row[:, None] * frequencies, column[:, None] * frequencies], dim=1).repeat(1, 2)
    angles = torch.cat([torch.zeros(config.text_positions, head_dim), angles])
    return torch.stack([angles.cos(), angles.sin()])


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """(B, H, C, D/H) turned pair by pair; the pairs are (i, i + D/2H)."""
    cosine, sine = rotation[0], rotation[1]
    first, second = x.chunk(2, dim=-1)
    return x * cosine.to(x.dtype) + torch.cat([-second, first], dim=-1) * sine.to(x.dtype)


def parallel_neighbours(layout: Layout, block_of: Tensor) -> Tensor:
    """(3, T) as :func:`neighbour_table`, of codes in earlier blocks: beside, above or below (else diagonal), parent."""
    grid, n = layout.grid, layout.tokens_per_scale
    device = block_of.device
    if device.type == "meta":  # a model that is only counted
        return torch.empty(3, layout.tokens, dtype=torch.long, device=device)
    directions = (((0, -1), (0, 1), (-1, -1), (1, 1)), ((-1, 0), (1, 0), (-1, 1), (1, -1)))
    table = torch.full((3, layout.tokens), -1, device=device)
    for token in range(layout.tokens):
        scale, cell = divmod(token, n)
        row, column = divmod(cell, grid)
        for slot, tries in enumerate(directions):
            for down, right in tries:
                y, x = row + down, column + right
                other = scale * n + y * grid + x
                if 0 <= y < grid and 0 <= x < grid and block_of[other] < block_of[token]:
                    table[slot, token] = other
                    break
        table[2, token] = token - n
    table[2, :n] = -1
    return table


def neighbour_table(layout: Layout) -> Tensor:
    """(3, T) int64: for each code the token before it, the one above, and its parent; -1 where there is none."""
    grid, n = layout.grid, layout.tokens_per_scale
    token = torch.arange(layout.tokens)
    row = token % n // grid
    previous = token - 1
    above = torch.where(row > 0, token - grid, torch.full_like(token, -1))
    parent = torch.where(token >= n, token - n, torch.full_like(token, -1))
    return torch.stack([previous, above, parent])
