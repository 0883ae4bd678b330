import numpy as np
import pytest

from loraset.exporters.sizes import by_area, whole_steps
from loraset.ops.extent import SIDES, Extent
from loraset.ops.framing import TARGETS, TRIM, bucket_sizes, plan_frame
from loraset.types import Frame

PHOTO = (4000, 3000)


def extent(x0, y0, x1, y1, **contact):
    return Extent((x0, y0, x1, y1), tuple(float(contact.get(side, 0)) for side in SIDES), 1.0, 0.1)


def scales(frame: Frame) -> tuple[float, float]:
    x0, y0, x1, y1 = frame.source_box
    left, top, right, bottom = frame.inner_box
    return (right - left) / (x1 - x0), (bottom - top) / (y1 - y0)


def test_buckets_at_1024_are_the_trainers():
    sizes = bucket_sizes(1024, 64)
    assert {(1024, 1024), (896, 1152), (1152, 896), (832, 1216), (1216, 832), (768, 1344), (1344, 768)} <= set(sizes)
    assert (704, 1472) in sizes and (640, 1600) not in sizes


@pytest.mark.parametrize(("resolution", "step"), [(1024, 64), (512, 64), (768, 32), (1000, 64), (64, 64), (640, 8)])
def test_buckets_fit_step_area_and_aspect_and_come_with_their_mirror(resolution, step):
    sizes = bucket_sizes(resolution, step)
    assert sizes
    for width, height in sizes:
        assert width % step == 0 and height % step == 0
        assert width * height <= resolution**2
        assert 1 / 2.1 <= width / height <= 2.1
        assert (height, width) in sizes


def test_whole_subject_with_margin_in_the_nearest_bucket():
    frame = plan_frame(extent(1500, 500, 2500, 2500), PHOTO, margin=0.1)
    assert frame.output_size == (768, 1344)  # (1000 + 400) x (2000 + 400): 0.58
    assert frame.padding == (0, 0, 0, 0)
    x0, y0, x1, y1 = frame.source_box
    assert (x0 + x1) / 2 == pytest.approx(2000, abs=1) and (y0 + y1) / 2 == pytest.approx(1500, abs=1)
    assert x1 - x0 >= 1399 and y1 - y0 >= 2399


def random_extents(count):
    rng = np.random.default_rng(7)
    for _ in range(count):
        width, height = (int(side) for side in rng.integers(300, 5000, 2))
        x0, x1 = np.sort(rng.uniform(0, width, 2))
        y0, y1 = np.sort(rng.uniform(0, height, 2))
        x1, y1 = min(width, x1 + 8), min(height, y1 + 8)
        cut = {}
        if rng.random() < 0.3:
            x0, cut["left"] = 0.0, y1 - y0
        if rng.random() < 0.3:
            y1, cut["bottom"] = float(height), x1 - x0
        yield (width, height), extent(x0, y0, x1, y1, **cut)


@pytest.mark.parametrize("mode", ["bucket", "square"])
@pytest.mark.parametrize("inside_photo", [False, True])
@pytest.mark.parametrize("upscale", [False, True])
def test_any_subject_is_shown_whole_flush_where_cut_and_unstretched(mode, inside_photo, upscale):
    for size, subject in random_extents(150):
        frame = plan_frame(subject, size, mode=mode, upscale=upscale, inside_photo=inside_photo)
        x0, y0, x1, y1 = frame.source_box
        assert 0 <= x0 < x1 <= size[0] and 0 <= y0 < y1 <= size[1]
        assert x0 - 0.5 <= subject.box[0] and subject.box[2] <= x1 + 0.5
        assert y0 - 0.5 <= subject.box[1] and subject.box[3] <= y1 + 0.5
        assert frame.output_size in (bucket_sizes(1024, 64) if mode == "bucket" else [(1024, 1024)])
        assert min(frame.padding) >= 0
        for side in subject.cut_sides:
            assert frame.padding[SIDES.index(side)] == 0
        assert upscale or frame.scale <= 1
        # Half a pixel of rounding on each of the source's and the output's two ends.
        for scale, inner, source in zip(scales(frame), (x1 - x0, y1 - y0), (x1 - x0, y1 - y0), strict=True):
            assert abs(scale / frame.scale - 1) <= 1.01 * (1 / source + 1 / (inner * frame.scale))
        if frame.scale == 1:
            assert scales(frame) == (1, 1)
        # Padding only where the photo ends.
        for padding, at, end in zip(frame.padding, frame.source_box, (0, 0, *size), strict=True):
            assert padding == 0 or at == end


def test_small_subject_is_not_enlarged_unless_asked():
    subject = extent(1900, 1400, 2100, 1600)
    assert plan_frame(subject, PHOTO).scale == 1
    large = plan_frame(subject, PHOTO, upscale=True)
    assert large.scale == pytest.approx(1024 / 224)


