"""A small configuration of an outcome that tests of the configuration and of the command share."""

CASE = """
title = "a small tumour"
[grid]
spacing = "60 um"
size = ["240 um", "240 um", "240 um"]
[solver]
precision = "float64"
[outcome]
cytokines = ["IFNg", "IL10"]
duration = "2 day"
output_every = "1 day"
step = "1 day"
radius = "120 um"
off = ["IL10-CTL"]
[outcome.cells]
tumour = ["2e5 cells/mm3", "0 cells/mm3"]
CD8_T = ["3e3 cells/mm3", "2e4 cells/mm3"]
endothelial = ["5e3 cells/mm3", "1e4 cells/mm3"]
[outcome.values]
kill_rate_CTL = "8 1/day"
"IFNg.decay" = "0.2/h"
[outcome.treatments.anti-PD1]
drug = "anti-PD1"
doses = [{ amount = "2 mg/kg" }]
body_weight = "70 kg"
releases = ["PD_L1-killing"]
K_D = "29 pM"
[outcome.arms]
half = { anti-PD1 = 0.5 }
"""
DEPOT = """
[outcome.treatments.IFNg]
depot = "IFNg"
rate = "0.36 nM/h"
at = "6 h"
duration = "3 h"
every = "12 h"
count = 2
"""
COHORT = """
[cohort]
patients = 3
seed = 2
spread = ["kill_half_density"]
drivers = 2
drivers_of = "half"
[cohort.lognormal]
"IFNg.secretion.CD8_T" = ["4.5 molecules/cell/s", 0.7]
"cells.CD8_T" = [1.5, 0.5]
[cohort.uniform]
"PD_L1-killing.saturated" = [0, 1]
"""
