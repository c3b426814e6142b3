"""What the mail routes take and answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from crm.kit.inputs import Input, Line, LongText, OptionalEmail, OptionalName, RowId
from crm.kit.times import Moment
from crm.notifications.composing import NOTICED_MAX
from crm.notifications.kinds import Audience, Kind
from crm.papers.paper import Kind as PaperKind

Language = Literal["en", "es"]
MailState = Literal["kept", "queued", "sending", "sent", "failed", "bounced", "suppressed"]


class MailSummary(BaseModel):
    """A row of the outbox. `kept`: no mail server is set, so it was written and not sent."""

    id: int
    kind: Kind
    audience: Audience
    proposal_id: int | None
    recipient: str
    language: Language
    subject: str
    state: MailState
    paper_kind: Annotated[PaperKind | None, Field(description="The PDF that goes with it.")]
    attempts: int
    problem: str | None
    created_at: Moment
    next_attempt_at: Moment | None
    sent_at: Moment | None
    dismissed_at: Moment | None


class MailOut(MailSummary):
    """With its content. The personal link is shown to those who may send proposals; others read `hidden` there."""

    text: str
    html: str
    message_id: str


class Resend(Input):
    to: Annotated[OptionalEmail, Field(description="Another address; the same one when left out.")] = None


class WordingIn(Input):
    """`{placeholders}` in braces; paragraphs are parted by a blank line."""

    subject: Line
    body: LongText


class WordingOut(BaseModel):
    subject: str
    body: str


class TemplateOut(BaseModel):
    kind: Kind
    language: Language
    audience: Audience
    placeholders: list[str]
    standard: WordingOut
    own: WordingOut | None


class LetterOut(BaseModel):
    subject: str
    text: str
    html: str


class MailSettingsIn(Input):
    from_name: Annotated[OptionalName, Field(description="The company's name when left out.")] = None
    notice_user_ids: Annotated[list[RowId], Field(max_length=NOTICED_MAX, default_factory=list)]
    reminder_days: Annotated[int, Field(ge=0, le=60, description="0 sends no reminders.")] = 3


class MailSettingsOut(BaseModel):
    from_name: str | None
    from_address: str
    notice_user_ids: Annotated[list[int], Field(description="Empty: owners and office.")]
    reminder_days: int
    sending: Annotated[bool, Field(description="Whether a mail server is set (SMTP_URL).")]


class SuppressionOut(BaseModel):
    id: int
    address: str
    scope: Literal["all", "reminders"]
    reason: str
    created_at: Moment


class BounceTaken(BaseModel):
    marked: Annotated[bool, Field(description="Whether one of our mails came back for good.")]
