"""Readouts: what a computed field means for cells, in the units in which it is measured. Takes fields and arrays; knows no solver."""
