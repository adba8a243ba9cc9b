"""People, memberships, staff roles, API keys."""
