import numpy as np
import pytest

from loraset.ops.compose import blurred_background, checkerboard, composite


def every_alpha():
    rng = np.random.default_rng(3)
    rgba = rng.integers(0, 256, (64, 256, 4), dtype=np.uint8)
    rgba[..., 3] = np.arange(256)
    return rgba


@pytest.mark.parametrize("background", [(128, 128, 128), (255, 255, 255), (0, 3, 250)])
def test_composite_is_the_float_formula_rounded(background):
    rgba = every_alpha()
    alpha = rgba[..., 3:] / 255
    expected = np.floor(rgba[..., :3] * alpha + np.array(background) * (1 - alpha) + 0.5)
    np.testing.assert_array_equal(composite(rgba, np.array(background, np.uint8)), expected)


def test_composite_takes_a_picture_as_background():
    rgba = every_alpha()
    behind = np.random.default_rng(4).integers(0, 256, (64, 256, 3), dtype=np.uint8)
    result = composite(rgba, behind)
    np.testing.assert_array_equal(result[:, 0], behind[:, 0])
    np.testing.assert_array_equal(result[:, 255], rgba[:, 255, :3])


def test_blurred_background_has_no_trace_of_the_subject():
    photo = np.full((200, 300, 3), (40, 120, 60), np.uint8)
    alpha = np.zeros((200, 300), np.uint8)
    photo[49:151, 99:201] = (255, 30, 30)  # the lens carries it a pixel over the alpha's edge
    alpha[50:150, 100:200] = 255
    for radius_px in (2, 15, 90):
        blurred = blurred_background(photo, alpha, radius_px)
        assert np.abs(blurred.astype(int) - (40, 120, 60)).max() <= 1


def test_blur_removes_texture_and_keeps_light():
    rng = np.random.default_rng(5)
    photo = np.where(rng.random((256, 256, 1)) < 0.5, 0, 255).astype(np.uint8).repeat(3, axis=2)
    blurred = blurred_background(photo, np.zeros((256, 256), np.uint8), 12)
    assert blurred.std() < 6
    assert blurred.mean() == pytest.approx(188, abs=3)  # half the light


def test_a_photo_full_of_subject_has_a_background_all_the_same():
    photo = np.full((31, 17, 3), 90, np.uint8)
    blurred = blurred_background(photo, np.full((31, 17), 255, np.uint8), 8)
    assert np.abs(blurred.astype(int) - 90).max() <= 1


def test_checkerboard():
    board = checkerboard((40, 20), cell_px=10)
    assert board.shape == (20, 40, 3)
    assert board[0, 0, 0] == board[10, 10, 0] == 255
    assert board[0, 10, 0] == board[10, 0, 0] == 204
