"""Which sales organisations a member of staff works for. Every page goes through `with_staff`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from rackbill.domain.access import queries as access
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import StaffScope

View = Callable[..., HttpResponse]


def with_staff(needed: frozenset[str]) -> Callable[[View], View]:
    """Demands log-in and one of the staff roles; the view gets the organisations where the person has it as its scope."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "django_language" not in request.COOKIES:
                translation.activate(getattr(request.user, "language", "en"))
                request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]
            roles = access.staff_organisations(user_key=int(request.user.pk))
            request.staff_roles = roles  # type: ignore[attr-defined]
            allowed = organisations_of(request, needed)
            if not allowed:
                return render(request, "office/forbidden.html", {"needed": sorted(needed)}, status=403)
            return view(request, StaffScope(allowed), *args, **kwargs)

        return page

    return decorate


def organisations_of(request: HttpRequest, needed: frozenset[str]) -> frozenset[str]:
    """The sales organisations at which the person has one of the staff roles."""
    roles: dict[str, frozenset[str]] = request.staff_roles  # type: ignore[attr-defined]
    return frozenset(organisation for organisation, names in roles.items() if names & needed)


def actor(request: HttpRequest) -> Actor:
    """The person, as history keeps it."""
    return Actor("person", request.user.get_username())
