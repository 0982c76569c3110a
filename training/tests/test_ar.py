import pytest
import torch

from spectral_training.ar import NEGATIVE, AutoregressiveModel
from spectral_training.export_onnx import empty_cache
from spectral_training.recipes import recipe


@pytest.fixture
def model() -> AutoregressiveModel:
    torch.manual_seed(0)
    config = recipe("studio-debug").ar.model
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


def test_a_code_never_reaches_its_own_or_earlier_predictions(model: AutoregressiveModel):
    codes, text, lengths = codes_for(model), torch.randn(2, 5, model.config.text_width), torch.tensor([5, 3])
    with torch.no_grad():
        before = model(text, lengths, codes)
        for position in (0, 7, 20, 40):
            changed = codes.clone()
            changed[:, position] = (changed[:, position] + 1) % model.config.approximation_codes
            after = model(text, lengths, changed)
            assert torch.allclose(before[:, : position + 1], after[:, : position + 1], atol=1e-6)
            assert (before[:, position + 1 :] - after[:, position + 1 :]).abs().max() > 1e-5


def test_padded_text_rows_do_not_matter(model: AutoregressiveModel):
    codes, text, lengths = codes_for(model), torch.randn(2, 5, model.config.text_width), torch.tensor([5, 3])
    other = text.clone()
    other[1, 3:] = 100
    with torch.no_grad():
        assert torch.allclose(model(text, lengths, codes), model(other, lengths, codes), atol=1e-6)


@pytest.mark.parametrize("chunks", [[1] * 64, [5, 1, 20, 38], [64]])
def test_cached_chunks_equal_the_full_pass(model: AutoregressiveModel, chunks: list[int]):
    config, tokens = model.config, model.layout.tokens
    p, n = config.text_positions, model.layout.tokens_per_scale
    assert sum(chunks) == tokens
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
        done = 0
        for count in chunks:
            positions = torch.arange(count) + p + done
            known = codes.clone()
            known[:, done + count - 1 :] = 0  # the code to be predicted and later ones are not there yet
            empty = torch.zeros(2, count, config.text_width)
            chunk = model.extend(empty, torch.zeros(2, count), known, positions, keys, values, mask)
            write(chunk, positions, torch.zeros(2, count))
            done += count
            last = hidden[:, done - 1]
            if done - 1 < n:
                assert torch.allclose(chunk.logits_approximation, model.logits_approximation(last), atol=1e-4)
            else:
                scale = model.scale_of[done - 1 : done]
                assert torch.allclose(chunk.logits_detail, model.logits_detail(last, scale), atol=1e-4)
