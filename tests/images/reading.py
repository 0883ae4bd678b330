"""What the tests of reading share: a limit that none of their pictures reaches, a distance, a PNG's parts."""

import struct
import zlib

import numpy as np

MANY = 10_000_000


def far_apart(ours, truth) -> float:
    assert ours.shape == truth.shape
    return float(np.abs(ours.astype(int) - truth).mean())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
