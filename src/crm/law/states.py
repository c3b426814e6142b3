"""The states of the United States and the District of Columbia, by their postal codes."""

from __future__ import annotations

from dataclasses import dataclass

_LIST = """AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|
KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|
MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|
NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|
SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|
WV West Virginia|WI Wisconsin|WY Wyoming"""


@dataclass(frozen=True, slots=True)
class States:
    names: dict[str, str]

    def code(self, written: str) -> str | None:
        """The code of a state as people write it in an address: CA, ca, California; None for anything else."""
        wanted = written.strip().upper().rstrip(".")
        if wanted in self.names:
            return wanted
        return next((code for code, name in self.names.items() if name.upper() == wanted), None)


STATES = States({entry.strip()[:2]: entry.strip()[3:] for entry in _LIST.replace("\n", "").split("|")})
