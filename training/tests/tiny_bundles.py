"""Bundles of recipes at debug size with untrained weights: what the app's tests open, made within seconds.

python tests/tiny_bundles.py --out FOLDER vit-vqgan-256 studio-128-parallel ar-sit-4-class-350m
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import tyro

from spectral_training import export_onnx
from spectral_training.compact import shrink
from spectral_training.recipes import recipe

KINDS = {
    "raster": "parti-vit-vqgan-text-350m",
    "raster-class": "ar-vit-vqgan-class-650m",
    "class": "ar-sit-4-class-350m",
    "parallel": "studio-128-parallel",
    "rotary": "studio-128-rotary",
    "dense": "sit-4-256",
    "masked-only": "studio-128-no-exact-context",
    "exact-only": "studio-128-no-masked-suffix",
    "fsq": "studio-128-fsq",
    "legall53": "sit-4-256-legall53",
    "pyramid": "pyramid-sc-5-256",
    "large-decoder": "ar-sit-sce-4-text-350m",
}
"""One recipe of each kind that a bundle has to have words for."""


@dataclass(frozen=True)
class Options:
    names: tyro.conf.Positional[tuple[str, ...]]
    """Recipes without -debug; the folder of each is named after it."""
    out: Path
    ar_precision: str = "fp32"


def write_checkpoint(name: str, path: Path) -> None:
    """A compact file with random weights, as if the -debug sibling of a recipe had been trained."""
    chosen = recipe(f"{name}-debug")
    torch.manual_seed(0)
    config = chosen.tokenizer.model
    config = replace(config, scale_std=config.scale_std or (0.45, *(0.1,) * config.layout.levels))
    tokenizer, ar = config.build(), chosen.ar.model.build()
    ar.tie(tokenizer.approximation_codebook.vectors, tokenizer.detail_codebook.vectors)
    meta = {"recipe": chosen.name, "commit": "untrained", "seen": 0, "seconds": 0.0}
    classes = ["beach", "city street", "forest", "snow"][: ar.config.classes]
    parts = {"tokenizer": (tokenizer, meta), "ar": (ar, {**meta, "classes": classes})}
    torch.save({k: {"config": m.config, "meta": x, "weights": shrink(m)} for k, (m, x) in parts.items()}, path)


def export(name: str, out: Path, ar_precision: str = "fp32") -> None:
    """Bundle of one recipe into ``out``; precision fp32, so that tests measure the way and not the rounding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "untrained.pt"
        write_checkpoint(name, path)
        export_onnx.main(
            export_onnx.Options(
                tokenizer=path,
                ar=path,
                out=out,
                id=name,
                name=name,
                ar_precision=ar_precision,
                tokenizer_precision="fp32",
                text_precision="fp32",
            )  # fmt: skip
        )


if __name__ == "__main__":
    options = tyro.cli(Options)
    torch.set_num_threads(1)
    for name in options.names:
        export(name, options.out / name, options.ar_precision)
