"""Outgoing signatures agree with Standard Webhooks, retries with their schedule, and addresses are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.gateways.public_address import is_public
from crm.outgoing.schedule import next_attempt_at
from crm.outgoing.signature import new_secret, signed_headers


def test_the_published_example_verifies():
    """Secret, id, time and body of the example in the scheme's libraries give its signature."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_give_two_signatures():
    """Separated by a space, as receivers split them."""
    signed = signed_headers("evt_1", 1, b"{}", [new_secret(), new_secret()])["webhook-signature"]
    assert [part[:3] for part in signed.split(" ")] == ["v1,", "v1,"]


def test_retries_begin_after_five_seconds_and_end_after_three_days():
    """Each wait is longer than the one before; the tenth failure is the last."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [next_attempt_at(tries, now) for tries in range(1, 11)]
    waits = [moment - now for moment in moments if moment is not None]
    assert moments[-1] is None
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert timedelta(days=3) <= sum(waits, timedelta()) < timedelta(days=4)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "64:ff9b::5db8:d70e"])
def test_what_is_public(address: str):
    """Numbers of the internet are, also when a gateway translates them."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    """
    127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 224.0.0.1 255.255.255.255
    :: ::1 fe80::1%eth0 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1::
    """.split(),
)
def test_what_is_not_public(address: str):
    """Loopback, private, link-local, shared and multicast numbers are not, also wrapped in IPv6."""
    assert not is_public(address)
