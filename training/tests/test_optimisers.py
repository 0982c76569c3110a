"""Muon and AdamW as one optimiser."""

import torch
from conftest import round_trip
from torch import Tensor

from spectral_training.ar import AutoregressiveModel
from spectral_training.optimisers import MuonAndAdamW, optimiser_of
from spectral_training.recipes import recipe


def small_model() -> AutoregressiveModel:
    torch.manual_seed(0)
    return recipe("studio-debug").ar.model.build()


def set_gradients(model: AutoregressiveModel, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def weights(model: AutoregressiveModel) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def test_every_parameter_is_updated_once_and_by_the_rate_of_its_group():
    model = small_model()
    optimiser = optimiser_of(model, use_muon=True)
    assert isinstance(optimiser, MuonAndAdamW)
    owned = [id(p) for group in optimiser.param_groups for p in group["params"]]
    assert sorted(owned) == sorted(id(p) for p in model.parameters())
    before = weights(model)
    for rate, is_equal in ((0.0, True), (1e-2, False)):
        for group in optimiser.param_groups:
            group["lr"] = rate
        set_gradients(model, 1)
        optimiser.step()
        assert all(torch.equal(a, b) == is_equal for a, b in zip(before, weights(model), strict=True))


def test_a_matrix_of_a_block_moves_by_an_orthogonal_step():
    model = small_model()
    optimiser = optimiser_of(model, use_muon=True)
    matrix = model.blocks[0].up.weight
    for group in optimiser.param_groups:
        group["lr"], group["weight_decay"] = 1.0, 0.0
    before = matrix.detach().clone()
    set_gradients(model, 2)
    optimiser.step()
    values = torch.linalg.svdvals(before - matrix.detach())
    assert values.min() > 0.5 * values.max()
    # A random matrix of this shape is far from that, so the test can fail.
    assert (random := torch.linalg.svdvals(torch.randn_like(before))).min() < 0.5 * random.max()


def test_a_restored_optimiser_goes_on_as_if_it_had_not_stopped():
    first, second = small_model(), small_model()
    one, two = optimiser_of(first, use_muon=True), optimiser_of(second, use_muon=True)
    for seed in range(2):
        set_gradients(first, seed)
        one.step()
    second.load_state_dict(first.state_dict())
    two.load_state_dict(round_trip(one.state_dict()))
    for model, optimiser in ((first, one), (second, two)):
        set_gradients(model, 7)
        optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))
