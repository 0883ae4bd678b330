"""A model small enough to be written by hand: its map is the mean of the colours, so bright things are the subject."""


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _nested(field, content):
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def brightness_model(side, channels=3):
    """Bytes of an ONNX model (protobuf): 1 x channels x side x side -> ReduceMean over the channels."""

    def tensor(name, depth):
        shape = b"".join(_nested(1, _number(1, size)) for size in (1, depth, side, side))
        return _nested(1, name) + _nested(2, _nested(1, _number(1, 1) + _nested(2, shape)))

    axes = _nested(1, b"axes") + _number(8, 1) + _number(20, 7)
    node = _nested(1, b"x") + _nested(2, b"y") + _nested(4, b"ReduceMean") + _nested(5, axes)
    graph = _nested(1, node) + _nested(2, b"g") + _nested(11, tensor(b"x", channels)) + _nested(12, tensor(b"y", 1))
    return _number(1, 8) + _nested(7, graph) + _nested(8, _number(2, 13))


def pyramid_model(side):
    """Bytes of a model with the same map and, beside it, the picture (without its negatives) halved three times."""

    def ints(name, values):
        return _nested(5, _nested(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7))

    def tensor(name, depth):
        shape = b"".join(_nested(1, _number(1, size)) for size in (1, depth, side, side))
        return _nested(1, name) + _nested(2, _nested(1, _number(1, 1) + _nested(2, shape)))

    nodes = [_nested(1, b"x") + _nested(2, b"y") + _nested(4, b"ReduceMean") + ints(b"axes", [1])]
    nodes.append(_nested(1, b"x") + _nested(2, b"p0") + _nested(4, b"Relu"))
    for step, kind in enumerate((b"MaxPool", b"AveragePool", b"MaxPool")):
        names = _nested(1, f"p{step}".encode()) + _nested(2, f"p{step + 1}".encode())
        nodes.append(names + _nested(4, kind) + ints(b"kernel_shape", [2, 2]) + ints(b"strides", [2, 2]))
    graph = b"".join(_nested(1, node) for node in nodes) + _nested(2, b"g")
    graph += _nested(11, tensor(b"x", 3)) + _nested(12, tensor(b"y", 1))
    return _number(1, 8) + _nested(7, graph) + _nested(8, _number(2, 13))


def put_model(home, name, side, make=brightness_model):
    file = home / "models" / name / f"{name}.onnx"
    file.parent.mkdir(parents=True)
    file.write_bytes(make(side))
    return file
