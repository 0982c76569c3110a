"""The quality page: what a shipped bundle does to held-out photos, beside what else one could use.

    python -m spectral_training.quality --data 'photos/val-*.tar' --bundle models/studio-128 \
        --checkpoint checkpoints/studio-128.pt --peers peers/ --out docs/quality.md

Enlarging is measured on the bundle's own ONNX files, next to classical filters and, if ``--peers`` holds them
(``spectral_training.peers`` converts them), other networks, all on the same pictures in the same run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
import tyro
from PIL import Image
from torch import Tensor

from . import data
from .ar import AutoregressiveModel
from .checkpoint import commit, load
from .edit_figures import Edits, caption_states, drawn_pictures, edit_table, redraw_squares
from .enlarge_network import mean_of_views
from .evaluate import centre_crop, project, psnr, ssim, to_levels
from .grid import save_grid
from .perceptual import PerceptualDistance
from .quantize import perplexity
from .text_figures import text_figures
from .tokenizer import Tokenizer
from .wavelet import haar_forward


@dataclass(frozen=True)
class Options:
    data: str
    """Glob of the held-out shards."""
    bundle: Path
    checkpoint: Path
    """Compact checkpoint of the bundle's SIT and AR-SIT."""
    out: Path
    """Markdown page; its pictures go to ``images/`` beside it, its figures to a JSON file of the same name."""
    peers: Path | None = None
    """Folder of ``NAME-xF.onnx`` files with the interface of our enlarging networks."""
    limit: int | None = None
    """Use only the first photos."""
    text_limit: int = 200
    """Photos for the figures of text, which cost ten passes each."""
    text: bool = True
    edits: int = 100
    """Photos for the figures of masked edits."""


DRAWN = [
    "a dog runs on green grass",
    "a mountain with snow under a blue sky",
    "waves on a beach at sunset",
    "a plate of food on a table",
    "a yellow flower",
]
"""Captions of the sheet of pictures drawn from nothing else."""

Enlarge = Callable[[Tensor], Tensor]
"""(B, 3, h, w) levels 0..255 -> (B, 3, f * h, f * w), not yet projected."""


@dataclass
class Row:
    name: str
    psnr: float
    ssim: float
    perceptual: float
    worst: float
    """Largest difference between a block's mean and the input's pixel, in levels."""
    seconds: float
    """Processor seconds of one thread for a megapixel of output; waiting for other work does not count."""


@dataclass
class Tables:
    photos: int
    upscaling: dict[int, list[Row]] = field(default_factory=dict)
    reconstruction: dict[str, float] = field(default_factory=dict)
    text: dict[str, object] = field(default_factory=dict)
    edits: dict[str, dict[str, float]] = field(default_factory=dict)


def by_filter(kernel: Image.Resampling, factor: int) -> Enlarge:
    """Centre-aligned, channel by channel in float, as Pillow does it."""

    def run(low: Tensor) -> Tensor:
        size = (low.shape[-1] * factor, low.shape[-2] * factor)
        planes = low.reshape(-1, *low.shape[-2:]).numpy()
        large = np.stack([np.asarray(Image.fromarray(p, mode="F").resize(size, kernel)) for p in planes])
        return torch.from_numpy(large).reshape(*low.shape[:2], size[1], size[0])

    return run


def by_network(path: Path) -> Enlarge:
    settings = onnxruntime.SessionOptions()
    # One thread does nothing but the work, so that its time can be counted on a machine that does other things too.
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def run(low: Tensor) -> Tensor:
        return (torch.from_numpy(session.run(None, {"image": (low / 127.5 - 1).numpy()})[0]) + 1) * 127.5

    return run


