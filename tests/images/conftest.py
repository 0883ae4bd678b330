"""What the tests of reading and writing paint."""

import numpy as np
import pytest


@pytest.fixture
def painted():
    """A picture without any symmetry, 64x48."""
    y, x = np.mgrid[0:48, 0:64]
    return np.dstack([x * 4, y * 5, (x + y) * 2]).astype(np.uint8)
