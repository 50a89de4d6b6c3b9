"""What depends on what, read off the traced program: so that nothing is computed for values that nobody varies."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax


def depends_on(function: Callable, argument: Any) -> Any:
    """For each leaf of function(argument), whether it is floating and depends on any array in `argument`."""
    program, shapes = jax.make_jaxpr(lambda argument: eqx.filter(function(argument), eqx.is_array), return_shape=True)(argument)
    touched = {id(variable) for variable in program.jaxpr.invars}
    for equation in program.jaxpr.eqns:
        if any(id(variable) in touched for variable in equation.invars):
            touched |= {id(variable) for variable in equation.outvars}
    flags = [id(out) in touched and jax.numpy.issubdtype(out.aval.dtype, jax.numpy.floating) for out in program.jaxpr.outvars]
    return jax.tree.unflatten(jax.tree.structure(shapes), flags)


def without_effect(function: Callable, arguments: Mapping[str, Any]) -> list[str]:
    """The names of arguments (numbers) on which no array in function(arguments) depends."""
    names = sorted(arguments)
    program = jax.make_jaxpr(lambda values: eqx.filter(function(dict(zip(names, values, strict=True))), eqx.is_array))([arguments[name] for name in names])
    needed = {id(variable) for variable in program.jaxpr.outvars}
    for equation in reversed(program.jaxpr.eqns):
        if any(id(variable) in needed for variable in equation.outvars):
            needed |= {id(variable) for variable in equation.invars}
    return [name for name, variable in zip(names, program.jaxpr.invars, strict=True) if id(variable) not in needed]
