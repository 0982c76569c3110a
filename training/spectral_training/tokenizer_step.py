"""Forward pass and losses of a tokenizer's training step.

Dimensions: B batch, I side of the picture, T tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .recipes import TokenizerTraining
from .tokenizer import Tokenizer, predict_details


class TokenizerStep(nn.Module):
    """Forward pass and losses of one part of a batch: what is wrapped, sharded and compiled."""

    def __init__(self, model: Tokenizer, config: TokenizerTraining) -> None:
        super().__init__()
        self.model, self.config = model, config

    def forward(self, codec: Tensor, upscale: Tensor, kinds: Tensor | None, quantised: bool) -> dict[str, Tensor]:
        """Losses, and with them the continuous codes ``z`` and the decoded codec pictures ``decoded``.

        codec, upscale: (B, 3, I, I); kinds: (B of both, T), or None in the stage of the detail heads.
        """
        if kinds is None:
            return {"loss": predict_details(self.model, upscale)}
        config, model, count = self.config, self.model, len(codec)
        images = torch.cat([codec, upscale])
        coefficients = model.coefficients(images)
        z, vectors, commitment = self._codes([band[:count] for band in coefficients], quantised)
        filler = torch.zeros(len(upscale), *vectors.shape[1:], device=z.device)
        decoded = model.decode(torch.cat([vectors, filler]), coefficients, kinds)
        error = (decoded.image - images).float()
        # Squared error is the paper's; the absolute error keeps the faithful path from fearing sharp edges.
        losses = {"codec_l2": error[:count].pow(2).mean(), "commitment": commitment, "z": z}
        loss = config.l2 * losses["codec_l2"] + config.commitment * commitment
        if len(upscale):
            losses["upscale_l1"] = error[count:].abs().mean()
            loss = loss + config.upscale_l1 * losses["upscale_l1"]
        if config.focal:
            losses["focal"] = focal_detail_loss(model, error[:count], coefficients, count)
            loss = loss + config.focal * losses["focal"]
        return {"loss": loss, "decoded": decoded.image[:count], **losses}

    def _codes(self, coefficients: list[Tensor], quantised: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Continuous codes (B, T, d), what the decoder gets of them, and the commitment loss."""
        if self.config.frozen_codes:
            with torch.no_grad():
                z = self.model.encode_continuous(coefficients)
                return z, self.model.code_vectors(self.model.nearest_codes(z)), z.new_zeros(())
        z = self.model.encode_continuous(coefficients)
        if not quantised:
            return z, z, z.new_zeros(())
        quantized = self.model.quantize(z)
        return z, quantized.values, quantized.commitment


def focal_detail_loss(model: Tokenizer, error: Tensor, coefficients: list[Tensor], count: int) -> Tensor:
    """Squared errors of normalised details, weighted by their own size: what is missed by much counts more.

    After the focal frequency loss of Jiang et al. 2021, on wavelet bands in place of Fourier coefficients.
    """
    parts = []
    for band in model.coefficients(error)[1:]:
        size = band.detach().abs()
        parts.append((size / size.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6) * band.pow(2)).mean())
    return torch.stack(parts).mean() if parts else error.new_zeros(())
