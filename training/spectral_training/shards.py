"""Shards from a folder of pictures, and a check of shards.

    python -m spectral_training pack --folder pictures --out shards/mine --validation 0.03
    python -m spectral_training check 'shards/*.tar'

A caption comes from the first of: a ``.txt`` or ``.caption`` file beside the picture (one caption a line), the
picture's IPTC caption or XMP description, its file name if that is made of words.
"""

from __future__ import annotations

import glob
import io
import json
import random
import re
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import tyro
import webdataset as wds
from PIL import Image, IptcImagePlugin, UnidentifiedImageError
from tqdm import tqdm

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
IPTC_CAPTION = (2, 120)


@dataclass(frozen=True)
class Pack:
    """A folder of pictures, with all its subfolders, to shards PREFIX-train-0000.tar and PREFIX-val-0000.tar."""

    folder: Path
    out: Path
    """Prefix of the shards' paths."""
    source: str = ""
    """Where the pictures are from; empty: the name of each one's subfolder."""
    longest_side: int = 1024
    """Larger pictures are reduced."""
    shard_mb: float = 256.0
    quality: int = 95
    validation: float = 0.03
    """Fraction of held-out pictures."""
    seed: int = 0


@dataclass(frozen=True)
class Check:
    """Read every sample of the shards and list what is wrong; ends with 1 if anything is."""

    data: tyro.conf.Positional[str]
    smallest_side: int = 32


def describe(path: Path, image: Image.Image) -> list[str]:
    """Captions of a picture file, best source first; none where nothing is known."""
    for suffix in (".txt", ".caption"):
        sidecar = path.with_suffix(suffix)
        if sidecar.exists():
            return [line.strip() for line in sidecar.read_text(errors="replace").splitlines() if line.strip()]
    for found in (iptc_caption(image), xmp_description(image), words_of_name(path.stem)):
        if found:
            return [found]
    return []


def iptc_caption(image: Image.Image) -> str:
    entry = (IptcImagePlugin.getiptcinfo(image) or {}).get(IPTC_CAPTION, b"")
    first = entry[0] if isinstance(entry, list) else entry
    return first.decode("utf-8", "replace").strip()


def xmp_description(image: Image.Image) -> str:
    """Text of dc:description in the picture's XMP packet."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    begin, end = text.find("<x:xmpmeta"), text.find("</x:xmpmeta>")
    if begin < 0 or end < 0 or "<!ENTITY" in text:
        return ""
    try:
        root = ElementTree.fromstring(text[begin : end + len("</x:xmpmeta>")])
    except ElementTree.ParseError:
        return ""
    for element in root.iter("{http://purl.org/dc/elements/1.1/}description"):
        words = " ".join("".join(element.itertext()).split())
        if words:
            return words
    return ""


def words_of_name(stem: str) -> str:
    """A file name as a caption if it has at least two words; IMG_1234 and hashes have not."""
    words = [w for w in re.split(r"[\s_\-.]+", stem) if re.fullmatch(r"[A-Za-zÀ-ÿ]{2,}", w)]
    lowered = [w.lower() for w in words if w.lower() not in {"img", "dsc", "dscn", "pict", "photo", "copy", "scan"}]
    return " ".join(lowered) if len(lowered) >= 2 else ""


def encoded(image: Image.Image, longest_side: int, quality: int) -> bytes:
    """RGB WebP without metadata, upright, no side longer than asked for."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    upright.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def pack(options: Pack) -> Counter[str]:
    """Write the shards; returns how many pictures went where, and how many could not be read."""
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not paths:
        raise FileNotFoundError(f"Expected pictures in {options.folder} but found none; give another --folder.")
    random.Random(options.seed).shuffle(paths)
    held_out = max(1, round(options.validation * len(paths))) if options.validation and len(paths) > 1 else 0
    counts: Counter[str] = Counter()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for name, part in (("val", paths[:held_out]), ("train", paths[held_out:])):
        if not part:
            continue
        pattern = f"{options.out}-{name}-%04d.tar"
        with wds.ShardWriter(pattern, maxsize=options.shard_mb * 1e6, verbose=0) as writer:
            for index, path in enumerate(tqdm(part, desc=name, unit="picture")):
                try:
                    with Image.open(path) as image:
                        captions = describe(path, image)
                        content = encoded(image, options.longest_side, options.quality)
                except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
                    tqdm.write(f"{path}: {error}; left out")
                    counts["unreadable"] += 1
                    continue
                origin = options.source or path.parent.name
                meta = {"source": origin, "file": path.name}
                writer.write(
                    {"__key__": f"{index:08d}", "webp": content, "txt": "\n".join(captions) + "\n", "json": meta}
                )
                counts[name] += 1
                counts["without caption"] += not captions
    print(json.dumps(counts))
    return counts


def check(options: Check) -> int:
    """0 if all is well. Prints one line a fault, then totals."""
    shards = sorted(glob.glob(options.data))
    if not shards:
        raise FileNotFoundError(f"Expected shards at {options.data} but found none; give a glob.")
    totals: Counter[str] = Counter()
    seen: set[str] = set()
    for shard in tqdm(shards, desc="shards", unit="shard"):
        for fault in faults_of(shard, options.smallest_side, seen, totals):
            totals["faults"] += 1
            tqdm.write(f"{shard}: {fault}")
    print(json.dumps({"shards": len(shards), **totals}))
    return int(totals["faults"] > 0)


def faults_of(shard: str, smallest_side: int, seen: set[str], totals: Counter[str]):  # noqa: ANN201
    """Yield what is wrong with one shard; counts samples and captions into ``totals``."""
    samples: dict[str, dict[str, bytes]] = {}
    try:
        with tarfile.open(shard) as tar:
            for member in tar:
                key, _, extension = Path(member.name).name.partition(".")
                samples.setdefault(key, {})[extension] = tar.extractfile(member).read() if member.isfile() else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        yield f"cannot be read to its end ({error}); pack it again"
    for key, parts in samples.items():
        totals["samples"] += 1
        name = f"{Path(shard).name}/{key}"
        picture = next((parts[e] for e in ("webp", "jpg", "jpeg", "png") if e in parts), None)
        if name in seen:
            yield f"{key} occurs twice"
        seen.add(name)
        if picture is None:
            yield f"{key} has no picture, only {', '.join(sorted(parts))}"
            continue
        try:
            with Image.open(io.BytesIO(picture)) as image:
                image.load()
                if min(image.size) < smallest_side:
                    yield f"{key} is {image.size[0]} x {image.size[1]}, below {smallest_side}"
        except (OSError, UnidentifiedImageError) as error:
            yield f"{key} is no readable picture ({error})"
        lines = parts.get("txt", b"").decode("utf-8", "replace").split("\n")
        totals["captions"] += sum(bool(line.strip()) for line in lines)
        totals["without caption"] += not any(line.strip() for line in lines)
        if "json" in parts:
            try:
                json.loads(parts["json"])
            except ValueError:
                yield f"{key} has a .json that is none"