def candidates(bundle: Path, peers: Path | None, factor: int) -> dict[str, Enlarge]:
    """Everything that can enlarge by ``factor``, by name."""
    found: dict[str, Enlarge] = {
        "nearest": lambda low: F.interpolate(low, scale_factor=factor, mode="nearest"),
        "bicubic": by_filter(Image.Resampling.BICUBIC, factor),
        "Lanczos3": by_filter(Image.Resampling.LANCZOS, factor),
    }
    for path in sorted(peers.glob(f"*-x{factor}.onnx")) if peers is not None else []:
        found[path.stem.removesuffix(f"-x{factor}")] = by_network(path)
    manifest = json.loads((bundle / "model.json").read_text())
    # Those in 8 bits come last in the manifest, and take the place of those that they were made of.
    for network in manifest.get("enlarge", []):
        if network["factor"] == factor:
            found[f"ours, {network['speed']}"] = by_network(bundle / network["file"])
    if one_view := found.get("ours, finest", found.get("ours, best")):
        found["ours, finest"] = partial(mean_of_views, one_view)
    return found


def round_blocks(picture: Tensor, low: Tensor, factor: int) -> Tensor:
    """Whole levels 0..255 whose blocks sum to exactly factor^2 times ``low``, near ``picture``.

    Rounded down first; what a block's sum then lacks goes one level at a time to the values furthest from their
    targets, those at a bound left out.
    """
    blocks = F.pixel_unshuffle(picture, factor).unflatten(1, (low.shape[1], factor**2))
    values = blocks.floor().clamp(0, 255)
    while (gap := (low.unsqueeze(2) * factor**2 - values.sum(2, keepdim=True)).round()).any():
        movable = torch.where(gap > 0, values < 255, values > 0)
        distance = ((blocks - values) * gap.sign()).masked_fill(~movable, -torch.inf)
        rank = distance.argsort(dim=2, descending=True).argsort(dim=2)
        values = values + gap.sign() * (movable & (rank < gap.abs()))
    return F.pixel_shuffle(values.flatten(1, 2), factor)


@torch.no_grad()
def measure(enlarge: Enlarge, name: str, target: Tensor, factor: int, distance: PerceptualDistance) -> list[Row]:
    """One method as it is and followed by projection onto the input's block means; batches of one, as a tile is."""
    low = F.avg_pool2d(target, factor).round()
    enlarge(low[:1])
    start = time.process_time()
    plain = torch.cat([enlarge(picture) for picture in low.split(1)]).clamp(0, 255)
    seconds = (time.process_time() - start) / (target[:, 0].numel() / 1e6)
    rows = []
    exact = round_blocks(project(plain, low, factor, rounds=40), low, factor)
    for label, picture in ((name, plain.round()), (f"{name} + projection", exact)):
        worst = float((F.avg_pool2d(picture, factor) - low).abs().max())
        far = torch.cat(
            [distance(a / 127.5 - 1, b / 127.5 - 1) for a, b in zip(picture.split(50), target.split(50), strict=True)]
        )
        rows.append(Row(label, psnr(picture, target), ssim(picture, target), float(far.mean()), worst, seconds))
    # Of our own only the projected one can be had, and a repeated pixel needs no projection.
    return rows[1:] if name.startswith("ours") else rows[:1] if name == "nearest" else rows


@torch.no_grad()
def reconstruction(model: Tokenizer, photos: list[data.Photo], distance: PerceptualDistance) -> dict[str, float]:
    """PSNR from codes at each resolution of the pyramid, perceptual distance at the finest, usage of the codebooks."""
    size, figures = model.layout.image_size, {}
    target = data.to_tensor([data.whole(p, size) for p in photos])
    codes = torch.cat([model.encode(part) for part in target.split(25)])
    restored = torch.cat([model.decode_codes(part) for part in codes.split(25)])
    n = model.layout.tokens_per_scale
    books = {"approximation": model.config.approximation_codes, "detail": model.config.detail_codes}
    for (name, entries), part in zip(books.items(), (codes[:, :n], codes[:, n:]), strict=True):
        used, spread = perplexity(part, entries)
        figures |= {f"{name} used": 100 * used / entries, f"{name} perplexity": spread}
    far = torch.cat([distance(a.clamp(-1, 1), b) for a, b in zip(restored.split(50), target.split(50), strict=True)])
    figures["perceptual"] = float(far.mean())
    for level in range(model.layout.levels):
        a, b = (haar_forward(x, level)[0] if level else x for x in (restored, target))
        figures[f"psnr {size >> level}"] = psnr(to_levels(a), to_levels(b))
    return figures


