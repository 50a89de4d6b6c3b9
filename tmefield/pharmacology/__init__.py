"""Doses and what they make of the plasma, drugs in the tissue, and how much of their target they hold."""
