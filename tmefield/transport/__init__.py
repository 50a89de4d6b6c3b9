"""Diffusion, walls and fixed voxels: from a model's media to face conductances."""
