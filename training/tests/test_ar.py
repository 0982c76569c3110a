from dataclasses import replace

import pytest
import torch

from spectral_training.ar import NEGATIVE, AutoregressiveModel, rotate, rotation_table, seeing_around
from spectral_training.graphs import empty_cache
from spectral_training.neighbours import LATER, blocks_of, neighbour_table
from spectral_training.recipes import recipe

SWITCHES = {
    "around": {"around": True},
    "three neighbours": {"around": False},
    "rotary": {"rotary": True},
    "parallel": {"order": "parallel", "rotary": True, "around": False},
}


@pytest.fixture(params=SWITCHES)
def model(request: pytest.FixtureRequest) -> AutoregressiveModel:
    torch.manual_seed(0)
    config = replace(recipe("studio-debug").ar.model, **SWITCHES[request.param])
    model = config.build().eval()
    model.tie(
        torch.randn(config.approximation_codes, config.code_dim), torch.randn(config.detail_codes, config.code_dim)
    )
    with torch.no_grad():
        # Everything that starts at zero must matter here, or the comparison would not see it.
        for parameter in model.parameters():
            if parameter.abs().max() == 0:
                parameter.normal_(std=0.05)
    return model


def codes_for(model: AutoregressiveModel) -> torch.Tensor:
    n = model.layout.tokens_per_scale
    a = torch.randint(0, model.config.approximation_codes, (2, n))
    d = torch.randint(0, model.config.detail_codes, (2, model.layout.tokens - n))
    return torch.cat([a, d], 1)


def test_a_code_never_reaches_the_predictions_of_its_own_or_earlier_blocks(model: AutoregressiveModel):
    codes, text, lengths = codes_for(model), torch.randn(2, 5, model.config.text_width), torch.tensor([5, 3])
    with torch.no_grad():
        before = model(text, lengths, codes)
        for position in (0, 7, 20, 40):
            changed = codes.clone()
            changed[:, position] = (changed[:, position] + 1) % model.config.approximation_codes
            after = model(text, lengths, changed)
            early = model.block_of <= model.block_of[position]
            assert torch.allclose(before[:, early], after[:, early], atol=1e-6)
            assert (before[:, ~early] - after[:, ~early]).abs().max() > 1e-5


def test_gradients_reach_the_text_and_no_later_input(model: AutoregressiveModel):
    """Causality once more, by gradients: the embedding of a later position has none."""
    codes, text = codes_for(model), torch.randn(2, 5, model.config.text_width, requires_grad=True)
    captured = {}
    inner = model.embed_codes

    def embed(*arguments):
        captured["x"] = inner(*arguments)
        captured["x"].retain_grad()
        return captured["x"]

    model.embed_codes = embed  # type: ignore[method-assign]
    target = 20
    hidden = model(text, torch.tensor([5, 5]), codes)[:, target]
    (hidden * torch.randn_like(hidden)).sum().backward()  # a plain sum of normalised numbers has no gradient
    gradient = captured["x"].grad.abs().amax((0, 2))
    later = model.block_of > model.block_of[target]
    assert gradient[later].max() == 0
    assert gradient[~later].min() > 0
    assert text.grad.abs().max() > 0


def test_padded_text_rows_do_not_matter(model: AutoregressiveModel):
    codes, text, lengths = codes_for(model), torch.randn(2, 5, model.config.text_width), torch.tensor([5, 3])
    other = text.clone()
    other[1, 3:] = 100
    with torch.no_grad():
        assert torch.allclose(model(text, lengths, codes), model(other, lengths, codes), atol=1e-6)


def chunks_of(model: AutoregressiveModel, sizes: list[int]) -> list[torch.Tensor]:
    """Code positions of each cached step: blocks in parallel order, runs of ``sizes`` in raster order."""
    if model.config.order == "parallel":
        return [(model.block_of == b).nonzero().flatten() for b in model.block_of.unique()]
    return list(torch.arange(model.layout.tokens).split(sizes))


