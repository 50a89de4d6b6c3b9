"""Mechanisms that tests need: regulated secretion and binding, with species that act on each other."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import tmefield as tf


class Regulated(tf.AbstractTerm):
    """P = basal + induced H(c_by), H = c^n/(K^n + c^n), or basal + induced (1 - H) where it inhibits."""

    acts_on: tuple[str, ...] = eqx.field(static=True)
    by: str = eqx.field(static=True)
    basal: Float[Array, ""]
    induced: Float[Array, ""]
    half: Float[Array, ""]
    exponent: int = eqx.field(static=True)
    inhibits: bool = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(self, species, by, basal, induced, half, exponent=4, inhibits=False):
        self.acts_on, self.by, self.exponent, self.inhibits = (species,), by, exponent, inhibits
        self.basal, self.induced, self.half = (jnp.asarray(value, float) for value in (basal, induced, half))

    @property
    def label(self):
        return "regulated secretion"

    @property
    def reads(self):
        return (self.by,)

    def rates(self, concentration, medium):
        power = jnp.maximum(concentration[self.by], 0) ** self.exponent
        share = power / (self.half**self.exponent + power)
        made = self.basal + self.induced * (1 - share if self.inhibits else share)
        return {self.acts_on[0]: tf.Rates(made, jnp.zeros_like(made))}

    def check(self, shape, medium):
        pass


class Binding(tf.AbstractTerm):
    """a + b <-> ab in the fluid: P_a = P_b = phi koff ab, P_ab = phi kon a b, L_a = phi kon b, L_b = phi kon a, L_ab = phi koff."""

    acts_on: tuple[str, ...] = eqx.field(static=True)
    on_rate: Float[Array, ""]
    off_rate: Float[Array, ""]
    saturable: ClassVar[bool] = True

    def __init__(self, a, b, ab, on_rate, off_rate):
        self.acts_on = (a, b, ab)
        self.on_rate, self.off_rate = jnp.asarray(on_rate, float), jnp.asarray(off_rate, float)

    @property
    def label(self):
        return "binding"

    def rates(self, concentration, medium):
        names, phi = self.acts_on, medium.volume_fraction
        a, b, ab = (jnp.maximum(concentration[name], 0) for name in names)
        released, on = phi * self.off_rate * ab, phi * self.on_rate
        return {
            names[0]: tf.Rates(released, on * b),
            names[1]: tf.Rates(released, on * a),
            names[2]: tf.Rates(on * a * b, phi * self.off_rate * jnp.ones_like(ab)),
        }

    def check(self, shape, medium):
        pass
