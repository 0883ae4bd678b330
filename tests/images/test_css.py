"""Colours as CSS writes them, and words for what is none."""

import pytest

from loraset.images import css_color


@pytest.mark.parametrize(
    ("text", "rgb"),
    [
        ("white", (255, 255, 255)),
        (" #808080 ", (128, 128, 128)),
        ("#f00", (255, 0, 0)),
        ("hsl(120, 50%, 50%)", (64, 191, 64)),
    ],
)
def test_css_colors(text, rgb):
    assert css_color(text) == rgb


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grene", "not a colour"),
        ("#80808080", "with transparency"),
        ("rgb(300, 0, 0)", "above 255"),
        ("", "not a colour"),
    ],
)
def test_words_for_a_bad_color(text, words):
    with pytest.raises(ValueError, match=rf"{words}.*write a name such as white, or #rgb"):
        css_color(text)
