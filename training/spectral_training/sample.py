"""Drawing codes from AR-SIT: generation that may stop at any scale, upsampling, editing by frozen scales.

Dimensions: B pictures, G = 2B with guidance, T codes, S scales, N tokens a scale, V codes of a codebook.
The cached pass is the one that is exported, so what is drawn here is what an app draws from the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .ar import NEGATIVE, AutoregressiveModel
from .seams import soften_seams
from .tokenizer import CODE, EXACT, MASKED, Tokenizer


@dataclass(frozen=True)
class Sampling:
    """guidance 1 draws from the conditional distribution itself; top_k 0 and top_p 1 leave it whole."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    guidance: float = 1.0


@dataclass
class Prefix:
    """Text states (B, n, W) and lengths (B,) of the condition and of no condition."""

    text: Tensor
    lengths: Tensor
    empty: Tensor
    empty_lengths: Tensor


def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> Tensor:
    """(R, V) logits -> (R,) codes."""
    logits = logits.float() / max(sampling.temperature, 1e-6)
    if sampling.top_k:
        smallest = logits.topk(min(sampling.top_k, logits.shape[-1]), dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < smallest, -torch.inf)
    probabilities = logits.softmax(-1)
    if sampling.top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True)
        # A code stays while those before it do not yet fill top_p; the first one always stays.
        late = ordered.cumsum(-1) - ordered >= sampling.top_p
        probabilities = probabilities.scatter(-1, order, ordered.masked_fill(late, 0.0))
    return torch.multinomial(probabilities, 1, generator=generator).squeeze(1)


