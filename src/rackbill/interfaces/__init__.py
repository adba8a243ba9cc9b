"""Doors: a request → one operation or query → its result. No decisions."""
