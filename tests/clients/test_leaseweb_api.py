"""A client that others wrote, from its package, against our API over a real socket."""

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.world import provider as world_of

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds the client and nothing of ours."""
    folder = tmp_path_factory.mktemp("client")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(HERE / "leaseweb-api.txt")]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return python


@pytest.mark.django_db(transaction=True)
def test_the_client_lists_reads_sets_and_is_refused(client_python: Path, live_server: Any) -> None:
    world = world_of.provider()
    owner = world_of.customer(world)
    services = [world_of.service(world, owner, reference=f"srv-{number}") for number in range(3)]
    for row in services:
        world_of.register(row)
    equipment = services[0].equipment
    assert equipment is not None
    arguments = [live_server.url, world_of.api_key(owner), equipment.equipment_id, "renamed-by-client"]
    done = subprocess.run(
        [str(client_python), str(HERE / "leaseweb_api_wrapper.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert [server["contract"]["reference"] for server in answers["list_servers"]] == ["srv-0", "srv-1", "srv-2"]
    assert answers["get_server"]["type"] == "DedicatedServer"
    assert answers["get_server"]["id"] == equipment.equipment_id
    assert answers["get_server"]["contract"]["price_per_frequency"] == "129.95"
    assert answers["get_again"]["contract"]["reference"] == "renamed-by-client"
    for name, code in (("unknown", "404"), ("no_key", "401")):
        assert answers[name]["type"] == "APIError"
        assert answers[name]["error_code"] == code
        assert answers[name]["correlation_id"]
    services[0].refresh_from_db()
    assert services[0].reference == "renamed-by-client"
