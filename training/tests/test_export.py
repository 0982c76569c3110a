"""Every kind of recipe becomes a bundle whose graphs agree with PyTorch and whose manifest says what it can do."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_bundles
import torch
from safetensors.numpy import load_file
from tiny_bundles import KINDS

from spectral_training import export_onnx
from spectral_training.ar_weights import MATRICES
from spectral_training.graphs import DecoderGraph, Skills
from spectral_training.onnx_files import session
from spectral_training.recipes import recipe
from spectral_training.tokenizer import CODE, EXACT, MASKED
from spectral_training.train_ar import load_ar
from spectral_training.train_tokenizer import load_tokenizer


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_of_each_kind_computes_what_pytorch_does(kind: str, tmp_path: Path):
    name = KINDS[kind]
    tiny_bundles.export(name, tmp_path)
    manifest = json.loads((tmp_path / "model.json").read_text())
    chosen = recipe(f"{name}-debug")
    parity = {m["name"]: m["value"] for m in manifest["metrics"]}
    assert parity["parity: encoder codes that differ %"] < 0.01
    assert all(value < 1e-4 for metric, value in parity.items() if metric.endswith("max error"))
    assert manifest["layout"]["levels"] == chosen.tokenizer.model.layout.levels
    assert manifest["ar"]["order"] == chosen.ar.model.order
    assert manifest["trainedFor"] == {
        "exactContext": chosen.tokenizer.exact_context, "maskedSuffix": chosen.tokenizer.masked_suffix,
    }  # fmt: skip
    assert ("classes" in manifest["text"]) == (chosen.ar.model.classes > 0)
    outputs = [port["name"] for port in manifest["files"]["ar"]["outputs"]]
    assert ("logits_detail" in outputs) == (chosen.tokenizer.model.layout.levels > 0)


@pytest.mark.parametrize("name", ["sit-4-256", "sit-4-256-legall53", "pyramid-sc-5-256", "vit-vqgan-256"])
def test_a_decoder_keeps_the_contract_it_was_not_trained_for(name: str, tmp_path: Path):
    """Exact tokens come back as the picture, masked details add nothing, and its own codes matter in between."""
    tiny_bundles.write_checkpoint(name, tmp_path / "a.pt")
    model, _ = load_tokenizer(tmp_path / "a.pt")
    layout, n = model.layout, model.layout.tokens_per_scale
    image = torch.rand(1, 3, layout.image_size, layout.image_size) * 2 - 1
    decoder = DecoderGraph(model, Skills(exact_context=False, masked_suffix=False))
    with torch.no_grad():
        codes = model.encode(image)
        exact = torch.full_like(codes, EXACT)
        assert torch.allclose(decoder(image, codes, exact), image, atol=1e-5)
        if layout.levels == 0:
            return
        coarse = exact.clone()
        coarse[:, n:] = MASKED
        small = decoder(image, codes, coarse)
        if layout.transform in ("haar", "pyramid"):
            blocks = torch.nn.functional.avg_pool2d(image, 2**layout.levels)
            assert torch.allclose(torch.nn.functional.interpolate(blocks, layout.image_size), small, atol=1e-5)
        drawn = coarse.clone()
        drawn[:, n:] = CODE
        assert (decoder(image, codes, drawn) - small).abs().max() > 1e-4


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_graphs_keep_to_an_opset_that_every_provider_has(tmp_path: Path, precision: str):
    """17 of ONNX: DirectML ends at 20, the others' kernels begin below. Of onnxruntime's own operators, version 1."""
    tiny_bundles.write_checkpoint("studio-128", tmp_path / "a.pt")
    export_onnx.main(
        export_onnx.Options(
            tokenizer=tmp_path / "a.pt", ar=tmp_path / "a.pt", out=tmp_path / "b",
            ar_precision="int8-blocks" if precision == "int8" else precision,
            tokenizer_precision="fp16" if precision == "int8" else precision, text_precision=precision,
        )
    )  # fmt: skip
    files = json.loads((tmp_path / "b" / "model.json").read_text())["files"]
    assert files.keys() == {"encoder", "decoder", "ar", "text"}
    for entry in files.values():
        model = onnx.load(tmp_path / "b" / entry["file"])
        versions = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
        assert versions.pop("ai.onnx") <= 17
        assert versions in ({}, {"com.microsoft": 1})
        assert model.ir_version <= 10


def test_weights_for_the_apps_own_decoding_are_those_of_the_model(tmp_path: Path):
    tiny_bundles.write_checkpoint("studio-128-rotary", tmp_path / "a.pt")
    model, _ = load_ar(tmp_path / "a.pt")
    tiny_bundles.export("studio-128-rotary", tmp_path / "b", "int8-blocks")
    entry = json.loads((tmp_path / "b" / "model.json").read_text())["arWeights"]
    stored = load_file(tmp_path / "b" / entry["file"])
    for index, block in enumerate(model.blocks):
        for name in MATRICES:
            weight = getattr(block, name).weight.detach().numpy().copy()
            if name == "qkv":
                weight[: weight.shape[1]] *= (weight.shape[1] // block.heads) ** -0.5
            integers, scales = (stored[f"layer.{index}.{name}{end}"] for end in ("", ".scales"))
            steps = np.repeat(scales, weight.shape[1] // scales.shape[1], axis=1)
            # Half a step, a whole one where the largest is cut off, and what halves lost of weights and scales.
            assert np.all(np.abs(integers * steps - weight) <= 1.1 * np.abs(steps) + 2e-3 * np.abs(weight))
    assert stored["neighbours"].shape == model.neighbours.t().shape
    assert stored["rotation"].shape == (model.position.shape[0] + model.text_position.shape[0], 2, 16)


def test_a_model_that_does_not_suit_has_no_weights_for_it(tmp_path: Path):
    tiny_bundles.export("studio-128-parallel", tmp_path, "int8-blocks")
    assert "arWeights" not in json.loads((tmp_path / "model.json").read_text())


def test_classes_without_names_are_refused(tmp_path: Path):
    tiny_bundles.write_checkpoint("ar-sit-4-class-350m", tmp_path / "a.pt")
    stored = torch.load(tmp_path / "a.pt", weights_only=False)
    stored["ar"]["meta"]["classes"] = []
    torch.save(stored, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="names of its classes"):
        export_onnx.main(export_onnx.Options(tokenizer=tmp_path / "a.pt", ar=tmp_path / "a.pt", out=tmp_path / "b"))


def test_a_classs_graph_gives_its_row_and_nothing_for_padding(tmp_path: Path):
    tiny_bundles.export("ar-sit-4-class-350m", tmp_path)
    ids, mask = np.array([[1], [4]]), np.array([[1], [0]])
    states = session(tmp_path / "text.onnx").run(None, {"input_ids": ids, "attention_mask": mask})[0]
    assert np.abs(states[0]).max() > 0
    assert np.abs(states[1]).max() == 0
