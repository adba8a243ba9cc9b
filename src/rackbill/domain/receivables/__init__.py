"""Open items, payments, mandates."""
