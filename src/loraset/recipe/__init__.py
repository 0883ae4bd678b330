"""The recipe file: pydantic models, loading, error text."""
