"""Write a bundle's model card (README.md) from its manifest and the figures of ``evaluate``.

python -m spectral_training.model_card --bundle models/studio-128 --figures runs/a/figures.json
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True)
class Options:
    bundle: Path
    figures: Path


def number(value: object, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def upscaling_table(figures: dict) -> str:
    if "x2 faithful psnr" not in figures:
        return "The model was not trained to predict scales that are missing, so it does not enlarge faithfully."
    names = ("lanczos3", "lanczos3+projection", "faithful")
    rows = [
        f"| {name} | "
        + " | ".join(f"{figures[f'x{f} {name} psnr']:.2f} / {figures[f'x{f} {name} ssim']:.3f}" for f in (2, 4))
        + " |"
        for name in names
    ]
    return "\n".join(["| | x2, PSNR (dB) / SSIM | x4 |", "|---|---|---|", *rows])


def enlarging_section(manifest: dict) -> str:
    """What the manifest's metrics say of the bundle's enlarging networks; nothing where it has none."""
    values = {m["name"].removeprefix("enlarge "): m["value"] for m in manifest["metrics"]}
    speeds = [speed for speed in ("fast", "best", "finest") if f"x2 {speed} psnr" in values]
    if not speeds:
        return ""
    rows = [
        f"| {name} | "
        + " | ".join(f"{values[f'x{f} {name} psnr']:.2f} / {values[f'x{f} {name} ssim']:.3f}" for f in (2, 4, 8))
        + " |"
        for name in ("lanczos3+projection", *speeds)
    ]
    losses = [m["value"] for m in manifest["metrics"] if "-int8 psnr less than" in m["name"]]
    in_integers = (
        f"""
On a CPU, pictures of 8 bits are enlarged by the same networks with 8-bit weights and activations, which costs up to
{max(losses):.3f} dB (`python -m spectral_training.enlarge_int8`).
"""
        if losses
        else ""
    )
    table = "\n".join(["| | x2 | x4 | x8 |", "|---|---|---|---|", *rows])
    own = sorted({n["factor"] for n in manifest.get("enlarge", []) if n["speed"] == "finest"})
    deeper = f", at {' and '.join(f'x{factor}' for factor in own)} of a deeper network" if own else ""
    return f"""
The bundle's enlarging networks, which the app uses, on the same crops (`python -m spectral_training.enlarge evaluate`),
PSNR (dB) / SSIM; `finest` is the mean of what `best` makes of eight views{deeper}:

{table}
{in_integers}"""


def reconstruction_table(figures: dict) -> str:
    sizes = sorted(
        {int(k.split()[1]) for k in figures if k.startswith("reconstruction ") and k.endswith(" psnr")}, reverse=True
    )
    head = "| " + " | ".join(f"{size}" for size in sizes) + " |"
    values = "| " + " | ".join(number(figures[f"reconstruction {size} psnr"]) for size in sizes) + " |"
    return "\n".join([head, "|" + "---|" * len(sizes), values])


def loss_table(figures: dict) -> str:
    names = {
        "unigram": "unigram distribution",
        "right": "right caption",
        "shuffled": "another photo's caption",
        "empty": "no caption",
    }
    scales = len(figures["ar right by scale"])
    head = "| | mean | " + " | ".join(f"scale {s}" for s in range(scales)) + " |"
    rows = [
        f"| {label} | {figures[f'ar {name} loss']:.3f} | "
        + " | ".join(number(v) for v in figures[f"ar {name} by scale"])
        + " |"
        for name, label in names.items()
    ]
    return "\n".join([head, "|" + "---|" * (scales + 2), *rows])


def edit_sentence(figures: dict) -> str:
    if "ar edit loss" not in figures:
        return ""
    return f"""In an edit of the middle cells from the third scale on it is {figures["ar edit loss"]:.3f} with all that surrounds them given, and
{figures["ar edit, nothing given, loss"]:.3f} as if that were to be drawn as well.
"""


def card(manifest: dict, figures: dict) -> str:
    layout, training = manifest["layout"], manifest["training"]
    data = "\n".join(f"| {d['name']} | {d['photos']} | {d['licence']} |" for d in manifest["data"])
    files = "\n".join(
        f"| {name} | {f['bytes'] / 1e6:.1f} MB | {f['precision']} |" for name, f in manifest["files"].items()
    )
    return f"""# {manifest["name"]}

{manifest["description"]}

- **Layout**: {layout["imageSize"]} x {layout["imageSize"]} pixels, grid {layout["grid"]}, {layout["levels"] + 1} scales,
  codebooks of {manifest["codebooks"]["approximation"]} (approximation) and {manifest["codebooks"]["detail"]} (details) codes.
- **Training**: recipe `{training["recipe"]}`, commit `{training["commit"]}`, {training["photosSeen"]:,} photos seen
  (tokenizer and autoregressive model together), {training["seconds"] / 60:.0f} minutes on {training["device"]}.
- **Licence**: {manifest["licence"]}.

## Figures

On {figures["photos"]} held-out photos, by `python -m spectral_training.evaluate` (which says how each is measured).

Enlarging native crops that were reduced by exact block averages to 8 bits. `faithful` is the model's conditional mean
followed by the projection onto the block averages; all of it is deterministic.

{upscaling_table(figures)}
{enlarging_section(manifest)}
Reconstruction of whole pictures from codes alone, as the app decodes them, PSNR in dB, by resolution:

{reconstruction_table(figures)}

Codes used: {figures["approximation codes used"]} (perplexity {figures["approximation perplexity"]:.0f}) of the approximation codebook,
{figures["detail codes used"]} ({figures["detail perplexity"]:.0f}) of the detail codebook.

Loss of the autoregressive model in nats a token:

{loss_table(figures)}

That is {figures["ar below unigram %"]:.1f} % below the unigram loss. The right caption has a lower loss than another photo's for
{figures["right caption beats shuffled %"]:.0f} % of the photos.
{edit_sentence(figures)}
## Intended use and limits

For redrawing small regions of photos, for enlarging, and for trying out how editing by wavelet scales feels. The model is
small and was trained for {training["seconds"] / 60:.0f} minutes on {sum(d["photos"] for d in manifest["data"]):,} photos: colours fit their
surroundings, texture has grain but little form, wide masks look like blocks, and objects drawn to order do not succeed.
Only the texture heads saw perceptual and adversarial losses. People, faces
and text come out badly. Captions were English and mostly about animals, people outdoors and landscapes.

## Data

| source | photos | terms |
|---|---|---|
{data}

Some of these sources allow research and education only; the model inherits that.

## Files

| graph | size | precision of the stored weights |
|---|---|---|
{files}

The text encoder is MiniLM-L6 (all-MiniLM-L6-v2, Apache-2.0), unchanged but for quantisation.
"""


def main(options: Options) -> None:
    manifest = json.loads((options.bundle / "model.json").read_text())
    figures = json.loads(options.figures.read_text())
    (options.bundle / "README.md").write_text(card(manifest, figures))


if __name__ == "__main__":
    main(tyro.cli(Options))
