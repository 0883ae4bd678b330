import numpy as np
import pytest

from loraset.ops.color_names import PLAIN
from loraset.ops.compose import composite
from loraset.recipe.model import Variant
from loraset.stages.captions import Backdrop
from loraset.stages.decontaminate import cover
from loraset.stages.variants import backdrop_of, needs_photo, render

RED = (200, 40, 30)


def cutout(size=256):
    """A red disc with a soft rim, cut from green, as it is stored."""
    y, x = np.mgrid[:size, :size] + 0.5 - size / 2
    alpha = (np.clip(size / 5 - np.hypot(x, y), 0, 4) / 4 * 255 + 0.5).astype(np.uint8)
    rgb = np.where(alpha[..., None] > 0, RED, (0, 255, 0)).astype(np.uint8)
    return cover(np.dstack([rgb, alpha]))


def rendered(background, *, under="#808080", photo=None, picture_id="a", seed=0):
    return render(cutout(), Variant(background=background, under=under), photo=photo, picture_id=picture_id, seed=seed)


def test_plain_variants_are_the_transparent_one_on_their_colour():
    transparent = rendered("transparent").pixels
    for background, color, word in (("#808080", (128, 128, 128), "gray"), ("white", (255, 255, 255), "white")):
        result = rendered(background)
        assert result.backdrop == Backdrop("plain", word)
        np.testing.assert_array_equal(result.pixels, composite(transparent, np.array(color, np.uint8)))


@pytest.mark.parametrize(("under", "fill"), [("#1020f0", (16, 32, 240)), ("#808080", (128, 128, 128))])
def test_under_alpha_0_lies_the_edges_colour_and_then_the_fill(under, fill):
    result = rendered("transparent", under=under)
    assert result.backdrop == Backdrop("hidden")
    original = cutout()
    visible = original[..., 3] > 0
    np.testing.assert_array_equal(result.pixels[visible], original[visible])
    np.testing.assert_array_equal(result.pixels[..., 3], original[..., 3])
    assert np.abs(result.pixels[0, 0, :3].astype(int) - fill).max() == 0
    near = visible[:, :-1] != visible[:, 1:]
    beside = np.argwhere(near & ~visible[:, :-1])
    assert np.abs(result.pixels[beside[:, 0], beside[:, 1], :3].astype(int) - RED).max() <= 40
    assert result.pixels[~visible][:, 1].max() <= 129  # none of the green


def test_original_is_the_photo_and_blur_has_no_halo():
    photo = np.full((256, 256, 3), (40, 120, 60), np.uint8)
    alpha = cutout()[..., 3:] > 0
    photo = np.where(alpha, RED, photo).astype(np.uint8)
    original = rendered("original", photo=photo)
    assert original.backdrop == Backdrop("photo")
    np.testing.assert_array_equal(original.pixels, photo)
    blurred = rendered("blur:10", photo=photo)
    assert blurred.backdrop == Backdrop("blurred")
    np.testing.assert_allclose(
        blurred.pixels.astype(int), composite(cutout(), np.array((40, 120, 60), np.uint8)), atol=1
    )


def test_which_variants_need_the_photo():
    assert [needs_photo(Variant(background=name)) for name in ("white", "transparent", "random-named")] == [False] * 3
    with pytest.raises(ValueError, match="blur:4"):
        rendered("blur:4")


def test_random_colour_is_named_seeded_and_different_from_picture_to_picture():
    results = {key: rendered("random-named", picture_id=key) for key in map(str, range(40))}
    for key, result in results.items():
        np.testing.assert_array_equal(result.pixels[0, 0], PLAIN[result.backdrop.color])
        np.testing.assert_array_equal(result.pixels, rendered("random-named", picture_id=key).pixels)
    assert len({result.backdrop.color for result in results.values()}) >= 8
    other_seed = [backdrop_of(Variant(background="random-named"), picture_id=key, seed=1) for key in results]
    assert other_seed != [result.backdrop for result in results.values()]