class CachedRun:
    """Caches of one batch, and the cached passes over them."""

    def __init__(self, model: AutoregressiveModel, text: Tensor, lengths: Tensor, given: Tensor) -> None:
        """``given``: (T,) bool, codes that are not drawn."""
        self.model, config = model, model.config
        self.given = given.to(text.device).expand(len(text), -1)
        rows, device = len(text), text.device
        self.total = config.text_positions + model.layout.tokens
        shape = (config.layers, rows, config.heads, self.total, config.width // config.heads)
        self.keys, self.values = torch.zeros(shape, device=device), torch.zeros(shape, device=device)
        self.mask = torch.full((rows, self.total), NEGATIVE, device=device)
        p = config.text_positions
        states = F.pad(text, (0, 0, 0, p - text.shape[1]))
        valid = torch.where(torch.arange(p, device=device)[None] < lengths[:, None], 0.0, NEGATIVE)
        codes = torch.zeros(rows, model.layout.tokens, dtype=torch.long, device=device)
        self.advance(states, valid, codes, torch.arange(p, device=device))

    def advance(self, text: Tensor, text_mask: Tensor, codes: Tensor, positions: Tensor) -> Tensor:
        """One chunk: its rows go into the caches; returns the outputs (G, C, D)."""
        x, keys, values = self.model.extend_hidden(
            text, text_mask, codes, positions, self.keys, self.values, self.mask, self.given
        )
        self.keys[:, :, :, positions] = keys
        self.values[:, :, :, positions] = values
        self.mask[:, positions] = text_mask
        return self.model.norm(x)

    def code_chunk(self, codes: Tensor, chosen: Tensor) -> Tensor:
        """Outputs (G, C, D) at code positions ``chosen``, given all codes known so far."""
        rows, count, p = len(codes), len(chosen), self.model.config.text_positions
        empty = torch.zeros(rows, count, self.model.config.text_width, device=codes.device)
        return self.advance(empty, torch.zeros(rows, count, device=codes.device), codes, chosen + p)


@torch.no_grad()
def generate(
    model: AutoregressiveModel,
    prefix: Prefix,
    sampling: Sampling,
    generator: torch.Generator,
    known: Tensor | None = None,
    is_known: Tensor | None = None,
    scales: int | None = None,
) -> Tensor:
    """(B, T) codes; those with ``is_known`` (T,) are taken from ``known`` (B, T), the rest of ``scales`` scales drawn.

    Codes of later scales stay 0. Runs of known codes are fed in one chunk each, so the cost follows what is drawn.
    """
    layout, batch = model.layout, len(prefix.text)
    scales = layout.scales if scales is None else scales
    forced = torch.zeros(layout.tokens, dtype=torch.bool) if is_known is None else is_known.cpu()
    guided = sampling.guidance != 1
    widest = max(prefix.text.shape[1], prefix.empty.shape[1])
    texts, lengths = [prefix.text], [prefix.lengths]
    if guided:
        texts, lengths = [*texts, prefix.empty], [*lengths, prefix.empty_lengths]
    states = torch.cat([F.pad(t, (0, 0, 0, widest - t.shape[1])) for t in texts])
    run = CachedRun(model, states, torch.cat(lengths), forced)
    codes = torch.zeros(batch, layout.tokens, dtype=torch.long, device=prefix.text.device)
    if known is not None:
        codes[:, forced] = known[:, forced.to(known.device)]

    waiting: list[int] = []
    for block in model.block_of[: scales * layout.tokens_per_scale].unique().tolist():
        chosen = (model.block_of.cpu() == block).nonzero().flatten()
        if forced[chosen].all() and model.config.order == "raster":
            waiting += chosen.tolist()
            continue
        chunk = torch.tensor(waiting + chosen.tolist(), device=codes.device)
        is_visible = model.block_of < block
        if model.config.around:
            is_visible = is_visible | forced.to(codes.device)
        visible = torch.where(is_visible, codes, 0)
        hidden = run.code_chunk(visible.repeat(2 if guided else 1, 1), chunk)[:, len(waiting) :]
        waiting = []
        drawn = draw_block(model, hidden, int(chosen[0]), sampling, generator, batch)
        fresh = ~forced[chosen]
        codes[:, chosen[fresh]] = drawn[:, fresh]
    return codes


def draw_block(
    model: AutoregressiveModel, hidden: Tensor, token: int, sampling: Sampling, generator: torch.Generator, batch: int
) -> Tensor:
    """(B, C) codes from outputs (G, C, D) of one block, whose first code is ``token``."""
    if token < model.layout.tokens_per_scale:
        logits = model.logits_approximation(hidden)
    else:
        logits = model.logits_detail(hidden, model.scale_of[token])
    if len(logits) > batch:
        given, free = logits.chunk(2)
        logits = free + sampling.guidance * (given - free)
    count = logits.shape[1]
    return draw(logits.reshape(batch * count, -1), sampling, generator).reshape(batch, count)


@torch.no_grad()
def picture_at(tokenizer: Tokenizer, codes: Tensor, scales: int) -> Tensor:
    """Picture from the first ``scales`` scales' codes, at the resolution they reach: (B, 3, r, r).

    With a scale-causal decoder (SIT-SCD) the later codes do not matter, whatever they are, and are not computed.
    """
    layout = tokenizer.layout
    known = scales * layout.tokens_per_scale
    kinds = torch.full_like(codes, MASKED)
    kinds[:, :known] = CODE
    if tokenizer.config.decoder_causal:
        codes, kinds = codes[:, :known], kinds[:, :known]
    blank = tokenizer.coefficients(torch.zeros(len(codes), 3, layout.image_size, layout.image_size))
    return tokenizer.decode(tokenizer.code_vectors(codes), blank, kinds).pictures[scales - 1]


@torch.no_grad()
def upsample(
    tokenizer: Tokenizer,
    model: AutoregressiveModel,
    small: Tensor,
    prefix: Prefix,
    sampling: Sampling,
    generator: torch.Generator,
    exact: bool = False,
) -> Tensor:
    """Text-guided upsampling of pictures (B, 3, r, r): their coarse scales are encoded, the rest is drawn.

    The encoder must be scale-causal (SIT-SCE): then the codes of the coarse scales do not depend on the details that
    are missing. ``exact`` decodes from the picture's own coefficients in place of those codes.
    Raises ValueError for a side that is no level of the pyramid, or a dense encoder.
    """
    layout = tokenizer.layout
    sides = [layout.image_size // 2**level for level in range(layout.levels, 0, -1)]
    if small.shape[-1] not in sides or not tokenizer.config.encoder_causal:
        raise ValueError(
            f"Expected a scale-causal encoder and pictures of side {sides} but got {small.shape[-1]} with "
            f"encoder_causal {tokenizer.config.encoder_causal}; reduce the pictures, or use an SCE recipe."
        )
    known = sides.index(small.shape[-1]) + 1
    full = F.interpolate(small, size=layout.image_size, mode="nearest")
    forced = torch.arange(layout.tokens) < known * layout.tokens_per_scale
    codes = generate(model, prefix, sampling, generator, tokenizer.encode(full), forced)
    kinds = torch.where(forced, EXACT if exact else CODE, CODE).expand(len(small), -1)
    return tokenizer.decode(tokenizer.code_vectors(codes), tokenizer.coefficients(full), kinds).image


@torch.no_grad()
def edit(
    tokenizer: Tokenizer,
    model: AutoregressiveModel,
    image: Tensor,
    cells: Tensor,
    frozen: int,
    prefix: Prefix,
    sampling: Sampling,
    generator: torch.Generator,
) -> Tensor:
    """Redraw ``cells`` (grid, grid bool) of ``image`` (B, 3, I, I), keeping its ``frozen`` coarsest scales.

    What is kept is exact: frozen scales and other cells pass through as coefficients. Seams between drawn cells are
    softened, which leaves both alone.
    """
    layout = tokenizer.layout
    inside = cells.reshape(-1).repeat(layout.scales)
    keep = (layout.scale_of_token() < frozen) | ~inside
    codes = generate(model, prefix, sampling, generator, tokenizer.encode(image), keep)
    kinds = torch.where(keep, EXACT, CODE).expand(len(image), -1)
    drawn = tokenizer.decode(tokenizer.code_vectors(codes), tokenizer.coefficients(image), kinds).image
    return soften_seams(drawn, layout, ~keep)
