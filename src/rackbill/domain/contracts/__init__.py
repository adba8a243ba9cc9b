"""Contracts, their lines, services."""
