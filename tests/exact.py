"""Closed forms of the validation cases, in um, s and nM."""

import jax.numpy as jnp
import numpy as np
from scipy.integrate import quad
from scipy.special import erfc, erfcx, i0, i1, k0, k1

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


def saturable_depth(level, *, surface, half_saturation, greatest, diffusivity):
    """V6: depth at which the concentration below a surface held at `surface` has fallen to `level`, by quadrature over ln c."""

    def slowness(log_c):
        c = np.exp(log_c)
        return c / np.sqrt(2 * greatest / diffusivity * (c - half_saturation * np.log1p(c / half_saturation)))

    return quad(slowness, np.log(level), np.log(surface), epsabs=0, epsrel=1e-11)[0]


def point_source(r, *, rate, diffusivity, decay):
    """The steady field of a point that secretes `rate` molecules/s in a medium with decay, nM; NumPy or JAX numbers."""
    return rate / (4 * np.pi * diffusivity * r) * jnp.exp(-r * jnp.sqrt(decay / diffusivity)) / NANOMOLAR


def yukawa_lengths(exchange):
    """V10s: the short and the long decay length of lap c = exchange c, um."""
    matrix = np.asarray(exchange, float)
    mean, det = np.trace(matrix) / 2, np.linalg.det(matrix)
    root = np.sqrt(mean**2 - det)
    fast = mean + root
    return 1 / np.sqrt(fast), np.sqrt(fast / det)  # det/fast is the smaller eigenvalue without cancellation


def two_yukawa(r, *, exchange, diffusivity, rate):
    """V10s, V15s: two species around a point that makes the first (molecules/s; diffusivity um2/s), lap c = exchange c with a 2 x 2 matrix (1/um2), nM."""
    matrix = np.asarray(exchange, float)
    fast, slow = (length**-2 for length in yukawa_lengths(matrix))
    terms = [np.exp(-np.sqrt(one) * r) / (4 * np.pi * r) for one in (fast, slow)]
    top = rate / diffusivity / NANOMOLAR / (fast - slow)
    return tuple(top * (terms[0] * (matrix[i, 0] - slow * (i == 0)) - terms[1] * (matrix[i, 0] - fast * (i == 0))) for i in (0, 1))


def transient_point_source(r, t, *, rate, diffusivity, decay):
    """V2: the same, t seconds after the secretion began, nM."""
    a, b = r / np.sqrt(4 * diffusivity * t), np.sqrt(decay * t)
    z = r * np.sqrt(decay / diffusivity)
    return rate / (8 * np.pi * diffusivity * r) * (np.exp(-z) * erfc(a - b) + np.exp(z) * erfc(a + b)) / NANOMOLAR


def onset_around_sphere(r, t, *, diffusivity, radius):
    """P1: c/c_steady around a sphere that secretes at a constant rate from t = 0 into a medium without loss."""
    a = (r - radius) / np.sqrt(4 * diffusivity * t)
    return erfc(a) - np.exp(-(a**2)) * erfcx(a + np.sqrt(diffusivity * t) / radius)


def zero_order_radius(*, rate, uptake):
    """V7: radius within which `uptake` (molecules/um3/s) takes all that a point secretes (`rate`, molecules/s)."""
    return np.cbrt(3 * rate / (4 * np.pi * uptake))


def zero_order_niche(r, *, rate, uptake, diffusivity):
    """V7: concentration around that point, nM; zero beyond the radius."""
    edge = zero_order_radius(rate=rate, uptake=uptake)
    return np.where(r < edge, uptake / (6 * diffusivity) * (r**2 + 2 * edge**3 / r - 3 * edge**2), 0) / NANOMOLAR


def anoxic_radius(radius, *, diffusivity, supply, consumption):
    """P8: radius of the core that zero-order `consumption` leaves empty in a sphere whose surface is held at `supply`; 0 if none."""
    limit = np.sqrt(6 * diffusivity * supply / consumption)
    if radius <= limit:
        return 0.0
    return radius * (0.5 - np.cos((np.arccos(1 - 2 * limit**2 / radius**2) - 2 * np.pi) / 3))


def krogh_drop(edge, *, wall_radius, consumption, conductivity):
    """P9: fall of the concentration from a capillary's wall to the closed edge of its tissue cylinder under zero-order consumption."""
    return consumption / (4 * conductivity) * (2 * edge**2 * np.log(edge / wall_radius) - (edge**2 - wall_radius**2))


def well_mixed(*, made, greatest, half_saturation, lost):
    """P5: c where made = greatest c/(half_saturation + c) + lost c."""
    b = greatest + lost * half_saturation - made
    root = np.sqrt(b**2 + 4 * lost * made * half_saturation)
    return 2 * made * half_saturation / (b + root) if b > 0 else (root - b) / (2 * lost)


def baseline_and_makers(*, baseline, made, decay):
    """P14: T where made = decay (T - baseline)."""
    return baseline + made / decay


def tumour_pressure(r, *, radius, alpha):
    """P10: p/p_e in a uniform leaky sphere whose surface is at zero pressure, alpha = radius sqrt(L_p S/V / K)."""
    x = np.asarray(r, float) / radius
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.exp(alpha * (x - 1)) * -np.expm1(-2 * alpha * x) / -np.expm1(-2 * alpha) / x
    return 1 - np.where(x > 0, ratio, alpha / np.sinh(alpha))


def surface_flow(*, radius, alpha, conductivity):
    """P10: velocity out through the surface of that sphere for p_e = 1."""
    return conductivity / radius * (alpha / np.tanh(alpha) - 1)
