"""Which staff may see and change what customers' documents are made from."""

VIEWERS = frozenset({"clerk", "approver", "support", "auditor", "administrator"})
EDITORS = frozenset({"clerk", "support", "administrator"})
