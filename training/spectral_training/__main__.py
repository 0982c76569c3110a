"""The package's tools: python -m spectral_training TOOL ...

Training, evaluation and export are modules of their own (``python -m spectral_training.train_tokenizer``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from . import bench, count, plan, results, shards


@dataclass(frozen=True)
class Recipes:
    """List recipes with parameters, tokens and arithmetic, checked against what the paper states."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()


Tool = (
    Annotated[Recipes, tyro.conf.subcommand("recipes")]
    | Annotated[plan.Options, tyro.conf.subcommand("plan", description="FLOPs, memory and cost on many GPUs.")]
    | Annotated[
        bench.Options,
        tyro.conf.subcommand("bench", description="Training speed against plain PyTorch, in both precisions."),
    ]
    | Annotated[results.Options, tyro.conf.subcommand("results", description="Run or report the experiments.")]
    | Annotated[shards.Pack, tyro.conf.subcommand("pack", description="A folder of pictures to shards.")]
    | Annotated[shards.Check, tyro.conf.subcommand("check", description="Read shards and say what is wrong.")]
)


def main(tool: object) -> None:
    match tool:
        case Recipes():
            count.main(list(tool.names))
        case plan.Options():
            plan.main(tool)
        case bench.Options():
            bench.main(tool)
        case results.Options():
            results.main(tool)
        case shards.Pack():
            shards.pack(tool)
        case shards.Check():
            raise SystemExit(shards.check(tool))


if __name__ == "__main__":
    main(tyro.cli(Tool))  # type: ignore[arg-type]
