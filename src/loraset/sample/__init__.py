"""The sample set: photos of a plush toy of our own design, rendered with their truth.

In: a seed and a size. Out: `Shot`s, or a folder of files. Never: a download, a picture that is not made here, Pillow.
"""

from loraset.sample.scene import Shot
from loraset.sample.shots import SHOTS, Spec
from loraset.sample.write import PLANTED, STORED, render, write_sample

__all__ = ["PLANTED", "SHOTS", "STORED", "Shot", "Spec", "render", "write_sample"]
