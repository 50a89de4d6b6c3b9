"""A model: a grid, species, mechanisms, walls and fixed voxels, checked at construction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float

from .checks import as_parameter, concrete
from .dependence import depends_on
from .errors import InputError
from .grid import Grid
from .species import Species
from .terms.exchange import VascularExchange
from .terms.injection import Injection
from .terms.term import AbstractTerm, Medium, Moment, Rates
from .terms.wrapper import unwrapped
from .transport.assemble import Transport, assemble
from .transport.fixed import FixedConcentration
from .transport.flow import Flow
from .transport.walls import AbstractWall, NoFlux, Walls, walls_of


class Model(eqx.Module):
    """The balance of every species i,

        phi R_i dc_i/dt = div(phi D_i grad c_i) - div(u c_i) + P_i(c) - L_i(c) c_i,

    c in nM per volume of interstitial fluid, R_i the species' retardation (1 unless given), P and L the sums over the terms, per volume of tissue.

    **Arguments**

    - `grid`: the voxels.
    - `species`: the species, in the order of the leading axis of every field [species, z, y, x].
    - `terms`: mechanisms.
    - `walls`: one wall for all, `Walls`, or a dict from species name to either; no-flux by default, and always for immobile species.
    - `fixed`: voxels whose concentration is held.
    - `flow`: u, the velocity of the interstitial fluid on the voxels' faces, um/s (`Flow`); at rest by default. It carries every species that is not immobile.
    - `volume_fraction`: phi, the fluid's share of the tissue, in (0, 1]; a number or a field [z, y, x].
    - `dtype`: floating type of the computation; by default JAX's (float32, or float64 where x64 is on).

    Every number in it is an array leaf: it can be differentiated, replaced (`equinox.tree_at`) and mapped over.

    **Raises** `InputError` where shapes, names, signs, walls or the flow through them do not fit.
    """

    grid: Grid = eqx.field(static=True)
    species: tuple[Species, ...]
    terms: tuple[AbstractTerm, ...]
    walls: tuple[Walls, ...]
    fixed: FixedConcentration | None
    volume_fraction: Float[Array, "..."]
    flow: Flow | None

    def __init__(
        self,
        grid: Grid,
        species: Sequence[Species],
        terms: Sequence[AbstractTerm],
        walls: AbstractWall | Walls | Mapping[str, AbstractWall | Walls] | None = None,
        fixed: FixedConcentration | None = None,
        volume_fraction: ArrayLike = 1.0,
        dtype: DTypeLike | None = None,
        flow: Flow | None = None,
    ):
        names = tuple(one.name for one in species)
        doubled = [name for name, count in Counter(names).items() if count > 1]
        if not names or doubled:
            raise InputError(f"a model needs species with different names; got {list(names)}")
        cast = _caster(_floating(dtype))
        self.grid = grid
        self.species = cast(tuple(species))
        still = {one.name: NoFlux() for one in species if one.immobile}
        given = NoFlux() if walls is None else {**still, **walls} if isinstance(walls, Mapping) else walls
        closed = Walls()
        self.walls = cast(tuple(closed if name in still else one for name, one in zip(names, walls_of(given, names), strict=True)))
        self.fixed = cast(fixed)
        self.volume_fraction = cast(as_parameter(volume_fraction, "volume_fraction", "1", shapes=((), grid.shape), positive=True))
        self.flow = cast(flow)
        self.terms = ()  # until the medium that they are fitted to stands
        self._check_species()
        self.terms = cast(tuple(self._fitted(one, names) for one in terms))
        self._check(names)

    def _check_species(self) -> None:
        for one in self.species:
            as_parameter(one.diffusivity, f"diffusivity of {one.name}", "um2/s", shapes=((), self.grid.shape))
            if one.retardation is not None:
                as_parameter(one.retardation, f"retardation of {one.name}", "1", shapes=((), self.grid.shape))

    def _fitted(self, term: AbstractTerm, names: tuple[str, ...]) -> AbstractTerm:
        for verb, used in (("acts on", term.acts_on), ("reads", term.reads)):
            unknown = set(used) - set(names)
            if unknown:
                raise InputError(f"{type(term).__name__} {verb} {', '.join(sorted(unknown))}, but the model has {', '.join(names)}")
        return term.fitted(self.medium())

    def _check(self, names: tuple[str, ...]) -> None:
        for name, walls in zip(names, self.walls, strict=True):
            walls.check(self.grid.shape, f"walls of {name}")
        if self.fixed is not None:
            self.fixed.check(self.grid.shape, len(names))
        if self.flow is not None:
            self._check_flow(self.flow)
        for term in self.terms:
            term.check(self.grid.shape, self.medium())
            self._check_dependence(term)
            inner = unwrapped(term)
            if isinstance(inner, Injection):
                self._check_injection(inner)
            if isinstance(inner, VascularExchange):
                if inner.lumen is not None:
                    self._check_lumen(inner.lumen)
                if inner.filtration is not None and self.flow is None:
                    raise InputError(
                        f"fluid filters through the vessel walls of {term.acts_on[0]}, but the model has no flow to take it on: "
                        "give flow=, that of the same interstitial_flow(...)"
                    )

    def _check_flow(self, flow: Flow) -> None:
        moving = [(walls, one.name) for walls, one in zip(self.walls, self.species, strict=True) if not one.immobile]
        flow.check(self.grid.shape, [walls for walls, _ in moving], [name for _, name in moving])

    def _check_dependence(self, term: AbstractTerm) -> None:
        """A term whose rates depend on concentrations has to say so: its slope would be missing from Newton's method and from derivatives."""
        if term.saturable:
            return
        field = jax.ShapeDtypeStruct(self.grid.shape, self.dtype)
        fields = {name: field for name in {*(term.acts_on or self.names), *term.reads}}
        if any(jax.tree.leaves(depends_on(lambda fields: term.rates(_Own(fields), self.medium()), fields))):
            raise InputError(
                f"the rates of {type(term).__name__} depend on a concentration, but it has saturable = False; set it to True (which is always right)"
            )

    def _check_injection(self, term: Injection) -> None:
        held, share = None if self.fixed is None else concrete(self.fixed.mask), concrete(term.share)
        if held is not None and share is not None and (lost := float(share[held].sum())) > 0:
            raise InputError(
                f"{100 * lost:.3g} % of the injection of {term.acts_on[0]} would go into voxels that are held (a wide vessel?) and be lost: "
                "move it or make it smaller"
            )

    def _check_lumen(self, lumen: Array) -> None:
        held = None if self.fixed is None else concrete(self.fixed.mask)
        inside = concrete(lumen)
        if inside is None or (self.fixed is not None and held is None):
            return
        if self.fixed is None or held is None or not self.fixed.sealed or not (held | ~inside).all():
            raise InputError(
                f"{int(inside.sum())} voxels lie inside wide vessels and are no tissue: "
                "give fixed=tf.FixedConcentration(embedding.lumen, plasma_concentration, sealed=True)"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the species in order."""
        return tuple(one.name for one in self.species)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of a field of all species."""
        return (len(self.species), *self.grid.shape)

    @property
    def dtype(self):
        """Floating type of the computation."""
        return self.volume_fraction.dtype

    @property
    def saturable(self) -> bool:
        """Whether any rate depends on a concentration."""
        return any(term.saturable for term in self.terms)

    @property
    def coupled(self) -> bool:
        """Whether a species' rates may depend on the concentration of another."""
        return bool(self.drives)

    @property
    def local(self) -> bool:
        """Whether the rates in a voxel depend on the concentrations in that voxel alone."""
        return all(term.local for term in self.terms)

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """Pairs (a, b) of different species, each once: the rates of b depend on the concentration of a in the same voxel (`AbstractTerm.drives`)."""
        return tuple(dict.fromkeys(pair for term in self.terms for pair in _pairs(term, self.names)))

    @property
    def circles(self) -> tuple[tuple[str, str], ...]:
        """Of `drives` those that belong to a circle: a acts on b, and b on a, itself or through others."""
        reached = _reached(self.drives, self.names)
        return tuple((cause, effect) for cause, effect in self.drives if cause in reached[effect])

    @property
    def unique(self) -> bool:
        """Whether there is but one steady state.

        So where every term is `monotone`, and species act on each other (`AbstractTerm.drives`) in no circle but of terms that turn one into
        another (`AbstractTerm.converts`).
        """
        if not all(term.monotone for term in self.terms):
            return False
        links = [(cause, effect, term.converts) for term in self.terms for cause, effect in _pairs(term, self.names)]
        reached = _reached(self.drives, self.names)
        return all(converts or cause not in reached[effect] for cause, effect, converts in links)

    @property
    def flowing(self) -> bool:
        """Whether the interstitial fluid moves."""
        return self.flow is not None

    @property
    def jumps(self) -> tuple[float, ...]:
        """Times at which the rates of any term jump, s, in order."""
        return tuple(sorted({time for term in self.terms for time in term.jumps}))

    @property
    def storage(self) -> tuple[Float[Array, "..."], ...]:
        """What a change of each species' concentration stores per volume of tissue, phi R; a number or a field [z, y, x] each."""
        phi = self.volume_fraction
        return tuple(phi if one.retardation is None else phi * one.retardation for one in self.species)

    @property
    def stacked_storage(self) -> Float[Array, "s ..."]:
        """The same for all species, [species, 1, 1, 1] where all are numbers, else [species, z, y, x]."""
        each = self.storage
        shape = self.grid.shape if any(one.ndim for one in each) else (1, 1, 1)
        return jnp.stack([jnp.broadcast_to(one, shape) for one in each])

    def medium(self, moment: Moment | None = None) -> Medium:
        """What the terms may know, at time 0 unless a moment is given."""
        if moment is None:
            start = jnp.zeros((), self.dtype)
            moment = Moment(start, start)
        return Medium(self.volume_fraction, dict(zip(self.names, self.species, strict=True)), moment, self.grid.voxel_volume)

    def transport(self) -> Transport:
        """The transport operators of all species."""
        conductivities = [self.volume_fraction * one.diffusivity for one in self.species]
        return assemble(self.grid, conductivities, self.walls, self.fixed, self.flow, tuple(not one.immobile for one in self.species))

    def term_rates(self, concentration: Float[Array, "s z y x"], moment: Moment | None = None) -> list[tuple[AbstractTerm, dict[str, Rates]]]:
        """Each term with its production and loss per species."""
        fields = dict(zip(self.names, concentration, strict=True))
        medium = self.medium(moment)
        return [(term, term.rates(_Own({name: fields[name] for name in {*(term.acts_on or self.names), *term.reads}}), medium)) for term in self.terms]

    def rates(self, concentration: Float[Array, "s z y x"], moment: Moment | None = None) -> Rates:
        """Production P (nM/s) and loss coefficient L (1/s) of all terms together, [species, z, y, x] each."""
        totals = {name: [jnp.zeros((), self.dtype), jnp.zeros((), self.dtype)] for name in self.names}
        for _, changes in self.term_rates(concentration, moment):
            for name, change in changes.items():
                totals[name][0] = totals[name][0] + change.production
                totals[name][1] = totals[name][1] + change.loss
        production, loss = (jnp.stack([jnp.broadcast_to(totals[name][i], self.grid.shape) for name in self.names]) for i in (0, 1))
        return Rates(production, loss)


def _pairs(term: AbstractTerm, names: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """`term.drives`; of a term that acts on every species and depends on them, all pairs."""
    return term.drives if term.acts_on or not term.saturable else permutations(names, 2)


def _reached(links: Iterable[tuple[str, str]], names: tuple[str, ...]) -> dict[str, set[str]]:
    """What each species acts on, itself or through others."""
    reached = {name: {effect for cause, effect in links if cause == name} for name in names}
    for middle in names:
        for one in reached.values():
            if middle in one:
                one.update(reached[middle])
    return reached


class _Own(dict):
    """The concentrations that a term may read: those of the species that it acts on."""

    def __missing__(self, name):
        raise InputError(f"a term reads the concentration of {name}, which stands neither in its acts_on nor in its reads")


def canonical(model: Model) -> Model:
    """The model with every floating leaf of exactly its dtype: a value put in by hand must not look like a new type to the compiler."""
    return _caster(model.dtype)(model)


def widened(model: Model) -> Model:
    """The model in float64; inside `jax.enable_x64(True)`."""
    return _caster(jnp.dtype("float64"))(model)


def _floating(dtype: DTypeLike | None):
    """The type asked for, JAX's default otherwise; refuses float64 where JAX would quietly make float32 of it."""
    if dtype is not None and jnp.dtype(dtype) == jnp.dtype("float64") and jnp.result_type(float) != jnp.dtype("float64"):
        raise InputError('dtype float64 needs 64-bit JAX: jax.config.update("jax_enable_x64", True) before the first array')
    return jnp.result_type(float) if dtype is None else dtype


def _caster(dtype):
    def cast(tree):
        return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, dtype) if eqx.is_inexact_array(leaf) else leaf, tree)

    return cast
