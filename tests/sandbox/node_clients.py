"""The QuickBooks clients for Node in a process of their own, told what to call a line at a time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_sandbox.testing import RunningSandbox

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).with_name("node_quickbooks")
REDIRECT = "http://localhost:8089/qbo/oauth/callback"
END_SECONDS = 10


class Refused(Exception):
    """The client gave an error: what it tells its caller, field by field."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(json.dumps(told))
        self.message: str | None = told.get("message")
        self.code: str | None = told.get("code")
        self.description: str | None = told.get("description")
        self.status: int | None = told.get("status")
        self.body: Any = told.get("body")
        self.fault: Any = told.get("fault")

    @property
    def first(self) -> dict[str, str]:
        """The first error of Intuit's Fault, as node-quickbooks hands it on."""
        return self.body["Fault"]["Error"][0]


class NodeClients:
    """`oauth` is Intuit's client, `quickbooks` is node-quickbooks; both raise Refused."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def oauth(self, call: str, *values: Any) -> Any:
        """Calls a method of Intuit's OAuthClient; the JSON of its answer."""
        return self._ask("oauth", call, values)

    def connect(self, realm_id: str) -> dict[str, str]:
        """Makes a node-quickbooks with the tokens that Intuit's client holds; which they are."""
        return self._ask("connect", "", (realm_id,))

    def quickbooks(self, call: str, *values: Any) -> Any:
        """Calls a method of node-quickbooks; what its callback got."""
        return self._ask("quickbooks", call, values)

    def _ask(self, client: str, call: str, values: tuple[Any, ...]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"client": client, "call": call, "with": values}) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "the Node process ended; its last words are on stderr"
        answer = json.loads(said)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("result")


def require_node_clients() -> None:
    """Skips when the clients are not installed; with CRM_REQUIRE_NODE_CLIENTS=1 that is an error."""
    if not (FOLDER / "node_modules" / ".installed").exists():
        missing = "the QuickBooks clients for Node are not installed: `make test` does it"
        if os.environ.get("CRM_REQUIRE_NODE_CLIENTS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)


@contextlib.contextmanager
def node_clients(sandbox: RunningSandbox) -> Iterator[NodeClients]:
    """Both clients, pointed at the sandbox by their settings."""
    keys = sandbox.config.qbo_client_id, sandbox.config.qbo_client_secret
    node = [str(ROOT / "scripts" / "with_node"), "node", str(FOLDER / "drive.cjs")]
    command = [*node, sandbox.base_url, *keys, REDIRECT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield NodeClients(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(END_SECONDS) == 0
