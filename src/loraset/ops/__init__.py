"""Pure functions on arrays: no paths, no settings, no logging."""
