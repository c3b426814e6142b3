"""Databases of the tests: copies of a template under names that come again.

A module of its own: pytest loads conftest.py twice, for itself and for whoever imports it, and names are given out once.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from crm.kit import migrations
from crm.kit.database import app_role, conninfo, owner_url

SECRET_KEY = "only-for-tests-0123456789abcdef0123456789"
_taken: set[int] = set()  # numbers of this process's databases that exist now
_granted: dict[str, set[int]] = {}  # for which of them a template has the application's role and rights


@contextlib.contextmanager
def database_from(postgres_url: str, template: str) -> Iterator[str]:
    """The owner's address of a new copy of a template.

    Names come again: the application's role is named after its database, and making it and giving it its rights costs
    as much as copying. So each name's role stays until the end, and its rights stand in the template; a test that changes
    the role puts it back.
    """
    number = next(one for one in itertools.count(1) if one not in _taken)
    name = _copy_name(number)
    url = named(postgres_url, name)
    _taken.add(number)
    with psycopg.connect(conninfo(owner_url(postgres_url)), autocommit=True) as owner:
        try:
            if number not in _granted.setdefault(template, set()):
                with psycopg.connect(
                    conninfo(owner_url(named(postgres_url, template))), autocommit=True
                ) as inside:
                    migrations.ensure_app_role(inside, url, SECRET_KEY)
                    migrations.grant_app_role(inside, url)
                _granted[template].add(number)
            create(owner, name, template)
            yield url
        finally:
            owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            _taken.remove(number)


def drop_roles(owner: psycopg.Connection[Any], postgres_url: str) -> None:
    """The roles of all names that databases had; their databases and the templates are gone."""
    for number in set().union(*_granted.values()):
        drop(owner, postgres_url, _copy_name(number))


def _copy_name(number: int) -> str:
    return f"crm_test_{os.getpid()}_{number}"


def create(owner: psycopg.Connection[Any], name: str, template: str | None) -> None:
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        if owner.execute("SELECT current_setting('fsync')").fetchone() == ("off",):
            statement += sql.SQL(" STRATEGY FILE_COPY")
    owner.execute(statement)


def drop(owner: psycopg.Connection[Any], postgres_url: str, name: str) -> None:
    owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    role = sql.Identifier(app_role(named(postgres_url, name)))
    owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def named(url: str, database: str) -> str:
    return (
        owner_url(url).set(drivername="postgresql", database=database).render_as_string(hide_password=False)
    )
