"""Export a bundle: four ONNX graphs, tokenizer, golden inputs and outputs, and the manifest.

    python -m spectral_training.export_onnx --tokenizer runs/a/tokenizer.pt --ar runs/a/ar.pt --id studio-128 \
        --out models/studio-128

Weights are rounded to fp16 and stored so; onnxruntime widens them once when it loads the graph, and computes
in fp32. The AR's and the text encoder's matrices may be int8 (dynamic quantisation) instead.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import tyro
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import Tensor, nn

from .ar import NEGATIVE, AutoregressiveModel
from .parity import parity
from .text import TextEncoder, weights_folder
from .tokenizer import CODE, EXACT, Tokenizer
from .train_ar import load_ar
from .train_tokenizer import load_tokenizer

OPSET = 17


@dataclass(frozen=True)
class Options:
    tokenizer: Path
    ar: Path
    out: Path
    id: str = "studio-128"
    name: str = "Studio 128"
    licence: str = "Research and education only (see the model card)"
    description: str = "SIT and AR-SIT for 128 x 128 regions, five scales, 320 tokens."
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
    """Prompt of the golden outputs."""


class EncoderGraph(nn.Module):
    def __init__(self, model: Tokenizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        return self.model.encode(image)


class DecoderGraph(nn.Module):
    def __init__(self, model: Tokenizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, codes: Tensor, kinds: Tensor) -> Tensor:
        return self.model.decode(self.model.code_vectors(codes), self.model.coefficients(image), kinds).image


class ArGraph(nn.Module):
    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, text: Tensor, text_mask: Tensor, codes: Tensor, positions: Tensor, cache_mask: Tensor, *caches: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Caches are inputs of their own, a layer each: slices of one tensor would be copied at every step. Keys come
        transposed, which is how the product reads them; the two transpositions cancel when the graph is loaded."""
        layers = len(caches) // 2
        keys = [keys.transpose(-1, -2) for keys in caches[:layers]]
        chunk = self.model.extend(text, text_mask, codes, positions, keys, caches[layers:], cache_mask)
        return chunk.logits_approximation, chunk.logits_detail, chunk.new_keys, chunk.new_values


@torch.no_grad()
def round_to_half(model: nn.Module) -> None:
    """What is stored as fp16 is what PyTorch computes with, so that golden outputs are those of the file."""
    for value in [*model.parameters(), *model.buffers()]:
        if value.is_floating_point():
            value.copy_(value.half().float())


