"""A few Gaussians that describe a cloud of colours.

In: samples. Out: a mixture, and what it says of other colours. Never: randomness, so the same samples give the same
mixture everywhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraset.types import FloatImage

_MAX_SAMPLES = 2000
_MIN_MEMBERS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """`count` Gaussians: weights (count,), means (count, C), covariances (count, C, C)."""

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]

    def squared_distances(self, values: FloatImage) -> FloatImage:
        """Squared Mahalanobis distance of values (..., C) to every Gaussian: array of shape (count, ...)."""
        found = []
        for mean, covariance in zip(self.means, self.covariances, strict=True):
            whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T.astype(np.float32)
            whitened = (values - mean.astype(np.float32)) @ whitening
            found.append(np.square(whitened) @ np.ones(len(mean), np.float32))
        return np.stack(found)

    def log_density(self, values: FloatImage) -> FloatImage:
        """Natural log of the density at values (..., C), less a constant: float32 array of shape (...)."""
        scale = self.weights / np.sqrt(np.linalg.det(self.covariances))
        density = np.tensordot(scale, np.exp(-self.squared_distances(values) / 2), axes=1)
        return np.asarray(np.log(density + 1e-12), dtype=np.float32)


def fit_mixture(samples: FloatImage, count: int, spread: float) -> Mixture:
    """At most `count` Gaussians on samples (N, C), each sample in one of them (k-means).

    spread : added to every deviation (in quadrature), so that no Gaussian is narrower.
    """
    samples = samples[:: max(1, len(samples) // _MAX_SAMPLES)]
    labels = _k_means(samples, count)
    parts = [part for part in (samples[labels == index] for index in range(count)) if len(part) >= _MIN_MEMBERS]
    parts = parts or [samples]
    noise = spread**2 * np.eye(samples.shape[1])
    covariances = [np.cov(part.T, bias=True) + noise for part in parts]
    weights = np.array([len(part) for part in parts], float)
    return Mixture(weights / weights.sum(), np.stack([part.mean(axis=0) for part in parts]), np.stack(covariances))


def _k_means(samples: FloatImage, count: int, rounds: int = 8) -> NDArray[np.intp]:
    """Label of every sample; the centres start from evenly spaced ranks of the first column, so without chance."""
    ordered = samples[np.argsort(samples[:, 0], kind="stable")]
    centres = np.stack([ordered[int((index + 0.5) * len(ordered) / count)] for index in range(count)])
    labels = np.zeros(len(samples), np.intp)
    for _ in range(rounds):
        # squared distance less the sample's own square, which is the same for all centres
        labels = np.argmin(np.square(centres).sum(axis=1) - 2 * samples @ centres.T, axis=1)
        for index in np.unique(labels):
            centres[index] = samples[labels == index].mean(axis=0)
    return labels
