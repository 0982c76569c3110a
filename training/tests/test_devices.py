"""No training step mixes tensors of two devices.

PyTorch's ``meta`` device stands for an accelerator: it computes shapes alone, and refuses tensors of the CPU as a GPU
does. What a step reads back from it (losses for the log) is left out.
"""

from collections.abc import Callable
from pathlib import Path

import lightning_fabric
import numpy as np
import pytest
import torch

from spectral_training import data, enlarge, train_ar, train_decoder, train_tokenizer
from spectral_training.recipes import recipe
from spectral_training.runtime import Runtime, RuntimeOptions
from spectral_training.text import CaptionStates

ELSEWHERE = torch.device("meta")
CPU = RuntimeOptions(accelerator="cpu")
DEBUG = recipe("studio-debug")


def network(photos: list[data.Photo]) -> enlarge.Trainer:
    return enlarge.Trainer(enlarge.Train("", Path(), speed="fast", crop=32, batch=4, bf16=False, runtime=CPU), photos)


def joint(photos: list[data.Photo]) -> train_tokenizer.Trainer:
    trainer = train_tokenizer.Trainer(DEBUG.tokenizer, photos, Runtime(CPU))
    trainer.enter_joint()
    return trainer


def texture(photos: list[data.Photo]) -> train_decoder.DecoderTrainer:
    return train_decoder.DecoderTrainer(DEBUG.decoder, DEBUG.tokenizer.model.build(), photos, Runtime(CPU))


def autoregressive(photos: list[data.Photo]) -> train_ar.Trainer:
    states = np.random.default_rng(0).random((3, DEBUG.ar.model.text_width), dtype=np.float32)
    texts = CaptionStates({caption: states for p in photos for caption in (*p.captions, "")})
    trainer = train_ar.Trainer(DEBUG.ar, DEBUG.tokenizer.model.build(), photos, texts, Runtime(CPU))
    trainer.tokenizer.to(ELSEWHERE)
    return trainer


@pytest.mark.parametrize("make", [network, joint, texture, autoregressive])
def test_a_step_stays_on_its_device(make: Callable, shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = make(data.load_photos(str(shards / "train-*.tar"), 16))
    trainer.model.to(ELSEWHERE)
    trainer.ema.shadow = {name: value.to(ELSEWHERE) for name, value in trainer.ema.shadow.items()}
    monkeypatch.setattr(lightning_fabric.Fabric, "device", ELSEWHERE)
    reported: list[dict[str, torch.Tensor]] = []
    monkeypatch.setattr(Runtime, "mean", lambda _, values: reported.append(values) or dict.fromkeys(values, 0.0))
    before = trainer.step
    trainer.update(0.1)
    assert trainer.step == before + 1
    assert {value.device.type for value in reported[0].values()} == {"meta"}
