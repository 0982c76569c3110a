"""Export a bundle of any recipe: four ONNX graphs, tokenizer, golden inputs and outputs, and the manifest.

    python -m spectral_training.export_onnx --tokenizer runs/a/tokenizer.pt --ar runs/a/ar.pt --id studio-128 \
        --out models/studio-128

Weights are rounded to fp16 and stored so; onnxruntime widens them once when it loads the graph, and computes
in fp32. The AR's and the text encoder's matrices may be int8 (dynamic quantisation) instead.

The manifest says what a model can do, and the app offers that: a raster has one scale and none to freeze, a
class-conditional model takes the name of a class (docs/decisions/0015-bundles-of-any-recipe.md).
"""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro

from .ar import AutoregressiveModel
from .ar_graph import export_ar
from .ar_weights import entry as weights_entry
from .ar_weights import suits
from .golden import golden, run_prefix
from .graphs import Skills, export, export_tokenizer
from .layout import Layout
from .onnx_files import compress, describe, digest, round_to_half, session
from .parity import parity
from .recipes import recipe
from .text import ClassTable, TextEncoder, weights_folder
from .tokenizer import Tokenizer
from .train_ar import load_ar
from .train_tokenizer import load_tokenizer


@dataclass(frozen=True)
class Options:
    tokenizer: Path
    ar: Path
    out: Path
    id: str = "studio-128"
    name: str = "Studio 128"
    licence: str = "Research and education only (see the model card)"
    description: str = ""
    """Made from the layout where none is given."""
    figures: Path | None = None
    """JSON of ``evaluate``, copied into the manifest."""
    ar_precision: str = "int8-blocks"
    """fp32, fp16 (stored; computed in fp32) or int8-blocks; see :func:`compress`."""
    tokenizer_precision: str = "fp16"
    """fp32 or fp16, of encoder and decoder."""
    text_precision: str = "int8"
    sources: Path | None = None
    """JSON list of {name, licence, photos}: what the model was trained on, for manifest and card."""
    device: str = "CPU"
    """What it was trained on, for people."""
    temperature: float = 1.0
    """Sampling default of the bundle, like the next two; chosen by looking at drawn pictures."""
    top_p: float = 0.95
    guidance: float = 2.0
    prompt: str = "a dog runs across the grass"
    """Prompt of the golden outputs; a class-conditional model's is its first class."""


def export_text(encoder: TextEncoder | ClassTable, path: Path) -> None:
    ids = torch.tensor(
        [[101, 1037, 3899, 102], [101, 1037, 4937, 102]] if isinstance(encoder, TextEncoder) else [[0, 1]]
    )
    rows = {0: "batch", 1: "tokens"}
    export(
        encoder,
        (ids, torch.ones_like(ids)),
        path,
        (["input_ids", "attention_mask"], ["states"]),
        {"input_ids": rows, "attention_mask": rows, "states": rows},
    )


OF_THE_MACHINE = ("pictures_per_second", "peak_memory_mb")
"""Figures of where a model was measured, which say nothing about where it is used."""


# -- manifest -------------------------------------------------------------------------------------------------


def metrics(path: Path | None) -> list[dict[str, object]]:
    if path is None:
        return []
    command = "python -m spectral_training.evaluate"
    return [
        {"name": name, "value": round(value, 4), "unit": unit_of(name), "command": command}
        for name, value in json.loads(path.read_text()).items()
        if isinstance(value, int | float) and not name.endswith(OF_THE_MACHINE)
    ]


def parity_metrics(
    out: Path,
    precisions: dict[str, str],
    tokenizer: Tokenizer,
    ar: AutoregressiveModel,
    text: TextEncoder | ClassTable,
    skills: Skills,
) -> list[dict[str, object]]:
    """What ``parity`` measured on the files in ``out``, as metrics of the manifest."""
    sessions = {name: session(out / f"{name}.onnx") for name in precisions}
    measured = parity(sessions, lambda *given: run_prefix(sessions["ar"], ar, *given), tokenizer, ar, text, skills)
    return [
        {"name": f"parity: {name}", "value": round(value, 6), "unit": unit_of(name),
         "command": "python -m spectral_training.export_onnx"}
        for name, value in measured.items()
    ]  # fmt: skip


def unit_of(name: str) -> str:
    for ending, unit in (("psnr", "dB"), ("loss", "nats"), ("%", "%"), ("photos", "photos")):
        if name.endswith(ending):
            return unit
    return "1"


def total(meta: dict[str, object], key: str) -> float:
    """``key`` summed over a run and those that it began from."""
    start = meta.get("start")
    return meta[key] + (total(start, key) if isinstance(start, dict) else 0)  # type: ignore[operator,return-value]


def skills_of(meta: dict[str, object]) -> Skills:
    """What the recipe of a tokenizer's checkpoint trains its decoder for."""
    trained = recipe(str(meta["recipe"])).tokenizer
    return Skills(trained.exact_context, trained.masked_suffix)


