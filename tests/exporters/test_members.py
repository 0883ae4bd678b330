"""What holds for every exporter: what it writes is what its trainer reads back, and nothing else is trained on."""

import re
from pathlib import Path, PurePosixPath

import pytest

from loraset.exporters import EXPORTERS
from loraset.exporters.interface import ExportFile
from loraset.images import read_png
from loraset.recipe.model import Export
from painted_exports import CAPTIONS, SIZES, exported, trainer

FOLDERS = [name for name in EXPORTERS if name != "zip"]
WITHOUT_MASKS = {"musubi-tuner"}
WORDS = CAPTIONS | {"bear-2": "korbin plush toy"}  # what stands for a caption where there is none


def words_of(sample) -> str:
    return sample.caption if isinstance(sample.caption, str) else sample.caption.read_bytes().decode("utf-8")


@pytest.mark.parametrize("transparent", [False, True], ids=["gray", "transparent"])
@pytest.mark.parametrize("name", FOLDERS)
def test_read_back_it_is_the_same_set(tmp_path, name, transparent):
    folder, _ = exported(tmp_path, name, transparent=transparent)
    reading = trainer(name).read(folder)
    assert reading.findings == ()
    samples = {sample.image.stem: sample for sample in reading.samples}
    assert sorted(samples) == sorted(SIZES) and len(reading.samples) == len(SIZES)
    for stem, sample in samples.items():
        pixels = read_png(sample.image)
        assert (pixels.shape[1], pixels.shape[0]) == SIZES[stem]
        assert pixels.tobytes() == read_png(tmp_path / "in" / f"{stem}.png").tobytes()
        assert words_of(sample).removesuffix("\n") == WORDS[stem]
        assert sample.fit is None or sample.fit(SIZES[stem]) == SIZES[stem]
        if sample.alpha == "weight":
            assert transparent and pixels.shape[2] == 4
        elif name not in WITHOUT_MASKS:
            assert read_png(sample.mask).tobytes() == read_png(tmp_path / "in" / f"{stem}-mask.png").tobytes()


@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_is_trained_on_by_mistake(tmp_path, name):
    folder, files = exported(tmp_path, name)
    pictures = {PurePosixPath(file.path) for file in files if file.path.endswith(".png")}
    taken = {sample.image.relative_to(folder).as_posix() for sample in trainer(name).read(folder).samples}
    masks = {sample.mask.relative_to(folder).as_posix() for sample in trainer(name).read(folder).samples if sample.mask}
    assert {str(path) for path in pictures} == taken | masks
    assert not taken & masks


@pytest.mark.parametrize("name", FOLDERS)
def test_paths_are_relative_with_forward_slashes_and_captions_one_line(tmp_path, name):
    _, files = exported(tmp_path, name)
    assert len({file.path for file in files}) == len(files)
    for file in files:
        assert "\\" not in file.path and not PurePosixPath(file.path).is_absolute()
        content = file.read()
        assert isinstance(file.content, Path) or str(tmp_path).encode() not in content
        if file.path.endswith(".txt"):
            assert content.count(b"\n") == 1 and content.endswith(b"\n") and content.strip()


@pytest.mark.parametrize("name", [name for name in FOLDERS if name not in ("plain", "diffusers")])
def test_a_root_is_put_before_the_paths_in_configurations(tmp_path, name):
    folder, files = exported(tmp_path, name, root="D:\\sets\\toy\\")
    said = b"".join(file.content for file in files if isinstance(file.content, bytes) and ".txt" not in file.path)
    assert b"D:/sets/toy/" in said and b"\\\\sets" not in said
    assert len(trainer(name).read(folder).samples) == len(SIZES)  # read here, where the folder has another name


@pytest.mark.parametrize("name", [name for name in FOLDERS if name != "plain"])
def test_the_configuration_comes_last(tmp_path, name):
    _, files = exported(tmp_path, name)
    assert files[-1].path == trainer(name).marker


@pytest.mark.parametrize("name", FOLDERS)
def test_an_empty_folder_is_told_not_raised(tmp_path, name):
    reading = trainer(name).read(tmp_path)
    assert reading.samples == ()
    assert {finding.code for finding in reading.findings} <= {"config", "no_pictures"} and reading.findings


@pytest.mark.parametrize("name", [name for name in FOLDERS if name not in ("plain", "diffusers", "onetrainer")])
def test_a_configuration_that_is_nonsense_is_told_not_raised(tmp_path, name):
    folder, _ = exported(tmp_path, name)
    (folder / trainer(name).marker).write_bytes(b"\xff{[ = nonsense")
    assert any(finding.code == "config" for finding in trainer(name).read(folder).findings)


def test_an_archive_is_the_plain_folder_and_has_no_clock(tmp_path):
    import zipfile

    folder, files = exported(tmp_path, "zip")
    again = trainer("zip").export(*_arguments(tmp_path))
    assert [file.path for file in files] == ["korbin-gray.zip"]
    assert bytes(files[0].read()) == bytes(again[0].read())
    _, plain = exported(tmp_path, "plain")
    with zipfile.ZipFile(folder / "korbin-gray.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {file.path: file.read() for file in plain}
    assert trainer("zip").read(folder).findings == ()
    data = (folder / "korbin-gray.zip").read_bytes()
    (folder / "korbin-gray.zip").write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    assert [finding.code for finding in trainer("zip").read(folder).findings] == ["unreadable"]


def _arguments(tmp_path):
    from painted_exports import context, items

    return items(tmp_path / "in", transparent=False), context()


def test_an_archive_holds_copies_and_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"copied")
    file = ExportFile("x.zip", (ExportFile("a", tmp_path / "a"), ExportFile("b/c", b"written")))
    assert re.search(b"copied.*written", bytes(file.read()), re.S)


def test_the_recipe_names_all_of_them_in_the_order_of_the_table():
    said = Export.model_fields["trainers"].description.partition(": ")[2]
    assert said.split(", ") == list(EXPORTERS)
