"""What the webhook routes take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, computed_field

from crm.kit.inputs import Input, Line
from crm.kit.times import Moment

URL_LENGTH_MAX = 1_000

EventName = Literal[
    "proposal.sent",
    "proposal.viewed",
    "proposal.approved",
    "proposal.declined",
    "proposal.cancelled",
    "payment.paid",
    "payment.failed",
    "payment.refunded",
    "invoice.created",
]


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        well_formed = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        well_formed = False
    if not well_formed or parts.scheme not in {"http", "https"}:
        raise ValueError("Write the address like https://crm.example.com/webhooks.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Leave name and password out of the address; check our signature instead.")
    if parts.fragment:
        raise ValueError("Leave out the # and what follows it; it would not be sent.")
    return value


def _once_each(value: list[EventName]) -> list[EventName]:
    return list(dict.fromkeys(value))


Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=URL_LENGTH_MAX, pattern=r"^[\x21-\x7e]*$"),
    AfterValidator(_url),
    Field(
        description="Where we POST to; https, in development also http.",
        examples=["https://example.com/hook"],
    ),
]
Events = Annotated[
    list[EventName],
    Field(
        min_length=1, max_length=50, description="Which events are sent there.", examples=[["payment.paid"]]
    ),
    AfterValidator(_once_each),
]


class NewEndpoint(Input):
    url: Url
    events: Events
    description: Line = ""


class EndpointChanges(Input):
    """What is left out stays as it is."""

    url: Url | None = None
    events: Events | None = None
    description: Line | None = None
    active: Annotated[bool | None, Field(description="true sends what has waited meanwhile.")] = None


class EndpointOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    url: str
    description: str
    events: list[str]
    active: bool
    disabled_reason: Annotated[
        str | None, Field(description="Why we switched it off; null when a person did.")
    ]
    failing_since: Annotated[Moment | None, Field(description="The first failure after the last success.")]
    previous_secret_until: Annotated[Moment | None, Field(description="Until then the old secret signs too.")]
    created_at: Moment


class EndpointWithSecret(EndpointOut):
    """`signing_secret` is shown this once."""

    signing_secret: str


class DeliveryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    endpoint_id: int
    event_id: Annotated[str, Field(description="The same in every attempt: the header webhook-id.")]
    type: str
    state: Annotated[
        Literal["waiting", "delivered", "failed", "dropped"],
        Field(description="failed: given up; dropped: its endpoint was removed before."),
    ]
    tries: Annotated[int, Field(description="Failed attempts since it was last sent by hand.")]
    next_attempt_at: Moment
    created_at: Moment
    delivered_at: Moment | None


class AttemptOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    url: str
    started_at: Moment
    duration_ms: int
    status: Annotated[int | None, Field(description="Null when there was no answer.")]
    problem: str | None
    answer: Annotated[str, Field(description="The beginning of the answer, secrets taken out.")]

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it
    @property
    def ok(self) -> bool:
        return self.problem is None


class DeliveryInFull(DeliveryOut):
    payload: Annotated[dict[str, Any], Field(description="What is sent.")]
    attempts: Annotated[list[AttemptOut], Field(description="The newest first, at most 100.")]
