"""Homes of models for the engines' tests."""

import pytest
from tiny_models import put_model


@pytest.fixture(autouse=True)
def no_models(tmp_path, monkeypatch):
    """An empty home of models: no test uses what happens to lie on this disk."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "models-home"))
    return tmp_path / "models-home"


@pytest.fixture
def a_model(no_models):
    """The home with one model: u2netp."""
    return put_model(no_models, "u2netp", 320)
