"""Connectors: one for each legacy source; they alone read it."""
