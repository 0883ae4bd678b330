"""Inputs to files: what is listed, in which order, with which sidecars, and what is refused with advice."""

import os
import sys
import zipfile
from pathlib import Path

import pytest

from loraset.errors import InputError
from loraset.stages.sources import find

HIDDEN = [".hidden.jpg", ".git/a.jpg", "__MACOSX/a.jpg", "dataset-set/.loraset/lock", "dataset-set/variants/a.png"]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def listed(*inputs, scratch: Path, recursive=True, captions="sidecar", masks=None):
    return find(inputs, recursive=recursive, captions=captions, masks=masks, scratch=scratch)


@pytest.fixture
def photos(tmp_path):
    return tmp_path / "photos"


@pytest.fixture
def sources(tmp_path):
    """Return the sources that inputs list."""
    return lambda *inputs, **options: [
        entry.source for entry in listed(*inputs, scratch=tmp_path / "scratch", **options)
    ]


class TestWhatIsListed:
    def test_a_folder_sorted_without_hidden_files_and_output_folders(self, photos, sources):
        touch(photos, "b.jpg", "a.png", "sub/deep/c.webp", "readme.md", *HIDDEN)
        assert sources(photos) == ["a.png", "b.jpg", "readme.md", "sub/deep/c.webp"]
        assert sources(photos, recursive=False) == ["a.png", "b.jpg", "readme.md"]

    def test_files_and_globs(self, photos, sources):
        touch(photos, "a.jpg", "b.png", "one/c.jpg", "two/d.jpg")
        assert sources(photos / "b.png") == ["b.png"]
        assert sources(photos / "*.jpg") == ["a.jpg"]
        assert sources(photos / "**" / "*.jpg") == ["a.jpg", "one/c.jpg", "two/d.jpg"]
        assert sources(photos / "*") == ["a.jpg", "b.png", "one/c.jpg", "two/d.jpg"]
        assert sources(photos / "t*") == ["two/d.jpg"]

    def test_a_name_with_brackets_is_a_name_first(self, photos, sources):
        touch(photos, "set [1]/a.jpg")
        assert sources(photos / "set [1]") == ["a.jpg"]

    def test_the_root_is_the_inputs_index(self, photos, tmp_path):
        touch(photos, "one/a.jpg", "two/a.jpg")
        found = listed(photos / "two", photos / "one", scratch=tmp_path)
        assert [(entry.root, entry.source) for entry in found] == [(0, "a.jpg"), (1, "a.jpg")]
        assert found[0].path == photos / "two" / "a.jpg"

    def test_a_file_reached_twice_is_one(self, photos, sources):
        touch(photos, "a.jpg", "b.jpg")
        assert sources(photos / "b.jpg", photos, photos / "." / "a.jpg") == ["b.jpg", "a.jpg"]

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
    def test_links_are_followed_once_and_a_broken_one_is_listed(self, photos, sources):
        touch(photos, "real/a.jpg")
        (photos / "real" / "loop").symlink_to(photos)
        (photos / "again").symlink_to(photos / "real")
        (photos / "broken.jpg").symlink_to(photos / "gone.jpg")
        assert sources(photos) == ["again/a.jpg", "broken.jpg"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_pipe_is_no_file(self, photos, sources):
        touch(photos, "a.jpg")
        os.mkfifo(photos / "pipe.jpg")
        assert sources(photos) == ["a.jpg"]


class TestSidecars:
    def test_captions_and_masks_belong_to_their_picture(self, photos, tmp_path):
        touch(
            photos,
            "a.jpg",
            "a.txt",
            "a.mask.png",
            "b.png",
            "b.caption",
            "c.webp",
            "c.webp.txt",
            "notes.txt",
            "d.TXT",
            "d.jpg",
        )
        found = {entry.source: entry for entry in listed(photos, scratch=tmp_path)}
        assert list(found) == ["a.jpg", "b.png", "c.webp", "d.jpg", "notes.txt"]
        names = {source: entry.caption_file and entry.caption_file.name for source, entry in found.items()}
        assert names == {
            "a.jpg": "a.txt",
            "b.png": "b.caption",
            "c.webp": "c.webp.txt",
            "d.jpg": "d.TXT",
            "notes.txt": None,
        }
        assert found["a.jpg"].mask_file == photos / "a.mask.png"
        assert found["b.png"].mask_file is None

    def test_points_belong_to_their_picture_and_to_no_other_file(self, photos, tmp_path):
        touch(
            photos, "a.jpg", "a.points.json", "b.mp4", "b.points.json", "c.jpg", "c.points.json", "lonely.points.json"
        )
        touch(photos, "sub/d.jpg", "masks/d.points.json", "masks/c.points.JSON", "masks/c.png")
        found = {entry.source: entry for entry in listed(photos, scratch=tmp_path, masks=photos / "masks")}
        assert list(found) == ["a.jpg", "b.mp4", "b.points.json", "c.jpg", "lonely.points.json", "sub/d.jpg"]
        points = {
            name: entry.points_file and entry.points_file.relative_to(photos).as_posix()
            for name, entry in found.items()
        }
        assert points == {
            "a.jpg": "a.points.json",
            "b.mp4": None,
            "b.points.json": None,
            "c.jpg": "masks/c.points.JSON",
            "lonely.points.json": None,
            "sub/d.jpg": "masks/d.points.json",
        }
        assert found["c.jpg"].mask_file == photos / "masks" / "c.png"

    def test_captions_may_be_ignored_and_are_still_no_rows(self, photos, tmp_path):
        touch(photos, "a.jpg", "a.txt")
        [entry] = listed(photos, scratch=tmp_path, captions="none")
        assert entry.caption_file is None

    def test_sidecars_of_a_single_file(self, photos, tmp_path):
        touch(photos, "a.jpg", "a.txt")
        [entry] = listed(photos / "a.jpg", scratch=tmp_path)
        assert entry.caption_file == photos / "a.txt"

    def test_a_text_beside_a_video_is_a_row(self, photos, sources):
        touch(photos, "a.mp4", "a.txt", "lonely.mask.png")
        assert sources(photos) == ["a.mp4", "a.txt", "lonely.mask.png"]

    def test_a_masks_folder_by_place_and_then_by_stem(self, photos, tmp_path):
        touch(photos, "a.jpg", "sub/a.jpg", "sub/b.jpg", "c.jpg", "c.mask.png", "masks/a.jpg", "masks/a.png")
        touch(photos, "masks/sub/a.png", "masks/b.mask.png")
        found = listed(photos, scratch=tmp_path, masks=photos / "masks")
        given = {entry.source: entry.mask_file and entry.mask_file.relative_to(photos).as_posix() for entry in found}
        assert given == {
            "a.jpg": "masks/a.png",
            "c.jpg": "c.mask.png",
            "sub/a.jpg": "masks/sub/a.png",
            "sub/b.jpg": "masks/b.mask.png",
        }


class TestRefused:
    def refused(self, words, *inputs, **options):
        with pytest.raises(InputError, match=words) as error:
            listed(*inputs, scratch=Path("unused"), **options)
        assert error.value.hint
        assert error.value.exit_code == 3
        return error.value.hint

    def test_what_is_not_there(self, photos):
        self.refused("no such file or folder", photos / "gone")
        self.refused("matches no file", photos / "*.jpg")
        self.refused("no such folder of masks", photos, masks=photos / "gone")

    def test_an_empty_folder(self, photos):
        photos.mkdir()
        self.refused("no files there", photos)

    def test_an_empty_folder_with_subfolders_names_the_setting(self, photos):
        touch(photos, "sub/a.jpg")
        assert "recursive = true" in self.refused("no files there", photos, recursive=False)

    def test_an_output_folder(self, photos):
        touch(photos, ".loraset/lock", "variants/a.png")
        self.refused("output folder of loraset", photos)


class TestArchives:
    def test_members_are_listed_under_the_archives_name(self, photos, tmp_path, sources):
        touch(photos, "x.jpg")
        with zipfile.ZipFile(photos / "set.zip", "w") as archive:
            for name in ("b.jpg", "b.txt", "sub/a.png", "__MACOSX/._b.jpg", ".DS_Store"):
                archive.writestr(name, name)
        found = listed(photos / "set.zip", scratch=tmp_path / "scratch")
        assert [entry.source for entry in found] == ["set.zip/b.jpg", "set.zip/sub/a.png"]
        assert found[0].path.read_text() == "b.jpg"
        assert found[0].caption_file.read_text() == "b.txt"
        assert sources(photos / "*.zip") == ["set.zip/b.jpg", "set.zip/sub/a.png"]
        assert sources(photos) == ["set.zip", "x.jpg"]  # an archive inside a folder is a file like others
