"""Averages of weights, the schedule of the learning rate, and where metrics go."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from spectral_training.checkpoint import Ema, Log, cosine


def test_an_average_forgets_its_start_at_first_and_is_slow_later():
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(100.0)  # a random start, far away
    ema = Ema(model, 0.99)
    with torch.no_grad():
        model.weight.fill_(1.0)
    expected = 100.0
    for step in range(1, 400):
        ema.update(model, step)
        decay = min(0.99, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert ema.shadow["weight"].item() == pytest.approx(expected, rel=1e-4)
        if step == 20:
            assert expected < 2  # with 0.99 from the start it would still be above 80
    with torch.no_grad():
        model.weight.fill_(2.0)
    ema.update(model, 5000)
    assert ema.shadow["weight"].item() == pytest.approx(1.01, abs=1e-3)


def test_an_average_is_put_into_a_model_and_leaves_the_trained_one_alone():
    model, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    before = model.weight.detach().clone()
    ema = Ema(model, 0.5)
    with torch.no_grad():
        model.weight.add_(1.0)
    ema.copy_to(other)
    assert torch.equal(other.weight, before)
    assert torch.equal(model.weight, before + 1.0)


def test_the_rate_rises_then_falls_to_its_floor():
    values = [cosine(i / 100) for i in range(101)]
    peak = values.index(max(values))
    assert peak == 2
    assert values[peak] == pytest.approx(1)
    assert values[peak:] == sorted(values[peak:], reverse=True)
    assert values[-1] == pytest.approx(0.03)
    assert values[0] > 0


def test_metrics_and_pictures_also_go_to_tensorboard(tmp_path: Path):
    log = Log(tmp_path / "tokenizer.jsonl", tensorboard=True)
    for step, loss in ((50, 0.5), (100, 0.25)):
        log.write(step=step, loss=loss, note="not a number")
    log.picture("samples", np.zeros((4, 6, 3), np.uint8), 100)
    assert log.board is not None
    log.board.close()
    board = EventAccumulator(str(tmp_path / "tensorboard" / "tokenizer"))
    board.Reload()
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(50, 0.5), (100, 0.25)]
    assert (board.Images("samples")[0].width, board.Images("samples")[0].height) == (6, 4)
    assert board.Tags()["scalars"] == ["loss"]


def test_only_the_first_process_writes(tmp_path: Path):
    Log(tmp_path / "a.jsonl", is_writer=False, tensorboard=True).write(step=1, loss=1.0)
    assert list(tmp_path.iterdir()) == []