def load_checkpoint(path: Path) -> tuple[Tokenizer, torch.nn.Module]:
    stored, models = load(path), []
    for part in ("tokenizer", "ar"):
        model = stored[part]["config"].build()
        model.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in stored[part]["weights"].items()}
        )
        models.append(model.eval())
    return models[0], models[1]


def picture_strip(options: Options, photos: list[data.Photo], factor: int, path: Path) -> None:
    """Rows of photos: input repeated, Lanczos3, the largest peer, ours, truth; each 128 pixels shown twice as large."""
    found = candidates(options.bundle, options.peers, factor)
    names = [n for n in ("nearest", "Lanczos3", "esrgan-thick", "ours, best") if n in found]
    lines = []
    for photo in photos:
        target = to_levels(data.to_tensor([centre_crop(photo.pixels, 128)]))
        low = F.avg_pool2d(target, factor).round()
        shown = [project(found[n](low).clamp(0, 255), low, factor) if "ours" in n else found[n](low) for n in names]
        lines.append(torch.cat([*shown, target], dim=3)[0])
    sheet = torch.cat(lines, dim=1).clamp(0, 255).round().byte().permute(1, 2, 0).numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(sheet)
    image.resize((image.width * 2, image.height * 2), Image.Resampling.NEAREST).save(path, quality=88)


def page(tables: Tables, options: Options) -> str:
    lines = [
        "# Quality of the shipped model",
        "",
        f"Made by `python -m spectral_training.quality` at commit {commit()} from {tables.photos} held-out photos,",
        "none of which was trained on. PSNR of RGB in dB and SSIM of luma after rounding to 8 bits; the perceptual",
        "distance is shift-tolerant LPIPS (AlexNet), lower is better, and it favours whatever is consistent with the",
        "blocks: read it beside the others. Worst block: largest difference between a block's mean and the pixel that",
        "it was made from, in levels of 255. Seconds: one thread, for a megapixel of output in this run; only their",
        "ratios carry over. Ours are the 8-bit networks where there are any, as the app uses them on a CPU.",
        "",
    ]
    for factor, rows in tables.upscaling.items():
        lines += [
            f"## Enlarging {factor} times",
            "",
            "Native centre crops of 128 x 128, reduced by exact box averages.",
            "",
        ]
        lines += [
            "| method | PSNR | SSIM | perceptual | worst block | s / megapixel |",
            "| --- | --: | --: | --: | --: | --: |",
        ]
        lines += [
            f"| {r.name} | {r.psnr:.2f} | {r.ssim:.4f} | {r.perceptual:.4f} | {r.worst:.1f} | {r.seconds:.3f} |"
            for r in rows
        ]
        lines += ["", f"![Repeated pixels, filter, network, ours, truth](images/quality-x{factor}.jpg)", ""]
    lines += ["## From codes alone", "", "Whole photos, reduced by area.", "", "| side | PSNR |", "| --: | --: |"]
    lines += [f"| {k.split()[1]} | {v:.2f} |" for k, v in tables.reconstruction.items() if k.startswith("psnr")]
    codes = tables.reconstruction
    lines += [
        "",
        f"Perceptual distance at full size: {codes['perceptual']:.4f}. Of the approximation codebook"
        f" {codes['approximation used']:.0f} % is used (perplexity {codes['approximation perplexity']:.0f}), of the"
        f" detail codebook {codes['detail used']:.0f} % ({codes['detail perplexity']:.0f}).",
        "",
    ]
    if tables.edits:
        lines += [
            "## Masked edits",
            "",
            "The middle half of whole photos at the model's side, in each direction, redrawn from the photo's own",
            "caption with the two coarsest scales frozen and nothing blended. Border: mean jump across the border,",
            "divided by the photo's own there.",
            "",
            "| in the square | perceptual | PSNR there | border |",
            "| --- | --: | --: | --: |",
        ]
        lines += [
            f"| {name} | {r['perceptual']:.4f} | {r['psnr']:.2f} | {r['border']:.2f} |"
            for name, r in tables.edits.items()
        ]
        lines += [
            "",
            "![Photo, frozen scales, smoothly enlarged, drawn](images/quality-edits.jpg)",
            "",
            "Columns: the photo; the frozen scales alone; the same enlarged smoothly; drawn from the caption.",
            "",
            "## Drawn from captions alone",
            "",
            *[f"{row}. {caption}" for row, caption in enumerate(DRAWN, 1)],
            "",
            "![A row for each caption](images/quality-drawn.jpg)",
            "",
        ]
    if tables.text:
        lines += ["## Text", "", "| figure | value |", "| --- | --: |"]
        lines += [f"| {k} | {shown(v)} |" for k, v in tables.text.items()]
        lines += [""]
    return "\n".join(lines)