def store_as_half(path: Path) -> None:
    """Keep large fp32 initializers as fp16 followed by a cast; the runtime folds the cast when it loads."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < 256:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer[index].CopyFrom(half)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)


def export(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    path: Path,
    names: tuple[list[str], list[str]],
    axes: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        module.eval(), inputs, str(path), input_names=names[0], output_names=names[1], dynamic_axes=axes,
        opset_version=OPSET, dynamo=False, do_constant_folding=True,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(path), full_check=True)


def export_tokenizer(model: Tokenizer, out: Path) -> None:
    size, tokens = model.layout.image_size, model.layout.tokens
    image = torch.rand(2, 3, size, size) * 2 - 1
    codes = torch.zeros(2, tokens, dtype=torch.long)
    batch = {0: "batch"}
    export(
        EncoderGraph(model), (image,), out / "encoder.onnx", (["image"], ["codes"]), {"image": batch, "codes": batch}
    )
    export(
        DecoderGraph(model),
        (image, codes, torch.full_like(codes, CODE)),
        out / "decoder.onnx",
        (["image", "codes", "kinds"], ["reconstruction"]),
        {"image": batch, "codes": batch, "kinds": batch, "reconstruction": batch},
    )


AR_OUTPUTS = ["logits_approximation", "logits_detail", "new_keys", "new_values"]


def simplify_reshapes(path: Path) -> None:
    """Shapes that begin with the batch and the chunk, as the reshaped tensor does, become constants.

    The exporter computes such a shape anew at each place; at batch 1 those tiny operators take as long as a matrix.
    """
    model = onnx.load(path)
    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    for node in graph.node:
        shape = made_by.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.op_type != "Concat":
            continue
        known = [constants.get(name) for name in shape.input]
        rest = [-1 if value is None else int(value.item()) for value in known[2:]]
        if known[0] is not None or known[1] is not None or rest.count(-1) > 1:
            continue
        sizes = [0, 0, *rest]
        name = f"{node.name}_shape"
        graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
        node.input[1] = name
    outputs = {output.name for output in graph.output}
    while True:
        used = outputs | {name for node in graph.node for name in node.input}
        dead = [node for node in graph.node if not any(name in used for name in node.output)]
        if not dead:
            break
        for node in dead:
            graph.node.remove(node)
    onnx.save(model, path)


def cache_names(layers: int) -> list[str]:
    """Inputs of the keys, then of the values, a layer each."""
    return [f"{kind}_cache_{layer}" for kind in ("key", "value") for layer in range(layers)]


def empty_cache(model: AutoregressiveModel, batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, values (layers, B, H, P + T, D/H) and an additive mask that hides all of it."""
    config = model.config
    total = config.text_positions + model.layout.tokens
    shape = (config.layers, batch, config.heads, total, config.width // config.heads)
    return torch.zeros(shape), torch.zeros(shape), torch.full((batch, total), NEGATIVE)


def cache_inputs(keys: Tensor, values: Tensor) -> list[Tensor]:
    """The caches of :func:`empty_cache` as the graph takes them; see :func:`cache_names`."""
    return [*keys.transpose(-1, -2).contiguous(), *values]


def export_ar(model: AutoregressiveModel, path: Path) -> None:
    count = 3
    keys, values, mask = empty_cache(model, 2)
    inputs = (
        torch.randn(2, count, model.config.text_width),
        torch.zeros(2, count),
        torch.zeros(2, model.layout.tokens, dtype=torch.long),
        torch.arange(count) + model.config.text_positions - 1,
        mask,
        *cache_inputs(keys, values),
    )
    names = ["text", "text_mask", "codes", "positions", "cache_mask", *cache_names(model.config.layers)]
    rows = {0: "batch", 1: "chunk"}
    axes = {
        "text": rows, "text_mask": rows, "codes": {0: "batch"}, "positions": {0: "chunk"},
        "cache_mask": {0: "batch", 1: "cached"}, "logits_approximation": {0: "batch"},
        "logits_detail": {0: "batch"}, "new_keys": {1: "batch", 3: "chunk"}, "new_values": {1: "batch", 3: "chunk"},
    }  # fmt: skip
    for name in names[5:]:
        axes[name] = {0: "batch", 3 if name.startswith("key") else 2: "cached"}
    export(ArGraph(model), inputs, path, (names, AR_OUTPUTS), axes)
    simplify_reshapes(path)


def export_text(encoder: TextEncoder, path: Path) -> None:
    ids = torch.tensor([[101, 1037, 3899, 102], [101, 1037, 4937, 102]])
    rows = {0: "batch", 1: "tokens"}
    export(
        encoder,
        (ids, torch.ones_like(ids)),
        path,
        (["input_ids", "attention_mask"], ["states"]),
        {"input_ids": rows, "attention_mask": rows, "states": rows},
    )


def compress(path: Path, precision: str) -> None:
    """int8 matrices where asked for; what stays in floating point is stored as fp16.

    The two kinds of int8 differ in what becomes of the activations. ``int8``: one scale for all of a product's
    input, so that a row's result depends on the other rows of the batch. ``int8-blocks``: weights in blocks of 32
    and a scale a row, so that a sequence is the same alone and in a batch, which the AR has to be. ``fp32`` leaves
    the file as it is.
    """
    if precision == "fp32":
        return
    if precision == "int8-blocks":
        config = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, accuracy_level=4, bits=8)
        quantizer = MatMulNBitsQuantizer(onnx.load(path), algo_config=config)
        quantizer.process()
        quantizer.model.save_model_to_file(str(path))
    if precision == "int8":
        with tempfile.TemporaryDirectory() as folder:
            quantised = Path(folder) / path.name
            quantize_dynamic(
                path,
                quantised,
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul", "Gather"],
            )
            shutil.copy(quantised, path)
    store_as_half(path)


# -- golden inputs and outputs, by the exported files themselves ---------------------------------------------


