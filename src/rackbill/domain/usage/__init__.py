"""Samples and frozen measured quantities."""