def test_padding_stands_in_for_the_photo_where_it_ends():
    frame = plan_frame(extent(10, 1000, 1010, 2000), PHOTO)
    assert frame.output_size == (1024, 1024)
    assert frame.padding[0] == pytest.approx(50 * frame.scale, abs=1) and frame.padding[1:] == (0, 0, 0)


def test_frame_is_moved_inside_the_photo_where_that_will_be_seen():
    frame = plan_frame(extent(10, 1000, 1010, 2000), PHOTO, inside_photo=True)
    assert frame.padding == (0, 0, 0, 0) and frame.source_box[0] == 0


def test_shape_follows_the_photo_where_that_will_be_seen_and_is_small():
    subject = extent(350, 20, 650, 690)
    plain = plan_frame(subject, (1000, 700))
    seen = plan_frame(subject, (1000, 700), inside_photo=True)
    assert plain.output_size[0] < plain.output_size[1]
    assert seen.output_size[0] > seen.output_size[1]
    assert sum(seen.padding) < sum(plain.padding)


def test_subject_cut_left_and_right_reaches_both_edges_of_the_output():
    frame = plan_frame(extent(0, 800, 4000, 2400, left=900, right=900), PHOTO)
    assert frame.padding[0] == frame.padding[2] == 0
    assert frame.source_box[0] == 0 and frame.source_box[2] == 4000


def test_subject_cut_above_and_below_reaches_both_edges_of_the_output():
    frame = plan_frame(extent(1200, 0, 2600, 3000, top=900, bottom=900), PHOTO)
    assert frame.padding == (0, 0, 0, 0)
    assert frame.source_box[1] == 0 and frame.source_box[3] == 3000


def test_margin_and_shape_give_way_so_that_both_cut_sides_reach_the_edges():
    tight = plan_frame(extent(0, 80, 470, 840, left=600, right=90), (470, 924), resolution=512)
    assert tight.output_size == (384, 640)  # with its whole margin the subject would need a taller bucket
    assert tight.padding[0] == tight.padding[2] == 0
    small = plan_frame(extent(0, 300, 800, 1400, left=900, right=900), (800, 1700))
    assert small.output_size[0] <= 800
    assert small.source_box[0] == small.padding[0] == small.padding[2] == 0 and small.source_box[2] == 800


def test_a_size_with_room_for_the_whole_margin_goes_first():
    frame = plan_frame(extent(0, 500, 3000, 4350, left=900, right=900), (3000, 5000), margin=0.026)
    assert frame.output_size == (832, 1216)  # 896x1152 is nearer in aspect, but would halve the margin


def test_margin_that_gives_way_inside_the_photo_leaves_the_subject_whole():
    frame = plan_frame(extent(0, 0, 470, 700, left=600, right=90), (470, 924), resolution=512, inside_photo=True)
    assert frame.source_box[1] == 0 and frame.source_box[3] >= 700


def test_subject_beyond_all_edges_loses_a_strip_rather_than_floating():
    frame = plan_frame(extent(0, 0, 4000, 3000, left=9, top=9, right=9, bottom=9), PHOTO)
    assert frame.padding == (0, 0, 0, 0)
    x0, y0, x1, y1 = frame.source_box
    assert (x1 - x0) / 4000 * (y1 - y0) / 3000 >= 1 - TRIM


def test_too_small_a_photo_floats_on_the_side_of_the_shorter_cut():
    frame = plan_frame(extent(0, 100, 700, 500, left=300, right=200), (700, 600))
    assert frame.scale == 1
    assert frame.padding[0] == 0 and frame.padding[2] > 0


def test_keep_is_the_photo_itself():
    assert plan_frame(extent(1, 2, 30, 40), PHOTO, mode="keep") == Frame((0, 0, *PHOTO), 1.0, (0, 0, 0, 0), PHOTO)


def test_square_is_the_resolution_down_to_the_step():
    assert plan_frame(extent(0, 0, 99, 99), PHOTO, mode="square", resolution=1000).output_size == (960, 960)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_sizes_that_its_trainers_leave_alone(target):
    table = TARGETS[target]
    sizes = bucket_sizes(table.resolution, table.step)
    assert len(sizes) >= 5 and len(set(sizes)) == len(sizes)
    for width, height in sizes:
        assert width % table.step == height % table.step == 0
        assert width * height <= table.resolution**2
        assert whole_steps(table.resolution, table.step)((width, height)) == (width, height)  # kohya, ai-toolkit
        assert whole_steps(table.resolution, 16)((width, height)) == (width, height)  # musubi-tuner
        if table.step == 64:
            assert by_area(table.resolution, 64)((width, height)) == (width, height)  # SimpleTuner


def test_sdxl_has_the_sizes_that_it_was_trained_at():
    sizes = bucket_sizes(TARGETS["sdxl"].resolution, TARGETS["sdxl"].step)
    assert {(1024, 1024), (896, 1152), (1152, 896), (832, 1216), (1216, 832), (768, 1344)} <= set(sizes)
