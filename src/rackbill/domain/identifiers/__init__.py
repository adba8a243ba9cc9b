"""The alias register: every identifier that was ever valid."""
