"""The things served and where they stand."""
