"""`crm sandbox` as a stranger meets it: the guide that it prints, its options, its refusals, its end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from crm_sandbox.app import create_app
from crm_sandbox.config import SandboxConfig
from crm_sandbox.server import listen
from crm_sandbox.testing import RunningSandbox

START = [sys.executable, "-m", "crm.cli", "sandbox"]
AT_ONCE = [sys.executable, "-m", "crm_sandbox"]  # what that becomes, without the time to load the product
LAST_LINE = "  Ctrl-C ends it.\n"


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """Its address, all that it printed until it was ready, and the process, in an empty folder."""
    process = subprocess.Popen(
        [*START, *options], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        printed = []
        for text in process.stdout:
            printed.append(text)
            if text == LAST_LINE:
                break
        assert printed, process.stderr.read()
        assert printed[0].startswith("sandbox ready "), printed
        yield printed[0].split()[-1], "".join(printed), process
    finally:
        process.kill()
        process.communicate()


def refused(folder: Path, *options: str, **environment: str) -> tuple[int, str]:
    """Exit status and what it says when it does not start."""
    ended = subprocess.run(
        [*AT_ONCE, *options], cwd=folder, text=True, capture_output=True, timeout=30, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    return ended.returncode, ended.stderr


def test_the_guide_tells_addresses_that_answer_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    """What is printed can be opened; Ctrl-C ends with status 0 and without a traceback."""
    with started(tmp_path, "--port", "0") as (url, printed, process):
        told = re.findall(re.escape(url) + r'[^\s")}]*', printed)
        assert f"{url}/.well-known/openid_configuration" in told
        for address in set(told):
            answer = httpx2.get(address, follow_redirects=True)
            assert answer.status_code in (200, 401, 404, 405), address  # 405: tokens are asked for by POST
            assert answer.status_code != 404 or address.endswith(("/v3", "/v1", "/v3/company/")), address
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_options_reach_the_simulators(tmp_path: Path) -> None:
    """Client id, limits, webhook addresses, hosts and the state file are those of the command line."""
    options = [
        "--port", "0", "--qbo-client-id", "mine", "--qbo-client-secret", "hidden-one", "--requests-per-minute", "2",
        "--stripe-webhook-url", "http://127.0.0.1:9/hook", "--stripe-webhook-secret", "whsec_a,whsec_b",
        "--qbo-webhook-url", "http://127.0.0.1:9/qbo", "--qbo-verifier-token", "token", "--seed", "7",
        "--allow-host", "sandbox.example", "--state-file", "kept",
    ]  # fmt: skip
    with started(tmp_path, *options) as (url, printed, process):
        for told in (
            "mine, as you set it",
            "go to http://127.0.0.1:9/hook, signed with 2 secrets",
            "9/qbo, signed",
        ):
            assert told in printed
        assert "hidden-one" not in printed
        config = SandboxConfig(base_url=url, qbo_client_id="mine", qbo_client_secret="hidden-one")
        tokens = RunningSandbox(url, create_app(config)).connect_quickbooks()
        asked = f"{url}/v3/company/{tokens.realm_id}/customer/1"
        assert [httpx2.get(asked, headers=tokens.headers).status_code for _ in range(3)] == [200, 200, 429]
        assert httpx2.get(f"{url}/_state", headers={"host": "sandbox.example"}).status_code == 200
        process.terminate()
        assert process.wait(10) == 0
    assert (tmp_path / "kept").stat().st_size > 0


def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path: Path) -> None:
    """Another program, or a sandbox that is there already: each in a sentence, with status 1."""
    with listen("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        other.settimeout(0.1)
        status, told = refused(tmp_path, "--port", str(port))
    assert (status, told) == (
        1, f"Port {port} is taken by another program: end that one, or start this one with --port {port + 1}.\n",
    )  # fmt: skip
    with started(tmp_path, "--port", "0") as (url, _, _process):
        port = int(url.rpartition(":")[2])
        status, told = refused(tmp_path, "--port", str(port))
    assert status == 1
    assert told.startswith(
        f"A sandbox runs on port {port} already: use it at http://localhost:{port}/, or start"
    )


@pytest.mark.parametrize(
    ("options", "environment", "told"),
    [
        (["--port", "70000"], {}, "a port is a number from 0 to 65535, not '70000'"),
        (["--port", "1", "--requests-per-second", "0"], {}, "a limit is a whole number from 1, not '0'"),
        (["--webhooks", "yes", "--port", "1"], {}, "unrecognized arguments: --webhooks yes"),
        (
            ["--port", "1"],
            {"SANDBOX_PORT": "abc"},
            "SANDBOX_PORT must be a number from 1 to 65535; it is 'abc'",
        ),
        (["--host", "203.0.113.1", "--port", "8090"], {}, "Cannot listen on 203.0.113.1, port 8090"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(
    tmp_path: Path, options: list[str], environment: dict[str, str], told: str
) -> None:
    """Nothing starts, the status is not 0, and the text says what to write instead."""
    status, said = refused(tmp_path, *options, **environment)
    assert status in (1, 2)
    assert told in said
    assert "Traceback" not in said
