import numpy as np
import pytest
from test_foreground import bright_on_dark, mixed, soft_disc

from loraset.ops.light import edge_light


@pytest.mark.parametrize("softness", [2, 6, 20])
@pytest.mark.parametrize("light", ["linear", "srgb"])
def test_the_light_that_mixed_the_edge_is_found(light, softness):
    alpha = soft_disc(softness=softness)
    found, why = edge_light(mixed(*bright_on_dark(), alpha, light), alpha)
    assert found == light
    assert "of the way from a mixture in sRGB" in why


def test_a_large_picture_is_thinned_out_not_averaged():
    alpha = np.kron(soft_disc(softness=3), np.ones((8, 8), np.float32))
    rgb = np.kron(mixed(*bright_on_dark(), soft_disc(softness=3), "linear"), np.ones((8, 8, 1), np.uint8))
    assert edge_light(rgb, alpha)[0] == "linear"


def test_without_a_soft_edge_it_is_srgb_and_says_so():
    hard = (soft_disc() > 0.5).astype(np.float32)
    assert edge_light(mixed(*bright_on_dark(), hard, "linear"), hard) == (
        "srgb",
        "no soft edge to tell the light by",
    )
