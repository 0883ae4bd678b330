"""Defects planted one by one into clean exports: each is found, as itself and alone."""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraset.errors import InputError, UsageError
from loraset.exporters import EXPORTERS
from loraset.images import adobe_rgb_profile, encode_png, read_png, srgb_profile, write_picture
from loraset.types import Picture
from loraset.verify.check import verify
from loraset.verify.folder import check_folder
from loraset.verify.pictures import is_inverted
from painted_exports import disc, exported


def save(path: Path, image: Image.Image, **options) -> None:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    path.write_bytes(out.getvalue())


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def repainted(file, change):
    """Return what changes a picture's pixels."""
    return lambda folder: (folder / file).write_bytes(encode_png(np.ascontiguousarray(change(read_png(folder / file)))))


def saved(file, change=lambda image: image, **options):
    """Return what saves a picture by another program."""
    return lambda folder: save(folder / file, change(opened(folder / file)), **options)


def written(file, text, encoding="utf-8"):
    """Return what writes a text file."""
    return lambda folder: (folder / file).write_text(text, encoding)


def copied(file, to):
    """Return what copies a file."""
    return lambda folder: (folder / to).write_bytes((folder / file).read_bytes())


def cached(file, seconds):
    """Return what leaves a trainer's cache that is so much younger than now."""
    return lambda folder: cache(folder / file, seconds)


def cache(path: Path, seconds: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"latents")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + seconds))


def old_background(rgba):
    rng = np.random.default_rng(0)
    clear = rgba[..., 3] == 0
    rgba[clear, :3] = rng.integers(0, 256, (int(clear.sum()), 3))
    return rgba


def underscores(folder: Path) -> None:
    for file in ("10_korbin/bear-1.png", "10_korbin/bear-1.txt", M):
        (folder / file).rename((folder / file).with_stem("bear_1_a_b_c"))


def sixteen_bits(folder: Path) -> None:
    write_picture(folder / P, read_png(folder / P).astype(np.uint16) * 257)


def turned(folder: Path) -> None:
    write_picture(folder / P, read_png(folder / P), orientation=3)


def as_bmp(folder: Path) -> None:
    write_picture((folder / P).with_suffix(".bmp"), read_png(folder / P))


def cut_short(folder: Path) -> None:
    (folder / L).write_bytes((folder / L).read_bytes()[:150])


