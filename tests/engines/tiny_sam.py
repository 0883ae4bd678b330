"""Stand-ins for sam's two graphs: what is as bright as the first point is the subject."""

import struct

from tiny_models import _nested, _number, _varint

FLOAT, INT64 = 1, 7
HEIGHT, WIDTH = 684, 1024


def _value(name, *shape):
    """A float input or output; None is a side that is open."""
    sides = b"".join(_nested(1, _nested(2, b"n") if side is None else _number(1, side)) for side in shape)
    return _nested(1, name) + _nested(2, _nested(1, _number(1, FLOAT) + _nested(2, sides)))


def _constant(name, kind, shape, values):
    raw = struct.pack(f"<{len(values)}{'q' if kind == INT64 else 'f'}", *values)
    return (
        b"".join(_varint(1 << 3) + _varint(side) for side in shape)
        + _number(2, kind)
        + _nested(8, name)
        + _nested(9, raw)
    )


def _node(kind, inputs, output, **numbers):
    attributes = b"".join(
        _nested(
            5,
            _nested(1, name.encode())
            + (
                _number(8, value[0]) + _number(20, 7) if isinstance(value, list) else _number(3, value) + _number(20, 2)
            ),
        )
        for name, value in numbers.items()
    )
    return b"".join(_nested(1, name) for name in inputs) + _nested(2, output) + _nested(4, kind) + attributes


def _model(inputs, nodes, outputs, constants=()):
    graph = b"".join(_nested(1, node) for node in nodes) + _nested(2, b"g")
    graph += b"".join(_nested(5, constant) for constant in constants)
    graph += b"".join(_nested(11, value) for value in inputs) + b"".join(_nested(12, value) for value in outputs)
    return _number(1, 8) + _nested(7, graph) + _nested(8, _number(2, 13))


def encoder():
    """Brightness of every pixel."""
    nodes = [_node(b"ReduceMean", [b"image"], b"light", axes=[2], keepdims=0)]
    return _model([_value(b"image", HEIGHT, WIDTH, 3)], nodes, [_value(b"light", HEIGHT, WIDTH)])


def decoder():
    """20 less the difference in brightness to the first point; an expected overlap of 0.9."""
    constants = [
        _constant(b"swap", INT64, [2], [1, 0]),
        _constant(b"first", INT64, [], [0]),
        _constant(b"range", FLOAT, [1], [20.0]),
        _constant(b"shape", INT64, [4], [1, 1, HEIGHT, WIDTH]),
        _constant(b"sure", FLOAT, [1, 1], [0.9]),
    ]
    nodes = [
        _node(b"Gather", [b"point_coords", b"swap"], b"yx", axis=2),
        _node(b"Cast", [b"yx"], b"cells", to=INT64),
        _node(b"GatherND", [b"image_embeddings", b"cells"], b"lights"),
        _node(b"Gather", [b"lights", b"first"], b"one", axis=1),
        _node(b"Sub", [b"image_embeddings", b"one"], b"apart"),
        _node(b"Abs", [b"apart"], b"distance"),
        _node(b"Sub", [b"range", b"distance"], b"flat"),
        _node(b"Reshape", [b"flat", b"shape"], b"masks"),
        _node(b"Identity", [b"sure"], b"iou_predictions"),
        _node(b"Identity", [b"mask_input"], b"low_res_masks"),
    ]
    inputs = [
        _value(b"image_embeddings", HEIGHT, WIDTH),
        _value(b"point_coords", 1, None, 2),
        _value(b"point_labels", 1, None),
        _value(b"mask_input", 1, 1, 256, 256),
        _value(b"has_mask_input", 1),
        _value(b"orig_im_size", 2),
    ]
    outputs = [
        _value(b"masks", 1, 1, HEIGHT, WIDTH),
        _value(b"iou_predictions", 1, 1),
        _value(b"low_res_masks", 1, 1, 256, 256),
    ]
    return _model(inputs, nodes, outputs, constants)


def put_sam(home):
    folder = home / "models" / "sam"
    folder.mkdir(parents=True)
    (folder / "sam_vit_b_01ec64.encoder.onnx").write_bytes(encoder())
    (folder / "sam_vit_b_01ec64.decoder.onnx").write_bytes(decoder())
