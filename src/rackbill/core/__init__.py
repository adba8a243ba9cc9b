"""Sums: pure values and functions. Standard library only; no database, network, clock, settings or language."""
