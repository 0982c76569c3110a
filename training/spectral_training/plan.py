"""What training at the paper's scale takes: arithmetic, memory and money, computed and not guessed.

    python -m spectral_training plan --out ../docs/training-plan.md

Arithmetic is counted on the recipes' own models (``count``). Memory is a formula, stated in the document. How fast the
machine works, what it costs and how long one trains are assumptions; they are options, and the document names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .checkpoint import commit
from .count import count_ar, count_tokenizer
from .recipes import Recipe, recipe


@dataclass(frozen=True)
class Options:
    tokenizer: str = "sit-6-512"
    ar: str = "ar-sit-scd-4-text-650m"
    gpus: tuple[int, ...] = (8, 64)
    memory_gb: float = 80.0
    """Of one GPU."""
    peak_tflops: float = 989.0
    """bf16, dense, of one GPU (an H100's data sheet)."""
    utilisation: float = 0.35
    """Share of the peak that training reaches."""
    price: float = 2.5
    """US dollars a GPU-hour."""
    out: Path | None = None


@dataclass(frozen=True)
class Model:
    """name; parameters; forward FLOPs of a picture; width, layers and tokens, one entry a transformer; batch; steps."""

    name: str
    parameters: int
    flops: float
    shapes: tuple[tuple[int, int, int], ...]
    batch: int
    steps: int
    extra: float = 0.0
    """Forward FLOPs a picture of frozen networks (tokenizer of an AR, perceptual loss)."""
    kept: float = 0.0
    """Bytes that a picture keeps outside of the blocks: features of the perceptual network, logits."""
    module: str = "train_tokenizer"

    @property
    def title(self) -> str:
        return f"{self.name}, {'AR' if self.module == 'train_ar' else 'tokenizer'}"


BYTES_OF_STATE = 4 + 4 + 8 + 4
"""fp32 weights, gradients, two moments of AdamW, average: bytes a parameter."""

ACTIVATION_WIDTHS = 16
"""Numbers of width D that a block keeps for its backward pass: input, norms (2), q k v, attention, residual, and the
MLP's 4 before and 4 after its activation; attention probabilities are not kept (fused kernels)."""


VGG_FEATURES = 13.5e6
"""Outputs of VGG16's convolutions at 224 pixels, kept once (its activations work in place)."""

BYTES_OF_LOGIT = 2 + 4 + 4
"""bf16, widened for the cross entropy, and its log softmax."""


def sharing(parameters: int, gpus: int, strategy: str) -> float:
    """Bytes of state on one GPU."""
    return parameters * BYTES_OF_STATE / (gpus if strategy == "fsdp" else 1)


def activations(model: Model, recompute: bool) -> float:
    """Bytes that one picture keeps for its backward pass, in bf16."""
    kept = model.kept
    for width, layers, tokens in model.shapes:
        a_layer = width * tokens * 2
        kept += a_layer * layers + a_layer * ACTIVATION_WIDTHS if recompute else a_layer * layers * ACTIVATION_WIDTHS
    return kept


def step_flops(model: Model, recompute: bool) -> float:
    """Of one picture: forward, twice that backward, once more forward if recomputed; frozen networks forward only."""
    return model.flops * (4 if recompute else 3) + model.extra


def tokenizer_model(chosen: Recipe) -> Model:
    training, config = chosen.tokenizer, chosen.tokenizer.model
    encoder, decoder = count_tokenizer(config)
    tokens = config.layout.tokens
    shapes = (
        (config.width, config.encoder_layers, tokens),
        (config.width_of_decoder, config.decoder_layers, tokens),
    )
    # VGG16's convolutions, 15.3 G multiply-adds at 224 pixels, on prediction (with gradient) and target.
    area = (config.layout.image_size / 224) ** 2
    perceptual = 2 * 15.3e9 * area * 4
    return Model(
        chosen.name, encoder.parameters + decoder.parameters, encoder.flops + decoder.flops, shapes,
        training.codec_batch, training.steps, perceptual, VGG_FEATURES * area * 2,
    )  # fmt: skip


def ar_model(chosen: Recipe) -> Model:
    config = chosen.ar.model
    counted = count_ar(config)
    encoder = count_tokenizer(chosen.tokenizer.model)[0].flops
    shape = ((config.width, config.layers, config.layout.tokens + config.text_positions),)
    logits = config.layout.tokens * max(config.approximation_codes, config.detail_codes) * BYTES_OF_LOGIT
    return Model(
        chosen.name, counted.parameters, counted.flops, shape, chosen.ar.batch, chosen.ar.steps, encoder, logits,
        "train_ar",
    )  # fmt: skip


def models(options: Options) -> tuple[Model, ...]:
    """The tokenizer, and the AR model after the tokenizer whose codes it draws."""
    ar = recipe(options.ar)
    return tokenizer_model(recipe(options.tokenizer)), tokenizer_model(ar), ar_model(ar)


def fit(model: Model, gpus: int, options: Options) -> tuple[str, bool, int, float]:
    """Cheapest way that fits in 85 % of the memory: strategy, recomputation, pictures at a time, bytes used."""
    room, each = 0.85 * options.memory_gb * 1e9, -(-model.batch // gpus)
    for strategy, recompute in (("ddp", False), ("fsdp", False), ("ddp", True), ("fsdp", True)):
        state = sharing(model.parameters, gpus, strategy)
        at_once = int((room - state) // activations(model, recompute))
        if at_once >= min(each, 8):
            at_once = min(at_once, each)
            while each % at_once:
                at_once -= 1
            return strategy, recompute, at_once, state + at_once * activations(model, recompute)
    raise ValueError(f"Expected {model.name} to fit on {gpus} GPUs of {options.memory_gb} GB but it does not.")


def row(model: Model, gpus: int, options: Options) -> str:
    strategy, recompute, at_once, used = fit(model, gpus, options)
    total = step_flops(model, recompute) * model.batch * model.steps
    seconds = total / (gpus * options.peak_tflops * 1e12 * options.utilisation)
    hours = seconds / 3600
    cells = [
        model.title, str(gpus), strategy + (", recomputed" if recompute else ""),
        f"{at_once} x {-(-model.batch // (gpus * at_once))}", f"{used / 1e9:.0f} GB", f"{total:.2e}",
        f"{hours / 24:.1f} days", f"{hours * gpus:,.0f}", f"${hours * gpus * options.price:,.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def command(model: Model, gpus: int, options: Options) -> str:
    """What trains ``model`` in the way that ``fit`` found."""
    strategy, recompute, at_once, _ = fit(model, gpus, options)
    each = min(gpus, 8)
    parts = [
        f"torchrun --nnodes {gpus // each} --nproc-per-node {each} -m spectral_training.{model.module}",
        f"--recipe {model.name} --stream --data 'shards/train-*.tar' --out runs/{model.name}",
        *([f"--tokenizer runs/{model.name}/tokenizer.pt"] if model.module == "train_ar" else []),
        f"--runtime.accelerator cuda --runtime.devices {each} --runtime.nodes {gpus // each}",
        f"--runtime.strategy {strategy} --runtime.accumulate {-(-model.batch // (gpus * at_once))}"
        + (" --runtime.recompute" if recompute else "")
        + " --runtime.compile",
    ]
    return " \\\n    ".join(parts)


def document(options: Options) -> str:
    trained = models(options)
    commands = "\n".join(command(m, gpus, options) for m in trained for gpus in options.gpus)
    what = "\n".join(
        f"| {m.title} | {m.parameters / 1e6:.0f} M | {m.flops / 1e9:.0f} G | {m.extra / 1e9:.0f} G | "
        f"{m.batch:,} | {m.steps:,} | {m.batch * m.steps / 1e6:,.0f} M |"
        for m in trained
    )
    rows = "\n".join(row(m, gpus, options) for m in trained for gpus in options.gpus)
    sharded = "\n".join(
        f"| {m.title} | {gpus} | {m.parameters * BYTES_OF_STATE / 1e9:.1f} GB | "
        f"{sharing(m.parameters, gpus, 'fsdp') / 1e9:.2f} GB | {activations(m, False) / 1e9:.2f} GB | "
        f"{activations(m, True) / 1e9:.2f} GB |"
        for m in trained
        for gpus in options.gpus
    )
    return f"""# Training at the paper's scale

Written by `python -m spectral_training plan` at commit `{commit()}`; nothing here was run. Change an assumption and run
it again: every number follows.

## Assumptions

- A GPU has {options.memory_gb:.0f} GB, a dense bf16 peak of {options.peak_tflops:.0f} TFLOP/s, of which training reaches
  {options.utilisation:.0%}, and costs ${options.price:.2f} an hour.
- Batches and steps are the recipes'. The paper's were not available to us.
- State: {BYTES_OF_STATE} bytes a parameter (fp32 weights, gradients, AdamW, average). Activations in bf16:
  {ACTIVATION_WIDTHS} numbers of the model's width a token and layer, or 1 when blocks are recomputed; attention is fused.
  The perceptual network's features and the logits are added; the discriminator, small beside them, is not, nor is what
  a kernel takes while it runs.

## What is trained

| recipe | parameters | FLOP forward, a picture | frozen networks | batch | steps | pictures |
|---|---|---|---|---|---|---|
{what}

## What it takes

"Pictures at a time" is per GPU, times the accumulated parts. Cost is GPU-hours at the price above, without storage,
failed runs and evaluation.

| recipe | GPUs | strategy | pictures at a time | memory a GPU | FLOP | time | GPU-hours | cost |
|---|---|---|---|---|---|---|---|---|
{rows}

## Memory

| recipe | GPUs | state, whole (DDP) | state, sharded (FSDP) | activations a picture | recomputed |
|---|---|---|---|---|---|
{sharded}

## Commands

One for each row of "What it takes", on nodes of 8 GPUs; a run that is started again goes on where it stopped.

```sh
{commands}
```
"""


def main(options: Options) -> None:
    text = document(options)
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text)
