"""What several tests make of the public terms."""

import tmefield as tf
from tmefield.units import NANOMOLAR


def regulated(species, by, basal, induced, half, exponent=4.0, *, inhibits=False):
    """P = basal + induced H(c_by), H = c^n/(K^n + c^n), or basal + induced (1 - H) where it inhibits, nM/s."""
    low, high = basal / induced, basal / induced + 1
    factor = tf.Modulation(tf.Hill(by, half, exponent), saturated=low if inhibits else high, basal=high if inhibits else low)
    return tf.Secretion(species, 1.0, induced * NANOMOLAR, modulations=[factor])
