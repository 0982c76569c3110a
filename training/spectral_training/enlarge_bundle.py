"""A bundle of its own that only enlarges, for networks whose terms are others than those of a model that draws.

    python -m spectral_training.enlarge_bundle --runs runs/free --out models/upscale-free --id upscale-free \
        --name 'Upscale, free' --sources sources/free-photos.json --figures runs/free/enlarge.json \
        --compare runs/all/enlarge.json
    python -m spectral_training.enlarge_int8 --bundle models/upscale-free ...

The networks are those of ``enlarge train``. They have to be trained on the photos that ``--sources`` names and on no
others: a network whose checkpoint says otherwise is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from .enlarge import BATCH, Export, export_networks
from .enlarge_network import SPEEDS, load_enlarger, run_name

FACTORS = (2, 4, 8)

Meta = dict[str, Any]
"""What a checkpoint says of its training."""


@dataclass(frozen=True)
class Options:
    runs: Path
    """Folder of trained networks."""
    out: Path
    """Folder of the bundle."""
    id: str
    name: str
    sources: Path
    """JSON list of {name, licence, photos, source}: what the networks were trained on, by its name in the samples."""
    figures: Path
    """JSON of ``enlarge evaluate`` on these networks."""
    compare: Path | None = None
    """The same of networks that were trained on all photos: the card says what fewer photos cost."""
    licence: str = "CC0 1.0, free for any use"
    device: str = "CPU"


def checkpoints(runs: Path) -> dict[str, Meta]:
    """Name -> what is known of the training, of every network in a folder."""
    names = [run_name(speed, factor) for speed in SPEEDS for factor in FACTORS]
    return {name: load_enlarger(runs / f"{name}.pt")[1] for name in names if (runs / f"{name}.pt").exists()}


def require_sources(trained: dict[str, Meta], allowed: set[str]) -> None:
    """Raises ValueError naming the network that saw, or may have seen, other photos."""
    for name, meta in trained.items():
        seen = set(meta["sources"])
        if not seen or seen - allowed:
            others = ", ".join(sorted(seen - allowed)) or "all photos"
            raise ValueError(
                f"Expected {name} to be trained on {sorted(allowed)} only but it saw {others}; train anew."
            )


def manifest_of(options: Options, trained: dict[str, Meta], data: list[dict[str, object]]) -> dict:
    steps = sum(meta["step"] for meta in trained.values())
    seconds = sum(meta["seconds"] for meta in trained.values())
    return {
        "format": "spectral-bundle",
        "version": 1,
        "kind": "enlarge",
        "id": options.id,
        "name": options.name,
        "licence": options.licence,
        "description": "Enlarges pictures of any size by 2, 4 and 8, faithfully. Draws nothing.",
        "data": [{key: entry[key] for key in ("name", "licence", "photos")} for entry in data],
        "training": {
            "recipe": "enlarge",
            "commit": str(next(iter(trained.values()))["commit"]),
            "photosSeen": steps * BATCH,
            "seconds": round(seconds),
            "device": options.device,
        },
        "metrics": [],
        "enlarge": [],
    }


def card(manifest: dict, trained: dict[str, Meta], figures: dict, compare: dict | None) -> str:
    """The model card, with a row for each network that was measured."""

    def row(label: str, values: dict, method: str) -> str:
        cells = [
            f"{values[f'x{f} {method} psnr']:.2f} / {values[f'x{f} {method} ssim']:.3f}"
            if f"x{f} {method} psnr" in values
            else ""
            for f in FACTORS
        ]
        return f"| {label} | " + " | ".join(cells) + " |"

    rows = [row("Lanczos3 + projection", figures, "lanczos3+projection")]
    for speed in SPEEDS:
        if any(name.startswith(f"enlarge-{speed}") for name in trained):
            rows.append(row(f"{speed}, these photos", figures, speed))
            rows += [row(f"{speed}, all photos", compare, speed)] if compare is not None else []
    runs = "\n".join(
        f"| `{name}` | {meta['photos']:,} | {meta['step']:,} | {meta['seconds'] / 60:.0f} |"
        for name, meta in trained.items()
    )
    data = "\n".join(f"| {d['name']} | {d['photos']} | {d['licence']} |" for d in manifest["data"])
    table = "\n".join(rows)
    return f"""# {manifest["name"]}

{manifest["description"]}
Trained on photos alone that are free for any use.

- **Licence of the weights**: {manifest["licence"]}. The photos' own terms are below; those under CC BY ask whoever
  hands on the photos, which this bundle does not hold, to name their authors.
- **Training**: absolute error, then squared error, on native crops; no perceptual and no adversarial loss, so nothing
  is invented. Commit `{manifest["training"]["commit"]}`, {manifest["training"]["device"]}.

## Figures

PSNR of RGB in dB and SSIM of luma on native centre crops of {figures["photos"]} held-out photos of all sources,
reduced by exact block averages to 8 bits and projected onto them again, by
`python -m spectral_training.enlarge evaluate`.

| | x2 | x4 | x8 |
|---|---|---|---|
{table}

| network | photos | steps | minutes |
|---|--:|--:|--:|
{runs}

## Intended use and limits

For enlarging photos by any program, under any terms. Drawings, text and screenshots were not trained on.

## Data

| source | photos | terms |
|---|---|---|
{data}
"""


def main(options: Options) -> None:
    data, figures = (json.loads(path.read_text()) for path in (options.sources, options.figures))
    trained = checkpoints(options.runs)
    if not trained:
        raise ValueError(f"Expected trained networks in {options.runs} but there are none; run `enlarge train` first.")
    require_sources(trained, {entry["source"] for entry in data})
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "model.json"
    path.write_text(json.dumps(manifest_of(options, trained, data), indent=2) + "\n")
    export_networks(Export(options.runs, options.out, options.figures))
    compare = json.loads(options.compare.read_text()) if options.compare is not None else None
    (options.out / "README.md").write_text(card(json.loads(path.read_text()), trained, figures, compare))


if __name__ == "__main__":
    main(tyro.cli(Options))
