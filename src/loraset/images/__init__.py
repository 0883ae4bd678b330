"""Files to arrays and back: the only door to Pillow and pillow-heif.

In: paths and bytes of picture files. Out: upright sRGB arrays, and encoded bytes. Never: a decision about a picture, or
a decoder's own exception (every failure to read is an `Unreadable` with words for a person).
"""

from loraset.images.css import css_color
from loraset.images.decode import Decoded, decode
from loraset.images.encode import encode_png, encode_thumbnail, read_png, reduce_to, to_pillow
from loraset.images.formats import claims_picture
from loraset.images.inspect import Header, inspect
from loraset.images.native import quiet_native
from loraset.images.profiles import adobe_rgb_profile, display_p3_profile, srgb_profile
from loraset.images.unreadable import Unreadable
from loraset.images.write import write_bytes, write_picture

__all__ = [
    "Decoded",
    "Header",
    "Unreadable",
    "adobe_rgb_profile",
    "claims_picture",
    "css_color",
    "decode",
    "display_p3_profile",
    "encode_png",
    "encode_thumbnail",
    "inspect",
    "quiet_native",
    "read_png",
    "reduce_to",
    "srgb_profile",
    "to_pillow",
    "write_bytes",
    "write_picture",
]
