"""What holds for every metric of the table."""

import numpy as np
import pytest

from loraset.metrics import METRICS
from loraset.registry import load


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_called_as_the_table_says_and_stays_in_its_range(name, specimen, painted):
    metric = load(METRICS, name, "metric")
    assert metric.name == name
    low, high = metric.range
    for alpha in (
        painted["disc"](),
        painted["disc"](ramp_px=60),
        painted["disc"](radius=500),
        painted["disc"](radius=3),
    ):
        value = metric.measure(specimen(alpha=alpha))
        assert value is None or low <= value <= high


@pytest.mark.parametrize("name", METRICS)
def test_an_empty_cut_out_and_a_full_one_are_no_error(name, specimen):
    metric = load(METRICS, name, "metric")
    for alpha in (np.zeros((400, 400), np.float32), np.ones((400, 400), np.float32)):
        value = metric.measure(specimen(alpha=alpha))
        assert value is None or np.isfinite(value)


@pytest.mark.parametrize("name", METRICS)
def test_a_mirrored_picture_has_the_same_numbers(name, specimen, painted):
    metric = load(METRICS, name, "metric")
    alpha, photo = painted["disc"](centre=(170, 210)), painted["texture"]()
    mask = np.ascontiguousarray(specimen(alpha=alpha).mask)
    straight = metric.measure(specimen(photo, alpha, mask=mask))
    flipped = metric.measure(
        specimen(photo[:, ::-1].copy(), alpha[:, ::-1].copy(), mask=np.ascontiguousarray(mask[:, ::-1]))
    )
    assert (straight is None) == (flipped is None)
    assert straight is None or straight == pytest.approx(flipped, rel=0.02, abs=0.003)
