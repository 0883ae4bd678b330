"""Colours as CSS writes them.

In: text. Out: three numbers. Never: transparency.
"""

from PIL import ImageColor


def css_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue, each 0..255, of an opaque CSS colour.

    Raises
    ------
    ValueError
        If the text is no colour, or one with transparency.
    """
    understood = "write a name such as white, or #rgb, #rrggbb, rgb(r, g, b) or hsl(h, s%, l%)"
    try:
        color = ImageColor.getrgb(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a colour: {understood}") from None
    if len(color) != 3:
        raise ValueError(f"{text!r} is a colour with transparency: {understood}")
    if max(color) > 255:
        raise ValueError(f"{text!r} has a value above 255: {understood}")
    return color
