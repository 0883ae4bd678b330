import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from painting import Painted, disc, on
from tiny_models import brightness_model, put_model

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.errors import MissingError
from loraset.images import to_pillow
from loraset.ops.doubt import expected_overlap
from loraset.runtime.models import sessions_of_rembg, sha256

DARK = (30, 40, 50)


def rembgs_own(name, view):
    import onnxruntime

    session = sessions_of_rembg().sessions[name](name, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"])
    return np.asarray(session.predict(to_pillow(view.rgb))[0])


@pytest.mark.parametrize("name", ["u2netp", "isnet-general-use", "birefnet-general-lite"])
def test_the_map_is_rembgs_own_but_in_float(name, no_models):
    side = 320 if name == "u2netp" else 1024
    put_model(no_models, name, side)
    view = Painted(np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8))
    mask = make_engine(f"rembg:{name}", EngineOptions()).mask(view)
    assert mask.inference_size == (side, side)
    assert mask.details["depth"] == "float"
    assert np.array_equal((mask.probability * 255).astype(np.uint8), rembgs_own(name, view))
    assert len(np.unique(mask.probability)) > 256
    assert (mask.probability.min(), mask.probability.max()) == (0, 1)


def test_what_rembg_does_otherwise_comes_in_its_eight_bits(no_models):
    """The clothes model is no map but classes: none of the ways to read its raw output gives rembg's bytes."""
    put_model(no_models, "u2net_cloth_seg", 768)
    mask = make_engine("rembg:u2net_cloth_seg", EngineOptions()).mask(Painted(on(DARK)))
    assert mask.details["depth"] == "8 bit"
    assert mask.probability.max() == 0


def test_a_model_given_by_path_takes_its_size_from_the_graph(tmp_path):
    file = tmp_path / "mine.onnx"
    file.write_bytes(brightness_model(96))
    engine = make_engine(f"rembg:{file}", EngineOptions())
    mask = engine.mask(Painted(on(DARK, color=(250, 240, 180))))
    assert mask.inference_size == (96, 96)
    assert mask.model == "mine.onnx"
    assert np.mean((mask.probability > 0.5) != (disc(96) > 0.5)) < 0.01
    assert engine.models() == [{"name": "mine.onnx", "sha256": sha256(file), "licence": "its own", "provider": "cpu"}]
    assert engine.identity()["sha256"] == sha256(file)


@pytest.mark.parametrize(
    ("content", "words"), [(b"no model", "no model that onnxruntime can load"), (brightness_model(8, 4), "one picture")]
)
def test_a_file_that_is_no_such_model_is_told(tmp_path, content, words):
    file = tmp_path / "mine.onnx"
    file.write_bytes(content)
    with pytest.raises(MissingError, match=words):
        make_engine(f"rembg:{file}", EngineOptions()).mask(Painted(on(DARK)))


def test_a_flat_map_is_doubted(a_model):
    mask = make_engine("rembg:u2netp", EngineOptions()).mask(Painted(np.full((64, 64, 3), 90, np.uint8)))
    assert [reason.code for reason in mask.reasons] == ["mask_uncertain"]
    assert mask.confidence == 0
    assert np.isfinite(mask.probability).all()


def test_threads_share_one_session_and_get_the_same_maps(a_model):
    said = []
    engine = make_engine("rembg:u2netp", EngineOptions(say=said.append))
    views = [Painted(on(DARK, color=(60 + 20 * step, 200, 100))) for step in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(engine.mask, views))
    for view, mask in zip(views, together, strict=True):
        assert np.array_equal(mask.probability, engine.mask(view).probability)
    assert said == ["model u2netp (licence Apache-2.0) runs on cpu"]


def test_a_wide_picture_is_seen_whole(a_model):
    rgb = np.zeros((100, 300, 3), np.uint8)
    rgb[:, 200:] = 255
    probability = make_engine("rembg:u2netp", EngineOptions()).mask(Painted(rgb)).probability
    assert probability.shape == (320, 320)
    assert probability[:, :200].max() < 0.2
    assert probability[:, 230:].min() > 0.8


def test_neither_numba_nor_onnxruntimes_noise_comes_with_it(a_model):
    """`import rembg` would compile kernels for half a minute; a missing CUDA would print red lines."""
    code = (
        f"import sys; sys.path.append({str(Path(__file__).parent)!r})\n"
        "from loraset.engines import make_engine\n"
        "from loraset.engines.interface import EngineOptions\n"
        "from painting import Painted, on\n"
        "make_engine('rembg:u2netp', EngineOptions()).mask(Painted(on((9, 9, 9))))\n"
        "print({'pymatting', 'numba', 'rembg'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_a_clear_mask_is_not_asked_again_and_an_unclear_one_only_where_wanted(a_model):
    """The model sees each pixel alone: turning the picture changes nothing, so the mask's own doubt is what is left."""
    slope = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (64, 64, 3))
    clear, unclear = Painted(on((0, 0, 0), color=(255, 255, 255))), Painted(np.ascontiguousarray(slope))
    engine = make_engine("rembg:u2netp", EngineOptions())
    assert engine.mask(clear).details["asked_again"] == {"stays": 1.0, "from_afar": 1.0}
    mask = engine.mask(unclear)
    alone = pytest.approx(expected_overlap(mask.probability, [mask.probability]), abs=0.01)
    assert mask.details["asked_again"] == {"stays": alone, "from_afar": alone}
    never = make_engine("rembg:u2netp", EngineOptions(look_again=False))
    assert "asked_again" not in never.mask(unclear).details
    assert np.array_equal(never.mask(unclear).probability, mask.probability)
    assert never.identity() != engine.identity()
    assert make_engine(["rembg:u2netp"], EngineOptions()).identity() == engine.identity()
    assert make_engine(["rembg:u2netp", "alpha"], EngineOptions()).identity()["members"][0] == never.identity()