def floats(array: np.ndarray) -> dict[str, object]:
    data = np.ascontiguousarray(array, dtype="<f4")
    return {"shape": list(data.shape), "base64": base64.b64encode(data.tobytes()).decode()}


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def smooth_picture(size: int) -> np.ndarray:
    """A picture with colour, edges and texture, made of formulas: (1, 3, size, size) in [-1, 1]."""
    y, x = np.mgrid[0:size, 0:size] / size
    disc = ((x - 0.6) ** 2 + (y - 0.45) ** 2 < 0.06).astype(np.float64)
    red = 0.9 * (2 * x - 1) * (1 - disc) + 0.8 * disc
    green = 0.7 * np.sin(5 * y + 2 * x) * (1 - disc) - 0.2 * disc
    blue = 0.6 * (1 - 2 * y) + 0.25 * np.sin(40 * x) * (y > 0.7)
    return np.clip(np.stack([red, green, blue])[None], -1, 1).astype(np.float32)


def golden(
    out: Path, tokenizer: Tokenizer, ar: AutoregressiveModel, text: TextEncoder, prompt: str
) -> dict[str, object]:
    layout, n = tokenizer.layout, tokenizer.layout.tokens_per_scale
    image = smooth_picture(layout.image_size)
    codes = session(out / "encoder.onnx").run(None, {"image": image})[0]
    decoder = session(out / "decoder.onnx")
    every = np.full_like(codes, CODE)
    reconstruction = decoder.run(None, {"image": image, "codes": codes, "kinds": every})[0]
    known = layout.scales - 1
    prefix = np.zeros_like(codes)
    prefix[:, : known * n] = EXACT
    faithful = decoder.run(None, {"image": image, "codes": np.zeros_like(codes), "kinds": prefix})[0]

    ids = np.array([text.words.encode(prompt).ids], dtype=np.int64)
    states = session(out / "text.onnx").run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
    logits = []
    runner = session(out / "ar.onnx")
    p = ar.config.text_positions
    for position in (0, n + 3):
        first, second = run_prefix(runner, ar, states, codes, position)
        logits.append({"code": position, "approximation": floats(first), "detail": floats(second)})
    return {
        "image": floats(image),
        "codes": codes[0].tolist(),
        "reconstruction": floats(reconstruction),
        "faithful": {"frozenScales": known, "reconstruction": floats(faithful)},
        "prompt": prompt,
        "inputIds": ids[0].tolist(),
        "textStates": floats(states),
        "arLogits": logits,
        "textPositions": p,
        "tolerances": {"reconstruction": 2e-3, "textStates": 5e-2, "arLogits": 5e-2},
    }


