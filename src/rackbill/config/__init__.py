"""Wiring: settings, urls, wsgi. Imported by nobody."""
