"""Other wavelets than Haar, the image pyramid, and the quantisers that switches choose."""

import numpy as np
import ptwt
import pytest
import pywt
import torch
import torch.nn.functional as F

from spectral_training.layout import Layout
from spectral_training.quantize import FsqCodebook
from spectral_training.transforms import FILTERS, Pyramid, analysis_matrix
from spectral_training.wavelet import haar_forward

ALL = ["haar", "legall53", "cdf97", "pyramid"]


def layout(transform: str) -> Layout:
    return Layout(image_size=64, grid=4, levels=3, transform=transform)


@pytest.mark.parametrize("transform", ALL)
def test_the_inverse_gives_the_picture_back(transform: str):
    pyramid = Pyramid(layout(transform))
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    assert torch.allclose(pyramid.inverse(pyramid(image)), image, atol=1e-5)


@pytest.mark.parametrize("transform", ALL)
def test_shapes_are_those_of_the_layout_and_a_constant_keeps_its_value(transform: str):
    shape = layout(transform)
    scales = Pyramid(shape)(torch.full((1, 3, 64, 64), 0.25))
    assert [s.shape[-1] for s in scales] == list(shape.resolutions)
    assert [s.shape[1] for s in scales] == list(shape.channels)
    assert torch.allclose(scales[0], torch.full_like(scales[0], 0.25), atol=1e-6)
    if transform != "pyramid":
        assert all(s.abs().max() < 1e-6 for s in scales[1:])


@pytest.mark.parametrize("name", FILTERS.values())
def test_coefficients_equal_those_of_ptwt_away_from_the_edges(name: str):
    row = np.random.default_rng(0).normal(size=64)
    ours = analysis_matrix(name, 64) @ row * np.sqrt(2)
    low, high = (x[0].numpy() for x in ptwt.wavedec(torch.from_numpy(row)[None], pywt.Wavelet(name), level=1))
    for mine, theirs in ((ours[:32], low), (ours[32:], high)):
        middle = mine[8:24]
        # The library's bands are longer by its padding, which shifts them by a few coefficients.
        gaps = [min(abs(theirs[k : k + 16] - s * middle).max() for s in (1, -1)) for k in range(len(theirs) - 15)]
        assert min(gaps) < 1e-9


def test_orthonormal_haar_keeps_energy():
    """The mean convention is the orthonormal transform divided by 2 a level (``wavelet``)."""
    image = torch.randn(1, 3, 32, 32)
    scales = haar_forward(image, 3)
    energy = sum(float(s.pow(2).sum()) * 4.0 ** (3 if i == 0 else 4 - i) for i, s in enumerate(scales))
    assert energy == pytest.approx(float(image.pow(2).sum()), rel=1e-5)


@pytest.mark.parametrize("transform", ["haar", "legall53", "cdf97"])
def test_details_of_every_wavelet_are_earlier_minus_later(transform: str):
    columns = (torch.arange(64) % 2 * 1.0).expand(1, 3, 64, 64)
    assert Pyramid(layout(transform))(columns)[-1][:, :3, 16, 16].max() < 0


def test_a_single_scale_is_the_raster_of_pixels():
    raster = Layout(image_size=32, grid=4, levels=0)
    assert (raster.scales, raster.tokens, raster.patches, raster.patch_dims) == (1, 16, (8,), (192,))
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(Pyramid(raster)(image)[0], image)


def test_fsq_codes_enumerate_all_levels_and_pass_gradients_through():
    book = FsqCodebook((5, 3, 4))
    assert book.vectors.shape == (60, 3)
    assert len({tuple(v.tolist()) for v in book.vectors}) == 60
    z = torch.randn(2, 7, 3, requires_grad=True)
    quantized = book(z)
    assert torch.allclose(book.lookup(quantized.codes), quantized.values.detach(), atol=1e-6)
    (grad,) = torch.autograd.grad(quantized.values.sum(), z)
    assert torch.allclose(grad, 1 - torch.tanh(z.detach()) ** 2, atol=1e-6)  # as if nothing were rounded


def test_every_fsq_code_is_its_own_nearest():
    book = FsqCodebook((5, 3, 4))
    inner = torch.atanh(book.vectors * 0.999)
    assert torch.equal(book.nearest(inner[None])[0], torch.arange(60))
    assert F.mse_loss(book(inner[None]).values[0], book.vectors) < 1e-10
