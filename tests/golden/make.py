"""Makes the golden documents anew: canonical forms that keep their hash for ever. `make golden`."""

from pathlib import Path

from rackbill.core.document import SCHEMA, canonical_bytes
from tests.world.documents import golden

FOLDER = Path(__file__).parent / "documents"

if __name__ == "__main__":
    for name, document in golden().items():
        (FOLDER / f"{name}.schema{SCHEMA}.json").write_bytes(canonical_bytes(document))
