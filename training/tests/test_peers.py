"""Conversion of TensorFlow.js layer models, on a small model of every kind of layer."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from spectral_training.peers import convert


def write_model(folder: Path, layers: list[dict], weights: dict[str, np.ndarray], output: str) -> None:
    target = folder / "models" / "x2"
    target.mkdir(parents=True)
    (target / "weights.bin").write_bytes(b"".join(w.astype("<f4").tobytes() for w in weights.values()))
    entries = [{"name": n, "shape": list(w.shape), "dtype": "float32"} for n, w in weights.items()]
    topology = {"layers": layers, "output_layers": [[output, 0, 0]]}
    model = {
        "modelTopology": {"model_config": {"config": topology}},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": entries}],
    }
    (target / "model.json").write_text(json.dumps(model))


def layer(kind: str, name: str, sources: list[str], **config: object) -> dict:
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": [[[s, 0, 0, {}] for s in sources]]}


def test_a_model_that_copies_pixels_enlarges_by_repetition(tmp_path: Path) -> None:
    identity = np.zeros((1, 1, 3, 3), np.float32)
    identity[0, 0] = np.eye(3)
    layers = [
        {"class_name": "InputLayer", "name": "LR", "config": {}, "inbound_nodes": []},
        layer("Conv2D", "copy", ["LR"], activation="linear"),
        layer("UpSampling2D", "up", ["copy"], size=[2, 2], interpolation="nearest"),
    ]
    write_model(tmp_path, layers, {"copy/kernel": identity, "copy/bias": np.zeros(3, np.float32)}, "up")
    session = onnxruntime.InferenceSession(convert(tmp_path, 2).SerializeToString())
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 3, 4)).astype(np.float32)
    (large,) = session.run(None, {"image": image})
    np.testing.assert_allclose(large, image.repeat(2, 2).repeat(2, 3), atol=1e-5)


def test_an_unknown_layer_is_refused_by_name(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "name": "LR", "config": {}, "inbound_nodes": []},
        layer("LSTM", "memory", ["LR"], activation="linear"),
    ]
    write_model(tmp_path, layers, {}, "memory")
    with pytest.raises(ValueError, match="LSTM"):
        convert(tmp_path, 2)
