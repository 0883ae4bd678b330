import subprocess
import sys

import numpy as np
import pytest

from loraset.errors import MissingError
from loraset.recipe.fields import annotation_at, choices_of
from loraset.runtime import hardware
from loraset.runtime.hardware import PROVIDERS, checks, choose_providers, probe_model, working_providers


def test_the_probe_is_a_model_that_doubles():
    import onnxruntime

    session = onnxruntime.InferenceSession(probe_model(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.array([1, 2, 3, 4], np.float32)})[0].tolist() == [2, 4, 6, 8]


def test_the_cpu_always_works_and_is_the_last_resort():
    assert working_providers()[-1] == "cpu"
    assert choose_providers("cpu") == ["CPUExecutionProvider"]
    assert choose_providers("auto")[-1] == "CPUExecutionProvider"
    assert len(set(choose_providers("auto"))) == len(choose_providers("auto"))


def test_only_what_onnxruntime_offers_can_work():
    import onnxruntime

    assert {PROVIDERS[short] for short in working_providers()} <= set(onnxruntime.get_available_providers())


def test_the_recipe_names_just_these_providers():
    assert set(choices_of(annotation_at(("run", "provider")))) == {"auto", *PROVIDERS}


def test_a_named_provider_that_does_not_work_is_an_error_with_advice():
    dead = next(short for short in PROVIDERS if short not in working_providers())
    with pytest.raises(MissingError) as caught:
        choose_providers(dead)
    assert f"{dead!r} does not work on this machine" in str(caught.value)
    assert 'provider = "auto"' in caught.value.hint


def test_looking_for_providers_writes_nothing_to_the_terminal():
    code = "from loraset.runtime.hardware import working_providers; working_providers()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_doctor_looks_at_everything_once():
    found = checks()
    names = [check.name for check in found]
    assert names == ["python", "packages", "onnxruntime", "providers", "models", "cores", "cache", "disk here"]
    assert all(check.status in ("ok", "warn", "bad") and check.text for check in found)
    assert all(check.advice for check in found if check.status == "bad")


def test_two_onnxruntimes_are_a_defect_with_the_command_that_mends_it(monkeypatch):
    monkeypatch.setattr(hardware, "installed_runtimes", lambda: ["onnxruntime", "onnxruntime-gpu"])
    check = next(check for check in checks() if check.name == "onnxruntime")
    assert check.status == "bad"
    assert check.advice == "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"


def test_a_cache_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("LORASET_CACHE", str(file / "cache"))
    check = next(check for check in checks() if check.name == "cache")
    assert check.status == "bad"
    assert "LORASET_CACHE" in check.advice
