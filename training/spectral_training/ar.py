"""AR-SIT: decoder-only transformer over a text prefix and the T codes, coarse to fine.

Dimensions: B batch, P text positions, T codes, D width, d code dimension, V codes of a codebook, S scales,
N tokens a scale, C positions of one chunk.

Position P + t carries the input for code t, and its output gives the logits of code t. Its input is made of the
codes that are already known around it (``neighbours`` says which), which saves the attention from having to learn the
pyramid's geometry.

Tied to the tokenizer's codebooks: embedding = linear(code vector) + a table that starts at zero; logits =
scale * (linear(h) . code vectors) + a bias a scale that starts at the log unigram frequencies. With few
photos this is worth more than anything else tried (docs/training-log.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .layout import Layout
from .neighbours import AROUND, LATER, blocks_of, neighbour_table, parallel_neighbours

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
    """See ``neighbours`` [Note: decoding order]."""
    around: bool = False
    """See ``neighbours`` [Note: neighbours]; raster order only."""
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
        slots = AROUND if config.around else 3
        # One input map a neighbour and a codebook; plus one row for "no such neighbour".
        self.vector_in = nn.ModuleList([nn.Linear(config.code_dim, width, bias=False) for _ in range(2 * slots)])
        self.free_approximation = nn.Embedding(config.approximation_codes, width)
        self.free_detail = nn.Embedding(config.detail_codes, width)
        self.missing = nn.Parameter(torch.zeros(slots, width))
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
        if config.around and config.order != "raster":
            raise ValueError("Expected raster order with `around` but got parallel; switch one of them off.")
        table = parallel_neighbours(layout, block_of)
        if config.order == "raster":
            table = neighbour_table(layout, config.around)
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

    def neighbour_rows(self, codes: Tensor, positions: Tensor, given: Tensor | None) -> Tensor:
        """(B, C, K) rows of the codebooks, one after the other, of each position's neighbours; -1 for none."""
        source = self.neighbours[:, positions].t()
        safe = source.clamp(min=0)
        is_there = (source >= 0)[None]
        if self.config.around:
            given = torch.zeros_like(codes, dtype=torch.bool) if given is None else given
            is_given = given[:, safe]
            is_given[..., :-LATER] = True
            is_there = is_there & is_given
        offset = torch.where(safe >= self.layout.tokens_per_scale, self.config.approximation_codes, 0)
        return torch.where(is_there, codes[:, safe] + offset, -1)

    def embed_codes(self, codes: Tensor, positions: Tensor, given: Tensor | None = None) -> Tensor:
        """Inputs (B, C, D) of the code positions ``positions`` (C,) in [0, T), given codes (B, T).

        Codes at or after a position are never read for it, but those with ``given`` (B, T) to its right and below.
        """
        rows = self.neighbour_rows(codes, positions, given)
        count = self.config.approximation_codes
        is_approximation, is_detail, is_none = rows.lt(count) & rows.ge(0), rows.ge(count), rows.lt(0)
        # Columns: vectors of the first codebook, of the second, and a 1 for "no such neighbour".
        first = F.embedding(rows.clamp(0, count - 1), self.vectors_approximation) * is_approximation[..., None]
        second = F.embedding((rows - count).clamp(min=0), self.vectors_detail) * is_detail[..., None]
        near = torch.cat([first, second, is_none[..., None].to(first.dtype)], dim=-1).flatten(2)
        maps = []
        for slot, missing in enumerate(self.missing):
            maps += [self.vector_in[2 * slot].weight, self.vector_in[2 * slot + 1].weight, missing[:, None]]
        before = rows[..., 0]
        free = torch.where(
            (before >= count)[..., None],
            self.free_detail((before - count).clamp(min=0)),
            self.free_approximation(before.clamp(0, count - 1)),
        )
        free = torch.where((before >= 0)[..., None], free, 0.0)
        return F.linear(near, torch.cat(maps, dim=1)) + free + self.position[positions]

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

    def forward(self, text: Tensor, text_lengths: Tensor, codes: Tensor, given: Tensor | None = None) -> Tensor:
        """Hidden states (B, T, D) that predict the T codes.

        text: (B, p, 384) with p <= P; text_lengths: (B,) valid rows; codes: (B, T); given: (B, T) bool, codes that are
        not predicted, see ``neighbours``.
        """
        batch, p = text.shape[:2]
        tokens = self.layout.tokens
        x = torch.cat(
            [
                self.embed_text(text, torch.arange(p, device=text.device)),
                self.embed_codes(codes, torch.arange(tokens, device=codes.device), given).expand(batch, -1, -1),
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
            return cross_entropy(self.logits_approximation(hidden), codes)
        a = cross_entropy(self.logits_approximation(hidden[:, :n]), codes[:, :n])
        d = cross_entropy(self.logits_detail(hidden[:, n:], self.scale_of[n:]), codes[:, n:])
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
        given: Tensor | None = None,
    ) -> ArChunk:
        """One chunk of sequence positions against the split cache (the ONNX ``ar`` graph).

        text: (B, C, 384), ignored for code positions; text_mask: (B, C) additive, for padded text rows;
        codes: (B, T) known so far; positions: (C,) consecutive (or, in parallel order, one block), in [0, P + T);
        caches: a layer each (B, H, M, D/H), rows in any order; cache_mask: (B, M) additive; given: (B, T) bool as in
        :meth:`forward`. Attention is one
        softmax over [cache ; chunk], with the two parts multiplied apart so that the cache is never copied.
        """
        x, new_keys, new_values = self.extend_hidden(
            text, text_mask, codes, positions, key_cache, value_cache, cache_mask, given
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
        given: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs (B, C, D) before the last norm, and the new rows of both caches; arguments as in :meth:`extend`."""
        p, count = self.config.text_positions, positions.shape[0]
        is_text = (positions < p)[None, :, None]
        text_at = positions.clamp(max=p - 1)
        code_at = (positions - p).clamp(min=0)
        x = torch.where(is_text, self.embed_text(text, text_at), self.embed_codes(codes, code_at, given))
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


def seeing_around(config: ArConfig, weights: dict[str, Tensor]) -> tuple[ArConfig, dict[str, Tensor]]:
    """A model that sees three neighbours as one that sees all of ``around`` and does not mind the others yet."""
    if config.around:
        return config, weights
    wider = dict(weights)
    for slot in range(2 * 3, 2 * AROUND):
        wider[f"vector_in.{slot}.weight"] = torch.zeros_like(weights["vector_in.0.weight"])
    wider["missing"] = F.pad(weights["missing"], (0, 0, 0, AROUND - 3))
    return replace(config, around=True), wider


def cross_entropy(logits: Tensor, codes: Tensor) -> Tensor:
    """In nats, (B, T), of logits (B, T, V): flat, since a softmax along the last axis needs no copy of them."""
    return F.cross_entropy(logits.float().flatten(0, 1), codes.flatten(), reduction="none").view_as(codes)
