"""The mechanisms that all nouns share; a closed list."""
