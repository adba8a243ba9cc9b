"""Issued and archived documents, number series, files."""
