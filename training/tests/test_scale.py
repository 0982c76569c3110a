"""More processes, accumulated parts and streams: the same run by other means."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import round_trip, write_shard
from tiny_bundles import write_checkpoint
from torch._dynamo.utils import counters

from spectral_training import data
from spectral_training.condition import Condition
from spectral_training.enlarge_network import load_enlarger, shape
from spectral_training.recipes import recipe
from spectral_training.runtime import Runtime, RuntimeOptions
from spectral_training.sources import MemorySource, Place, StreamSource
from spectral_training.text import CaptionStates
from spectral_training.train_ar import ArStep, load_ar
from spectral_training.train_tokenizer import Trainer, load_tokenizer


def run(
    module: str, shards: Path, out: Path, processes: int, *arguments: str, recipe: str = "studio-debug"
) -> list[dict]:
    """Train in ``processes`` processes; returns the log's lines."""
    launch(module, shards, out, processes, "--recipe", recipe, "--log-every", "1", *arguments)
    name = "tokenizer.jsonl" if module == "train_tokenizer" else "ar.jsonl"
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


def launch(module: str, shards: Path, out: Path, processes: int, *arguments: str, command: tuple[str, ...] = ()):
    """Run a module's training in ``processes`` processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    # Without `--` the launcher takes our --start for the beginning of an option of its own.
    module_is = ["-m", "--"] if processes > 1 else ["-m"]
    line = [
        sys.executable, *launcher, *module_is, f"spectral_training.{module}", *command, "--out", str(out),
        "--data", str(shards / "train-*.tar"), "--runtime.accelerator", "cpu", "--runtime.devices", str(processes),
        *arguments,
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr[-3000:]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def losses(lines: list[dict], name: str) -> list[float]:
    return [line[name] for line in lines if name in line and "event" not in line]


def test_two_processes_train_what_one_trains(shards: Path, tmp_path: Path):
    """Warm-up, start of the codebooks, quantised steps with revival: equal losses throughout."""
    steps = ["--steps", "34", "--limit", "24"]
    one = run("train_tokenizer", shards, tmp_path / "one", 1, *steps)
    two = run("train_tokenizer", shards, tmp_path / "two", 2, *steps)
    for name in ("loss", "codec_l2", "commitment"):
        assert losses(two, name) == pytest.approx(losses(one, name), rel=2e-3, abs=2e-5), name
    assert losses(one, "commitment")[-1] > 0
    ends = [torch.load(tmp_path / n / "tokenizer.pt", weights_only=False)["trainer"] for n in ("one", "two")]
    assert torch.allclose(
        ends[0]["model"]["detail_codebook.vectors"], ends[1]["model"]["detail_codebook.vectors"], atol=5e-3
    )


def test_two_sharded_processes_train_what_one_trains(shards: Path, tmp_path: Path):
    """FSDP: parameters, gradients and optimiser in two halves, gathered again in the checkpoint."""
    name = "ar-sit-scd-4-text-350m"
    write_checkpoint(name, tmp_path / "tokenizer.pt")
    steps = ["--steps", "4", "--limit", "24", "--tokenizer", str(tmp_path / "tokenizer.pt")]
    one = run("train_ar", shards, tmp_path / "one", 1, *steps, recipe=f"{name}-debug")
    fsdp = ["--runtime.strategy", "fsdp"]
    two = run("train_ar", shards, tmp_path / "two", 2, *steps, *fsdp, recipe=f"{name}-debug")
    assert len(losses(one, "loss")) == 4
    assert losses(two, "loss") == pytest.approx(losses(one, "loss"), rel=1e-4)
    models = [load_ar(tmp_path / name / "ar.pt")[0].state_dict() for name in ("one", "two")]
    assert all(torch.allclose(value, models[1][name], atol=1e-4) for name, value in models[0].items())


def test_a_sharded_tokenizer_trains_what_a_whole_one_trains(shards: Path, tmp_path: Path):
    """FSDP again, with a discriminator beside the model that is sharded too, and learns nearly the same."""
    name, steps = "sit-sc-4-256-debug", ["--steps", "4", "--limit", "24"]
    one = run("train_tokenizer", shards, tmp_path / "one", 1, *steps, recipe=name)
    two = run("train_tokenizer", shards, tmp_path / "two", 2, *steps, "--runtime.strategy", "fsdp", recipe=name)
    for figure, tolerance in (("codec_l2", 1e-4), ("discriminator", 2e-2)):
        assert len(losses(one, figure)) == 4
        assert losses(two, figure) == pytest.approx(losses(one, figure), rel=tolerance), figure


def test_two_processes_train_the_enlarging_network_that_one_trains(shards: Path, tmp_path: Path):
    few = ["--speed", "fast", "--crop", "32", "--batch", "4", "--minutes", "None", "--steps", "4", "--bf16", "False"]
    for processes in (1, 2):
        launch("enlarge", shards, tmp_path / str(processes), processes, *few, command=("train",))
    one, two = (load_enlarger(tmp_path / n / "enlarge-fast-x2.pt")[0].state_dict() for n in "12")
    torch.manual_seed(0)
    begun = shape("fast", 2).build().state_dict()
    assert all(torch.allclose(value, two[name], atol=2e-5) for name, value in one.items())
    assert any((value - begun[name]).abs().max() > 1e-3 for name, value in one.items())


def test_two_processes_train_the_texture_heads_that_one_trains(shards: Path, tmp_path: Path):
    write_checkpoint("studio-128", tmp_path / "tokenizer.pt")
    start = ["--recipe", "studio-128-debug", "--start", str(tmp_path / "tokenizer.pt"), "--bf16", "False"]
    for processes in (1, 2):
        launch("train_decoder", shards, tmp_path / str(processes), processes, *start)
    one, two = (load_tokenizer(tmp_path / n / "tokenizer.pt")[0] for n in "12")
    for mine, theirs in zip(one.texture_parameters(), two.texture_parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-3)


def test_a_compiled_step_has_the_losses_of_a_plain_one(shards: Path):
    photos = data.load_photos(str(shards / "train-*.tar"), 16)
    reports = []
    for compiled in (False, True):
        runtime = Runtime(RuntimeOptions(accelerator="cpu", compile=compiled))
        trainer = Trainer(recipe("sit-4-256-debug").tokenizer, photos, runtime)
        reports.append([trainer.update(0.1), trainer.update(0.11)])
    assert reports[1][1] == pytest.approx(reports[0][1], rel=1e-3)


@pytest.mark.parametrize("name", ["studio-debug", "ar-sit-4-class-350m-debug"])
def test_an_autoregressive_step_is_compiled_once_for_all_captions(name: str):
    """Not again for each batch, as it would be if the captions themselves went into it."""
    config = recipe(name).ar.model
    torch.manual_seed(0)
    model = config.build()
    torch.nn.init.normal_(model.vectors_detail)
    plain = ArStep(model)
    torch._dynamo.reset()
    counters.clear()
    compiled = torch.compile(plain, backend="eager")
    words = [f"{'very ' * i}red ball" for i in range(8)]
    states = {w: torch.randn(2 + len(w.split()), config.text_width).numpy() for w in words}
    condition = Condition(CaptionStates(states), words[:3])
    codes = torch.randint(0, 32, (2, config.layout.tokens))
    for first, second in zip(words, words[1:], strict=False):
        given, lengths = condition.inputs(config, [first, second])
        inputs = given, lengths, codes, torch.rand(codes.shape) < 0.5
        assert torch.allclose(compiled(*inputs), plain(*inputs), rtol=1e-5)
    assert 1 <= counters["stats"]["unique_graphs"] <= 3  # whole, and once more for captions of any length


def test_accumulated_parts_train_what_whole_batches_train(shards: Path):
    photos = data.load_photos(str(shards / "train-*.tar"), 24)
    config = recipe("studio-debug").tokenizer
    trainers = [
        Trainer(config, photos, Runtime(RuntimeOptions(accelerator="cpu", accumulate=parts))) for parts in (1, 2)
    ]
    for trainer in trainers:
        trainer.enter_joint()
        trainer.step = config.warmup_steps  # quantised from the start, on codebooks that are random
    for step in range(4):
        whole, parts = (trainer.update(0.1 + 0.01 * step) for trainer in trainers)
        assert parts == pytest.approx(whole, rel=1e-4, abs=1e-6)


def test_recomputed_activations_change_no_gradient(shards: Path):
    photos = data.load_photos(str(shards / "train-*.tar"), 16)
    results = []
    for recompute in (False, True):
        trainer = Trainer(
            recipe("studio-debug").tokenizer, photos, Runtime(RuntimeOptions(accelerator="cpu", recompute=recompute))
        )
        trainer.enter_joint()
        results.append([trainer.update(0.1), trainer.update(0.11)])
    assert results[1][1] == pytest.approx(results[0][1], rel=1e-6)


def test_the_papers_losses_train_and_resume_alike(shards: Path):
    """Adversarial steps included: a run that was stopped has the losses of one that was not."""
    photos = data.load_photos(str(shards / "train-*.tar"), 16)
    config = replace(recipe("sit-sc-4-256-debug").tokenizer, adversarial_start=3, warmup_steps=2, collect_steps=2)
    whole = Trainer(config, photos)
    for _ in range(5):
        report = whole.update(0.2)
    assert {"codec_l2", "commitment", "adversarial", "discriminator"} <= report.keys()
    copy = Trainer(config, photos)
    copy.restore(round_trip(whole.state()))
    for _ in range(3):
        assert copy.update(0.2) == pytest.approx(whole.update(0.2), rel=1e-6)


def test_the_loss_is_the_papers_sum_and_the_adversarial_part_waits_for_its_step(shards: Path):
    pytest.importorskip("stlpips_pytorch")
    photos = data.load_photos(str(shards / "train-*.tar"), 16)
    config = replace(
        recipe("sit-sc-4-256-debug").tokenizer, perceptual=0.1, trunk="alex", adversarial_start=2, warmup_steps=0
    )
    trainer = Trainer(config, photos)
    for step in range(3):
        report = trainer.update(0.2)
        assert ("adversarial" in report) == (step >= 2)
        expected = (
            1.0 * report["codec_l2"]
            + 0.1 * report["perceptual"]
            + 0.1 * report.get("adversarial", 0.0)
            + 0.25 * report["commitment"]
        )
        assert report["loss"] == pytest.approx(expected, rel=1e-5)
        assert min(report["codec_l2"], report["perceptual"], report["commitment"]) > 0


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("many")
    for shard in range(4):
        write_shard(folder / f"train-{shard:04d}.tar", 5, 40, shard)
    return str(folder / "train-*.tar")


def keys(draws: list) -> list[tuple[str, int]]:
    return [(photo.key, int(photo.pixels.sum())) for photo, _ in draws]


def test_a_stream_goes_on_where_it_stopped(many: str):
    source = StreamSource(many, seed=3, buffer=4)
    source.take(13)  # into the middle of the epoch
    state = source.state()
    copy = StreamSource(many, seed=3, buffer=4)
    copy.restore(state)
    for _ in range(3):
        first, second = source.take(6), copy.take(6)
        assert keys(first) == keys(second)
        assert [rng.random() for _, rng in first] == [rng.random() for _, rng in second]
    assert source.epoch == 1


def test_processes_of_a_stream_each_go_on_where_they_stopped(tmp_path: Path):
    """Shards of unequal size: one process is epochs ahead of the other when the first one writes the checkpoint."""
    for shard, count in enumerate((3, 8)):
        write_shard(tmp_path / f"train-{shard:04d}.tar", count, 40, shard)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
        str(Path(__file__).with_name("stream_in_processes.py")), str(tmp_path / "train-*.tar"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_stream_restarts_at_the_earliest_epoch_with_other_processes(many: str):
    source = StreamSource(many, seed=3, buffer=4)
    source.restore({"places": [(2, 5), (1, 3)]})
    assert (source.epoch, source.taken) == (1, 0)


def test_an_epoch_of_a_stream_is_shuffled_and_whole(many: str):
    first = keys(StreamSource(many, seed=1, buffer=8).take(20))
    assert len(set(first)) == 20
    assert first != keys(StreamSource(many, seed=2, buffer=8).take(20))


def test_processes_of_a_stream_share_the_shards_without_overlap(many: str):
    parts = [set(keys(StreamSource(many, 0, Place(rank, 2)).take(20))) for rank in range(2)]
    assert not parts[0] & parts[1]
    assert len(parts[0] | parts[1]) == 20


def test_slices_of_processes_are_the_batch_of_one(many: str):
    photos = data.load_photos(many)
    whole = keys(MemorySource(photos, 0).take(8))
    parts = [keys(MemorySource(photos, 0, Place(rank, 2)).take(8)) for rank in range(2)]
    assert parts[0] + parts[1] == whole
    with pytest.raises(ValueError, match="share"):
        MemorySource(photos, 0, Place(0, 3)).take(8)
