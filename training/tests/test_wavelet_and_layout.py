import pytest
import torch

from spectral_training.layout import Layout
from spectral_training.wavelet import haar_forward, haar_inverse, haar_split

STUDIO = Layout(image_size=128, grid=8, levels=4)


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_inverse_gives_the_picture_back(levels: int):
    image = torch.rand(2, 3, 32, 64) * 2 - 1
    assert torch.allclose(haar_inverse(haar_forward(image, levels)), image, atol=1e-6)


def test_bands_follow_the_stated_convention():
    image = torch.tensor([[[[1.0, 2.0], [4.0, 8.0]]]])
    approximation, details = haar_split(image)
    assert approximation.flatten().tolist() == [3.75]
    assert details.flatten().tolist() == [(1 - 2 + 4 - 8) / 4, (1 + 2 - 4 - 8) / 4, (1 - 2 - 4 + 8) / 4]


def test_approximation_is_the_mean_of_its_block():
    image = torch.rand(1, 3, 16, 16)
    assert torch.allclose(haar_forward(image, 2)[0], torch.nn.functional.avg_pool2d(image, 4), atol=1e-6)


def test_odd_sides_are_refused_by_name():
    with pytest.raises(ValueError, match="5 x 4"):
        haar_split(torch.zeros(1, 3, 5, 4))


def test_every_scale_has_the_same_number_of_tokens_and_the_pyramids_coefficients():
    assert STUDIO.resolutions == (8, 8, 16, 32, 64)
    assert STUDIO.patches == (1, 1, 2, 4, 8)
    assert STUDIO.tokens == 320
    for s, band in enumerate(haar_forward(torch.rand(2, 3, 128, 128), 4)):
        tokens = STUDIO.patchify(band, s)
        assert tokens.shape == (2, 64, STUDIO.patch_dims[s])
        assert torch.equal(STUDIO.unpatchify(tokens, s), band)


def test_a_token_of_any_scale_covers_the_same_cell():
    image = torch.zeros(1, 3, 128, 128)
    image[:, :, 32:48, 80:96] = torch.rand(3, 16, 16)
    for s, band in enumerate(haar_forward(image, 4)):
        active = STUDIO.patchify(band, s).abs().sum(-1)[0].nonzero().flatten().tolist()
        assert active == [2 * 8 + 5]


def test_layouts_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="image_size 100"):
        Layout(image_size=100, grid=8, levels=4)
