"""Vessels: networks from files or made up, and their walls on the grid. NumPy and SciPy only."""
