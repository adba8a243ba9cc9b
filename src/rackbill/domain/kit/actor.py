"""Who does something, as history keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is person, api_key or system; `identity` the user's e-mail, the key's ID or the name of the job."""

    kind: str
    identity: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.identity}"


SYSTEM = Actor("system", "rackbill")
