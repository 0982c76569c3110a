"""Photos with captions from WebDataset shards, held in memory, and the crops that training draws from them.

A sample is ``KEY.webp`` (or jpg/png), ``KEY.txt`` with one caption a line, and optionally ``KEY.json``.
"""

from __future__ import annotations

import glob
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import webdataset as wds
from PIL import Image
from torch import Tensor


@dataclass(frozen=True)
class Photo:
    """key: its name in the shard; pixels: (h, w, 3) uint8; captions: at least one; source: where it comes from."""

    key: str
    pixels: np.ndarray
    captions: tuple[str, ...]
    source: str = ""


def load_photos(pattern: str, limit: int | None = None) -> list[Photo]:
    """All photos of the shards that match ``pattern``, in shard order."""
    shards = sorted(glob.glob(pattern))
    if not shards:
        raise FileNotFoundError(f"Expected WebDataset shards at {pattern} but found none; pass --data with a glob.")
    photos: list[Photo] = []
    # Every process holds all photos (see ``sources``), so no process's shards are taken away.
    dataset = wds.WebDataset(shards, shardshuffle=False, empty_check=False, nodesplitter=iter).decode("rgb8")
    for sample in dataset:
        photos.append(to_photo(sample))
        if limit is not None and len(photos) >= limit:
            break
    return photos


def to_photo(sample: dict) -> Photo:
    """A decoded WebDataset sample as a photo."""
    pixels = next(sample[e] for e in ("webp", "jpg", "jpeg", "png") if e in sample)
    captions = tuple(line for line in sample.get("txt", "").split("\n") if line.strip())
    source = str(sample.get("json", {}).get("source", ""))
    return Photo(sample["__key__"], pixels, captions or ("",), source)


def manifest_hash(pattern: str) -> str:
    """Names and sizes of the shards, hashed: written beside every checkpoint."""
    listing = "\n".join(f"{Path(p).name} {Path(p).stat().st_size}" for p in sorted(glob.glob(pattern)))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def to_tensor(pictures: list[np.ndarray]) -> Tensor:
    """uint8 (h, w, 3) pictures of one size -> (B, 3, h, w) float32 in [-1, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def resize_by_area(pixels: np.ndarray, size: int, box: tuple[float, float, float, float] | None = None) -> np.ndarray:
    """Area-averaged reduction of ``box`` (left, top, right, bottom) to ``size`` x ``size``."""
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((size, size), Image.Resampling.BOX, box=box))


def whole(photo: Photo, size: int) -> np.ndarray:
    """The centre square, reduced by area."""
    height, width = photo.pixels.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return resize_by_area(photo.pixels, size, (left, top, left + side, top + side))


def native_crop(photo: Photo, size: int, rng: random.Random) -> np.ndarray:
    """A crop without any resampling, flipped half of the time."""
    height, width = photo.pixels.shape[:2]
    if min(height, width) < size:
        return resize_by_area(photo.pixels, size)
    top, left = rng.randint(0, height - size), rng.randint(0, width - size)
    crop = photo.pixels[top : top + size, left : left + size]
    return np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop


def random_view(photo: Photo, size: int, rng: random.Random, smallest: float = 0.5) -> np.ndarray:
    """A random square of at least ``smallest`` of the side, reduced by area, flipped half of the time."""
    height, width = photo.pixels.shape[:2]
    full = min(height, width)
    side = rng.uniform(min(full, max(size, smallest * full)), full)
    left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
    view = resize_by_area(photo.pixels, size, (left, top, left + side, top + side))
    return np.ascontiguousarray(view[:, ::-1]) if rng.random() < 0.5 else view


class PhotoSampler:
    """Endless shuffled indices from an explicit generator, so that a resumed run draws what it would have drawn."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.rng = count, random.Random(seed)
        self.order: list[int] = []

    def take(self, count: int) -> list[int]:
        taken: list[int] = []
        while len(taken) < count:
            if not self.order:
                self.order = self.rng.sample(range(self.count), self.count)
            taken.append(self.order.pop())
        return taken

    def state(self) -> tuple[object, list[int]]:
        return self.rng.getstate(), list(self.order)

    def restore(self, state: tuple[object, list[int]]) -> None:
        self.rng.setstate(state[0])  # type: ignore[arg-type]
        self.order = list(state[1])
