"""What a caller of contracts should expect."""


class ServiceNotFound(LookupError):
    """There is no such service for this customer."""


class EquipmentNotFound(LookupError):
    """There is no such equipment for this customer."""


class ReferenceRefused(ValueError):
    """A reference is not acceptable; the message says why."""


class LineNotFound(LookupError):
    """There is no such contract line."""


class ContractNotFound(LookupError):
    """There is no such contract."""


class AmendmentRefused(ValueError):
    """A change of what was agreed cannot be made; the message says why."""
