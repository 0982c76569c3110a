"""Muon for the matrices inside of the blocks, AdamW for everything else, as one optimiser."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

WEIGHT_DECAY = 0.05


class MuonAndAdamW(torch.optim.Optimizer):
    """Both are PyTorch's own. The groups are theirs, so that a learning rate set on a group arrives.

    Muon (https://kellerjordan.github.io/posts/muon) makes the update of a matrix orthogonal. It is scaled to AdamW's
    size (arXiv 2502.16982), so that one learning rate serves both.
    """

    def __init__(self, matrices: list[Tensor], rest: list[dict[str, Any]], betas: tuple[float, float]) -> None:
        self.muon = torch.optim.Muon(matrices, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw")
        self.adamw = torch.optim.AdamW(rest, betas=betas)
        super().__init__([*self.muon.param_groups, *self.adamw.param_groups], {})
        self.param_groups = [*self.muon.param_groups, *self.adamw.param_groups]

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        self.muon.step()
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])
        self.param_groups = [*self.muon.param_groups, *self.adamw.param_groups]


def optimiser_of(model: nn.Module, use_muon: bool) -> torch.optim.Optimizer:
    """``use_muon``: for the weights of linear layers in ``blocks``; else all is AdamW's. Biases are not decayed."""
    named = list(model.named_parameters())
    is_muons = {n: use_muon and n.startswith("blocks.") and p.ndim == 2 for n, p in named}
    matrices = [p for n, p in named if is_muons[n]]
    others = [(n, p) for n, p in named if not is_muons[n]]
    decayed = [p for n, p in others if p.ndim == 2 and "bias" not in n]
    rest = [p for n, p in others if p.ndim != 2 or "bias" in n]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": rest, "weight_decay": 0.0}]
    betas = (0.9, 0.95)
    return MuonAndAdamW(matrices, groups, betas) if matrices else torch.optim.AdamW(groups, betas=betas)
