"""Caches that trainers left beside the pictures: they are trusted by name and shape, not by what the pictures hold.

In: a folder. Out: `Finding`s. Never: a cache removed.
"""

from collections.abc import Iterator
from pathlib import Path

from loraset.exporters.interface import Finding
from loraset.exporters.reading import is_picture, relative

FOLDERS = frozenset(
    ("cache", "_latent_cache", "_t_e_cache", "_text_embedding_cache", "_clip_vision_cache", "_tensor_cache")
)
ENDINGS = frozenset((".npz", ".safetensors", ".pt", ".arrow"))
NAMES = ("meta_cap", "image_info_cache", "metadata_cache", "aspect_ratio_bucket")


def is_cache(path: Path, root: Path) -> bool:
    """Whether a file is what a trainer keeps between its runs."""
    inside = path.relative_to(root).parts[:-1]
    return path.suffix in ENDINGS or any(part in FOLDERS for part in inside) or path.name.startswith(NAMES)


def stale_caches(root: Path) -> Iterator[Finding]:
    """Yield a finding for each folder with a cache that is older than a picture it may have been made of.

    A cached file that begins with a picture's stem is compared with that picture, any other with the newest picture.
    """
    files = sorted(path for path in root.rglob("*") if path.is_file() and ".loraset" not in path.parts)
    cached = [path for path in files if is_cache(path, root)]
    shown = [path for path in files if is_picture(path) and path not in set(cached)]
    if not shown:
        return
    times = {path.stem: path.stat().st_mtime_ns for path in shown}
    newest = max(times.values())
    stale: dict[Path, list[Path]] = {}
    for path in cached:
        made_of = [time for stem, time in times.items() if path.name.startswith(stem)]
        if path.stat().st_mtime_ns < (max(made_of) if made_of else newest):
            stale.setdefault(path.parent, []).append(path)
    for paths in stale.values():
        more = f", and {len(paths) - 1} more beside it" if len(paths) > 1 else ""
        detail = f"a trainer's cache, older than the pictures{more}: delete it, or the old pictures are trained"
        yield Finding("stale_cache", relative(paths[0], root), detail)
