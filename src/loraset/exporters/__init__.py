"""Exporters: a curated set in, a trainer's folder out."""

EXPORTERS = {
    "kohya": "loraset.exporters.kohya:export",
}