def misspelt(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text(file.read_text().replace("caption_ext", "caption_exd"))


K, P, L, M = "10_korbin/bear-1.png", "images/bear-1.png", "256x256/bear-1.png", "masks/bear-1.png"
TEXT = "images/bear-1.txt"
LATIN = written(TEXT, "naïve", "latin-1")
BLANK = Image.new("RGB", (256, 256))
LATENT = "images/_latent_cache/bear-1_x.safetensors"
NPZ = "10_korbin/bear-1_0256x0256_sdxl.npz"

PLANTED = {  # trainer, transparent, what plants it, its code, the file it is told of
    "old background": ("kohya", True, repainted(K, old_background), "under_alpha", K),
    "no alpha where alpha weighs": ("ai-toolkit", True, repainted(P, lambda x: x[..., :3]), "no_alpha", P),
    "gray with alpha": ("musubi-tuner", True, saved(P, lambda x: x.convert("LA")), "mode", P),
    "palette": ("simpletuner", False, saved(P, Image.Image.quantize), "mode", P),
    "16 bits": ("plain", False, sixteen_bits, "mode", P),
    "turned by EXIF": ("diffusion-pipe", False, turned, "orientation", P),
    "colour profile": ("plain", False, saved(P, icc_profile=adobe_rgb_profile()), "profile", P),
    "cut short": ("onetrainer", False, cut_short, "unreadable", L),
    "animation": ("plain", False, saved(P, save_all=True, append_images=[BLANK]), "animated", P),
    "mask inverted": ("diffusion-pipe", False, repainted(M, lambda x: 255 - x), "mask_inverted", M),
    "mask of another size": ("simpletuner", False, repainted(M, lambda x: x[::2, ::2]), "mask_size", M),
    "black mask": ("invoke-training", False, repainted(M, lambda x: x * 0), "mask_blank", M),
    "mask with alpha": ("plain", False, saved(M, lambda x: x.convert("LA")), "mode", M),
    "mask missing": ("simpletuner", False, lambda folder: (folder / M).unlink(), "mask_missing", P),
    "mask too many": ("kohya", False, copied(M, "masks/bear-9.png"), "mask_extra", "masks/bear-9.png"),
    "empty caption": ("diffusion-pipe", False, written(TEXT, "\n"), "caption_empty", TEXT),
    "no caption": ("diffusion-pipe", False, lambda folder: (folder / TEXT).unlink(), "caption_missing", P),
    "two lines": ("ai-toolkit", False, written(TEXT, "korbin\nsitting\n"), "caption_lines", TEXT),
    "Latin 1": ("musubi-tuner", False, LATIN, "caption_encoding", TEXT),
    "byte order mark": ("ai-toolkit", False, written(TEXT, "korbin", "utf-8-sig"), "caption_encoding", TEXT),
    "words alone": ("plain", False, written("images/bear-9.txt", "a"), "caption_extra", "images/bear-9.txt"),
    "OneTrainer's mask": ("kohya", False, copied(K, "10_korbin/bear-1-masklabel.png"), "stray", "10_korbin/bear-1-m"),
    "unlisted picture": ("diffusers", False, copied("train/bear-1.png", "train/x.png"), "stray", "train/x.png"),
    "stray file": ("diffusion-pipe", False, written("images/notes.md", "notes"), "stray", "images/notes.md"),
    "two of one stem": ("plain", False, as_bmp, "same_stem", P),
    "many underscores": ("kohya", False, underscores, "name", "10_korbin/bear_1_a_b_c.png"),
    "folder without repeats": ("kohya", False, lambda f: cp_folder(f / "10_korbin", f / "more"), "name", "more"),
    "stale cache": ("kohya", False, cached(NPZ, -60), "stale_cache", NPZ),
    "stale cache folder": ("ai-toolkit", False, cached(LATENT, -60), "stale_cache", LATENT),
    "typo": ("ai-toolkit", False, misspelt, "config", "config.yaml"),
}


def cp_folder(folder: Path, to: Path) -> None:
    to.mkdir()
    (to / "bear-1.png").write_bytes((folder / "bear-1.png").read_bytes())


@pytest.mark.parametrize("transparent", [False, True], ids=["gray", "transparent"])
@pytest.mark.parametrize("name", EXPORTERS)
def test_clean_exports_have_none(tmp_path, name, transparent):
    folder, _ = exported(tmp_path, name, transparent=transparent)
    found = verify(folder, name)
    assert found.findings == ()
    if name != "zip":
        assert verify(folder).checked[0].trainer == name  # whose it is, is found out


@pytest.mark.parametrize("defect", PLANTED)
def test_a_planted_defect_is_found_alone(tmp_path, defect):
    name, transparent, plant, code, path = PLANTED[defect]
    folder, _ = exported(tmp_path, name, transparent=transparent, repeats=10)
    plant(folder)
    (finding,) = verify(folder, name).findings
    assert finding.code == code
    assert finding.path.startswith(path.removesuffix(".png"))
    assert finding.detail


def test_at_least_twenty_are_planted():
    assert len(PLANTED) >= 20


@pytest.mark.parametrize(
    ("name", "size"), [("kohya", (250, 250)), ("onetrainer", (256, 192)), ("invoke-training", (320, 256))]
)
def test_a_picture_that_would_be_resized_is_told_with_both_sizes(tmp_path, name, size):
    folder, _ = exported(tmp_path, name, repeats=10)
    width, height = size
    for file in sorted(folder.rglob("bear-1*.png")):
        content = read_png(file)
        canvas = np.zeros((height, width, *content.shape[2:]), np.uint8)
        canvas[:] = content[0, 0]
        canvas[64:192, 64:192] = content[64:192, 64:192]
        file.write_bytes(encode_png(canvas))
    (finding,) = verify(folder, name).findings
    assert finding.code == "resized" and f"{width}x{height} would be trained at" in finding.detail


@pytest.mark.parametrize(
    ("name", "transparent"), [("kohya", False), ("ai-toolkit", False), ("simpletuner", True), ("diffusion-pipe", True)]
)
def test_masks_that_a_configuration_counts_on_are_missed_all(tmp_path, name, transparent):
    folder, _ = exported(tmp_path, name, transparent=transparent)
    shutil.rmtree(folder / "masks")
    assert [finding.code for finding in verify(folder, name).findings] == ["mask_missing"] * 3


@pytest.mark.parametrize("inverted", [False, True])
def test_polarity_is_seen_on_photos_too(inverted):
    rng = np.random.default_rng(0)
    mask = disc((200, 150), 90)[1]
    picture = Picture(rng.integers(0, 256, (150, 200, 3), dtype=np.uint8))
    assert is_inverted(255 - mask if inverted else mask, picture) is inverted


@pytest.mark.parametrize("background", [(128, 128, 128), (0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("shift", [0, 70])
def test_polarity_is_seen_on_plain_backgrounds_also_where_the_subject_is_cut(background, shift):
    rgb, mask = disc((200, 150), 90)
    rgb[mask == 0] = background
    rgb, mask = np.roll(rgb, shift, 1), np.roll(mask, shift, 1)
    assert is_inverted(255 - mask, Picture(rgb)) and not is_inverted(mask, Picture(rgb))


def test_what_harms_no_trainer_is_no_defect(tmp_path):
    folder, _ = exported(tmp_path, "kohya", transparent=True, repeats=10)
    saved(K, icc_profile=srgb_profile())(folder)
    cache(folder / NPZ, 60)
    (folder / "10_korbin/bear-2.txt").write_text("an edited caption without a line feed")
    assert verify(folder, "kohya").findings == ()


def test_a_folder_of_kohyas_own_kind_without_a_configuration(tmp_path):
    folder, _ = exported(tmp_path, "kohya", repeats=10)
    for config in folder.glob("*.toml"):
        config.unlink()
    for text in folder.rglob("*.txt"):
        text.rename(text.with_suffix(".caption"))
    found = verify(folder)
    assert found.findings == () and found.checked[0].trainer == "kohya" and len(found.checked[0].samples) == 3
    (folder / "10_korbin").rename(folder / "korbin")
    assert [finding.code for finding in verify(folder, "kohya").findings] == ["name", "no_pictures"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("kohya", "resolution = 256", 'resolution = "256"'),
        ("onetrainer", '"image": {', '"image": 5, "x": {'),
        ("ai-toolkit", "bucket_tolerance: 64", "bucket_tolerance: many"),
        ("diffusion-pipe", "[256, 256, 1]", "256"),
    ],
)
def test_values_of_another_kind_are_a_finding(tmp_path, name, old, new):
    folder, files = exported(tmp_path, name)
    file = folder / files[-1].path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert "config" in {finding.code for finding in verify(folder, name).findings}


def test_two_sides_are_a_resolution_too(tmp_path):
    folder, _ = exported(tmp_path, "kohya", repeats=10)
    file = folder / "dataset.toml"
    file.write_text(file.read_text().replace("resolution = 256", "resolution = [256, 256]"))
    assert verify(folder, "kohya").findings == ()


def test_a_fill_that_is_known_must_be_that_one(tmp_path):
    folder, _ = exported(tmp_path, "kohya", transparent=True)
    assert check_folder(folder, "kohya", fill=(128, 128, 128)).findings == ()
    codes = [finding.code for finding in check_folder(folder, "kohya", fill=(255, 0, 0)).findings]
    assert codes == ["under_alpha"] * 3


def test_a_folder_that_is_not_there_and_a_trainer_that_is_not_known(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        verify(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="unknown trainer 'kohia'"):
        verify(tmp_path, "kohia")
