"""Diffusion, flow, walls and fixed voxels: from a model's media to the rates at which voxels exchange."""
