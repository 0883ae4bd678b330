import numpy as np
import pytest

from loraset.ops.latent import CELL_PX, dilated, latent_share


def square(side=64, low=16, high=48):
    mask = np.zeros((side, side), np.float32)
    mask[low:high, low:high] = 1
    return mask


def test_what_fills_its_cells_is_kept_whole():
    assert latent_share(square(), square()) == 1.0


@pytest.mark.parametrize(("width", "share"), [(3, 0.0), (4, 1.0), (8, 1.0)])
def test_a_whisker_survives_from_half_a_cell_on(width, share):
    whisker = np.zeros((64, 64), np.float32)
    whisker[:, 8 : 8 + width] = 1
    assert latent_share(whisker, whisker) == share


def test_the_share_is_of_the_subject_not_of_the_picture():
    both = square()
    both[:, 0:2] = 1  # a whisker of 128 px beside a body of 1024 px
    assert latent_share(both, both) == pytest.approx(1024 / 1152)


def test_a_dilated_mask_brings_thin_parts_back():
    thin = np.zeros((64, 64), np.uint8)
    thin[:, 30:32] = 255
    subject = thin.astype(np.float32) / 255
    grown = dilated(thin).astype(np.float32) / 255
    assert latent_share(subject, subject) == 0.0 and latent_share(grown, subject) == 1.0


def test_a_size_that_cells_do_not_divide_counts_no_pixel_twice():
    whole = np.ones((61, 67), np.float32)
    assert latent_share(whole, whole) == pytest.approx(1.0, abs=1e-6)
    assert latent_share(np.zeros((61, 67), np.float32), whole) == 0.0
    assert latent_share(whole * 0, whole * 0) == 1.0


def test_dilated_grows_by_its_radius_keeps_the_soft_edge_and_loses_nothing():
    mask = np.zeros((65, 65), np.uint8)
    mask[32, 32] = 255
    mask[32, 33] = 100
    grown = dilated(mask, 8)
    assert grown[32, 24] == 255 and grown[32, 23] == 0 and grown[24, 32] == 255
    assert grown[32, 41] == 100  # the edge's soft level goes before it
    assert (grown >= mask).all() and CELL_PX == 8
