"""What work on the books needs at hand: the database, the settings and the one HTTP client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from crm.gateways.http import Client
from crm.kit.database import Database
from crm.kit.encryption import Sealer
from crm.kit.settings import Settings


@dataclass(frozen=True)
class Books:
    db: Database
    settings: Settings
    http: Client

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self.settings.secret_keys, "qbo-tokens")
