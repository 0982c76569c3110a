import pytest
import torch
import torch.nn.functional as F

from spectral_training.quantize import Codebook, perplexity
from spectral_training.tokenizer import CODE, EXACT, MASKED, Tokenizer
from spectral_training.transformer import Transformer


def test_coarse_outputs_ignore_fine_inputs(tokenizer: Tokenizer):
    n = tokenizer.layout.tokens_per_scale
    x = torch.randn(1, tokenizer.layout.tokens, tokenizer.config.width, requires_grad=True)
    tokenizer.encoder(x)[:, : 2 * n].sum().backward()
    assert x.grad[:, 2 * n :].abs().max() == 0
    assert x.grad[:, : 2 * n].abs().min() > 0


def test_approximation_and_detail_tokens_share_no_weights():
    split = Transformer(16, 1, 2, split=4, mask=None)
    shared = Transformer(16, 1, 2, split=0, mask=None)
    count = sum(p.numel() for p in split.parameters())
    assert count == 2 * sum(p.numel() for p in shared.parameters())


def test_decoded_coarse_scales_ignore_finer_codes(tokenizer: Tokenizer):
    """Scale-causal end to end, detail heads included: the LL of a level is settled by the scales below it."""
    layout, n = tokenizer.layout, tokenizer.layout.tokens_per_scale
    vectors = torch.randn(1, layout.tokens, tokenizer.config.code_dim, requires_grad=True)
    kinds = torch.full((1, layout.tokens), CODE)
    blank = tokenizer.coefficients(torch.zeros(1, 3, layout.image_size, layout.image_size))
    tokenizer.decode(vectors, blank, kinds).pictures[1].sum().backward()
    assert vectors.grad[:, 2 * n :].abs().max() == 0
    assert vectors.grad[:, : 2 * n].abs().max() > 0


@pytest.mark.parametrize("known", [1, 2, 3, 4])
def test_exact_scales_pass_through_and_block_means_stay(tokenizer: Tokenizer, known: int):
    size = tokenizer.layout.image_size
    image = torch.rand(2, 3, size, size) * 2 - 1
    with torch.no_grad():
        enlarged = tokenizer.upscale(image, known)
    block = 2 ** (tokenizer.layout.levels - known + 1)
    assert torch.allclose(F.avg_pool2d(enlarged, block), F.avg_pool2d(image, block), atol=1e-5)


def test_exact_cells_come_back_around_an_edited_rectangle(tokenizer: Tokenizer):
    layout = tokenizer.layout
    image = torch.rand(1, 3, layout.image_size, layout.image_size) * 2 - 1
    kinds = torch.full((1, layout.tokens), EXACT).view(1, layout.scales, layout.grid, layout.grid)
    kinds[:, :, 1, 2] = CODE
    kinds[:, 2:, 1, 2] = MASKED
    vectors = torch.randn(1, layout.tokens, tokenizer.config.code_dim)
    with torch.no_grad():
        edited = tokenizer.decode(vectors, tokenizer.coefficients(image), kinds.reshape(1, -1)).image
    cell = layout.image_size // layout.grid
    changed = (edited - image).abs().amax((0, 1)) > 1e-5
    expected = torch.zeros_like(changed)
    expected[cell : 2 * cell, 2 * cell : 3 * cell] = True
    assert torch.equal(changed | expected, expected)
    assert changed.any()


def test_gradient_passes_straight_through_the_quantiser():
    book = Codebook(8, 4)
    z = F.normalize(torch.randn(2, 3, 4), dim=-1).requires_grad_()
    book.eval()(z).values.sum().backward()
    assert torch.equal(z.grad, torch.ones_like(z))


def test_codebook_finds_clusters_and_revives_dead_codes():
    torch.manual_seed(0)
    centres = F.normalize(torch.randn(16, 8), dim=-1)
    samples = F.normalize(centres.repeat(64, 1) + 0.01 * torch.randn(1024, 8), dim=-1)
    book = Codebook(16, 8, decay=0.5, revive_below=0.1)
    book.vectors.copy_(F.normalize(torch.ones(16, 8) + 0.001 * torch.randn(16, 8), dim=-1))
    book.train()
    for _ in range(60):
        book(samples[torch.randperm(1024)[:256]].unsqueeze(0))
        book.follow()
    used, spread = perplexity(book.nearest(samples), 16)
    assert used >= 14
    assert spread > 11


def test_too_few_samples_to_start_a_codebook_are_refused():
    with pytest.raises(ValueError, match="at least 8"):
        Codebook(8, 4).initialise(torch.randn(5, 4))
