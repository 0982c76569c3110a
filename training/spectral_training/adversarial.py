"""Adversarial loss: a patch discriminator with spectral norm, which owns its optimiser.

Dimensions: B batch, I side of the picture, w width of the discriminator.
Spectral norm on every convolution is what keeps the paper's training from diverging (arXiv 2412.09607, section on
training); ViT-VQGAN has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


@dataclass(frozen=True)
class DiscriminatorConfig:
    """``layers`` convolutions of stride 2, the width doubling from ``width`` up to four times it."""

    width: int = 64
    layers: int = 3
    rate: float = 2e-4
    objective: Literal["logistic", "hinge"] = "logistic"


class PatchDiscriminator(nn.Module):
    """(B, 3, I, I) -> (B, 1, i, i) logits, one a patch; positive = real."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        modules: list[nn.Module] = []
        channels = 3
        for layer in range(config.layers):
            width = config.width * min(2**layer, 4)
            modules += [spectral_norm(nn.Conv2d(channels, width, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
            channels = width
        modules += [spectral_norm(nn.Conv2d(channels, channels, 3, padding=1)), nn.LeakyReLU(0.2)]
        modules.append(spectral_norm(nn.Conv2d(channels, 1, 3, padding=1)))
        self.net = nn.Sequential(*modules)

    def forward(self, image: Tensor) -> Tensor:
        return self.net(image)


class AdversarialLoss:
    """Holds discriminator and optimiser, so that the generator's training step stays readable."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        self.config = config
        self.discriminator = PatchDiscriminator(config)
        self.optimiser = torch.optim.AdamW(
            self.discriminator.parameters(), lr=config.rate, betas=(0.5, 0.9), weight_decay=0.0
        )
        self.wrapped: nn.Module = self.discriminator
        self.fabric: Fabric | None = None

    def setup(self, fabric: Fabric) -> None:
        """Share the discriminator among the processes of a run; without it there is one process."""
        self.wrapped, self.optimiser = fabric.setup(self.discriminator, self.optimiser)
        self.fabric = fabric

    def of_generator(self, fake: Tensor) -> Tensor:
        """Scalar; its gradient reaches ``fake`` only, never the discriminator's weights."""
        self.discriminator.requires_grad_(False)
        logits = self.discriminator(fake).float()
        self.discriminator.requires_grad_(True)
        return F.softplus(-logits).mean() if self.config.objective == "logistic" else -logits.mean()

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        on_real, on_fake = self.wrapped(torch.cat([real, fake.detach()])).float().chunk(2)
        if self.config.objective == "hinge":
            return 0.5 * (F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean())
        return 0.5 * (F.softplus(-on_real).mean() + F.softplus(on_fake).mean())

    def update(self, real: Tensor, fake: Tensor) -> float:
        """One step of the discriminator on pictures (B, 3, I, I); returns its loss."""
        self.discriminator.train()
        loss = self.discriminator_loss(real, fake)
        self.optimiser.zero_grad(set_to_none=True)
        if self.fabric is None:
            loss.backward()
        else:
            self.fabric.backward(loss)
        self.optimiser.step()
        return float(loss.detach())

    def state_dict(self) -> dict[str, object]:
        return {"discriminator": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, dict]) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimiser.load_state_dict(state["optimiser"])
