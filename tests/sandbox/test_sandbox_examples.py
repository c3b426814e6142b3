"""The examples of docs/sandbox-clients.md do what the page says, against `crm sandbox` as a stranger starts it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.sandbox.node_clients import FOLDER, require_node_clients

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox-clients.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```(python|js)\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = {section.partition("\n")[0]: BLOCKS.findall(section) for section in PAGE.split("\n## ")[1:]}
EXAMPLES = {title: found[0] for title, found in SECTIONS.items() if found}
DOCUMENTED = "http://localhost:8090"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command, started in an empty folder with nothing set but the port; its first line says where it is."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    command = [str(Path(sys.executable).with_name("crm")), "sandbox"]
    environment = {"PATH": os.environ["PATH"], "SANDBOX_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    folder = tmp_path_factory.mktemp("empty")
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        assert f"http://localhost:{port}" in sandbox.stdout.readline()
        yield f"http://localhost:{port}"
        sandbox.terminate()
        assert sandbox.wait(5) == 0
    assert list(folder.iterdir()) == []


def test_every_example_of_the_page_is_found() -> None:
    """Each block of code stands under a heading of its own and says what it prints."""
    assert len(EXAMPLES) == len(re.findall(r"^```(?:python|js)$", PAGE, re.MULTILINE)) >= 3


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_prints_what_the_page_says(title: str, address: str, tmp_path: Path) -> None:
    """Copied into a file and run, with the address changed to that of this test's sandbox."""
    language, code, printed = EXAMPLES[title]
    assert DOCUMENTED in code
    script = tmp_path / ("example.py" if language == "python" else "example.cjs")
    script.write_text(code.replace(DOCUMENTED, address), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"]}
    if language == "python":
        runner = [sys.executable]
    else:
        require_node_clients()
        environment["NODE_PATH"] = str(FOLDER / "node_modules")
        runner = [str(ROOT / "scripts" / "with_node"), "node"]
    done = subprocess.run(
        [*runner, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


@pytest.mark.parametrize("path", ["/v3/customer/1", "/.well-known/openid-configuration", "/company/1/query"])
def test_a_wrong_address_is_answered_with_the_right_ones(address: str, path: str) -> None:
    """Whoever set a client's address a little wrong reads what is here, and where."""
    answer = httpx2.get(address + path)
    assert answer.status_code == 404
    assert f"Nothing is simulated at {path}" in answer.text
    assert "/v3/company/" in answer.text


def test_the_command_and_the_page_say_the_same_settings(address: str) -> None:
    """Every client that the command names stands in the page's table with all that the command sets."""
    table = {row.split(" | ")[0].strip("| "): row for row in PAGE.splitlines() if row.startswith("| ")}
    for client, setting in httpx2.get(f"{address}/_state/clients").json()["clients"].items():
        (row,) = [row for name, row in table.items() if name.startswith(client) and "Node" not in name]
        values = re.findall(r"http://[^\s\"]+|[A-Z][\w.]*_[A-Z\d_]+|sandbox = True", setting)
        assert [one for one in values if one.replace(address.rpartition(":")[2], "8090") not in row] == [], (
            client
        )
