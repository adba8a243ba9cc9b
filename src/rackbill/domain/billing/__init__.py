"""Bill runs, drafts, charges."""
