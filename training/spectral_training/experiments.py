"""The experiments: which recipes are compared, and what each comparison asks. Rows of one experiment share data, steps,
batch and evaluation; ``results`` runs and reports them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["tokenizer", "ar", "compute"]


@dataclass(frozen=True)
class Row:
    """``train_source`` and ``test_source`` are names of photo sources, or "A" and "B": halves of all sources.

    ``enlarge`` doubles the picture's side so many times, ``batch`` takes the place of the recipe's, ``longer``
    multiplies its steps.
    """

    label: str
    recipe: str
    train_source: str = ""
    test_source: str = ""
    enlarge: int = 0
    batch: int | None = None
    longer: int = 1


@dataclass(frozen=True)
class Claim:
    """Of two rows the first is expected to have the larger figure; the report says for each seed whether it has."""

    says: str
    better: str
    worse: str
    figure: str = "psnr"
    """A figure's name; ``psnr`` is that of the whole picture, ``early gap`` how much a reduced picture loses at worst
    when the finer scales' codes are not there yet, in dB, 0 or below."""


@dataclass(frozen=True)
class Experiment:
    question: str
    rows: tuple[Row, ...]
    kind: Kind = "tokenizer"
    claims: tuple[Claim, ...] = ()


EXPERIMENTS = {
    "mechanisms": Experiment(
        "What does each step from ViT-VQGAN to SIT-SCD change? Isolated: wavelets without scale-causal attention, "
        "scale-causal attention on an image pyramid without wavelets, one codebook, one set of weights. Does "
        "coarse-to-fine decoding work: what do the first scales' codes give alone, before the others are there?",
        (
            Row("ViT-VQGAN (raster pixels)", "vit-vqgan-256"),
            Row("plain SIT (wavelets, shared weights)", "sit-4-256-shared-weights"),
            Row("+ ADTransformer", "sit-4-256"),
            Row("+ scale-causal decoder (SCD)", "sit-scd-4-256"),
            Row("scale-causal encoder only (SCE)", "sit-sce-4-256"),
            Row("scale-causal both (SC)", "sit-sc-4-256"),
            Row("image pyramid, SC, no wavelets", "pyramid-sc-5-256"),
            Row("one codebook", "sit-4-256-shared-codebook"),
            Row("small encoder, large decoder", "sit-4-256-large-decoder"),
        ),
        claims=(
            Claim("wavelets beat raster pixels", "plain SIT (wavelets, shared weights)", "ViT-VQGAN (raster pixels)"),
            Claim("separate weights help", "+ ADTransformer", "plain SIT (wavelets, shared weights)"),
            Claim("two codebooks beat one", "+ ADTransformer", "one codebook"),
            Claim("wavelets beat an image pyramid", "scale-causal both (SC)", "image pyramid, SC, no wavelets"),
            Claim("a large decoder helps", "small encoder, large decoder", "+ ADTransformer"),
            Claim("SCD decodes coarse to fine", "+ scale-causal decoder (SCD)", "+ ADTransformer", "early gap"),
            Claim("so does SC", "scale-causal both (SC)", "scale-causal encoder only (SCE)", "early gap"),
        ),
    ),
    "wavelets": Experiment(
        "Which wavelet? The paper found Haar best and the longer filters worse.",
        (
            Row("Haar", "sit-4-256"),
            Row("LeGall 5/3", "sit-4-256-legall53"),
            Row("CDF 9/7", "sit-4-256-cdf97"),
        ),
        claims=(
            Claim("Haar beats LeGall 5/3", "Haar", "LeGall 5/3"),
            Claim("Haar beats CDF 9/7", "Haar", "CDF 9/7"),
        ),
    ),
    "extensions": Experiment(
        "What is each of our extensions worth? Each row but the first changes one switch.",
        (
            Row("all extensions", "studio-128"),
            Row("without exact context", "studio-128-no-exact-context"),
            Row("without masked suffix", "studio-128-no-masked-suffix"),
            Row("without detail heads", "studio-128-no-detail-heads"),
            Row("codebooks start at random", "studio-128-random-codebooks"),
            Row("exact instead of rounded similarity", "studio-128-exact-similarity"),
            Row("+ focal loss on details", "studio-128-focal"),
            Row("FSQ instead of learned codes", "studio-128-fsq"),
        ),
        claims=(
            Claim("exact context helps the faithful x2", "all extensions", "without exact context", "x2 psnr"),
            Claim("masked suffix helps the faithful x2", "all extensions", "without masked suffix", "x2 psnr"),
            Claim("detail heads help the faithful x2", "all extensions", "without detail heads", "x2 psnr"),
            Claim("detail heads help codes", "all extensions", "without detail heads"),
            Claim("codebooks from data help", "all extensions", "codebooks start at random"),
            Claim("a focal loss on details helps", "+ focal loss on details", "all extensions"),
            Claim("FSQ beats learned codes", "FSQ instead of learned codes", "all extensions"),
        ),
    ),
    "codebooks": Experiment(
        "What are the start from data and the revival of dead codes worth? Three times the steps, since a code has to "
        "go unused for two hundred of them before it counts as dead.",
        (
            Row("from data, revival", "studio-128", longer=3),
            Row("from data, no revival", "studio-128-no-revival", longer=3),
            Row("random, revival", "studio-128-random-codebooks", longer=3),
            Row("random, no revival", "studio-128-random-no-revival", longer=3),
        ),
        claims=(
            Claim("data beats random", "from data, revival", "random, revival"),
            Claim("revival helps after a start from data", "from data, revival", "from data, no revival"),
            Claim("revival helps after a random start", "random, revival", "random, no revival"),
        ),
    ),
    "ar-size": Experiment(
        "How does AR-SIT scale, and what do Muon, rotary positions, more neighbours and parallel blocks change?",
        (
            Row("small", "studio-128-ar-small"),
            Row("medium", "studio-128"),
            Row("large", "studio-128-ar-large"),
            Row("medium, AdamW", "studio-128-adamw"),
            Row("medium, 2-D rotary", "studio-128-rotary"),
            Row("medium, three neighbours", "studio-128-few-neighbours"),
            Row("medium, parallel blocks", "studio-128-parallel"),
        ),
        kind="ar",
        claims=(
            Claim("medium beats small", "medium", "small", "below unigram %"),
            Claim("large beats medium", "large", "medium", "below unigram %"),
            Claim("Muon beats AdamW", "medium", "medium, AdamW", "below unigram %"),
            Claim("rotary positions help", "medium, 2-D rotary", "medium", "below unigram %"),
            Claim("inputs of more neighbours help", "medium", "medium, three neighbours", "below unigram %"),
            Claim(
                "one code after another beats blocks",
                "medium, three neighbours",
                "medium, parallel blocks",
                "below unigram %",
            ),
        ),
    ),
    "ar-tokens": Experiment(
        "Raster against scales for the AR model, by caption and by class (here the name of a photo's source). Codes "
        "differ, so losses are compared to their own unigram loss.",
        (
            Row("ViT-VQGAN raster", "parti-vit-vqgan-text-350m"),
            Row("SIT-SCD", "ar-sit-scd-4-text-350m"),
            Row("SIT-SCE", "ar-sit-sce-4-text-350m"),
            Row("ViT-VQGAN raster, by class", "ar-vit-vqgan-class-350m"),
            Row("SIT, by class", "ar-sit-4-class-350m"),
        ),
        kind="ar",
        claims=(Claim("scales are easier to predict than a raster", "SIT-SCD", "ViT-VQGAN raster", "below unigram %"),),
    ),
    "cross-data": Experiment(
        "Does a tokenizer trained on some sources of photos carry over to others? Equally many photos of each half.",
        (
            Row("train A, test A", "studio-128", "A", "A"),
            Row("train A, test B", "studio-128", "A", "B"),
            Row("train B, test A", "studio-128", "B", "A"),
            Row("train B, test B", "studio-128", "B", "B"),
        ),
        claims=(
            Claim("own photos beat others on A", "train A, test A", "train B, test A"),
            Claim("own photos beat others on B", "train B, test B", "train A, test B"),
        ),
    ),
    "compute": Experiment(
        "What do resolution and batch cost, and does training stay calm? A raster quadruples its tokens when the "
        "side doubles; SIT adds one scale.",
        (
            Row("ViT-VQGAN, smallest side", "vit-vqgan-256"),
            Row("ViT-VQGAN, side x 2", "vit-vqgan-256", enlarge=1),
            Row("ViT-VQGAN, side x 4", "vit-vqgan-256", enlarge=2),
            Row("SIT-SCD, smallest side", "sit-scd-4-256"),
            Row("SIT-SCD, side x 2", "sit-scd-4-256", enlarge=1),
            Row("SIT-SCD, side x 4", "sit-scd-4-256", enlarge=2),
            Row("SIT-SCD, smallest side, batch 2", "sit-scd-4-256", batch=2),
            Row("SIT-SCD, smallest side, batch 24", "sit-scd-4-256", batch=24),
        ),
        kind="compute",
    ),
}
