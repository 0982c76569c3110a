"""How a run uses its machine: processes, precision, accumulation, compilation, through Lightning Fabric.

    torchrun --nproc-per-node 8 -m spectral_training.train_tokenizer --recipe sit-6-512 --runtime.strategy ddp ...

[Note: same run, more processes] A recipe's batch is the batch of one optimiser step over everything. Processes and
accumulated parts share it, so neither changes what is learned, up to the order of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy, ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from .ar import ArBlock
from .checkpoint import Clock, Ema
from .residual import train_by_winograd
from .sources import Place
from .transformer import Block

Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class RuntimeOptions:
    accelerator: str = "auto"
    """cpu, cuda, or auto."""
    devices: int = 1
    """Processes on this node; torchrun's numbers win."""
    nodes: int = 1
    strategy: Literal["ddp", "fsdp"] = "ddp"
    """What more than one process do: hold everything each, or shard parameters, gradients and optimiser."""
    accumulate: int = 1
    """Parts that each process's batch is taken in."""
    recompute: bool = False
    """Activation checkpointing."""
    compile: bool = False
    """torch.compile; on a CPU in bf16 it gave nothing."""
    winograd: bool = False
    """On a CPU: compute convolutional residual blocks by Winograd's algorithm, in fp32 (:mod:`winograd`)."""


class Runtime:
    """A launched Fabric with the few things that training steps ask for."""

    def __init__(self, options: RuntimeOptions = RuntimeOptions(accelerator="cpu"), bf16: bool = False) -> None:
        self.options = options
        processes = options.devices * options.nodes
        self.fabric = Fabric(
            accelerator=options.accelerator,
            devices=options.devices,
            num_nodes=options.nodes,
            strategy="auto" if processes == 1 else strategy(options.strategy, processes),
            precision="bf16-mixed" if bf16 else "32-true",
        )
        self.fabric.launch()
        self.place = Place(self.fabric.global_rank, self.fabric.world_size)

    @property
    def is_first(self) -> bool:
        return self.place.rank == 0

    def setup(self, step: nn.Module, optimiser: Callable[[], torch.optim.Optimizer]) -> tuple[Any, Any]:
        """The wrapped step and its optimiser, which is made when the parameters are those that will be trained."""
        for module in step.modules():
            if hasattr(module, "recompute"):
                module.recompute = self.options.recompute
        if self.options.winograd:
            if self.fabric.device.type != "cpu":
                raise ValueError(
                    f"Expected a CPU for Winograd's algorithm but this run is on {self.fabric.device}; leave "
                    "--runtime.winograd out, or add --runtime.accelerator cpu."
                )
            train_by_winograd(step)
        if self.options.compile:
            step = torch.compile(step)  # type: ignore[assignment]
        if isinstance(self.fabric.strategy, ModelParallelStrategy):
            # Sharding puts other parameters into the model's place.
            wrapped = self.fabric.setup_module(step)
            return wrapped, self.fabric.setup_optimizers(optimiser())
        return self.fabric.setup(step, optimiser())

    def parts(self, count: int) -> Iterator[tuple[slice, bool]]:
        """Slices of this process's ``count`` samples for accumulation, and whether it is the last."""
        pieces = self.options.accumulate
        if count % pieces:
            raise ValueError(f"Expected {count} samples a process to divide into {pieces} parts; change accumulate.")
        for index in range(pieces):
            yield slice(index * count // pieces, (index + 1) * count // pieces), index == pieces - 1

    def fraction(self, clock: Clock, step: int) -> float:
        """How much of the run is done, the same in all processes: their clocks differ."""
        mine = clock.fraction(step)
        return mine if clock.minutes is None else self.fabric.broadcast(mine)

    def mean(self, values: dict[str, Tensor]) -> dict[str, float]:
        """Mean over the processes of each scalar."""
        names = sorted(values)
        if not names:
            return {}
        stacked = torch.stack([values[name].detach().float() for name in names])
        if self.place.world > 1:
            stacked = self.fabric.all_reduce(stacked, reduce_op="mean")
        return dict(zip(names, stacked.tolist(), strict=True))


def strategy(name: str, processes: int) -> DDPStrategy | ModelParallelStrategy:
    if name == "ddp":
        # Buffers (codebooks) are kept equal by what is added to them, not by copying one process's over the others'.
        return DDPStrategy(broadcast_buffers=False, find_unused_parameters=True)
    return ModelParallelStrategy(shard_blocks, data_parallel_size=processes, tensor_parallel_size=1)


def shard_blocks(module: nn.Module, mesh: Any) -> nn.Module:
    """FSDP2: each transformer block is gathered on its own, the rest together."""
    for part in module.modules():
        if isinstance(part, Block | ArBlock):
            fully_shard(part, mesh=mesh["data_parallel"])
    fully_shard(module, mesh=mesh["data_parallel"])
    return module


def whole_state(state: Any) -> Any:
    """A state dictionary with every sharded tensor gathered; all processes must call it."""
    if isinstance(state, DTensor):
        return state.full_tensor().cpu()
    if isinstance(state, dict):
        return {name: whole_state(value) for name, value in state.items()}
    if isinstance(state, list):
        return [whole_state(value) for value in state]
    return state


def like(value: Tensor, target: Tensor) -> Tensor:
    """``value`` on the device, or sharded in the way, of ``target``."""
    if isinstance(target, DTensor):
        return distribute_tensor(value.to(target.device), target.device_mesh, target.placements)
    return value.to(target.device)


def averaged(fresh: Model, trained: nn.Module, ema: Ema) -> Model:
    """``fresh``, on the CPU, with what ``trained`` holds and its averaged weights; all processes call it."""
    fresh.load_state_dict(whole_state(trained.state_dict()))
    averages = Ema(fresh, 0.0)
    averages.shadow = whole_state(ema.shadow)
    averages.copy_to(fresh)
    return fresh.eval()


@torch.no_grad()
def restore_weights(model: nn.Module, ema: Ema, optimiser: torch.optim.Optimizer, state: dict) -> None:
    """Weights, averages and optimiser state of a checkpoint, sharded again where the model is."""
    own = model.state_dict()
    for name, value in state["model"].items():
        own[name].copy_(like(value, own[name]))
    ema.shadow = {name: like(value, ema.shadow[name]) for name, value in state["ema"].items()}
    saved = state["optimiser"]
    if "state" in saved:  # an optimiser made of several keeps theirs by name, and is not sharded
        trained = [p for group in optimiser.param_groups for p in group["params"]]
        moments = {
            index: {
                k: like(v, trained[index]) if isinstance(v, Tensor) and v.shape == trained[index].shape else v
                for k, v in entry.items()
            }
            for index, entry in saved["state"].items()
        }
        saved = {**saved, "state": moments}
    optimiser.load_state_dict(saved)