def below_unigram(bundle: Path) -> dict[str, object]:
    """What ``evaluate``, which has the training photos for the unigram loss, put into the bundle."""
    names = {"ar unigram loss", "ar right loss", "ar below unigram %"}
    metrics = json.loads((bundle / "model.json").read_text()).get("metrics", [])
    return {f"from the bundle's card: {m['name']}": m["value"] for m in metrics if m["name"] in names}


def edit_pictures(options: Options, photos: list[data.Photo], tokenizer: Tokenizer, ar: AutoregressiveModel) -> Edits:
    """Edit photos, and write the sheets of edits and of pictures drawn from captions alone."""
    texts = caption_states(ar, [*(p.captions[0] for p in photos), *DRAWN])
    edits = redraw_squares(tokenizer, ar, photos, texts)
    images, few = options.out.parent / "images", slice(0, 6)
    drawn, *others = (picture[few] for picture in edits.results.values())
    save_grid(list(torch.stack([edits.truth[few], *others, drawn], dim=1)), images / "quality-edits.jpg")
    save_grid(drawn_pictures(tokenizer, ar, DRAWN, texts, 6), images / "quality-drawn.jpg")
    return edits


def shown(value: object) -> str:
    if isinstance(value, list):
        return " / ".join(f"{v:.3f}" for v in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main(options: Options) -> None:
    photos = data.load_photos(options.data, options.limit)
    target = to_levels(data.to_tensor([centre_crop(p.pixels, 128) for p in photos]))
    distance = PerceptualDistance()
    tables = Tables(len(photos))
    for factor in (2, 4, 8):
        tables.upscaling[factor] = [
            row
            for name, enlarge in candidates(options.bundle, options.peers, factor).items()
            for row in measure(enlarge, name, target, factor, distance)
        ]
        picture_strip(options, photos[:6], factor, options.out.parent / "images" / f"quality-x{factor}.jpg")
    tokenizer, ar = load_checkpoint(options.checkpoint)
    tables.reconstruction = reconstruction(tokenizer, photos, distance)
    if options.edits:
        tables.edits = edit_table(edit_pictures(options, photos[: options.edits], tokenizer, ar), distance)
    if options.text:
        tables.text = text_figures(tokenizer, ar, photos[: options.text_limit]) | below_unigram(options.bundle)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(tables, options))
    figures = {
        "upscaling": {f: [vars(r) for r in rows] for f, rows in tables.upscaling.items()},
        "reconstruction": tables.reconstruction,
        "edits": tables.edits,
        "text": tables.text,
    }
    options.out.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
