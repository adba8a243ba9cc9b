"""Rackbill: billing, documents, portal and API for hosting providers."""

__version__ = "0.1.0"
