"""Closed forms of the validation cases, in um, s and nM."""

import numpy as np
from scipy.special import i0, i1, k0, k1

NANOMOLAR = 0.602214076


def secreting_sphere(r, *, rate, diffusivity, radius, length):
    """V1: c(r) outside a sphere that secretes `rate` molecules/s, screened over `length` (inf: no loss), nM."""
    screened = 1.0 if np.isinf(length) else np.exp(-(r - radius) / length) / (1 + radius / length)
    return rate / (4 * np.pi * diffusivity * r) * screened / NANOMOLAR


def flux_share(r, *, radius, length):
    """V14: share of the secretion that crosses the sphere of radius r."""
    return (1 + r / length) * np.exp(-(r - radius) / length) / (1 + radius / length)


def secreting_ball(r, *, radius, length):
    """V3: c/(s/k) of a uniformly secreting ball in an absorbing medium."""
    x, z = radius / length, np.asarray(r, float) / length
    inside = 1 - (1 + x) * np.exp(-x) * np.where(z > 0, np.sinh(z) / np.where(z > 0, z, 1), 1.0)
    outside = (x * np.cosh(x) - np.sinh(x)) * np.exp(-z) / np.where(z > 0, z, 1)
    return np.where(z < x, inside, outside)


def two_layer_slab(x, *, near, far, interface, decay):
    """V4: c/c0 on a half line whose diffusivity drops from `near` to `far` at `interface`."""
    a, b = np.sqrt(decay / near), np.sqrt(decay / far)
    ratio = far * b / (near * a)
    bottom = np.cosh(a * interface) + ratio * np.sinh(a * interface)
    at = 1 / bottom
    left = (np.cosh(a * (interface - x)) + ratio * np.sinh(a * (interface - x))) / bottom
    return np.where(x <= interface, left, at * np.exp(-b * (x - interface)))


def vessel(r, *, wall_radius, diffusivity, decay, permeability, outer=None):
    """V5: c/c_p around a straight vessel in an absorbing medium; no flux at the radius `outer` if given."""
    length = np.sqrt(diffusivity / decay)
    z, wall = np.asarray(r) / length, wall_radius / length
    back = 0.0 if outer is None else k1(outer / length) / i1(outer / length)
    slope = diffusivity / (permeability * length) * (k1(wall) - back * i1(wall))
    return (k0(z) + back * i0(z)) / (k0(wall) + back * i0(wall) + slope)


def saturable_flux(surface, *, half_saturation, greatest, diffusivity):
    """V6: flux into a half space with Michaelis-Menten loss below a surface held at `surface`."""
    return np.sqrt(2 * diffusivity * greatest * (surface - half_saturation * np.log1p(surface / half_saturation)))


def advection_reach(*, velocity, diffusivity, decay):
    """V11: decay lengths of a plane source in a uniform flow, down and up the flow, um."""
    root = np.sqrt(velocity**2 + 4 * diffusivity * decay)
    return 2 * diffusivity / (root - velocity), 2 * diffusivity / (root + velocity)


def plane_source_in_flow(x, *, source, velocity, diffusivity, decay):
    """V11: c(x) of a plane source (molecules/um2/s) at 0 in a uniform flow, nM."""
    down, up = advection_reach(velocity=velocity, diffusivity=diffusivity, decay=decay)
    top = source / np.sqrt(velocity**2 + 4 * diffusivity * decay) / NANOMOLAR
    return top * np.where(x > 0, np.exp(-np.maximum(x, 0) / down), np.exp(np.minimum(x, 0) / up))
