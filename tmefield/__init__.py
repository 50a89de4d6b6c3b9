"""tmefield: cytokine fields around vascularised tumours in 3D, differentiable, with JAX.

Public names are loaded when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .course import ScaledCourse as ScaledCourse
    from .course import SummedCourse as SummedCourse
    from .course import TimeCourse as TimeCourse
    from .errors import FileError as FileError
    from .errors import InputError as InputError
    from .errors import NumericsError as NumericsError
    from .errors import ResourceError as ResourceError
    from .errors import TmefieldError as TmefieldError
    from .fitting.design import Designs as Designs
    from .fitting.design import rank_designs as rank_designs
    from .fitting.ensemble import Ensemble as Ensemble
    from .fitting.ensemble import bootstrap_ensemble as bootstrap_ensemble
    from .fitting.ensemble import laplace_ensemble as laplace_ensemble
    from .fitting.fit import fit as fit
    from .fitting.fit import fit_problem as fit_problem
    from .fitting.holdout import CrossValidation as CrossValidation
    from .fitting.holdout import cross_validate as cross_validate
    from .fitting.identifiability import Identifiability as Identifiability
    from .fitting.identifiability import identifiability as identifiability
    from .fitting.intervals import Interval as Interval
    from .fitting.leaves import leaf_names as leaf_names
    from .fitting.leaves import with_leaves as with_leaves
    from .fitting.noise import Gaussian as Gaussian
    from .fitting.noise import Lognormal as Lognormal
    from .fitting.noise import Poisson as Poisson
    from .fitting.nuts import Posterior as Posterior
    from .fitting.nuts import sample_posterior as sample_posterior
    from .fitting.observations import AbstractObservation as AbstractObservation
    from .fitting.observations import Assay as Assay
    from .fitting.observations import DistanceProfile as DistanceProfile
    from .fitting.observations import MarkerIntensity as MarkerIntensity
    from .fitting.observations import PointSamples as PointSamples
    from .fitting.observations import SecretionFlux as SecretionFlux
    from .fitting.optimisers import LBFGS as LBFGS
    from .fitting.optimisers import Adam as Adam
    from .fitting.optimisers import LevenbergMarquardt as LevenbergMarquardt
    from .fitting.parameters import FreeParameter as FreeParameter
    from .fitting.posterior import posterior_fields as posterior_fields
    from .fitting.problem import Problem as Problem
    from .fitting.problem import make_problem as make_problem
    from .fitting.profile_likelihood import profile_likelihood as profile_likelihood
    from .fitting.random_effects import per_image as per_image
    from .fitting.result import Fit as Fit
    from .grid import Grid as Grid
    from .interstitium.flow import interstitial_flow as interstitial_flow
    from .interstitium.result import InterstitialFlow as InterstitialFlow
    from .memory import reuse_memory as reuse_memory
    from .model import Model as Model
    from .outcome.arms import run_arms as run_arms
    from .outcome.immune_tissue import ImmuneTissue as ImmuneTissue
    from .outcome.immune_tissue import around_tumour as around_tumour
    from .outcome.immune_tissue import wall_cells as wall_cells
    from .outcome.treatments import Depot as Depot
    from .outcome.treatments import DrugTreatment as DrugTreatment
    from .pharmacology.amounts import dose_amount as dose_amount
    from .pharmacology.doses import Dose as Dose
    from .pharmacology.drug import Drug as Drug
    from .pharmacology.kinetics import Absorption as Absorption
    from .pharmacology.kinetics import BiExponential as BiExponential
    from .pharmacology.kinetics import OneCompartment as OneCompartment
    from .pharmacology.kinetics import TwoCompartment as TwoCompartment
    from .pharmacology.occupancy import area_under_curve as area_under_curve
    from .pharmacology.occupancy import bound_fraction as bound_fraction
    from .pharmacology.occupancy import receptor_occupancy as receptor_occupancy
    from .pharmacology.plasma import PlasmaCourse as PlasmaCourse
    from .populations.course import PopulationCourse as PopulationCourse
    from .populations.death import Death as Death
    from .populations.entry import Entry as Entry
    from .populations.growth import Growth as Growth
    from .populations.killing import Killing as Killing
    from .populations.march import evolve_populations as evolve_populations
    from .populations.population import Attraction as Attraction
    from .populations.population import Population as Population
    from .populations.population_model import PopulationModel as PopulationModel
    from .populations.process import AbstractProcess as AbstractProcess
    from .populations.switching import Switch as Switch
    from .regulation import RegulationEdge as RegulationEdge
    from .regulation import RegulationNetwork as RegulationNetwork
    from .response.assay import assay_profile as assay_profile
    from .response.balance_index import balance_index as balance_index
    from .response.cell_table import cell_table as cell_table
    from .response.niches import suppressed_niches as suppressed_niches
    from .response.report import response_report as response_report
    from .response.responses import responses as responses
    from .solution import Solution as Solution
    from .species import Species as Species
    from .status import Status as Status
    from .steady import solve_steady as solve_steady
    from .terms import AbstractTerm as AbstractTerm
    from .terms import Binding as Binding
    from .terms import Blockade as Blockade
    from .terms import Blood as Blood
    from .terms import Consumption as Consumption
    from .terms import Conversion as Conversion
    from .terms import Decay as Decay
    from .terms import Haemoglobin as Haemoglobin
    from .terms import Hill as Hill
    from .terms import Injection as Injection
    from .terms import Linear as Linear
    from .terms import LymphaticDrainage as LymphaticDrainage
    from .terms import Medium as Medium
    from .terms import Modulation as Modulation
    from .terms import Moment as Moment
    from .terms import Neutralisation as Neutralisation
    from .terms import PerCell as PerCell
    from .terms import Rates as Rates
    from .terms import ReceptorPools as ReceptorPools
    from .terms import ReceptorUptake as ReceptorUptake
    from .terms import Scheduled as Scheduled
    from .terms import Secretion as Secretion
    from .terms import VascularExchange as VascularExchange
    from .transport.fixed import FixedConcentration as FixedConcentration
    from .transport.flow import Flow as Flow
    from .transport.walls import FixedValue as FixedValue
    from .transport.walls import NoFlux as NoFlux
    from .transport.walls import Outflow as Outflow
    from .transport.walls import Periodic as Periodic
    from .transport.walls import Robin as Robin
    from .transport.walls import Walls as Walls

__version__ = "0.1.0"

_HOMES = {
    "Absorption": ".pharmacology.kinetics",
    "AbstractObservation": ".fitting.observations",
    "AbstractProcess": ".populations.process",
    "AbstractTerm": ".terms",
    "Adam": ".fitting.optimisers",
    "Assay": ".fitting.observations",
    "Attraction": ".populations.population",
    "BiExponential": ".pharmacology.kinetics",
    "Binding": ".terms",
    "Blockade": ".terms",
    "Blood": ".terms",
    "Cells": ".tissue.cells",
    "Consumption": ".terms",
    "Conversion": ".terms",
    "CrossValidation": ".fitting.holdout",
    "Death": ".populations.death",
    "Decay": ".terms",
    "Depot": ".outcome.treatments",
    "Designs": ".fitting.design",
    "DistanceProfile": ".fitting.observations",
    "Dose": ".pharmacology.doses",
    "Drug": ".pharmacology.drug",
    "DrugTreatment": ".outcome.treatments",
    "Ensemble": ".fitting.ensemble",
    "Entry": ".populations.entry",
    "FileError": ".errors",
    "Fit": ".fitting.result",
    "FixedConcentration": ".transport.fixed",
    "FixedValue": ".transport.walls",
    "Flow": ".transport.flow",
    "FreeParameter": ".fitting.parameters",
    "Gaussian": ".fitting.noise",
    "Grid": ".grid",
    "Growth": ".populations.growth",
    "Haemoglobin": ".terms",
    "Hill": ".terms",
    "Identifiability": ".fitting.identifiability",
    "ImmuneTissue": ".outcome.immune_tissue",
    "Injection": ".terms",
    "InputError": ".errors",
    "InterstitialFlow": ".interstitium.result",
    "Interval": ".fitting.intervals",
    "Killing": ".populations.killing",
    "LBFGS": ".fitting.optimisers",
    "Labels": ".tissue.label_image",
    "LevenbergMarquardt": ".fitting.optimisers",
    "Linear": ".terms",
    "Lognormal": ".fitting.noise",
    "LymphaticDrainage": ".terms",
    "MarkerIntensity": ".fitting.observations",
    "Medium": ".terms",
    "Model": ".model",
    "Modulation": ".terms",
    "Moment": ".terms",
    "Neutralisation": ".terms",
    "NoFlux": ".transport.walls",
    "NumericsError": ".errors",
    "OneCompartment": ".pharmacology.kinetics",
    "Outflow": ".transport.walls",
    "PerCell": ".terms",
    "Periodic": ".transport.walls",
    "PlasmaCourse": ".pharmacology.plasma",
    "PointSamples": ".fitting.observations",
    "Poisson": ".fitting.noise",
    "Population": ".populations.population",
    "PopulationCourse": ".populations.course",
    "PopulationModel": ".populations.population_model",
    "Posterior": ".fitting.nuts",
    "Problem": ".fitting.problem",
    "Rates": ".terms",
    "ReceptorPools": ".terms",
    "ReceptorUptake": ".terms",
    "RegulationEdge": ".regulation",
    "RegulationNetwork": ".regulation",
    "ResourceError": ".errors",
    "Robin": ".transport.walls",
    "ScaledCourse": ".course",
    "Scheduled": ".terms",
    "Secretion": ".terms",
    "SecretionFlux": ".fitting.observations",
    "Solution": ".solution",
    "Species": ".species",
    "Status": ".status",
    "SummedCourse": ".course",
    "Switch": ".populations.switching",
    "TimeCourse": ".course",
    "Tissue": ".tissue.tissue",
    "TmefieldError": ".errors",
    "Trajectory": ".stepping.trajectory",
    "TwoCompartment": ".pharmacology.kinetics",
    "VascularExchange": ".terms",
    "VesselNetwork": ".vessels.network",
    "Walls": ".transport.walls",
    "area_under_curve": ".pharmacology.occupancy",
    "around_tumour": ".outcome.immune_tissue",
    "assay_profile": ".response.assay",
    "balance_index": ".response.balance_index",
    "bootstrap_ensemble": ".fitting.ensemble",
    "bound_fraction": ".pharmacology.occupancy",
    "cell_table": ".response.cell_table",
    "cross_validate": ".fitting.holdout",
    "dose_amount": ".pharmacology.amounts",
    "evolve": ".stepping.march",
    "evolve_populations": ".populations.march",
    "fit": ".fitting.fit",
    "fit_problem": ".fitting.fit",
    "identifiability": ".fitting.identifiability",
    "interstitial_flow": ".interstitium.flow",
    "laplace_ensemble": ".fitting.ensemble",
    "leaf_names": ".fitting.leaves",
    "make_problem": ".fitting.problem",
    "per_image": ".fitting.random_effects",
    "posterior_fields": ".fitting.posterior",
    "profile_likelihood": ".fitting.profile_likelihood",
    "rank_designs": ".fitting.design",
    "receptor_occupancy": ".pharmacology.occupancy",
    "response_report": ".response.report",
    "responses": ".response.responses",
    "reuse_memory": ".memory",
    "run_arms": ".outcome.arms",
    "sample_posterior": ".fitting.nuts",
    "solve_steady": ".steady",
    "suppressed_niches": ".response.niches",
    "wall_cells": ".outcome.immune_tissue",
    "with_leaves": ".fitting.leaves",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'tmefield' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
