"""Cells, from a table or made up, as densities per cell type and labels on a grid. Plain NumPy arrays; knows no solver."""
