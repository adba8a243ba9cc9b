"""The move out of a legacy billing system."""
