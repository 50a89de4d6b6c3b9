"""The derivative of a whole run with its steps held constant: tangents forwards, adjoints backwards, one linear map.

Steps and stage counts are data of the tape. The loops run over what was recorded, of whatever number, which JAX differentiates in forward mode
but cannot transpose; so the transpose is written out: windows of the tape from the last to the first, each replayed from the field kept at its
start, then its steps pulled back. Nothing is replayed twice while the tape keeps every window.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..dependence import depends_on
from ..model import Model
from .scheme import AbstractScheme
from .tape import Tape, nearest_start, span_at


@jax.custom_jvp
def first_order_only(x):
    """The identity, which refuses to be differentiated."""
    return x


@first_order_only.defjvp
def _refuse(primals, tangents):
    raise NotImplementedError("a trajectory has first derivatives only: its derivative holds the recorded fields constant")


def tangents_of_run(scheme: AbstractScheme, model: Model, tape: Tape, ends: Int[Array, " t"], x, model_dot, x_dot) -> Float[Array, "t s z y x"]:
    """Tangents of the output fields; `ends` says after how many steps each output stands.

    `model_dot` and `x_dot` (of the start) are None where nothing is varied, and only there.
    """
    model, tape, x = jax.tree.map(lambda leaf: first_order_only(leaf) if eqx.is_inexact_array(leaf) else leaf, (model, tape, x))
    varied, given = eqx.partition((model, x), jax.tree.map(lambda _, dot: dot is not None, (model, x), (model_dot, x_dot)))
    outputs = jnp.zeros((ends.shape[0], *x.shape), x.dtype)

    def prepared(varied):
        model, x = eqx.combine(varied, given)
        return scheme.prepare(model), x

    def forwards(_, right):
        run = lambda varied: _replay_all(scheme, *prepared(varied), tape, ends)  # noqa: E731
        fields_dot = jax.jvp(run, (varied,), (right[0],))[1]
        return jax.tree.map(jnp.zeros_like, right[0]), fields_dot

    def backwards(_, adjoints):
        wanted = depends_on(lambda varied: prepared(varied)[0], varied)
        problem = prepared(varied)[0]
        rest = eqx.filter(problem, wanted, inverse=True)
        (floating, x), pull_back = jax.vjp(lambda varied: (eqx.filter(prepared(varied)[0], wanted), prepared(varied)[1]), varied)
        to_problem, to_x = _pull_back_all(scheme, floating, rest, tape, ends, adjoints[1])
        return pull_back((to_problem, to_x))[0], outputs

    # A linear map with a transpose of its own, in the one primitive of JAX that takes both: the "solve" of the identity. What goes in has to
    # look like what comes out, and all of it has to hang on something that is varied: hence the outputs among the inputs, and their tie.
    dots = (model_dot, x_dot)
    tie = 0 * jnp.ravel(jax.tree.leaves(dots)[0])[0].astype(x.dtype)
    return jax.lax.custom_linear_solve(lambda v: v, (dots, outputs + tie), forwards, backwards)[1]


def _replay_all(scheme: AbstractScheme, problem, x, tape: Tape, ends: Int[Array, " t"]) -> Float[Array, "t s z y x"]:
    def put(outputs, x, done):
        """Every output that stands after `done` steps."""
        return jnp.where((ends == done)[:, None, None, None, None], x, outputs)

    def step(state):
        x, outputs, i = state
        x = scheme.take(problem, x, span_at(tape, i))
        return x, jax.lax.cond(jnp.any(ends == i + 1), put, lambda outputs, *_: outputs, outputs, x, i + 1), i + 1

    zero = jnp.zeros((), jnp.int32)
    start = (x, put(jnp.zeros((ends.shape[0], *x.shape), x.dtype), x, zero), zero)
    return jax.lax.while_loop(lambda state: state[2] < tape.steps, step, start)[1]


def _pull_back_all(scheme: AbstractScheme, floating, rest, tape: Tape, ends: Int[Array, " t"], adjoints: Float[Array, "t s z y x"]):
    problem = eqx.combine(floating, rest)

    def collect(adjoint, output, done):
        """Add what the outputs after `done` steps bring in; outputs are in order of time."""

        def add(state):
            adjoint, output = state
            return adjoint + adjoints[output], output - 1

        return jax.lax.while_loop(lambda state: (state[1] >= 0) & (ends[state[1]] == done), add, (adjoint, output))

    def one_step(state):
        i, at, adjoint, to_problem, output, first, left = state
        span = span_at(tape, i)
        at = at - scheme.width(span)
        adjoint, output = collect(adjoint, output, i + 1)
        adjoint, more = scheme.pull_back(floating, rest, left, at, span, adjoint)
        return i - 1, at, adjoint, jax.tree.map(jnp.add, to_problem, more), output, first, left

    def one_window(state):
        window, last, adjoint, to_problem, output, left = state
        first = tape.first[window]
        x, at_step = nearest_start(tape, window)
        x, _ = jax.lax.while_loop(lambda s: s[1] < first, lambda s: (scheme.take(problem, s[0], span_at(tape, s[1])), s[1] + 1), (x, at_step))
        zero = jnp.zeros((), jnp.int32)
        _, _, at, left = jax.lax.while_loop(lambda s: s[1] <= last, lambda s: _replay_one(scheme, problem, tape, *s), (x, first, zero, left))
        start = (last, at, adjoint, to_problem, output, first, left)
        _, _, adjoint, to_problem, output, _, left = jax.lax.while_loop(lambda s: s[0] >= s[5], one_step, start)
        return window - 1, first - 1, adjoint, to_problem, output, left

    shape = adjoints.shape[1:]
    nothing = jax.tree.map(jnp.zeros_like, floating)
    left = jnp.zeros((scheme.slots, *shape), adjoints.dtype)
    start = (tape.windows - 1, tape.steps - 1, jnp.zeros(shape, adjoints.dtype), nothing, jnp.asarray(ends.shape[0] - 1, jnp.int32), left)
    _, _, adjoint, to_problem, output, _ = jax.lax.while_loop(lambda state: state[0] >= 0, one_window, start)
    return to_problem, collect(adjoint, output, 0)[0]


def _replay_one(scheme: AbstractScheme, problem, tape: Tape, x, i, at, left):
    span = span_at(tape, i)
    x, left = scheme.replay(problem, x, span, left, at)
    return x, i + 1, at + scheme.width(span), left
