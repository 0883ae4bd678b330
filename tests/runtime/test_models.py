import hashlib
import os
import socket

import pytest

from loraset.errors import MissingError, UsageError
from loraset.runtime.models import CLOUD, MODELS, accept_license, find, lookup, place, pull, sessions_of_rembg, sha256


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("U2NET_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("REMBG_HOME", str(tmp_path / "rembg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def put(file, content=b"weights"):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_the_table_names_rembgs_local_models_and_no_other():
    sessions = sessions_of_rembg().sessions
    local = {name for name, session in sessions.items() if session.is_local() and not name.endswith("_custom")}
    assert set(MODELS) == local
    assert set(CLOUD) == {name for name, session in sessions.items() if not session.is_local()}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_is_found_where_rembg_looks(name, home, monkeypatch):
    """Ours says None exactly where rembg would download, in its own folder and in the old flat one."""
    session = sessions_of_rembg().sessions[name]
    for variable, folder in (("REMBG_HOME", home / "a" / "models" / name), ("U2NET_HOME", home / "b")):
        monkeypatch.setenv(variable, str(home / ("a" if variable == "REMBG_HOME" else "b")))
        assert find(name) is None
        assert all(session.resolve_existing(file) is None for file in MODELS[name].file_names)
        for file in MODELS[name].file_names:
            put(folder / file)
        assert str(find(name)) == session.resolve_existing(MODELS[name].file_names[0])


def test_the_place_named_in_errors_is_where_it_is_then_found(home):
    put(place("u2netp"))
    assert find("u2netp") == place("u2netp") == home / "rembg" / "models" / "u2netp" / "u2netp.onnx"


def test_half_of_a_model_of_two_files_is_none(home):
    put(place("sam"))
    assert find("sam") is None


def test_the_hash_follows_the_content(tmp_path):
    file = put(tmp_path / "m.onnx")
    assert sha256(file) == hashlib.sha256(b"weights").hexdigest()
    put(file, b"WEIGHTS")
    os.utime(file, ns=(1, 1))
    assert sha256(file) == hashlib.sha256(b"WEIGHTS").hexdigest()


@pytest.mark.parametrize("name", CLOUD)
def test_a_cloud_model_is_refused_by_what_it_does(name):
    with pytest.raises(UsageError, match="uploads every picture"):
        lookup(name)


def test_a_non_commercial_licence_is_accepted_by_its_name_or_the_models():
    with pytest.raises(MissingError) as caught:
        accept_license("bria-rmbg", ["MIT"])
    assert "CC-BY-NC-4.0" in str(caught.value)
    assert 'accept_licenses = ["CC-BY-NC-4.0"]' in caught.value.hint
    accept_license("bria-rmbg", ["CC-BY-NC-4.0"])
    accept_license("bria-rmbg", ["bria-rmbg"])
    assert [model.name for model in MODELS.values() if not model.commercial] == ["bria-rmbg"]


def test_without_a_network_both_ways_out_are_named(home, monkeypatch):
    def no_network(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    said = []
    with pytest.raises(MissingError) as caught:
        pull("u2netp", said.append)
    assert str(caught.value) == (
        "model u2netp could not be downloaded: github.com is not known here: is there a network?"
    )
    assert "loraset models pull u2netp" in caught.value.hint
    assert str(place("u2netp")) in caught.value.hint
    assert "Apache-2.0" in said[0]
    assert find("u2netp") is None


def test_a_model_that_is_here_is_not_downloaded(home):
    file = put(place("u2netp"))
    said = []
    assert pull("u2netp", said.append) == file
    assert said == []
