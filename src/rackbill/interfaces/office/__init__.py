"""The provider's staff pages."""
