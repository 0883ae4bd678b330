"""Archives: only regular files come out, only into the scratch folder, only so many bytes."""

import io
import tarfile
import zipfile

import pytest

from loraset.errors import InputError
from loraset.stages import archives
from loraset.stages.archives import is_archive, unpack


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def make_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for info, data in members:
            info = tarfile.TarInfo(info) if isinstance(info, str) else info
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


MEMBERS = [("a.jpg", b"one"), ("sub/b.jpg", b"two")]


@pytest.mark.parametrize(
    ("name", "mode"), [("s.tar", "w"), ("s.tar.gz", "w:gz"), ("s.TGZ", "w:gz"), ("s.tar.xz", "w:xz")]
)
def test_tar_of_every_kind(tmp_path, name, mode):
    assert is_archive(name)
    assert contents(unpack(make_tar(tmp_path / name, MEMBERS, mode), tmp_path / "scratch")) == dict(MEMBERS)


def test_zip_and_a_second_time(tmp_path):
    path = make_zip(tmp_path / "s.zip", MEMBERS)
    folder = unpack(path, tmp_path / "scratch")
    assert contents(folder) == dict(MEMBERS)
    (folder / "a.jpg").write_bytes(b"still here")  # what is unpacked is not unpacked again
    assert unpack(path, tmp_path / "scratch") == folder
    assert contents(folder)["a.jpg"] == b"still here"
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == [folder.name]


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "sub/../../evil.jpg", "/evil.jpg", "..\\evil.jpg", "C:\\evil.jpg", "C:evil.jpg"]
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_member_that_points_outside_is_refused(tmp_path, name, make):
    path = make(tmp_path / ("s.zip" if make is make_zip else "s.tar"), [("good.jpg", b"x"), (name, b"evil")])
    with pytest.raises(InputError, match="points outside of it"):
        unpack(path, tmp_path / "in" / "scratch")
    assert not list(tmp_path.rglob("evil*"))
    assert not list((tmp_path / "in" / "scratch").iterdir())


def test_links_and_devices_do_not_come_out(tmp_path):
    members = [
        (link("soft", "/etc/passwd", tarfile.SYMTYPE), b""),
        (link("hard", "a.jpg", tarfile.LNKTYPE), b""),
        (link("pipe", "", tarfile.FIFOTYPE), b""),
        ("a.jpg", b"one"),
    ]
    assert contents(unpack(make_tar(tmp_path / "s.tar", members), tmp_path / "scratch")) == {"a.jpg": b"one"}
    info = zipfile.ZipInfo("soft")
    info.external_attr = 0o120777 << 16
    assert contents(unpack(make_zip(tmp_path / "s.zip", [(info, "/etc/passwd"), *MEMBERS]), tmp_path / "z")) == dict(
        MEMBERS
    )


def test_a_file_cannot_be_written_through_a_linked_folder(tmp_path):
    members = [(link("out", str(tmp_path), tarfile.SYMTYPE), b""), ("out/evil.jpg", b"evil")]
    folder = unpack(make_tar(tmp_path / "s.tar", members), tmp_path / "scratch")
    assert contents(folder) == {"out/evil.jpg": b"evil"}
    assert not (tmp_path / "evil.jpg").exists()


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_MEMBERS", 1), ("MAX_MEMBER_BYTES", 999_999), ("MAX_TOTAL_BYTES", 1_500_000)]
)
def test_bombs_stop_at_the_limits(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(archives, limit, value)
    path = make_zip(tmp_path / "s.zip", [("a", bytes(1_000_000)), ("b", bytes(1_000_000))])
    assert path.stat().st_size < 5000
    with pytest.raises(InputError, match="holds more than"):
        unpack(path, tmp_path / "scratch")
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz", "s.tar.xz"])
@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04" + bytes(99), b"\x1f\x8b\x08\0" + bytes(99)])
def test_broken_archives_are_named_with_advice(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"{name}: cannot be unpacked: .") as error:
        unpack(tmp_path / name, tmp_path / "scratch")
    assert "Unpack it yourself" in error.value.hint


def test_a_truncated_archive_leaves_nothing_behind(tmp_path):
    path = make_tar(tmp_path / "s.tar.gz", [("a", bytes(range(256)) * 4000), ("b", b"x")], "w:gz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(path, tmp_path / "scratch")
    assert not list((tmp_path / "scratch").iterdir())
