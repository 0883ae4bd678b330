"""Exporters: a curated set in, a trainer's folder out."""

EXPORTERS = {
    name: f"loraset.exporters.{module}:TRAINER"
    for name, module in {
        "kohya": "kohya",
        "musubi-tuner": "musubi",
        "onetrainer": "onetrainer",
        "ai-toolkit": "ai_toolkit",
        "simpletuner": "simpletuner",
        "diffusers": "diffusers",
        "diffusion-pipe": "diffusion_pipe",
        "invoke-training": "invoke",
        "plain": "plain",
        "zip": "archive",
    }.items()
}
