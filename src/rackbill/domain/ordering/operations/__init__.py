"""Offers and orders: a quote, the first order that opens a contract, and its confirmation."""

from rackbill.domain.ordering.operations.offering import NewOffer, NewPosition, issue_offer
from rackbill.domain.ordering.operations.placing import PlacedOrder, place_order

__all__ = ["NewOffer", "NewPosition", "PlacedOrder", "issue_offer", "place_order"]