@pytest.mark.parametrize("sizes", [[1] * 64, [5, 1, 20, 38], [64]])
def test_cached_chunks_equal_the_full_pass(model: AutoregressiveModel, sizes: list[int]):
    config, p, n = model.config, model.config.text_positions, model.layout.tokens_per_scale
    codes, lengths = codes_for(model), torch.tensor([5, 3])
    text = torch.zeros(2, p, config.text_width)
    for row, length in enumerate(lengths):
        text[row, :length] = torch.randn(int(length), config.text_width)
    keys, values, mask = empty_cache(model, 2)
    text_mask = torch.where(torch.arange(p)[None] < lengths[:, None], 0.0, NEGATIVE)

    def write(chunk, positions, usable):
        keys[:, :, :, positions] = chunk.new_keys
        values[:, :, :, positions] = chunk.new_values
        mask[:, positions] = usable

    with torch.no_grad():
        hidden = model(text[:, :5], lengths, codes)
        prefix = model.extend(text, text_mask, codes, torch.arange(p), keys, values, mask)
        write(prefix, torch.arange(p), text_mask)
        for chosen in chunks_of(model, sizes):
            known = codes.clone()
            known[:, model.block_of >= model.block_of[chosen[-1]]] = 0  # what is to be predicted is not there yet
            empty = torch.zeros(2, len(chosen), config.text_width)
            chunk = model.extend(empty, torch.zeros(2, len(chosen)), known, chosen + p, keys, values, mask)
            write(chunk, chosen + p, torch.zeros(2, len(chosen)))
            # In parallel order every position of a block is drawn from, else the last one of the chunk.
            drawn = chosen if config.order == "parallel" else chosen[-1:]
            expected = hidden[:, drawn if config.order == "parallel" else chosen[-1]]
            if chosen[-1] < n:
                assert torch.allclose(chunk.logits_approximation, model.logits_approximation(expected), atol=1e-4)
            else:
                logits = model.logits_detail(expected, model.scale_of[drawn])
                assert torch.allclose(chunk.logits_detail, logits, atol=1e-4)


def middle_missing(model: AutoregressiveModel) -> torch.Tensor:
    """(2, T) bool: all is given but the middle cells of the finer scales."""
    layout = model.layout
    given = torch.ones(layout.scales, layout.grid, layout.grid, dtype=torch.bool)
    given[1:, 1:-1, 1:-1] = False
    return given.reshape(1, -1).expand(2, -1)


def test_an_edit_sees_what_is_given_on_all_sides_and_nothing_that_it_has_to_draw():
    config = replace(recipe("studio-debug").ar.model, around=True)
    model = config.build().eval()
    torch.nn.init.normal_(model.position)
    for linear in model.vector_in:
        torch.nn.init.normal_(linear.weight)
    model.tie(
        torch.randn(config.approximation_codes, config.code_dim), torch.randn(config.detail_codes, config.code_dim)
    )
    codes, given = codes_for(model), middle_missing(model)
    text, lengths = torch.randn(2, 5, config.text_width), torch.tensor([5, 3])
    n, g = model.layout.tokens_per_scale, model.layout.grid
    with torch.no_grad():
        before = model(text, lengths, codes, given)
        for token in range(model.layout.tokens):
            changed = codes.clone()
            changed[:, token] = (changed[:, token] + 1) % config.approximation_codes
            moved = (model(text, lengths, changed, given) - before).abs().amax((0, 2)) > 1e-6
            if not given[0, token]:
                assert not moved[: token + 1][~given[0, : token + 1]].any()
                continue
            left = [token - 1] if token % g else []
            above = [token - g] if token % n >= g else []
            assert moved[[t for t in left + above if not given[0, t]]].all()


