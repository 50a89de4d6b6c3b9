"""Every case by its group and its name in the table of reference values."""

from validation.problems import antibody, balance, gradients, layers, matrix, radial, saturable, small_cells, spheres, transient, tumour, vessel

GROUPS = {
    "steady": {
        "V1": spheres.secreting_cell,
        "V3": spheres.secreting_ball,
        "V4": layers.diffusivity_jump,
        "V5": vessel.permeable_vessel,
        "V14": spheres.crossing_share,
        "V10": antibody.uniform_blockade,
        "V10s": antibody.blockade_around_a_point,
        "V15": matrix.latent_store,
        "V15s": matrix.latent_point,
        "P10": tumour.tumour_interstitium,
        "P12": layers.decay_lengths,
        "P14": balance.tgfb_of_the_models,
    },
    "saturable": {
        "V6": saturable.saturable_half_space,
        "V7": saturable.zero_order_niche,
        "V8": small_cells.cells_alone,
        "V9": small_cells.packed_cells,
        "P4": radial.saturable_niche,
        "P5": balance.well_mixed,
        "P8": radial.spheroid_anoxia,
        "P9": vessel.krogh_erlang,
    },
    "transient": {"V2": transient.transient_point_source, "V16": matrix.matrix_binding, "P1": transient.onset_around_cell},
    "gradients": {"V12": gradients.sensitivities},
}
TITLES = {
    "V1": "secreting cell in a medium with decay",
    "V2": "onset around a point source",
    "V3": "secreting ball",
    "V4": "jump of the diffusivity",
    "V5": "vessel with a permeable wall",
    "V6": "half space with saturable uptake",
    "V7": "niche under zero-order uptake",
    "V8": "cells alone that absorb, smaller than a voxel",
    "V9": "packed cells that absorb, smaller than a voxel",
    "V10": "antibody in excess against a ligand, drug against its receptor; uniform",
    "V10s": "antibody in excess around a point source",
    "V12": "exact gradients of the field",
    "V14": "share of the secretion that crosses a sphere",
    "V15": "latent ligand with a store in the matrix",
    "V15s": "latent ligand with a store around a point source",
    "V16": "onset around a point source, ligand bound to the matrix",
    "P1": "onset around a solitary cell (Francis & Palsson 1997)",
    "P4": "saturable niche (Oyler-Yaniv 2017)",
    "P5": "interleukin 2, well-mixed balance (Brunner 2024)",
    "P8": "oxygen in a spheroid (Grimes 2014)",
    "P9": "Krogh-Erlang cylinder (Secomb 2004)",
    "P10": "interstitial pressure of a tumour (Baxter & Jain 1989)",
    "P12": "decay lengths of published parameter sets",
    "P14": "TGF-beta of Treg and M2 above its baseline, well mixed",
}
# Tabulated values that are functions of the parameters alone and no field: tests/validation/test_reference_values.py has them.
FORMULAS = {"V8": {"kon_um3_s"}, "V10s": {"lam_short_um", "lam_long_um"}, "P5": {"f_crit", "uptake_slope_um3_s_per_receptor", "KD_pM", "KM_pM", "kon_um3_s"}}
