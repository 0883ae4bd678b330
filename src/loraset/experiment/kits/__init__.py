"""Kits: what an experiment tells each trainer, and how it finds the samples that the trainer wrote."""

KITS = {
    name: f"loraset.experiment.kits.{module}:KIT"
    for name, module in {
        "kohya": "kohya",
        "musubi-tuner": "musubi",
        "onetrainer": "onetrainer",
        "ai-toolkit": "ai_toolkit",
        "simpletuner": "simpletuner",
        "invoke-training": "invoke",
        "diffusers": "by_hand",
        "diffusion-pipe": "by_hand",
        "plain": "by_hand",
    }.items()
}