def test_cached_chunks_equal_the_full_pass_of_an_edit():
    config = replace(recipe("studio-debug").ar.model, around=True)
    model = config.build().eval()
    for parameter in model.parameters():
        if parameter.abs().max() == 0:
            torch.nn.init.normal_(parameter, std=0.05)
    codes, given = codes_for(model), middle_missing(model)
    n, p = model.layout.tokens_per_scale, config.text_positions
    text = torch.randn(2, p, config.text_width)
    keys, values, mask = empty_cache(model, 2)
    with torch.no_grad():
        hidden = model(text, torch.tensor([p, p]), codes, given)
        for positions in (torch.arange(p), torch.arange(p, p + n + 5)):
            states = text if positions[0] == 0 else torch.zeros(2, len(positions), config.text_width)
            known = codes.masked_fill(~given & (torch.arange(model.layout.tokens) >= n + 4), 0)
            zeros = torch.zeros(2, len(positions))
            chunk = model.extend(states, zeros, known, positions, keys, values, mask, given)
            keys[:, :, :, positions] = chunk.new_keys
            values[:, :, :, positions] = chunk.new_values
            mask[:, positions] = 0
    expected = model.logits_detail(hidden[:, n + 4], torch.tensor(1))
    assert torch.allclose(chunk.logits_detail, expected, atol=1e-4)


def test_a_model_of_three_neighbours_goes_on_as_one_that_sees_all():
    config = replace(recipe("studio-debug").ar.model, around=False)
    old = config.build().eval()
    torch.nn.init.normal_(old.missing)
    wider, weights = seeing_around(config, old.state_dict())
    new = wider.build().eval()
    new.load_state_dict(weights)
    codes, text, lengths = codes_for(old), torch.randn(2, 5, config.text_width), torch.tensor([5, 3])
    with torch.no_grad():
        same = torch.allclose(new(text, lengths, codes), old(text, lengths, codes), atol=1e-5)
    assert same


def test_only_the_last_neighbours_come_later():
    layout = recipe("studio-128").ar.model.layout
    table = neighbour_table(layout, around=True)
    token = torch.arange(layout.tokens)
    assert (table[:-LATER] < token).all()
    later = table[-LATER:]
    assert (later[later >= 0] > token.expand_as(later)[later >= 0]).all()


def test_parallel_order_needs_four_passes_a_scale():
    layout = recipe("studio-debug").ar.model.layout
    assert blocks_of(layout, "parallel").unique().numel() == 4 * layout.scales


def test_rotary_attention_depends_on_relative_cells_only():
    config = replace(recipe("studio-debug").ar.model, rotary=True)
    table, g, p = rotation_table(config), config.layout.grid, config.text_positions
    q, k = torch.randn(2, 1, 1, 1, config.width // config.heads).unbind(0)

    def score(a: tuple[int, int], b: tuple[int, int]) -> float:
        at = [table[:, p + row * g + column][:, None] for row, column in (a, b)]
        return float((rotate(q, at[0]) * rotate(k, at[1])).sum())

    assert score((0, 1), (2, 2)) == pytest.approx(score((1, 1), (3, 2)), abs=1e-5)
    assert abs(score((0, 1), (2, 2)) - score((0, 1), (2, 3))) > 1e-4


def test_a_class_is_a_prefix_of_one_position():
    config = replace(recipe("studio-debug").ar.model, classes=3, text_positions=1)
    model = config.build()
    torch.nn.init.normal_(model.class_states.weight)
    text, lengths = model.class_text(torch.tensor([0, 3]))
    assert text.shape == (2, 1, config.text_width)
    hidden = model(text, lengths, codes_for(model)[:1].expand(2, -1))
    assert (hidden[0] - hidden[1]).abs().max() > 1e-5


@pytest.mark.parametrize("name", ["parti-vit-vqgan-text-350m-debug", "ar-sit-4-class-350m-debug"])
def test_a_code_that_only_the_larger_codebook_has_is_read(name: str):
    """A raster has a detail codebook of one entry, which none of its codes but 0 fits."""
    model = recipe(name).ar.model.build()
    codes = torch.full((1, model.layout.tokens), model.config.approximation_codes - 1)
    hidden = model(torch.randn(1, 1, model.config.text_width), torch.tensor([1]), codes)
    assert hidden.isfinite().all()
