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


def test_a_caption_that_a_person_changed_is_neither_overwritten_nor_removed(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("gray/a.txt", b"first\n")
        out.write("gray/b.txt", b"first\n")
        out.prune()
    (tmp_path / "gray/a.txt").write_bytes(b"by hand\n")
    (tmp_path / "gray/b.txt").write_bytes(b"by hand\n")
    for _ in range(2):  # it stays a person's, however often the set is made
        with OutputFolder(tmp_path, "a set") as out:
            out.write("gray/a.txt", b"second\n")
            assert out.kept == ["gray/a.txt"]
            assert out.prune() == 0  # b belongs to a picture that this run does not have
        assert [path.read_bytes() for path in sorted((tmp_path / "gray").iterdir())] == [b"by hand\n"] * 2


def test_a_deleted_caption_and_one_changed_into_the_new_words_are_loraset_s_again(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.txt", b"first\n")
        out.write("b.txt", b"first\n")
    (tmp_path / "a.txt").unlink()
    (tmp_path / "b.txt").write_bytes(b"second\n")
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.txt", b"second\n")
        out.write("b.txt", b"second\n")
        assert out.kept == []
        out.write("b.txt", b"third\n")
    assert (tmp_path / "a.txt").read_bytes() == b"second\n" and (tmp_path / "b.txt").read_bytes() == b"third\n"


def test_what_a_killed_run_left_is_no_edit(tmp_path):
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.txt", b"first\n")
        out.prune()
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.txt", b"second\n")  # killed after its note, before the file was moved into place
    (tmp_path / "a.txt").write_bytes(b"first\n")
    with OutputFolder(tmp_path, "a set") as out:
        out.write("a.txt", b"third\n")
        assert out.kept == []
    assert (tmp_path / "a.txt").read_bytes() == b"third\n"
