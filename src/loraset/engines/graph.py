"""The graph of an ONNX file: where it pools, and the same file with more of its tensors as outputs.

In: the bytes of a model. Out: names, bytes. Never: a change to what the model computes, or a parser for all of ONNX: of
its protobuf messages only the few fields that are named here are read.
"""

from collections.abc import Iterator, Sequence

Content = bytes | memoryview

MODEL_GRAPH, GRAPH_NODE, GRAPH_OUTPUT = 7, 1, 12  # fields of ModelProto and GraphProto
NODE_INPUT, NODE_TYPE, VALUE_NAME = 1, 4, 1  # fields of NodeProto and ValueInfoProto
POOLING = (b"MaxPool", b"AveragePool")
_NUMBER, _EIGHT_BYTES, _NESTED, _FOUR_BYTES = 0, 1, 2, 5  # kinds of field


def pooled(model: Content) -> list[str]:
    """Names of the tensors that are pooled, each once, in the order in which the graph computes: a network's stages.

    Raises
    ------
    ValueError
        If the bytes are no protobuf message.
    """
    names: dict[str, None] = {}
    for graph in _nested(model, MODEL_GRAPH):
        for node in _nested(graph, GRAPH_NODE):
            if any(bytes(kind) in POOLING for kind in _nested(node, NODE_TYPE)):
                names[str(next(_nested(node, NODE_INPUT)), "utf-8")] = None
    return list(names)


def with_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """Return the model with tensors of its own as further outputs, in this order, after those it has.

    In protobuf a message that comes in two parts is their sum, so a graph with nothing but outputs is appended.
    """
    outputs = b"".join(_field(GRAPH_OUTPUT, _field(VALUE_NAME, name.encode())) for name in names)
    return model + _field(MODEL_GRAPH, outputs)


def _nested(message: Content, wanted: int) -> Iterator[memoryview]:
    """The contents of one nested field of a message, as often as it comes."""
    view, place = memoryview(message), 0
    while place < len(view):
        key, place = _varint(view, place)
        kind = key & 7
        if kind == _NUMBER:
            _, place = _varint(view, place)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            place += 8 if kind == _EIGHT_BYTES else 4
        elif kind == _NESTED:
            size, place = _varint(view, place)
            if place + size > len(view):
                raise ValueError("the file ends amid a field")
            if key >> 3 == wanted:
                yield view[place : place + size]
            place += size
        else:
            raise ValueError(f"{kind} is no kind of field")


def _varint(view: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, low ones first, and the place behind it."""
    value = shift = 0
    while place < len(view):
        value |= (view[place] & 127) << shift
        if view[place] < 128:
            return value, place + 1
        place, shift = place + 1, shift + 7
    raise ValueError("the file ends amid a number")


def _field(number: int, content: bytes) -> bytes:
    """A nested field: its key, its length, its content."""
    return _number(number << 3 | _NESTED) + _number(len(content)) + content


def _number(value: int) -> bytes:
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
