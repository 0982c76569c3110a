"""The tools: packing and checking shards, the plan, the report of the experiments."""

import json
import shlex
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import tyro
from PIL import Image

from spectral_training import bench, data, plan, report, results, shards, train_ar, train_tokenizer
from spectral_training.cost import saved_bytes
from spectral_training.experiments import EXPERIMENTS
from spectral_training.recipes import recipe

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">a lighthouse at dusk</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>
</x:xmpmeta>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pictures" / "coast"
    root.mkdir(parents=True)
    rng = np.random.default_rng(0)

    def picture(width: int = 60, height: int = 48) -> Image.Image:
        return Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8))

    picture().save(root / "a.png")
    (root / "a.txt").write_text("two boats\n\nboats on a lake\n")
    picture().save(root / "IMG_0001.jpg", xmp=XMP)
    picture().save(root / "red_barn-in-snow.webp")
    picture(200, 100).save(root / "DSC_1234.jpg")
    (root / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    picture(60, 48).save(root / "turned_sea_view.jpg", exif=exif)
    return tmp_path / "pictures"


def test_a_folder_becomes_shards_that_training_reads(folder: Path, tmp_path: Path):
    counts = shards.pack(shards.Pack(folder, tmp_path / "out" / "sea", longest_side=100, validation=0.2))
    assert counts["train"] + counts["val"] == 5
    assert counts["unreadable"] == 1
    assert counts["without caption"] == 1
    photos = data.load_photos(str(tmp_path / "out" / "sea-*.tar"))
    captions = {p.captions for p in photos}
    assert {("two boats", "boats on a lake"), ("a lighthouse at dusk",), ("red barn in snow",), ("",)} <= captions
    assert {p.source for p in photos} == {"coast"}
    sides = {p.captions[0]: p.pixels.shape[:2] for p in photos}
    assert sides[""] == (50, 100)
    assert sides["turned sea view"] == (60, 48)
    assert shards.check(shards.Check(str(tmp_path / "out" / "*.tar"))) == 0


def test_a_caption_in_iptc_is_read(tmp_path: Path):
    path = tmp_path / "DSC_0001.jpg"
    Image.new("RGB", (40, 40)).save(path)
    caption = b"fishing boats at low tide"
    record = b"\x1c\x02\x78" + len(caption).to_bytes(2, "big") + caption
    record += b"\0" * (len(record) % 2)
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(record).to_bytes(4, "big") + record
    segment = b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block
    jpeg = path.read_bytes()
    path.write_bytes(jpeg[:2] + segment + jpeg[2:])
    with Image.open(path) as image:
        assert shards.describe(path, image) == [caption.decode()]
        path.with_suffix(".caption").write_text("my own words\n")
        assert shards.describe(path, image) == ["my own words"]


def test_the_check_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    bad = tmp_path / "bad.tar"
    files = {"a.txt": b"no picture", "b.png": b"not a png", "c.json": b"{", "c.webp": b""}
    with tarfile.open(bad, "w") as tar:
        for name, content in files.items():
            (tmp_path / "part").write_bytes(content)
            tar.add(tmp_path / "part", name)
    (tmp_path / "cut.tar").write_bytes(bad.read_bytes()[:700])
    assert shards.check(shards.Check(str(tmp_path / "*.tar"))) == 1
    said = capsys.readouterr()
    text = said.out + said.err
    for fault in ("a has no picture", "b is no readable picture", "c has a .json that is none", "cannot be read"):
        assert fault in text, fault


def test_an_entity_in_xmp_is_not_expanded():
    image = Image.new("RGB", (2, 2))
    image.info["xmp"] = b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + XMP.replace(b"a lighthouse", b"&a;")
    assert shards.xmp_description(image) == ""


def test_the_plan_follows_its_assumptions():
    options = plan.Options()
    tokenizer, tokenizer_of_ar, ar = plan.models(options)
    assert ar.parameters == pytest.approx(650e6, rel=0.03)
    assert tokenizer_of_ar.name == ar.name
    dense = plan.step_flops(ar, recompute=False)
    # Six FLOPs a parameter and token is the usual estimate; tables that are looked up make it less, attention more.
    assert dense == pytest.approx(6 * ar.parameters * (1024 + 64), rel=0.3)
    assert plan.activations(ar, True) < 0.2 * plan.activations(ar, False)
    text = plan.document(options)
    assert f"| {tokenizer.title} | 8 |" in text
    assert f"| {ar.title} | 64 |" in text

    def hours(gpus: int) -> float:
        return float(plan.row(ar, gpus, options).split("|")[8].replace(",", ""))

    assert hours(8) == pytest.approx(hours(64), rel=0.4)  # GPU-hours: more GPUs cost about the same


def test_the_plans_commands_are_ones_that_training_takes():
    """Every flag exists, and the batch divides among processes and accumulated parts."""
    options = plan.Options()
    modules = {"train_tokenizer": train_tokenizer.Options, "train_ar": train_ar.Options}
    for model in plan.models(options):
        for gpus in options.gpus:
            words = shlex.split(plan.command(model, gpus, options).replace("\\\n", " "))
            module = words.index("-m") + 1
            given = tyro.cli(modules[words[module].split(".")[1]], args=words[module + 1 :])
            assert given.recipe == model.name
            runtime = given.runtime
            assert runtime.devices * runtime.nodes == gpus
            assert model.batch % (gpus * runtime.accumulate) == 0


def test_every_experiment_names_recipes_that_exist():
    for name, experiment in EXPERIMENTS.items():
        assert len({row.label for row in experiment.rows}) == len(experiment.rows), name
        for row in experiment.rows:
            assert recipe(f"{row.recipe}-debug").name == f"{row.recipe}-debug"


def test_the_report_is_made_from_the_lines_alone_and_repeats(tmp_path: Path):
    line = {
        "experiment": "wavelets", "label": "Haar", "recipe": "sit-4-256-debug", "seed": 0, "commit": "abc",
        "command": "c", "steps": 4, "batch": 2, "train photos": 3, "seconds": 1.0, "spikes": 0, "curve": [1.0, 0.5],
        "figures": {"32 psnr": 20.0, "16 psnr": 22.0, "x2 psnr": 25.0},
    }  # fmt: skip
    path = tmp_path / "lines.jsonl"
    newer = {**line, "figures": {**line["figures"], "32 psnr": 21.0}}
    other = {**newer, "seed": 1, "figures": {**line["figures"], "32 psnr": 23.0}}
    path.write_text("".join(json.dumps(x) + "\n" for x in (line, newer, other)))
    options = results.Options(lines=path, out=tmp_path / "results.md")
    results.main(options)
    first = (tmp_path / "results.md").read_text(), (tmp_path / "images" / "results-wavelets.svg").read_bytes()
    assert "| Haar | 22.00 ± 1.00 |" in first[0]
    assert "| CDF 9/7 |" in first[0]
    assert "not run" in first[0]
    results.main(options)
    assert first == (
        (tmp_path / "results.md").read_text(), (tmp_path / "images" / "results-wavelets.svg").read_bytes()
    )  # fmt: skip


def test_the_report_says_what_each_seed_says_to_an_expectation():
    experiment = EXPERIMENTS["wavelets"]

    def line(label: str, seed: int, psnr: float) -> dict:
        return {"label": label, "seed": seed, "figures": {"32 psnr": psnr, "16 psnr": 99.0}}

    haar = [line("Haar", 0, 20.0), line("Haar", 1, 21.0)]
    found = report.verdicts(experiment, [*haar, line("LeGall 5/3", 0, 20.5), line("LeGall 5/3", 1, 21.25)])
    assert "| Haar beats LeGall 5/3 | psnr | -0.50, -0.25 | **against it** |" in found
    assert "CDF" not in found  # not run
    found = report.verdicts(experiment, [*haar, line("LeGall 5/3", 0, 19.0), line("LeGall 5/3", 1, 22.0)])
    assert "+1.00, -1.00 | seeds disagree |" in found


def test_rows_of_an_experiment_train_on_equally_many_photos():
    pixels = np.zeros((8, 8, 3), np.uint8)
    photos = [data.Photo(f"{i}", pixels, ("",), "abc"[min(i, 2)]) for i in range(30)]  # one of a, one of b, 28 of c
    rows = {row.label: row for row in EXPERIMENTS["cross-data"].rows}
    shares = [results.equal_share(photos, rows[f"train {half}, test A"], EXPERIMENTS["cross-data"]) for half in "AB"]
    assert [{p.source for p in share} <= {*sources} for share, sources in zip(shares, ("ac", "b"), strict=True)] == [
        True
    ] * 2
    assert len(shares[0]) == len(shares[1]) == 1
    assert len(results.equal_share(photos, EXPERIMENTS["wavelets"].rows[0], EXPERIMENTS["wavelets"])) == 30


def test_a_row_may_train_longer():
    options = results.Options()
    short, long = (results.recipe_of(EXPERIMENTS[e].rows[0], options) for e in ("extensions", "codebooks"))
    assert long.tokenizer.steps == 3 * short.tokenizer.steps


def test_the_report_shows_what_the_first_scales_give_alone():
    experiment = EXPERIMENTS["mechanisms"]
    lines = [
        {"label": label, "seed": 0, "spikes": 0, "figures": {"32 psnr": 20.0, "16 psnr": 22.0, "16 early psnr": early}}
        for label, early in (("+ ADTransformer", 9.5), ("+ scale-causal decoder (SCD)", 21.5))
    ]
    columns = report.second_columns("tokenizer", lines)
    assert columns == ["16 early psnr"]
    assert "| + ADTransformer | 9.50 |" in report.table(experiment, lines, columns, is_main=False)
    found = report.verdicts(experiment, lines)
    assert "| SCD decodes coarse to fine | early gap | +12.00 | as expected |" in found


def test_every_claim_compares_rows_that_exist():
    for experiment in EXPERIMENTS.values():
        labels = {row.label for row in experiment.rows}
        assert all({claim.better, claim.worse} <= labels for claim in experiment.claims)


def test_a_row_is_run_and_measured(shards: Path, tmp_path: Path):
    options = results.Options(
        run=True, only=("wavelets",), seeds=(0,), steps=4, data=str(shards / "train-*.tar"), photos=16,
        validation=str(shards / "val-*.tar"), held_out=12, lines=tmp_path / "l.jsonl", out=tmp_path / "r.md",
    )  # fmt: skip
    results.main(options)
    lines = report.read(options.lines)
    assert [line["label"] for line in lines] == [row.label for row in EXPERIMENTS["wavelets"].rows]
    assert all(line["figures"]["32 psnr"] > 5 for line in lines)
    results.main(options)  # nothing is left to run
    assert len(options.lines.read_text().splitlines()) == len(lines)


def test_what_resolution_and_batch_cost_is_measured(shards: Path, tmp_path: Path):
    options = results.Options(
        run=True, only=("compute",), seeds=(0,), steps=2, data=str(shards / "train-*.tar"), photos=16,
        validation=str(shards / "val-*.tar"), held_out=12, lines=tmp_path / "l.jsonl", out=tmp_path / "r.md",
    )  # fmt: skip
    results.main(options)
    figures = {line["label"]: line["figures"] for line in report.read(options.lines)}
    assert [figures[f"ViT-VQGAN, {side}"]["tokens"] for side in ("smallest side", "side x 2", "side x 4")] == [
        64, 256, 1024,
    ]  # fmt: skip
    assert [figures[f"SIT-SCD, {side}"]["tokens"] for side in ("smallest side", "side x 2", "side x 4")] == [64, 80, 96]
    large, small = (figures[f"SIT-SCD, {side}"]["saved MB a picture"] for side in ("side x 4", "smallest side"))
    assert large > small > 0


def test_saved_bytes_are_those_of_the_activations():
    weight = torch.zeros(8, 8, requires_grad=True)
    x = torch.zeros(100, 8)
    assert saved_bytes(lambda: ((x @ weight) ** 2).sum(), [weight]) == 2 * 100 * 8 * 4  # x, and what is squared


def test_a_spike_is_a_loss_far_above_those_before():
    calm = [1.0 + 0.01 * (i % 3) for i in range(60)]
    assert results.spikes(calm) == 0
    assert results.spikes([*calm, 5.0, *calm]) == 1


def test_the_bench_compares_with_plain_pytorch_and_both_precisions(tmp_path: Path):
    path = tmp_path / "bench.jsonl"
    bench.main(bench.Options(recipe="studio-debug", batch=1, turns=1, steps=1, out=path))
    line = json.loads(path.read_text())
    for measured in line["precisions"].values():
        assert {"AR stack: ours / plain", "tokenizer encoder share of matmul", "matmul GFLOP/s"} <= measured.keys()
        assert all(value >= 0 for value in measured.values())
    assert line["precisions"].keys() == {"fp32", "bf16"}
    section = report.speed_section(path)
    assert "| studio-debug | AR stack | bf16 |" in section
    assert line["advice"] in section


def test_the_bench_advises_the_precision_that_trains_more_tokens():
    slow, fast = ({f"{part} tokens/s": speed for part in bench.PARTS} for speed in (100.0, 250.0))
    assert bench.advice({"fp32": fast, "bf16": slow}) == "fp32 trains 2.5 times as fast as bf16 here: --bf16 False"
    assert bench.advice({"fp32": slow, "bf16": fast}) == "bf16 trains 2.5 times as fast as fp32 here: --bf16 True"
    assert bench.advice({"bf16": fast}) == ""


def test_one_threads_clock_leaves_out_what_others_take():
    """The benchmark's clock stands still while this process waits."""
    assert torch.get_num_threads() == 1
    now = bench.clock()
    start = now()
    time.sleep(0.2)
    assert now() - start < 0.1
