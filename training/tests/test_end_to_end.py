"""The debug recipe from shards to a checked bundle."""

import base64
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import round_trip
from PIL import Image

from spectral_training import (
    ar_graph,
    checkpoint,
    compact,
    data,
    evaluate,
    export_onnx,
    golden,
    graphs,
    onnx_files,
    train_ar,
    train_tokenizer,
)  # fmt: skip
from spectral_training.checkpoint import save_atomic
from spectral_training.recipes import recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shards: Path) -> Path:
    out = tmp_path_factory.mktemp("run")
    train = str(shards / "train-*.tar")
    train_tokenizer.main(train_tokenizer.Options(data=train, out=out, recipe="studio-debug"))
    train_ar.main(
        train_ar.Options(
            data=train,
            validation=str(shards / "val-*.tar"),
            tokenizer=out / "tokenizer.pt",
            out=out,
            recipe="studio-debug",
            grid_every=60,
        )  # fmt: skip
    )
    return out


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_training_lowers_both_losses(run: Path):
    tokenizer = [line["codec_l2"] for line in lines(run / "tokenizer.jsonl") if "codec_l2" in line]
    assert tokenizer[-1] < tokenizer[0]
    unigram, end = (next(x for x in lines(run / "ar.jsonl") if x.get("event") == e) for e in ("unigram", "end"))
    assert end["validation"] < unigram["mean"]


def test_training_leaves_sheets_of_pictures(run: Path):
    """Photos above what is made of them: eight of 32 pixels."""
    assert Image.open(run / "drawn-0000060.png").size == (8 * 32, 2 * 32)


def test_evaluation_reports_every_figure(run: Path, shards: Path):
    target = run / "figures.json"
    evaluate.main(
        evaluate.Options(
            data=str(shards / "val-*.tar"),
            train=str(shards / "train-*.tar"),
            tokenizer=run / "tokenizer.pt",
            ar=run / "ar.pt",
            out=target,
        )  # fmt: skip
    )
    figures = json.loads(target.read_text())
    assert figures["x2 faithful psnr"] > 15
    assert figures["reconstruction 32 psnr"] > 10
    assert 0 < figures["ar right loss"] < 10
    assert 0 < figures["ar edit loss"] != figures["ar edit, nothing given, loss"]
    for side in (32, 16, 8, 4):
        assert {f"reconstruction {side} psnr", f"reconstruction {side} early psnr"} <= figures.keys()
    assert {"reconstruction 32 ssim", "reconstruction 32 st_lpips", "reconstruction 32 fd_enl0"} <= figures.keys()
    assert {"detail codes used", "ar retrieval %", "drawing pictures_per_second"} <= figures.keys()
    assert figures["upsampling x2 psnr"] > 10


def test_exported_graphs_agree_with_pytorch(run: Path, tmp_path: Path):
    export_onnx.main(
        export_onnx.Options(
            tokenizer=run / "tokenizer.pt", ar=run / "ar.pt", out=tmp_path, id="studio-debug", ar_precision="fp16"
        )
    )
    manifest = json.loads((tmp_path / "model.json").read_text())
    for entry in manifest["files"].values():
        assert onnx_files.digest(tmp_path / entry["file"]) == entry["sha256"]
    recorded = json.loads((tmp_path / "golden.json").read_text())
    model, _ = train_tokenizer.load_tokenizer(run / "tokenizer.pt")
    onnx_files.round_to_half(model)
    image = torch.from_numpy(golden.smooth_picture(model.layout.image_size))
    with torch.no_grad():
        codes = model.encode(image)
        faithful = model.upscale(image, recorded["faithful"]["frozenScales"])
    assert codes[0].tolist() == recorded["codes"]
    stored = recorded["faithful"]["reconstruction"]
    expected = np.frombuffer(base64.b64decode(stored["base64"]), "<f4").reshape(stored["shape"])
    assert np.abs(faithful.numpy() - expected).max() < 1e-3


