"""Prepare LoRA training sets: one subject, cut out, on backgrounds that agree pixel for pixel."""

__version__ = "0.1.0"
