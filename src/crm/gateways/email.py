"""The only way in which mail leaves: one message to one recipient over SMTP (RFC 5321).

The standard library's smtplib on a thread of its own: mail is sent a message at a time by a worker that waits
anyway, so an asynchronous client would be a dependency without a gain (docs/decisions/mail.md).
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import parse_qsl, unquote, urlsplit

from crm.kit.errors import NotConfigured, Refused, Unavailable

TIMEOUT_SECONDS = 20.0  # for each step of the dialogue
RESPONSE_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where SMTP_URL points: `smtp://user:pass@host:587?starttls`, or `smtps://` for TLS from the first byte."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool


def read_smtp_url(url: str) -> SmtpServer:
    """Raises NotConfigured, saying what is wrong without repeating the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotConfigured("SMTP_URL cannot be read: its port must be a number.") from None
    options = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or options - {"starttls"}:
        raise NotConfigured(
            "SMTP_URL must be like smtp://user:password@host:587?starttls or smtps://user:password@host:465."
        )
    tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        starttls="starttls" in options,
    )


async def send_mail(server: SmtpServer, sender: str, recipient: str, message: EmailMessage) -> str:
    """Hands the message over and returns the server's words of acceptance.

    Raises Refused (a 5xx answer: never again; `code` is "recipient" when it is about the address) or
    Unavailable (4xx, timeouts, broken connections, TLS that fails: try again). With `outcome_known` false the
    server may have taken the message before the connection broke.
    """
    return await asyncio.to_thread(_send, server, sender, recipient, message.as_bytes(policy=SMTP))


def _send(server: SmtpServer, sender: str, recipient: str, content: bytes) -> str:
    handing_over = False
    try:
        with _connect(server) as smtp:
            _expect(smtp.mail(sender), "sender")
            _expect(smtp.rcpt(recipient), "recipient")
            handing_over = True
            code, answer = smtp.data(content)
            _expect((code, answer), "content")
            return _words(code, answer)
    except smtplib.SMTPDataError as error:
        raise _by_code(error.smtp_code, error.smtp_error, "content") from None
    except smtplib.SMTPResponseException as error:
        stage = "sign-in" if isinstance(error, smtplib.SMTPAuthenticationError) else "connection"
        raise _by_code(error.smtp_code, error.smtp_error, stage) from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        raise Unavailable(f"The mail server offers no safe connection: {str(error)[:200]}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(
            f"The mail server does not answer ({type(error).__name__}).", outcome_known=not handing_over
        ) from None


def _connect(server: SmtpServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.starttls:
            smtp.starttls(context=context)
            smtp.ehlo()
        if server.user is not None:
            smtp.login(server.user, server.password or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _expect(answer: tuple[int, bytes], stage: str) -> None:
    code, words = answer
    if not 200 <= code < 300:
        raise _by_code(code, words, stage)


def _by_code(code: int, words: bytes | str, stage: str) -> Refused | Unavailable:
    said = _words(code, words)
    # A refused sign-in is the operator's to mend; the mail itself is as good as before.
    if code >= 500 and stage != "sign-in":
        return Refused(f"The mail server refused: {said}", code=stage)
    return Unavailable(f"The mail server asks to try later: {said}", code=stage)


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:RESPONSE_LENGTH_MAX]
