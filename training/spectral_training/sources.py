"""Where training pictures come from: held in memory, or streamed from shards. Both can go on where they stopped.

Every process asks for its own part of a global batch. In memory all processes know the same shuffled order and take
their slice of it, so that two processes train on exactly what one would. Streams give each process shards of its own.
"""

from __future__ import annotations

import glob
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch.distributed as dist
import webdataset as wds

from .data import Photo, PhotoSampler, to_photo


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is."""

    rank: int = 0
    world: int = 1

    def share(self, count: int) -> slice:
        """This process's part of ``count`` things. Raises ValueError where they do not divide."""
        if count % self.world:
            raise ValueError(
                f"Expected a batch that {self.world} processes can share but got {count}; change the recipe's batch."
            )
        each = count // self.world
        return slice(self.rank * each, (self.rank + 1) * each)


Draw = tuple[Photo, random.Random]
"""A photo and the generator of its crop: so a crop does not depend on who else draws."""


class Source(Protocol):
    def take(self, count: int) -> list[Draw]:
        """This process's part of the next ``count`` photos."""
        ...

    def state(self) -> dict[str, object]: ...

    def restore(self, state: dict[str, object]) -> None: ...


class MemorySource:
    def __init__(self, photos: list[Photo], seed: int, place: Place = Place()) -> None:
        self.photos, self.place = photos, place
        self.sampler = PhotoSampler(len(photos), seed)

    def take(self, count: int) -> list[Draw]:
        indices = self.sampler.take(count)
        seeds = [self.sampler.rng.getrandbits(64) for _ in indices]
        mine = self.place.share(count)
        return [(self.photos[i], random.Random(seed)) for i, seed in zip(indices[mine], seeds[mine], strict=True)]

    def state(self) -> dict[str, object]:
        return {"sampler": self.sampler.state()}

    def restore(self, state: dict[str, object]) -> None:
        self.sampler.restore(state["sampler"])  # type: ignore[arg-type]


class StreamSource:
    """Endless pass over shards: each epoch shuffles the shards, and each process a buffer of samples.

    The order follows from seed, epoch, rank and number of processes alone. ``state`` counts what was taken, and
    ``restore`` reads on from there, skipping the epoch's earlier samples.

    [Note: places of a stream] Shards differ in size, so each process is somewhere else in an epoch of its own. A state
    holds all of them, since one process alone writes the checkpoint. With another number of processes the order is
    another anyway, and all begin at the earliest epoch.
    """

    def __init__(
        self, pattern: str, seed: int, place: Place = Place(), buffer: int = 1000, smallest_side: int = 0
    ) -> None:
        self.shards = sorted(glob.glob(pattern))
        if len(self.shards) < place.world:
            raise FileNotFoundError(
                f"Expected at least {place.world} shards at {pattern}, one a process, but found {len(self.shards)}; "
                "pass --data with a glob, or pack the pictures into more shards."
            )
        self.seed, self.place, self.buffer, self.smallest_side = seed, place, buffer, smallest_side
        self.epoch, self.taken = 0, 0
        self.samples = self._epoch()

    def _epoch(self) -> Iterator[Photo]:
        order = random.Random(f"{self.seed}/{self.epoch}").sample(self.shards, len(self.shards))
        mine = order[self.place.rank :: self.place.world]
        pipeline = wds.DataPipeline(
            wds.SimpleShardList(mine),
            wds.tarfile_to_samples(),
            wds.decode("rgb8"),
            wds.shuffle(self.buffer, initial=self.buffer, rng=random.Random(f"{self.seed}/{self.epoch}/{self.place}")),
        )
        for sample in pipeline:
            photo = to_photo(sample)
            if min(photo.pixels.shape[:2]) >= self.smallest_side:
                yield photo

    def _next(self) -> Photo:
        for _ in range(2):
            photo = next(self.samples, None)
            if photo is not None:
                self.taken += 1
                return photo
            self.epoch, self.taken = self.epoch + 1, 0
            self.samples = self._epoch()
        raise ValueError(f"Expected pictures of at least {self.smallest_side} pixels in the shards but found none.")

    def take(self, count: int) -> list[Draw]:
        mine = self.place.share(count)
        draws = []
        for _ in range(mine.stop - mine.start):
            photo = self._next()
            draws.append((photo, random.Random(f"{self.seed}/{self.epoch}/{self.place}/{self.taken}")))
        return draws

    def state(self) -> dict[str, object]:
        """[Note: places of a stream]; all processes of a run call it together."""
        mine = (self.epoch, self.taken)
        places = [mine] * self.place.world
        if dist.is_initialized():
            dist.all_gather_object(places, mine)
        return {"places": places}

    def restore(self, state: dict[str, object]) -> None:
        places: list[tuple[int, int]] = state["places"]  # type: ignore[assignment]
        is_same_run = len(places) == self.place.world
        self.epoch, count = places[self.place.rank] if is_same_run else (min(epoch for epoch, _ in places), 0)
        self.taken, self.samples = 0, self._epoch()
        for _ in range(count):
            self._next()
