"""Looking into a model: its graph, its stages, and the engine that reads them."""

import hashlib

import numpy as np
import pytest
from painting import Painted, disc, on
from tiny_models import brightness_model, put_model, pyramid_model

from loraset.engines import make_engine
from loraset.engines.graph import pooled, with_outputs
from loraset.engines.inside import Inside, pooled_in, stages
from loraset.engines.interface import EngineOptions


def in_turn(function, items):
    return [function(item) for item in items]


def test_the_tensors_that_are_pooled_are_found_in_the_graph():
    assert pooled(pyramid_model(32)) == ["p0", "p1", "p2"]
    assert pooled(brightness_model(32)) == []


@pytest.mark.parametrize("damaged", [b"no model at all", pyramid_model(32)[:-40]])
def test_what_is_no_protobuf_message_is_told(damaged):
    with pytest.raises(ValueError, match=r"field|number"):
        pooled(damaged)


def test_further_outputs_are_the_graphs_own_tensors():
    import onnxruntime

    model = pyramid_model(32)
    session = onnxruntime.InferenceSession(with_outputs(model, ["p2", "p1"]), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).normal(0, 1, (1, 3, 32, 32)).astype(np.float32)
    mean, quarter, half = session.run(None, {"x": picture})
    blocks = np.maximum(picture, 0).reshape(1, 3, 16, 2, 16, 2).max(axis=(3, 5))
    assert np.allclose(mean[0, 0], picture[0].mean(axis=0), atol=1e-6)
    assert np.allclose(half, blocks)
    assert np.allclose(quarter, blocks.reshape(1, 3, 8, 2, 8, 2).mean(axis=(3, 5)), atol=1e-6)
    assert with_outputs(model, ["p1"]).startswith(model)


def test_of_each_size_the_widest_and_first_is_a_stage_and_the_finest_is_none():
    shapes = {
        "thin": (1, 16, 160, 160),
        "first": (1, 64, 320, 320),
        "second": (1, 64, 160, 160),
        "decoder": (1, 64, 160, 160),
        "third": (1, 128, 80, 80),
        "flat": (1, 1000),
    }
    assert stages(shapes) == ["second", "third"]
    assert stages({"only": (1, 8, 40, 40)}) == []


def test_a_models_maps_come_with_the_mask_that_it_gives_alone(no_models):
    put_model(no_models, "u2netp", 320, pyramid_model)
    view = Painted(on((30, 40, 50), color=(250, 250, 250)))
    inside = Inside(EngineOptions(model="u2netp"))
    mask, maps = inside.look(view)
    alone = make_engine("rembg:u2netp", EngineOptions()).mask(view)
    assert np.array_equal(mask.probability, alone.probability)
    assert [values.shape for values in maps] == [(3, 160, 160), (3, 80, 80)]
    assert {values.dtype for values in maps} == {np.dtype(np.float16)}


def test_a_file_that_cannot_be_looked_into_has_no_stages(tmp_path):
    file = tmp_path / "mine.onnx"
    for content in (b"no model", brightness_model(8)):
        file.write_bytes(content)
        assert pooled_in(file) == []
    assert pooled_in(None) == []


def grounds(count):
    rng = np.random.default_rng(5)
    return [rng.integers(0, 90, (200, 200, 3), dtype=np.uint8) for _ in range(count)]


def test_cosegment_says_which_model_it_looks_into_and_can_do_without(no_models):
    file = put_model(no_models, "u2netp", 320, pyramid_model)
    views = [Painted(on(ground, color=(240, 220, 60)), id=f"v{place}") for place, ground in enumerate(grounds(3))]
    said = []
    engine = make_engine("cosegment", EngineOptions(say=said.append))
    engine.prepare(views, in_turn)
    mask = engine.mask(views[0])
    assert said[0] == ("cosegment: the inner maps of model u2netp describe the pictures, too (cosegment:none: without)")
    assert (mask.model, mask.details["inner_maps"]) == ("u2netp", "u2netp")
    assert [facts["name"] for facts in engine.models()] == ["u2netp"]
    assert engine.identity()["model"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    found = mask.probability > 0.5
    truth = disc() > 0.5
    assert (found & truth).sum() / (found | truth).sum() > 0.9
    without = make_engine("cosegment:none", EngineOptions(say=said.append))
    assert without.models() == []
    assert without.identity()["model"] is None
    assert len(said) == 2  # the second is the session's own


def test_cosegment_passes_over_a_model_without_stages_with_a_word(a_model):
    said = []
    assert make_engine("cosegment", EngineOptions(say=said.append)).models() == []
    assert said == ["cosegment: no inner maps are found in u2netp: the set alone teaches"]


def test_a_picture_that_stands_alone_gets_the_models_mask_unless_it_sees_nothing(no_models):
    """Two like discs, one in the middle; the model sees brightness, and it is the other that is a little brighter."""
    put_model(no_models, "u2netp", 320, pyramid_model)
    rgb = on((60, 60, 60), color=(120, 60, 30))
    rgb[np.hypot(*(np.indices((200, 200)) - 165)) < 25] = (150, 110, 80)
    options = EngineOptions(shared=False)
    with_model, without = (make_engine(name, options).mask(Painted(rgb)) for name in ("cosegment", "cosegment:none"))
    model_alone = make_engine("rembg:u2netp", options).mask(Painted(rgb))
    assert np.array_equal(with_model.probability, model_alone.probability)
    assert (with_model.engine, with_model.model) == ("cosegment", "u2netp")
    assert with_model.details["how"] == "single picture: subject.shared is false"
    middle = np.s_[90:110, 90:110]
    assert (
        without.probability[165 - 10 : 165 + 10, 165 - 10 : 165 + 10].mean() < 0.2 < without.probability[middle].mean()
    )
    flat = Painted(np.full((200, 200, 3), 90, np.uint8))
    seen = [make_engine(name, options).mask(flat).probability for name in ("cosegment", "cosegment:none")]
    assert np.array_equal(*seen)
