"""Attention blocks on devices: the field's layouts, rounding of the linear relaxation, proofs by capacity."""