def text_of(ar: AutoregressiveModel, meta: dict[str, object]) -> TextEncoder | ClassTable:
    """What turns a prompt into states; a class-conditional model has a table of its classes in its own checkpoint."""
    if not ar.config.classes:
        return TextEncoder(ar.config.text_positions, ar.config.text_width)
    names = meta.get("classes")
    if not isinstance(names, list) or not names:
        raise ValueError("Expected the names of its classes in a class-conditional model's checkpoint; train it again.")
    return ClassTable(ar.class_states, names[: ar.config.classes])


def description_of(layout: Layout, ar: AutoregressiveModel) -> str:
    kind = f"{layout.scales} scales" if layout.levels else "raster"
    drawn_from = f"{ar.config.classes} classes" if ar.config.classes else "text"
    return f"{layout.image_size} x {layout.image_size} pixels, {kind}, {layout.tokens} tokens, drawn from {drawn_from}."


def text_entry(ar: AutoregressiveModel, text: TextEncoder | ClassTable) -> dict[str, object]:
    sizes = {"maxTokens": ar.config.text_positions, "width": ar.config.text_width}
    if isinstance(text, ClassTable):
        return {"encoder": "classes", "classes": text.names, "noClass": text.none, **sizes}
    return {"encoder": "MiniLM-L6", "tokenizer": "tokenizer.json", **sizes}


def main(options: Options) -> None:
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    tokenizer, tokenizer_meta = load_tokenizer(options.tokenizer)
    ar, ar_meta = load_ar(options.ar)
    skills = skills_of(tokenizer_meta)
    trained = copy.deepcopy(tokenizer), copy.deepcopy(ar)
    for model, precision in ((tokenizer, options.tokenizer_precision), (ar, options.ar_precision)):
        if precision != "fp32":
            round_to_half(model)
    text = text_of(ar, ar_meta)
    has_classes = isinstance(text, ClassTable)
    with torch.no_grad():
        export_tokenizer(tokenizer, out, skills)
        export_ar(ar, out / "ar.onnx")
        export_text(text, out / "text.onnx")
    first = options.tokenizer_precision
    # A table has no matrices to quantise.
    last = "fp16" if has_classes and options.text_precision == "int8" else options.text_precision
    precisions = {"encoder": first, "decoder": first, "ar": options.ar_precision, "text": last}
    for name, precision in precisions.items():
        compress(out / f"{name}.onnx", precision)
    if not has_classes:
        shutil.copy(weights_folder() / "tokenizer.json", out / "tokenizer.json")
    prompt = text.names[0] if has_classes else options.prompt
    (out / "golden.json").write_text(json.dumps(golden(out, tokenizer, ar, text, prompt)) + "\n")

    config = tokenizer.config
    layout = config.layout
    manifest = {
        "format": "spectral-bundle",
        "version": 1,
        "id": options.id,
        "name": options.name,
        "licence": options.licence,
        "description": options.description or description_of(layout, ar),
        "data": json.loads(options.sources.read_text()) if options.sources is not None else [],
        "training": {
            "recipe": str(tokenizer_meta["recipe"]),
            "commit": str(ar_meta["commit"]),
            "photosSeen": total(tokenizer_meta, "seen") + total(ar_meta, "seen"),
            "seconds": round(total(tokenizer_meta, "seconds") + total(ar_meta, "seconds")),
            "device": options.device,
        },
        "metrics": metrics(options.figures)
        + parity_metrics(out, precisions, *trained, text_of(trained[1], ar_meta), skills),
        "layout": {"imageSize": layout.image_size, "grid": layout.grid, "levels": layout.levels},
        "codebooks": {"approximation": config.approximation_codes, "detail": config.detail_codes},
        "normalisation": {"scaleStd": list(config.scale_std)},
        "attention": {
            "encoder": "scale-causal" if config.encoder_causal else "dense",
            "decoder": "scale-causal" if config.decoder_causal else "dense",
        },
        "trainedFor": {"exactContext": skills.exact_context, "maskedSuffix": skills.masked_suffix},
        "ar": {
            "layers": ar.config.layers,
            "heads": ar.config.heads,
            "headDim": ar.config.width // ar.config.heads,
            "textPositions": ar.config.text_positions,
            "order": ar.config.order,
            "around": ar.config.around,
        },
        "sampling": {
            "temperature": options.temperature,
            "topK": 0,
            "topP": options.top_p,
            "guidance": options.guidance,
        },
        "text": text_entry(ar, text),
        **({"arWeights": weights_entry(ar, out)} if options.ar_precision == "int8-blocks" and suits(ar) else {}),
        "files": {name: describe(out / f"{name}.onnx", precision) for name, precision in precisions.items()},
        **({} if has_classes else {"tokenizerSha256": digest(out / "tokenizer.json")}),
        "golden": {"file": "golden.json", "sha256": digest(out / "golden.json")},
    }
    (out / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps({name: entry["bytes"] for name, entry in manifest["files"].items()}))


if __name__ == "__main__":
    main(tyro.cli(Options))
