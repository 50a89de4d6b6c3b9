"""Numbers of a model by name: what they are called, and a model with other numbers in their places."""

import difflib
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..errors import InputError
from ..model import Model


def leaf_names(model: Model) -> tuple[str, ...]:
    """Names of every floating array of a model, in order.

    `IFNg.diffusivity` and `IFNg.decay` of a species; `IFNg.secretion_by_CD8_T.rate` of a term, under the species that it acts on and the label that the
    mass budget gives it; `IFNg.walls.z.lower.value` of a wall; `volume_fraction`, `flow...`, `fixed...` of the whole. Of several terms with one label the
    second has `_2` behind it.
    """
    return tuple(_places(model))


def leaf_value(model: Model, name: str) -> Array:
    """The array of this name.

    **Raises** `InputError` for a name that the model does not have.
    """
    return jax.tree.leaves(model)[_place(model, name)]


def with_leaves(model: Model, values: Mapping[str, ArrayLike]) -> Model:
    """The model with these values in the places of these names; an array takes the place of a number, and a number fills an array.

    **Raises** `InputError` for a name that the model does not have.
    """
    leaves, tree = jax.tree.flatten(model)
    for name, value in values.items():
        place = _place(model, name)
        old = leaves[place]
        new = jnp.asarray(value).astype(old.dtype)
        leaves[place] = jnp.broadcast_to(new, old.shape) if new.ndim == 0 else new
    return jax.tree.unflatten(tree, leaves)


def _place(model: Model, name: str) -> int:
    places = _places(model)
    if name not in places:
        near = difflib.get_close_matches(name, places, n=3, cutoff=0.5)
        raise InputError(f"the model has no number '{name}'; " + (f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(places)}"))
    return places[name]


def _places(model: Model) -> dict[str, int]:
    """Index among all leaves by name."""
    labels = _term_labels(model)
    found: dict[str, int] = {}
    for index, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(model)[0]):
        if not eqx.is_inexact_array(leaf):
            continue
        root, *rest = [_text(step) for step in path]
        if root == "species":
            name = ".".join((model.names[int(rest[0])], *rest[1:]))
        elif root == "terms":
            name = ".".join((labels[int(rest[0])], *rest[1:]))
        elif root == "walls":
            name = ".".join((model.names[int(rest[0])], "walls", *rest[1:]))
        else:
            name = ".".join((root, *rest))
        found[name] = index
    return found


def _term_labels(model: Model) -> list[str]:
    labels: list[str] = []
    for term in model.terms:
        base = ".".join(("+".join(term.acts_on) or "all", term.label.replace(" ", "_")))
        taken = sum(1 for one in labels if one == base or (one.startswith(f"{base}_") and one[len(base) + 1 :].isdecimal()))
        labels.append(base if not taken else f"{base}_{taken + 1}")
    return labels


def _text(step: Any) -> str:
    for field in ("name", "idx", "key"):
        if hasattr(step, field):
            return str(getattr(step, field))
    return str(step)
