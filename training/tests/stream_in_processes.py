"""What each process of test_scale's streaming test runs: torchrun stream_in_processes.py GLOB."""

import sys

import torch.distributed as dist

from spectral_training.sources import Place, StreamSource


def drawn(source: StreamSource, count: int) -> list[tuple[str, float]]:
    return [(photo.key, rng.random()) for photo, rng in source.take(count)]


def main(pattern: str) -> None:
    dist.init_process_group("gloo")
    place = Place(dist.get_rank(), dist.get_world_size())
    source = StreamSource(pattern, 0, place, buffer=4)
    source.take(7 * place.world)
    written = [source.state()]
    dist.broadcast_object_list(written)  # the first process writes the checkpoint, all read it
    copy = StreamSource(pattern, 0, place, buffer=4)
    copy.restore(written[0])
    for _ in range(5):
        assert drawn(copy, 2 * place.world) == drawn(source, 2 * place.world), f"process {place.rank} is elsewhere"
    epochs: list[int] = [0] * place.world
    dist.all_gather_object(epochs, source.epoch)
    assert len(set(epochs)) > 1, "all processes were at the same place, so nothing was tested"
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
