"""What a request handler may ask for: settings, the database, a transaction, who calls from where."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from crm.gateways.http import Client
from crm.kit.database import Database
from crm.kit.settings import Settings


class AppState:
    """What one process holds, made once in `app.create_app` and handed to handlers by the functions below."""

    def __init__(self, settings: Settings, database: Database, http: Client) -> None:
        self.settings = settings
        self.database = database
        self.http = http  # the one client for calls outside; only gateways use it


def app_state(request: Request) -> AppState:
    state: AppState = request.app.state.crm
    return state


def settings(request: Request) -> Settings:
    return app_state(request).settings


def database(request: Request) -> Database:
    return app_state(request).database


StateDep = Annotated[AppState, Depends(app_state)]
SettingsDep = Annotated[Settings, Depends(settings)]
DatabaseDep = Annotated[Database, Depends(database)]


def client_ip(request: Request) -> str:
    """The caller's address as uvicorn knows it (it reads X-Forwarded-For from trusted proxies only)."""
    return request.client.host if request.client else "unknown"