def run_prefix(
    runner: onnxruntime.InferenceSession, ar: AutoregressiveModel, states: np.ndarray, codes: np.ndarray, position: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of code ``position`` given the prompt and the codes before it, in one chunk over an empty cache."""
    p = ar.config.text_positions
    keys, values, mask = empty_cache(ar, 1)
    count = p + position + 1
    text = np.zeros((1, count, states.shape[2]), np.float32)
    text[:, : states.shape[1]] = states
    text_mask = np.zeros((1, count), np.float32)
    text_mask[:, states.shape[1] : p] = NEGATIVE
    caches = dict(zip(cache_names(ar.config.layers), (x.numpy() for x in cache_inputs(keys, values)), strict=True))
    answer = runner.run(
        None,
        {
            "text": text, "text_mask": text_mask, "codes": codes, "positions": np.arange(count, dtype=np.int64),
            "cache_mask": mask.numpy(), **caches,
        },
    )  # fmt: skip
    return answer[0], answer[1]


# -- manifest -------------------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(path: Path, precision: str) -> dict[str, object]:
    graph = session(path)

    def ports(items: list[onnxruntime.NodeArg]) -> list[dict[str, object]]:
        dtypes = {"tensor(float)": "float32", "tensor(int64)": "int64"}
        return [{"name": i.name, "dtype": dtypes[i.type], "shape": list(i.shape)} for i in items]

    return {
        "file": path.name,
        "sha256": digest(path),
        "bytes": path.stat().st_size,
        "precision": precision,
        "inputs": ports(graph.get_inputs()),
        "outputs": ports(graph.get_outputs()),
    }


def metrics(path: Path | None) -> list[dict[str, object]]:
    if path is None:
        return []
    command = "python -m spectral_training.evaluate"
    return [
        {"name": name, "value": round(value, 4), "unit": unit_of(name), "command": command}
        for name, value in json.loads(path.read_text()).items()
        if isinstance(value, int | float)
    ]


def parity_metrics(
    out: Path, precisions: dict[str, str], tokenizer: Tokenizer, ar: AutoregressiveModel, text: TextEncoder
) -> list[dict[str, object]]:
    """What ``parity`` measured on the files in ``out``, as metrics of the manifest."""
    sessions = {name: session(out / f"{name}.onnx") for name in precisions}
    measured = parity(sessions, lambda *given: run_prefix(sessions["ar"], ar, *given), tokenizer, ar, text)
    return [
        {"name": f"parity: {name}", "value": round(value, 6), "unit": unit_of(name),
         "command": "python -m spectral_training.export_onnx"}
        for name, value in measured.items()
    ]  # fmt: skip


def check_app_can_open(tokenizer: Tokenizer, ar: AutoregressiveModel) -> None:
    """Raises ValueError for models that a bundle has no words for."""
    reasons = {
        "a raster tokenizer has no scales to freeze": tokenizer.layout.levels == 0,
        "parallel decoding needs the logits of a whole block": ar.config.order == "parallel",
        "a class-conditional model reads no prompts": ar.config.classes > 0,
    }
    for reason, holds in reasons.items():
        if holds:
            raise ValueError(f"Expected a model that the app can open but {reason}; export another recipe.")


def unit_of(name: str) -> str:
    for ending, unit in (("psnr", "dB"), ("loss", "nats"), ("%", "%"), ("photos", "photos")):
        if name.endswith(ending):
            return unit
    return "1"


def main(options: Options) -> None:
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    tokenizer, tokenizer_meta = load_tokenizer(options.tokenizer)
    ar, ar_meta = load_ar(options.ar)
    text = TextEncoder(ar.config.text_positions, ar.config.text_width)
    check_app_can_open(tokenizer, ar)
    trained = copy.deepcopy(tokenizer), copy.deepcopy(ar)
    for model, precision in ((tokenizer, options.tokenizer_precision), (ar, options.ar_precision)):
        if precision != "fp32":
            round_to_half(model)
    with torch.no_grad():
        export_tokenizer(tokenizer, out)
        export_ar(ar, out / "ar.onnx")
        export_text(text, out / "text.onnx")
    first = options.tokenizer_precision
    precisions = {"encoder": first, "decoder": first, "ar": options.ar_precision, "text": options.text_precision}
    for name, precision in precisions.items():
        compress(out / f"{name}.onnx", precision)
    shutil.copy(weights_folder() / "tokenizer.json", out / "tokenizer.json")
    (out / "golden.json").write_text(json.dumps(golden(out, tokenizer, ar, text, options.prompt)) + "\n")

    config = tokenizer.config
    layout = config.layout
    manifest = {
        "format": "spectral-bundle",
        "version": 1,
        "id": options.id,
        "name": options.name,
        "licence": options.licence,
        "description": options.description,
        "data": json.loads(options.sources.read_text()) if options.sources is not None else [],
        "training": {
            "recipe": str(tokenizer_meta["recipe"]),
            "commit": str(ar_meta["commit"]),
            "photosSeen": tokenizer_meta["seen"] + ar_meta["seen"],
            "seconds": round(tokenizer_meta["seconds"] + ar_meta["seconds"]),
            "device": options.device,
        },
        "metrics": metrics(options.figures) + parity_metrics(out, precisions, *trained, text),
        "layout": {"imageSize": layout.image_size, "grid": layout.grid, "levels": layout.levels},
        "codebooks": {"approximation": config.approximation_codes, "detail": config.detail_codes},
        "normalisation": {"scaleStd": list(config.scale_std)},
        "attention": {
            "encoder": "scale-causal" if config.encoder_causal else "dense",
            "decoder": "scale-causal" if config.decoder_causal else "dense",
        },
        "ar": {
            "layers": ar.config.layers,
            "heads": ar.config.heads,
            "headDim": ar.config.width // ar.config.heads,
            "textPositions": ar.config.text_positions,
        },
        "sampling": {
            "temperature": options.temperature,
            "topK": 0,
            "topP": options.top_p,
            "guidance": options.guidance,
        },
        "text": {
            "encoder": "MiniLM-L6",
            "tokenizer": "tokenizer.json",
            "maxTokens": ar.config.text_positions,
            "width": ar.config.text_width,
        },
        "files": {name: describe(out / f"{name}.onnx", precision) for name, precision in precisions.items()},
        "tokenizerSha256": digest(out / "tokenizer.json"),
        "golden": {"file": "golden.json", "sha256": digest(out / "golden.json")},
    }
    (out / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps({name: entry["bytes"] for name, entry in manifest["files"].items()}))


if __name__ == "__main__":
    main(tyro.cli(Options))
