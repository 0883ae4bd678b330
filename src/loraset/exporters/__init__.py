"""Exporters: a curated set in, a trainer's folder out."""
