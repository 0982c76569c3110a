"""A bundle that only enlarges says what it was trained on, and holds nothing else."""

import json
from pathlib import Path

import pytest
import torch

from spectral_training.enlarge import Evaluate as EvaluateOptions
from spectral_training.enlarge import Export, Train, evaluate, export_networks, train
from spectral_training.enlarge_bundle import Options, main
from spectral_training.onnx_files import digest


@pytest.fixture(scope="module")
def run(shards: Path, tmp_path_factory) -> Path:
    """Networks after two steps, trained on photos of no source, which the shards' samples have."""
    out = tmp_path_factory.mktemp("runs")
    torch.manual_seed(0)
    for factor in (2, 4):
        options = Train(str(shards / "train-*.tar"), out, factor, "fast", None, 2, batch=2, crop=32, bf16=False)
        train(options)
    evaluate(EvaluateOptions(str(shards / "val-*.tar"), out, size=32, limit=4, out=out / "enlarge.json"))
    return out


def test_an_export_replaces_its_networks_in_all_precisions_and_leaves_others(run: Path, tmp_path: Path):
    def entry(speed: str, precision: str) -> dict:
        return {"speed": speed, "factor": 2, "precision": precision, "file": f"{speed}-{precision}.onnx"}

    before = [entry("fast", "fp32"), entry("finest", "fp32"), entry("fast", "int8"), entry("best", "int8")]
    (tmp_path / "model.json").write_text(json.dumps({"metrics": [], "enlarge": before}))
    export_networks(Export(run, tmp_path))
    after = json.loads((tmp_path / "model.json").read_text())["enlarge"]
    assert [(e["speed"], e["factor"], e["precision"]) for e in after] == [
        ("fast", 2, "fp32"),
        ("fast", 4, "fp32"),
        ("finest", 2, "fp32"),
        ("best", 2, "int8"),
    ]
    assert after[0]["sha256"] == digest(tmp_path / "enlarge-fast-x2.onnx")


def options(run: Path, out: Path, source: str) -> Options:
    sources = out.with_suffix(".json")
    sources.write_text(json.dumps([{"name": "Balls", "licence": "CC0 1.0", "photos": 48, "source": source}]))
    return Options(run, out, "balls", "Balls", sources, run / "enlarge.json", run / "enlarge.json")


def claim(run: Path, sources: list[str]) -> None:
    for path in run.glob("*.pt"):
        state = torch.load(path, weights_only=False)
        state["meta"]["sources"] = sources
        torch.save(state, path)


def test_the_manifest_names_networks_and_photos_and_the_card_compares(run: Path, tmp_path: Path):
    claim(run, ["balls"])
    main(options(run, tmp_path / "bundle", "balls"))
    manifest = json.loads((tmp_path / "bundle" / "model.json").read_text())
    assert manifest["kind"] == "enlarge"
    assert manifest["data"] == [{"name": "Balls", "licence": "CC0 1.0", "photos": 48}]
    assert manifest["training"]["photosSeen"] == 2 * 2 * 16
    assert [entry["factor"] for entry in manifest["enlarge"]] == [2, 4]
    for entry in manifest["enlarge"]:
        assert entry["sha256"] == digest(tmp_path / "bundle" / entry["file"])
    assert not {"layout", "files", "ar", "text", "golden"} & manifest.keys()
    card = (tmp_path / "bundle" / "README.md").read_text()
    assert "| fast, these photos |" in card
    assert "| fast, all photos |" in card


@pytest.mark.parametrize("seen", [[], ["others"], ["balls", "others"]])
def test_networks_that_saw_other_photos_are_refused(run: Path, tmp_path: Path, seen: list[str]):
    claim(run, seen)
    with pytest.raises(ValueError, match="train anew"):
        main(options(run, tmp_path / "bundle", "balls"))
