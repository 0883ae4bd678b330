import numpy as np

from loraset.ops.trimap import trimap_of


def disc(size, radius, softness=1.0):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(x, y)) / softness + 0.5, 0, 1).astype(np.float32)


def test_each_pixel_is_in_exactly_one_part():
    trimap = trimap_of(disc(64, 20, 6), 3)
    assert np.array_equal(trimap.subject.astype(int) + trimap.background + trimap.unknown, np.ones((64, 64)))


def test_band_of_a_hard_edge_is_the_radius_on_both_sides():
    mask = np.zeros((20, 40), np.float32)
    mask[:, 20:] = 1
    columns = np.flatnonzero(trimap_of(mask, 4).unknown.all(axis=0))
    assert columns.tolist() == list(range(16, 24))


def test_band_follows_the_masks_own_softness():
    assert trimap_of(disc(96, 30, 16), 2).unknown.sum() > 2.5 * trimap_of(disc(96, 30, 2), 2).unknown.sum()


def test_subject_cut_by_the_border_stays_sure_to_the_border():
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 20:] = 1
    assert trimap_of(mask, 3).subject[20, -1]


def test_mask_without_an_edge_has_no_band():
    for value in (0.0, 1.0):
        assert not trimap_of(np.full((16, 16), value, np.float32), 3).unknown.any()
