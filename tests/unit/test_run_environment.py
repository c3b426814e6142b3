"""`make run` and `make demo` set what the contract says, values from outside win, and taken ports are named."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from crm.kit.settings import Settings
from crm.run import Mode, NotStarted, check_ports_free, environment_for

URL = "postgresql://crm_owner:x@/crm?host=/run"


@pytest.fixture(autouse=True)
def _nothing_from_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Settings.model_fields, "sandbox_stripe_webhook_url", "sandbox_state_file"):
        monkeypatch.delenv(name.upper(), raising=False)


def _settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def test_run_is_the_dev_mode_with_the_simulated_quickbooks() -> None:
    """No Stripe key is set, and every QuickBooks address is the simulator's."""
    environment = environment_for("run", _settings(sandbox_port=18090), URL)
    assert not [name for name in environment if name.startswith("STRIPE_")]
    assert environment["DATABASE_URL"] == URL
    assert {
        environment[f"QBO_{n}"].split("/")[2]
        for n in ("API_BASE", "AUTHORIZE_URL", "TOKEN_URL", "REVOKE_URL")
    } == {"localhost:18090"}


def test_demo_takes_the_real_path_through_the_simulated_stripe() -> None:
    """The key is long enough to leave dev mode, events are signed, and Stripe's address is the simulator's."""
    environment = environment_for("demo", _settings(), URL)
    children = Settings(
        _env_file=None,
        stripe_secret_key=environment["STRIPE_SECRET_KEY"],
        stripe_webhook_secret=environment["STRIPE_WEBHOOK_SECRET"],
    )
    assert environment["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert not children.stripe_dev_mode
    assert not children.unsigned_events_allowed
    assert environment["STRIPE_API_BASE"] == "http://localhost:8090"
    assert environment["LOG_LEVEL"] == "warning"
    assert environment["SANDBOX_STRIPE_WEBHOOK_URL"] == "http://localhost:8089/payments/webhook"


def test_values_from_outside_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell sets is not set again, so the children see the shell's value."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_person_at_the_keyboard")
    monkeypatch.setenv("QBO_API_BASE", "http://localhost:9999")
    environment = environment_for("demo", _settings(), URL)
    assert "STRIPE_SECRET_KEY" not in environment
    assert "QBO_API_BASE" not in environment
    assert environment["STRIPE_API_BASE"] == "http://localhost:8090"


def test_the_simulators_remember_beside_the_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Their state file lies in the data folder, wherever they are started, unless another one is given."""
    modes: tuple[Mode, ...] = ("run", "demo")
    for mode in modes:
        environment = environment_for(mode, _settings(crm_data_dir=tmp_path), URL)
        assert environment["SANDBOX_STATE_FILE"] == str(tmp_path / "sandbox.state")
    assert Path(environment_for("run", _settings(), URL)["SANDBOX_STATE_FILE"]).is_absolute()
    monkeypatch.setenv("SANDBOX_STATE_FILE", "/elsewhere/state")
    assert environment_for("demo", _settings(), URL)["SANDBOX_STATE_FILE"] == "/elsewhere/state"


def test_own_quickbooks_credentials_mean_intuit_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` with a client id and no address talks to Intuit, as the seeds describe; the demo stays here."""
    monkeypatch.setenv("QBO_CLIENT_ID", "AB-real")
    assert not [
        name
        for name in environment_for("run", _settings(), URL)
        if name.endswith(("_URL", "_BASE")) and "QBO" in name
    ]
    assert environment_for("demo", _settings(), URL)["QBO_API_BASE"] == "http://localhost:8090"


def test_moved_ports_move_the_addresses() -> None:
    """What Intuit and Stripe send people back to follows PORT and PORTAL_PORT."""
    environment = environment_for("run", _settings(port=18089, portal_port=15173), URL)
    assert environment["QBO_REDIRECT_URI"] == "http://localhost:18089/qbo/oauth/callback"
    assert environment["PORTAL_PUBLIC_URL"] == "http://localhost:15173"


@pytest.mark.parametrize("variable", ["port", "portal_port", "sandbox_port"])
def test_a_taken_port_is_named_with_the_variable_that_moves_it(variable: str) -> None:
    """Nobody has to guess which program is in the way of what."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        free = {"port": _free_port(), "portal_port": _free_port(), "sandbox_port": _free_port()}
        with pytest.raises(NotStarted, match=rf"port {port} .*{variable.upper()}="):
            check_ports_free(_settings(**{**free, variable: port}))


def test_free_ports_pass_and_equal_ones_do_not() -> None:
    """Three different free ports are fine; two servers cannot share one."""
    check_ports_free(_settings(port=_free_port(), portal_port=_free_port(), sandbox_port=_free_port()))
    with pytest.raises(NotStarted, match="must differ"):
        check_ports_free(_settings(port=18089, portal_port=18089))


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
