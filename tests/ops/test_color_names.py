import pytest

from loraset.images import css_color
from loraset.ops.color_names import PLAIN, name_color


@pytest.mark.parametrize("word", PLAIN)
def test_a_plain_colour_has_its_own_word(word):
    assert name_color(PLAIN[word]) == word


@pytest.mark.parametrize(
    ("css", "word"),
    [
        ("#808080", "gray"),
        ("silver", "gray"),
        ("#d3d3d3", "gray"),
        ("#f0f0f0", "white"),
        ("#111", "black"),
        ("navy", "blue"),
        ("skyblue", "blue"),
        ("teal", "cyan"),
        ("lime", "green"),
        ("darkgreen", "green"),
        ("olive", "green"),
        ("crimson", "red"),
        ("maroon", "red"),
        ("coral", "orange"),
        ("gold", "yellow"),
        ("khaki", "yellow"),
        ("violet", "purple"),
        ("indigo", "purple"),
        ("magenta", "pink"),
        ("hotpink", "pink"),
        ("saddlebrown", "brown"),
        ("tan", "beige"),
        ("#f5f5dc", "beige"),
    ],
)
def test_css_colours_have_the_word_that_people_use(css, word):
    assert name_color(css_color(css)) == word
