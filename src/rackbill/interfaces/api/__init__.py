"""The public REST API: one file for each resource, as published by the provider."""
