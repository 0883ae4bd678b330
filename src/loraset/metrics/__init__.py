"""Numbers that describe one cut-out: the table of metrics, each loaded when it is asked for."""

METRICS = {
    name: f"loraset.metrics.{name}:METRIC"
    for name in (
        "sharpness",
        "motion_blur",
        "noise",
        "jpeg_blocks",
        "lightness",
        "overexposed",
        "subject_share",
        "true_size",
        "cut_off",
        "mask_uncertainty",
        "mask_confidence",
        "expected_overlap",
        "from_afar",
        "scatter",
        "edge_support",
        "edge_softness",
        "halo",
        "spill",
        "separation",
        "holes_islands",
        "engines_disagree",
        "upscaled",
        "fine_detail",
        "latent_share",
    )
}
