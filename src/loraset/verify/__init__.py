"""Verifying: whether a finished set, or a trainer's folder, is what a trainer should be given."""
