"""Fitting of free parameters to measurements, and what the measurements can determine."""
