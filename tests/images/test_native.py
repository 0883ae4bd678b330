"""What decoders change in the process is undone, and no picture hears of another one."""

import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

from PIL import Image
from reading import MANY, chunk, png_header

from loraset.images import Unreadable, decode, encode_png, quiet_native, write_picture
from loraset.images.native import pixel_limit


def icon(png: bytes) -> bytes:
    """An icon whose directory says 32x32, whatever the picture is."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 32, 32, 0, 0, 1, 24, len(png), 22) + png


def test_warnings_become_notes_of_their_own_picture(tmp_path, painted):
    """Threads at once: each picture hears its own warning, and the filters are the old ones afterwards."""
    (tmp_path / "warns.ico").write_bytes(icon(encode_png(painted)))  # it is 64x48
    write_picture(tmp_path / "fine.png", painted)
    before = list(warnings.filters), warnings.showwarning
    paths = [tmp_path / "warns.ico", tmp_path / "fine.png"] * 12
    with ThreadPoolExecutor(4) as pool:
        notes = list(pool.map(lambda path: decode(path, max_pixels=MANY).notes, paths))
    assert (list(warnings.filters), warnings.showwarning) == before
    assert all("not the expected size" in notes[index][0] for index in range(0, 24, 2))
    assert all(notes[index] == () for index in range(1, 24, 2))


def test_threads_with_one_limit_are_all_held_to_it(tmp_path, painted):
    """Also by a plugin's own check: an icon whose directory says 32x32, but whose picture is a bomb to this recipe."""
    bomb = png_header(5000, 5000) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    (tmp_path / "bomb.ico").write_bytes(icon(bomb))
    write_picture(tmp_path / "fine.png", painted)
    before = Image.MAX_IMAGE_PIXELS

    def code(path):
        try:
            return decode(path, max_pixels=64 * 48).picture.size
        except Unreadable as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(code, [tmp_path / "bomb.ico", tmp_path / "fine.png"] * 12))
    assert codes == ["too_large", (64, 48)] * 12
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_smaller_limit_in_use_elsewhere_refuses_nothing(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted)
    with pixel_limit(10):
        decoded = decode(tmp_path / "a.png", max_pixels=64 * 48)
        assert (decoded.picture.size, decoded.notes) == ((64, 48), ())
        with pixel_limit(5):
            assert Image.MAX_IMAGE_PIXELS == 10


def test_c_libraries_are_silenced_and_python_is_not():
    code = (
        "import os, sys; from loraset.images import quiet_native\n"
        "with quiet_native():\n"
        "    with quiet_native():\n"
        "        os.write(2, b'noise'); print('said', file=sys.stderr)\n"
        "    os.write(2, b'noise')\n"
        "os.write(2, b'after\\n'); print('done', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr.decode().split() == ["said", "after", "done"]


def test_quiet_from_several_threads_restores_the_descriptor():
    inside, before = threading.Barrier(3), os.fstat(2)

    def work(_):
        with quiet_native():
            inside.wait()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert (os.fstat(2).st_dev, os.fstat(2).st_ino) == (before.st_dev, before.st_ino)
