"""Where the IDs of each kind begin and end."""

from rackbill.core.id_shapes import IdKind

ID_RANGES: dict[IdKind, tuple[int, int]] = {
    IdKind.CUSTOMER: (12_000_001, 19_999_999),
    IdKind.CONTRACT: (50_000_001, 59_999_999),
    IdKind.ORDER: (41_000_001, 49_999_999),
    IdKind.EQUIPMENT: (26_001, 9_999_999),
}
"""First and last value of each kind; disjoint, so that the IDs of two kinds are never alike. Service IDs follow orders."""
