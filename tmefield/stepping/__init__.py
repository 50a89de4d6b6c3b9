"""Time stepping: from a model and an initial field to fields at asked times."""
