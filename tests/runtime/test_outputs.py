import pytest

from loraset.errors import OutputError
from loraset.runtime.outputs import OutputFolder


def test_a_file_that_loraset_did_not_write_is_never_overwritten_or_removed(tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "mine.png").write_bytes(b"by hand")
    with OutputFolder(tmp_path, "a set") as out:
        with pytest.raises(OutputError, match=r"mine\.png is in the way"):
            out.write("masks/mine.png", b"ours")
        out.prune()
    assert (tmp_path / "masks" / "mine.png").read_bytes() == b"by hand"


def test_prune_removes_what_only_an_earlier_run_wrote_and_empty_folders(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("variants/gray/a.png", b"a")
        out.write("variants/white/a.png", b"a")
        assert out.prune() == 0
    with OutputFolder(tmp_path, "a set") as out:
        out.write("variants/gray/a.png", b"a")
        assert out.prune() == 1
    assert (tmp_path / "variants/gray/a.png").is_file()
    assert not (tmp_path / "variants/white").exists()


def test_a_file_is_current_only_under_its_key_and_with_its_bytes(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.png", b"pixels", key="k1")
        assert out.is_current("a.png", "k1")
        assert not out.is_current("a.png", "k2")
        (tmp_path / "a.png").write_bytes(b"edited")
        assert not out.is_current("a.png", "k1")


def test_a_killed_run_knows_its_own_files(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.png", b"first", key="k1")  # no prune: the run was killed
    journal = tmp_path / ".loraset" / "outputs.jsonl"
    journal.write_text(journal.read_text() + '{"file": "b.p')  # in the middle of a line
    with OutputFolder(tmp_path, "a set") as out:
        assert out.is_current("a.png", "k1")
        out.write("a.png", b"second", key="k2")
    assert (tmp_path / "a.png").read_bytes() == b"second"


def test_two_runs_cannot_write_to_one_folder(tmp_path):
    with (
        OutputFolder(tmp_path, "a set"),
        pytest.raises(OutputError, match="another run") as caught,
        OutputFolder(tmp_path, "a set"),
    ):
        pass
    assert caught.value.exit_code == 5


def test_a_path_that_is_a_file_is_refused_with_exit_code_5(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write") as caught, OutputFolder(tmp_path / "file", "a set"):
        pass
    assert caught.value.exit_code == 5


def test_a_folder_of_another_kind_is_refused_and_left_as_it_is(tmp_path):
    with OutputFolder(tmp_path, "an export") as out:
        out.write("a.png", b"exported")
    with pytest.raises(OutputError, match="holds an export"), OutputFolder(tmp_path, "a set") as out:
        out.prune()
    assert (tmp_path / "a.png").read_bytes() == b"exported"
    with OutputFolder(tmp_path, "an export") as out:  # the lock was let go
        assert out.is_current("a.png", "")
