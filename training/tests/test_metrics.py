"""Metrics: right on cases whose answer is known, and named for what they are."""

from dataclasses import replace

import pytest
import torch
from piq import FID

from spectral_training import data
from spectral_training.ar import AutoregressiveModel
from spectral_training.condition import Condition
from spectral_training.cost import CLEAR, peak_bytes
from spectral_training.figures import caption_sensitivity, consistency, losses_of_choices, retrieval, tokenizer_figures
from spectral_training.metrics import (
    EfficientNetLite0,
    feature_networks,
    fidelity,
    frechet,
    frechet_distance,
    inception_weights,
)
from spectral_training.recipes import recipe
from spectral_training.train_tokenizer import Trainer


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
    assert retrieval(losses_of_choices(model, codes, captions, Numbers(None, []))) == 100
    # All captions tie for a deaf model, and the own one must not win a tie by its place alone.
    model.deaf = True
    assert retrieval(losses_of_choices(model, codes, captions, Numbers(None, []))) <= 10


def test_consistency_and_sensitivity_are_in_levels():
    small = noise(1, 8, 0)
    large = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert consistency(small, large) < 1e-3
    assert consistency(small, large + 2 / 127.5) == pytest.approx(2, abs=1e-3)
    assert caption_sensitivity(large, large) == 0


def test_figures_of_a_tokenizer_name_every_resolution(shards):
    photos = data.load_photos(str(shards / "val-*.tar"), 6)
    figures = tokenizer_figures(recipe("studio-debug").tokenizer.model.build().eval(), photos, None, features=False)
    for side in (32, 16, 8, 4):
        assert {f"{side} psnr", f"{side} early psnr", f"{side} early pictures_per_second"} <= figures.keys()
    assert {"x2 psnr", "detail perplexity", "approximation used"} <= figures.keys()


def test_coarse_to_fine_decoding_loses_nothing_in_a_scale_causal_decoder_and_much_in_a_dense_one(shards):
    """A dense decoder was taught to look at codes that are not there yet."""
    photos = data.load_photos(str(shards / "train-*.tar"), 24)
    gaps = {}
    for name in ("sit-scd-4-256", "sit-4-256"):
        config = replace(recipe(f"{name}-debug").tokenizer, adversarial=0.0)
        trainer = Trainer(config, photos)
        for step in range(90):
            trainer.update(step / 90)
        figures = tokenizer_figures(trainer.averaged(), photos[:8], None, features=False)
        gaps[name] = max(figures[f"{side} psnr"] - figures[f"{side} early psnr"] for side in (16, 8, 4))
    assert gaps["sit-scd-4-256"] < 0.05  # one is rounded to levels after being reduced, the other before
    assert gaps["sit-4-256"] > 0.2


@pytest.mark.skipif(not CLEAR.exists(), reason="only Linux tells a process its peak")
def test_peak_memory_is_that_of_the_run_alone():
    def take(megabytes: int) -> None:
        torch.ones(megabytes * 1_000_000 // 4).sum()

    assert peak_bytes(lambda: take(200)) == pytest.approx(200e6, rel=0.1)
    assert peak_bytes(lambda: take(40)) == pytest.approx(40e6, rel=0.3)  # the larger one before it is forgotten


def test_an_inception_distance_is_only_named_so_where_its_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert feature_networks().keys() == {"fd_enl0"}
    inception_weights().parent.mkdir(parents=True)
    fid_inception = pytest.importorskip("piq.feature_extractors.fid_inception")
    monkeypatch.setattr(fid_inception, "load_state_dict_from_url", lambda *_, **__: torch.load(inception_weights()))
    torch.manual_seed(0)
    torch.save(random_inception(fid_inception, monkeypatch), inception_weights())
    networks = feature_networks()
    assert networks.keys() == {"fd_enl0", "fid"}
    figures = fidelity(noise(3, 32, 0), noise(3, 32, 1), trunk=None, networks={"fid": networks["fid"]})
    assert figures["fid"] > 0
    assert fidelity(noise(3, 16, 0), noise(3, 16, 1), trunk=None, networks=networks).keys() == {"psnr", "ssim"}


def random_inception(module, monkeypatch) -> dict:
    """Weights of the right shapes, for the file's place."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: None)
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
        return module.InceptionV3.fid_inception_v3().state_dict()
