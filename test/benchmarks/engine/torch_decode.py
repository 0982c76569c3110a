"""Times PyTorch eager's cached decoding of a bundle's autoregressive model, batch 1; prints seconds a token.

    PYTHONPATH=training python test/benchmarks/engine/torch_decode.py models/studio-128/model.json THREADS TOKENS PICTURES

The mean of the best picture, as the benchmark takes it of ours.

The weights are random: a step takes as long whatever they are. The cache has its full size from the start and its
rows are written in place, so nothing is copied that need not be.
"""

import json
import sys
import time

import torch
from spectral_training.ar import NEGATIVE, ArConfig
from spectral_training.layout import Layout

manifest = json.load(open(sys.argv[1]))
threads, tokens, pictures = (int(value) for value in sys.argv[2:5])
torch.set_num_threads(threads)
layout, ar, text = manifest["layout"], manifest["ar"], manifest["text"]
model = ArConfig(
    layout=Layout(layout["imageSize"], layout["grid"], layout["levels"]),
    width=ar["heads"] * ar["headDim"],
    layers=ar["layers"],
    heads=ar["heads"],
    approximation_codes=manifest["codebooks"]["approximation"],
    detail_codes=manifest["codebooks"]["detail"],
    text_width=text["width"],
    text_positions=ar["textPositions"],
    around=ar.get("around", False),
).build()
model.eval()
p, total = ar["textPositions"], ar["textPositions"] + model.layout.tokens
keys = torch.zeros(ar["layers"], 1, ar["heads"], total, ar["headDim"])
values, mask = torch.zeros_like(keys), torch.full((1, total), NEGATIVE)
codes = torch.zeros(1, model.layout.tokens, dtype=torch.long)
empty, plain = torch.zeros(1, 1, text["width"]), torch.zeros(1, 1)

tokens = min(tokens, model.layout.tokens)
best = float("inf")
with torch.inference_mode():
    for _ in range(pictures):
        mask.fill_(NEGATIVE)
        start = time.perf_counter()
        for token in range(tokens):
            position = torch.tensor([p + token])
            chunk = model.extend(empty, plain, codes, position, keys, values, mask)
            keys[:, :, :, position] = chunk.new_keys
            values[:, :, :, position] = chunk.new_values
            mask[:, position] = 0
            logits = chunk.logits_approximation if token < model.layout.tokens_per_scale else chunk.logits_detail
            codes[0, token] = torch.multinomial(logits[0].softmax(-1), 1)[0]
        best = min(best, (time.perf_counter() - start) / tokens)
print(json.dumps({"best": best}))
