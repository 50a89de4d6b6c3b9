"""What a run leaves for its derivative: every accepted step as data, and the fields at the starts of some of them.

Steps are gathered in windows, each as many steps as leave at most `slots` fields when they are replayed. The field at the start
of a window is kept; when the places are used up, only every second window keeps its field from then on, then every fourth, so that memory is
bounded and no number of steps is too many: what is missing is stepped through again.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .span import Span

PLACES = 64


class Tape(eqx.Module):
    """The record of a run.

    - `spans`: the accepted steps, [max_steps] each.
    - `steps`, `windows`: how many there are.
    - `first`: the first step of each window; `place`: where its field is kept, or -1.
    - `holds`: the window kept in each place; `fields`: the places, the last one a bin.
    - `stride`: every how many windows one is kept now; `used`: fields of the present window.
    """

    spans: Span
    steps: Int[Array, ""]
    windows: Int[Array, ""]
    first: Int[Array, " n"]
    place: Int[Array, " n"]
    holds: Int[Array, " places"]
    fields: Float[Array, "all s z y x"]
    stride: Int[Array, ""]
    used: Int[Array, ""]


def blank(x: Float[Array, "s z y x"], max_steps: int) -> Tape:
    """An empty tape for fields like `x`."""
    zero, none = jnp.zeros((), jnp.int32), jnp.full(max_steps, -1, jnp.int32)
    times = jnp.zeros(max_steps, x.dtype)
    places = min(PLACES, max_steps)
    return Tape(
        Span(times, times, times, jnp.zeros(max_steps, jnp.int32)),
        zero,
        zero,
        none,
        none,
        jnp.full(places, -1, jnp.int32),
        jnp.zeros((places + 1, *x.shape), x.dtype),
        jnp.ones((), jnp.int32),
        zero,
    )


def record(tape: Tape, x: Float[Array, "s z y x"], span: Span, width: Int[Array, ""], slots: int, accepted: Array) -> Tape:
    """The tape with one more step from `x`, where it was accepted."""
    places = tape.holds.shape[0]
    opens = accepted & ((tape.steps == 0) | (tape.used + width > slots))
    window = tape.windows
    stride = jnp.where(opens & (window >= places * tape.stride), 2 * tape.stride, tape.stride)
    keeps = opens & (window % stride == 0)
    place = jnp.argmax((tape.holds < 0) | (tape.holds % stride != 0)).astype(jnp.int32)
    evicted = tape.holds[place]
    out_of_range = tape.first.shape[0]

    def put(array, at, value, really):
        return array.at[jnp.where(really, at, out_of_range)].set(value, mode="drop")

    return Tape(
        jax.tree.map(lambda all_, one: put(all_, tape.steps, one, accepted), tape.spans, span),
        tape.steps + accepted.astype(jnp.int32),
        window + opens.astype(jnp.int32),
        put(tape.first, window, tape.steps, opens),
        put(put(tape.place, evicted, -1, keeps & (evicted >= 0)), window, place, keeps),
        tape.holds.at[place].set(jnp.where(keeps, window, evicted)),
        jax.lax.dynamic_update_index_in_dim(tape.fields, x, jnp.where(keeps, place, places), axis=0),
        stride,
        jnp.where(opens, width, tape.used + jnp.where(accepted, width, 0)),
    )


def span_at(tape: Tape, step: Int[Array, ""]) -> Span:
    """One recorded step."""
    return jax.tree.map(lambda all_: all_[step], tape.spans)


def nearest_start(tape: Tape, window: Int[Array, ""]) -> tuple[Float[Array, "s z y x"], Int[Array, ""]]:
    """The last field kept at or before the start of a window, and the step that it starts."""
    windows = jnp.arange(tape.place.shape[0], dtype=jnp.int32)
    chosen = jnp.max(jnp.where((tape.place >= 0) & (windows <= window), windows, 0))
    return tape.fields[tape.place[chosen]], tape.first[chosen]
