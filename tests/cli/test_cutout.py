"""`loraset cutout` as the command of every day: names, resume, sources as cameras and programs write them, words."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from loraset import pipeline
from loraset.cli.main import invoke
from loraset.images import encode_png, read_png
from loraset.images.write import write_picture
from loraset.recipe.load import Setting, from_text
from loraset.types import Silent

INSIDE, OUTSIDE = (196, 92, 48), (40, 90, 150)
SHAPE = (150, 200)  # height, width


def disc(shape=SHAPE):
    """A soft disc, off the middle, so that a turn shows."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.clip((0.25 * min(shape) - np.hypot(x - 0.35 * shape[1], y - 0.4 * shape[0])) / 2 + 0.5, 0, 1)


def painted(alpha):
    mixed = alpha[..., None] * INSIDE + (1 - alpha[..., None]) * OUTSIDE
    return (mixed + 0.5).astype(np.uint8)


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    for folder in ("in/deep", "masks"):
        Path(folder).mkdir(parents=True)


def put(name, **options):
    """Write a photo of the disc, and its mask as it is seen upright."""
    alpha = disc()
    write_picture(Path("in", name), painted(alpha), **options)
    Path("masks", f"{Path(name).stem}.png").write_bytes(encode_png((alpha * 255 + 0.5).astype(np.uint8)))
    return alpha


def files(folder):
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.png")}


def cut(*words):
    return invoke(["cutout", "in", "--output", "out", "--masks", "masks", "--engine", "given", *words])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("turned.jpg", {"orientation": 6}),
        ("mirrored.jpg", {"orientation": 5}),
        ("wide.png", {"icc": "display-p3"}),
        ("wide-turned.jpg", {"icc": "display-p3", "orientation": 8}),
        ("inks.jpg", {"cmyk": True}),
        ("turned.tif", {"orientation": 3}),
    ],
)
def test_a_cutout_is_upright_and_in_srgb_whatever_the_file_says_of_itself(name, options):
    alpha = put(name, quality=98, **options)
    assert cut() == 0
    made = read_png(Path("out", Path(name).with_suffix(".png")))
    assert made.shape == (*SHAPE, 4)
    assert np.abs(made[..., 3] / 255 - alpha).max() < 0.01
    solid = cv2.erode((alpha == 1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.abs(made[solid][:, :3].astype(int) - INSIDE).mean() < 3
    assert b"iCCP" not in Path("out", Path(name).with_suffix(".png")).read_bytes()[:200]


@pytest.mark.parametrize("shape", [SHAPE, (*SHAPE, 3)])
def test_sixteen_bits_are_scaled_and_never_clipped(shape):
    alpha = put("deep.png")
    bright = (painted(alpha) if len(shape) == 3 else painted(alpha)[..., 0]).astype(np.uint16) * 257
    Path("in/deep.png").write_bytes(encode_png(bright))
    assert cut() == 0
    made = read_png(Path("out/deep.png"))
    solid = cv2.erode((alpha == 1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.abs(made[solid][:, :3].astype(int) - (INSIDE if len(shape) == 3 else INSIDE[:1] * 3)).max() <= 1


def test_names_of_like_stems_do_not_meet_and_subfolders_stay():
    for name in ("a.jpg", "A.png", "b.jpg", "deep/a.jpg"):
        put(name)
    assert cut() == 0
    assert files("out") == {"a.jpg.png", "A.png.png", "b.png", "deep/a.png"}


def test_a_second_run_makes_nothing_anew_and_a_lost_file_comes_back():
    for name in ("a.jpg", "b.png", "deep/c.jpg"):
        put(name)
    assert cut() == 0
    before = {name: (Path("out", name).read_bytes(), Path("out", name).stat().st_mtime_ns) for name in files("out")}
    lost, _ = before.pop("b.png")
    Path("out/b.png").unlink()
    shutil.rmtree("in/deep")
    assert cut() == 0
    assert Path("out/b.png").read_bytes() == lost
    for name, (content, time) in before.items():  # c.png too: what was cut stays, whatever becomes of its photo
        assert (Path("out", name).read_bytes(), Path("out", name).stat().st_mtime_ns) == (content, time)


def request(output):
    settings = [Setting("", ("mask", "engine"), "given"), Setting("", ("input", "masks"), str(Path("masks").resolve()))]
    settings += [Setting("", ("run", "jobs"), 1), Setting("", ("input", "min_side_px"), 1)]
    return pipeline.Request(from_text("", settings=settings), Path.cwd(), ("in",), Path(output))


class Counter(Silent):
    """Counts what was made and what was stored; kills the run when so many pictures have been cut."""

    def __init__(self, killed_after=None):
        self.killed_after, self.made, self.stored = killed_after, 0, 0

    def advance(self, name, done=1, *, cached=False):
        if name == "decontaminate":
            self.made, self.stored = self.made + done * (not cached), self.stored + done * cached
            if self.made == self.killed_after:
                raise KeyboardInterrupt


def test_a_killed_run_leaves_whole_pictures_and_goes_on():
    for number in range(5):
        put(f"{number}.jpg", quality=90 + number)  # each with bytes of its own
    pipeline.cutout(request("whole"))
    shutil.rmtree("cache")
    with pytest.raises(KeyboardInterrupt):
        pipeline.cutout(request("out"), progress=Counter(killed_after=3))
    assert len(files("out")) == 2  # the third was cut, but not yet written
    heard = Counter()
    pipeline.cutout(request("out"), progress=heard)
    assert (heard.made, heard.stored) == (2, 3)
    again = Counter()
    pipeline.cutout(request("out"), progress=again)
    assert (again.made, again.stored) == (0, 5)
    assert {name: Path("out", name).read_bytes() for name in files("out")} == {
        name: Path("whole", name).read_bytes() for name in files("whole")
    }


def test_alpha_alone_is_the_cutouts_alpha(capsys):
    put("a.jpg")
    assert cut() == 0
    capsys.readouterr()
    assert invoke(["cutout", "in", "--output", "alpha", "--masks", "masks", "--engine", "given", "--alpha"]) == 0
    assert np.array_equal(read_png(Path("alpha/a.png")), read_png(Path("out/a.png"))[..., 3])
    assert "decontaminate" not in capsys.readouterr().err


def test_the_words_say_what_was_cut_and_what_was_not(capsys):
    put("a.jpg")
    Path("in/broken.jpg").write_bytes(Path("in/a.jpg").read_bytes()[:700])
    assert cut() == 1
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert "cut 1" in words and "not cut 1 unreadable 1" in words
    assert "Could not be used broken.jpg" in words
    assert out.endswith("output  out\n")
    assert "keep" not in out
    stages = [line.split(":")[0] for line in err.splitlines()]
    assert stages.count("decontaminate") == 2  # a line when it begins, one when it ends
    Path("in/a.jpg").unlink()
    assert cut() == 1
    assert "Nothing was cut." in capsys.readouterr().out
