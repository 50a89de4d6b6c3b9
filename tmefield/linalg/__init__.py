"""Stencil, multigrid and Krylov solvers: pure functions on one [z, y, x] array; nothing here knows what the array means."""
