"""`rackbill staff`: people of the provider, their roles and console tokens."""

import os
from datetime import timedelta
from typing import Annotated

import typer

from rackbill.domain.access import operations as access
from rackbill.domain.kit import secrets
from rackbill.domain.parties import queries as parties
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
PASSWORD_VARIABLE = "RACKBILL_STAFF_PASSWORD"


@app.callback()
def staff() -> None:
    """Members of staff."""


@app.command("add")
def add(
    email: str,
    role: Annotated[str, typer.Option(help="clerk, approver, support, auditor or administrator")],
    sales_org: Annotated[str, typer.Option(help="four digits")],
    name: Annotated[str, typer.Option(help="full name")] = "",
    days: Annotated[int, typer.Option(min=1, max=3660, help="how long the token is valid")] = 365,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Give a person a role for one sales organisation, and print a console token once; earlier tokens end.

    The log-in password for the office is taken from RACKBILL_STAFF_PASSWORD where that is set.
    """
    seller, now, secret = parties.seller(organisation_id=sales_org), clock.wall(), secrets.new_secret()
    access.give_staff_role(
        email=email, full_name=name, organisation_key=seller.key, role=role, secret=secret,
        expires_on=(now + timedelta(days=days)).date(), now=now, actor=acting.CONSOLE,
    )  # fmt: skip
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if password:
        access.set_staff_password(email=email, password=password, now=now, actor=acting.CONSOLE)
    if as_json:
        answers.print_json({"email": email, "role": role, "sales_org": sales_org, "token": secret})
    else:
        answers.out.print(f"{email} is {role} of {sales_org}. The token, shown this once:")
        print(secret)
