"""Logging in: who may, and in which language the pages go on."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class PortalAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by himself: a Master or the provider adds people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
