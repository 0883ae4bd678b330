"""A file that gives no picture, and the words for why.

In: a name, a file's first bytes, a decoder's exception. Out: an `Unreadable`. Never: decoding.
"""

from pathlib import Path

from loraset.images.formats import RAW_SUFFIXES, UNSUPPORTED_SUFFIXES, claims_picture


class Unreadable(Exception):  # noqa: N818 - a verdict on one picture, not a failure of the run
    """A file that gives no picture: `code` is unreadable, too_large, animated or not_an_image; `detail` is words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def refuse_by_name(path: Path, head: bytes) -> None:
    """Raise for an empty file, and for what a decoder would take for another format."""
    if not head:
        raise Unreadable("unreadable" if claims_picture(path.name) else "not_an_image", "the file is empty")
    if path.suffix.lower() in RAW_SUFFIXES:  # many are TIFF files whose first picture is a thumbnail
        raise Unreadable("unreadable", "a camera raw file: develop it to TIFF, PNG or JPEG first")


def no_picture(path: Path, head: bytes) -> Unreadable:
    """Return what to say of bytes that no decoder knows: it matters only where the name promised a picture."""
    suffix = path.suffix.lower()
    if suffix in UNSUPPORTED_SUFFIXES:
        return Unreadable("unreadable", f"{suffix[1:]} files cannot be read: save it as PNG or JPEG first")
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        what = "a web page, perhaps from a failed download"
    elif "".join(head.decode("utf-8", "ignore").split()).isprintable():
        what = "text"
    else:
        what = "no picture in a known format, or one with a damaged header"
    if claims_picture(path.name):
        return Unreadable("unreadable", f"the file is named like a picture, but holds {what}")
    return Unreadable("not_an_image", "not a picture")


def explained(error: Exception) -> str:
    """Return words for a decoder's exception."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, FileNotFoundError):
        return "the file is not there, or it is a link that leads nowhere"
    if isinstance(error, PermissionError):
        return "the file may not be read: check its permissions"
    if any(word in text.lower() for word in ("truncated", "end of file", "unexpected eof", "broken data stream")):
        return f"the file is cut short or damaged ({text})"
    return f"the picture is damaged or of an unknown kind ({text})"
