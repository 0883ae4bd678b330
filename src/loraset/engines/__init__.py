"""Engines: picture(s) in, probability of the subject out."""