@pytest.mark.parametrize(("precision", "limit"), [("fp32", 1e-4), ("fp16", 2e-2), ("int8-blocks", 0.3)])
def test_the_manifest_states_how_far_graphs_are_from_pytorch(run: Path, tmp_path: Path, precision: str, limit: float):
    export_onnx.main(
        export_onnx.Options(
            tokenizer=run / "tokenizer.pt",
            ar=run / "ar.pt",
            out=tmp_path,
            id="studio-debug",
            ar_precision=precision,
            tokenizer_precision="fp32" if precision == "fp32" else "fp16",
            text_precision="fp32" if precision == "fp32" else "int8",
        )  # fmt: skip
    )
    metrics = {m["name"]: m["value"] for m in json.loads((tmp_path / "model.json").read_text())["metrics"]}
    assert metrics["parity: ar max error"] < limit
    assert metrics["parity: decoder max error"] < min(limit, 2e-2)
    assert metrics["parity: encoder codes that differ %"] < (0.01 if precision == "fp32" else 10)
    if precision == "fp32":
        assert metrics["parity: text max error"] < 1e-4


def test_exported_graphs_take_any_batch_and_chunk(run: Path, tmp_path: Path):
    model, _ = train_ar.load_ar(run / "ar.pt")
    ar_graph.export_ar(model, tmp_path / "ar.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "ar.onnx"), providers=["CPUExecutionProvider"])
    keys, values, mask = graphs.empty_cache(model, 3)
    tensors = graphs.cache_inputs(keys, values)
    caches = {name: x.numpy() for name, x in zip(ar_graph.cache_names(len(keys)), tensors, strict=True)}
    for count in (1, 7):
        answer = session.run(
            ["new_keys"],
            {
                "text": np.zeros((3, count, model.config.text_width), np.float32),
                "text_mask": np.zeros((3, count), np.float32),
                "codes": np.zeros((3, model.layout.tokens), np.int64),
                "given": np.zeros((3, model.layout.tokens), np.int64),
                "positions": np.arange(count) + model.config.text_positions,
                "cache_mask": mask.numpy(),
                **caches,
            },
        )[0]
        assert answer.shape[1] == 3
        assert answer.shape[3] == count


def test_a_resumed_run_loses_nothing(shards: Path):
    """Losses after a restart equal those of a run that was never stopped."""
    photos = data.load_photos(str(shards / "train-*.tar"))
    config = recipe("studio-debug").tokenizer
    whole = train_tokenizer.Trainer(config, photos)
    whole.enter_joint()
    for step in range(4):
        whole.update(0.1 + step * 0.01)
    state = whole.state()
    copy = train_tokenizer.Trainer(config, photos)
    copy.restore(round_trip(state))
    for step in range(4, 7):
        first, second = whole.update(0.1 + step * 0.01), copy.update(0.1 + step * 0.01)
        assert first == pytest.approx(second, rel=1e-6)


def test_training_goes_on_elsewhere_from_the_compact_file(run: Path, shards: Path, tmp_path: Path):
    train, small = str(shards / "train-*.tar"), tmp_path / "small.pt"
    compact.main(compact.Options(tokenizer=run / "tokenizer.pt", ar=run / "ar.pt", out=small))
    assert small.stat().st_size < 0.5 * ((run / "tokenizer.pt").stat().st_size + (run / "ar.pt").stat().st_size)
    trainer = train_tokenizer.Trainer(recipe("studio-debug").tokenizer, data.load_photos(train))
    trainer.enter_joint()
    fresh = trainer.joint_losses()["codec_l2"]
    trainer.start_from(small)
    assert trainer.joint_losses()["codec_l2"] < 0.7 * fresh
    model, _ = train_ar.load_ar(run / "ar.pt")
    other = recipe("studio-debug").ar.model.build()
    checkpoint.start_from(other, small, "ar")
    for name, value in model.state_dict().items():
        assert torch.allclose(value, other.state_dict()[name], atol=2e-3)
    with pytest.raises(ValueError, match="another"):
        checkpoint.start_from(recipe("studio-128").ar.model.build(), small, "ar")


def test_a_checkpoint_replaces_the_old_one_only_when_it_is_complete(tmp_path: Path):
    path = tmp_path / "a.pt"
    save_atomic({"step": 1}, path)

    class Unpicklable:
        def __reduce__(self):
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        save_atomic({"step": Unpicklable()}, path)
    assert torch.load(path)["step"] == 1


def test_missing_shards_are_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nothing-"):
        data.load_photos(str(tmp_path / "nothing-*.tar"))
