"""Numbers that describe one cut-out."""
