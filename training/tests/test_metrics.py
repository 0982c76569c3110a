"""Metrics: right on cases whose answer is known, and named for what they are."""

import pytest
import torch
from piq import FID

from spectral_training.ar import AutoregressiveModel
from spectral_training.figures import caption_sensitivity, consistency, retrieval, tokenizer_figures
from spectral_training.metrics import EfficientNetLite0, fidelity, frechet, frechet_distance
from spectral_training.recipes import recipe
from spectral_training.train_ar import Condition


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    return EfficientNetLite0()


def noise(count: int, size: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_feature_network_knows_an_orange_disc_from_a_black_picture(network: EfficientNetLite0):
    """Weights are in their places: a flat picture is no object with confidence, and colours move the answer."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 224), torch.linspace(-1, 1, 224), indexing="ij")
    disc = (x**2 + y**2 < 0.5).float()
    shade = (1 - 0.5 * (x + y)).clamp(0, 1)
    orange = torch.stack([disc * shade, 0.55 * disc * shade, 0.05 * disc * shade])[None] * 2 - 1
    with torch.no_grad():
        best = network.logits(torch.where(disc.bool(), orange, torch.ones_like(orange))).softmax(-1)[0]
    # ImageNet's classes 950 orange, 951 lemon, 522 croquet ball, 722 ping-pong ball, 852 tennis ball: round things.
    round_things = best[[950, 951, 522, 722, 852, 417, 574, 768, 805, 890]].sum()
    assert round_things > 0.2


def test_the_frechet_distance_is_small_for_equal_sets_and_grows(network: EfficientNetLite0):
    pictures = noise(8, 32, 0)
    assert abs(frechet_distance(network, pictures, pictures)) < 1e-2
    near, far = (pictures + 0.1).clamp(-1, 1), (pictures * 0.2).clamp(-1, 1)
    assert frechet_distance(network, pictures, near) < frechet_distance(network, pictures, far)


def test_the_frechet_distance_equals_that_of_piq():
    torch.manual_seed(0)
    first, second = torch.randn(60, 6).double(), (torch.randn(50, 6) @ torch.randn(6, 6) + 0.5).double()
    assert frechet(first, second) == pytest.approx(float(FID().compute_metric(first, second)), rel=1e-3)


def test_psnr_of_a_known_error():
    picture = torch.zeros(2, 3, 32, 32)
    off = picture + 10 / 127.5  # ten levels
    assert fidelity(off, picture, trunk=None)["psnr"] == pytest.approx(20 * torch.log10(torch.tensor(25.5)).item())


def test_ms_ssim_is_there_for_pictures_that_are_large_enough():
    picture = noise(1, 192, 1)
    figures = fidelity(picture, picture, trunk=None)
    assert figures["ms_ssim"] == pytest.approx(1, abs=1e-4)
    assert "ms_ssim" not in fidelity(noise(1, 64, 1), noise(1, 64, 2), trunk=None)


def test_retrieval_is_chance_for_a_deaf_model_and_perfect_for_one_that_listens():
    config = recipe("studio-debug").ar.model

    class Listening(AutoregressiveModel):
        deaf = False

        def forward(self, text, lengths, codes):
            self.heard = text[:, 0, 0]
            return torch.zeros(len(codes), self.layout.tokens, self.config.width)

        def loss_per_token(self, hidden, codes):
            gap = torch.zeros(len(codes)) if self.deaf else (self.heard - codes[:, 0]).abs()
            return gap[:, None].expand(-1, self.layout.tokens)

    class Numbers(Condition):
        def prefix(self, model, captions):
            states = torch.tensor([float(c) for c in captions])[:, None, None]
            return states.expand(-1, 1, config.text_width), torch.ones(len(captions))

    model = Listening(config)
    codes = torch.arange(12)[:, None].expand(-1, model.layout.tokens)
    captions = [str(i) for i in range(12)]
    assert retrieval(model, codes, captions, Numbers(None, [])) == 100
    # All captions tie for a deaf model, and the own one must not win a tie by its place alone.
    model.deaf = True
    assert retrieval(model, codes, captions, Numbers(None, [])) <= 10


def test_consistency_and_sensitivity_are_in_levels():
    small = noise(1, 8, 0)
    large = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert consistency(small, large) < 1e-3
    assert consistency(small, large + 2 / 127.5) == pytest.approx(2, abs=1e-3)
    assert caption_sensitivity(large, large) == 0


def test_figures_of_a_tokenizer_name_every_resolution(shards):
    from spectral_training import data

    photos = data.load_photos(str(shards / "val-*.tar"), 6)
    figures = tokenizer_figures(recipe("studio-debug").tokenizer.model.build().eval(), photos, None, features=False)
    assert {"32 psnr", "16 psnr", "8 psnr", "4 psnr", "x2 psnr", "detail perplexity"} <= figures.keys()
    assert figures["peak_memory_mb"] > 50
