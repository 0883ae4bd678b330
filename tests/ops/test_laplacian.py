import numpy as np
import pytest
from scipy import sparse

from loraset.ops.laplacian import EPSILON, band_system, solve_band


def picture(height=13, width=17, seed=0):
    return np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)


def test_whole_picture_agrees_with_pymattings_closed_form_matrix():
    laplacian = pytest.importorskip("pymatting.laplacian.cf_laplacian")
    rgb = picture()
    reference = laplacian.cf_laplacian(rgb.astype(np.float64), epsilon=EPSILON, radius=1)
    everything = np.ones(rgb.shape[:2], bool)
    ours = band_system(rgb, np.zeros(everything.shape, np.float32), everything).matrix.toarray()
    expected = (
        sparse.coo_matrix((reference[0], (reference[1], reference[2]))) if isinstance(reference, tuple) else reference
    )
    assert np.abs(ours - np.asarray(expected.toarray())).max() < 1e-5


def test_rows_of_a_band_are_the_rows_of_the_whole():
    rgb = picture()
    alpha = np.random.default_rng(1).random(rgb.shape[:2]).astype(np.float32)
    everything = np.ones(alpha.shape, bool)
    band = np.zeros(alpha.shape, bool)
    band[4:9, 3:15] = True
    whole = band_system(rgb, alpha, everything).matrix.toarray()
    part = band_system(rgb, alpha, band)
    at = np.flatnonzero(band)
    assert np.allclose(part.matrix.toarray(), whole[np.ix_(at, at)], atol=1e-6)
    known = np.flatnonzero(~band)
    assert np.allclose(part.known, -whole[np.ix_(at, known)] @ alpha.reshape(-1)[known], atol=1e-5)


def test_matrix_is_symmetric_and_ignores_constants():
    rgb = picture()
    everything = np.ones(rgb.shape[:2], bool)
    matrix = band_system(rgb, np.zeros(everything.shape, np.float32), everything).matrix.toarray()
    assert np.abs(matrix - matrix.T).max() < 1e-6
    assert np.abs(matrix.sum(axis=1)).max() < 1e-5


def test_solution_matches_a_dense_solver():
    rgb = picture()
    alpha = np.zeros(rgb.shape[:2], np.float32)
    alpha[:, 9:] = 1
    band = np.zeros(alpha.shape, bool)
    band[2:11, 6:12] = True
    system = band_system(rgb, alpha, band)
    count = int(band.sum())
    prior = np.linspace(0.2, 0.8, count, dtype=np.float32)
    weight = np.full(count, 0.5, np.float32)
    expected = np.linalg.solve(
        system.matrix.toarray().astype(np.float64) + np.diag(weight), system.known + weight * prior
    )
    found, iterations = solve_band(system, prior, weight, prior, iterations=300, tolerance=1e-6)
    assert 0 < iterations < 300
    assert np.abs(found - np.clip(expected, 0, 1)).max() < 1e-3


def test_certain_prior_is_returned():
    rgb = picture()
    band = np.ones(rgb.shape[:2], bool)
    prior = np.random.default_rng(2).random(band.sum()).astype(np.float32)
    system = band_system(rgb, np.zeros(band.shape, np.float32), band)
    found, _ = solve_band(system, prior, np.full(prior.size, 1e6, np.float32), np.zeros_like(prior), iterations=50)
    assert np.abs(found - prior).max() < 1e-3
