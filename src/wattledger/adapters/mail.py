"""Mail: into files where nothing is configured, over SMTP where it is."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from wattledger.core.kernel.errors import InvalidInput, Unavailable
from wattledger.flows.ports.mailer import Mail, Mailer

_TIMEOUT_S: Final = 20


class MailSettings(Protocol):
    """What of the settings concerns mail; ``smtp_url`` as in ``smtp://user:password@host:587``."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def smtp_url(self) -> str | None: ...

    @property
    def mail_from(self) -> str: ...


def build_mailer(settings: MailSettings) -> Mailer:
    """Implements the Mailer port as the settings say. Raises InvalidInput ``setting_malformed``."""
    if settings.smtp_url is None:
        return FileMailer(settings.data_dir / "mail", settings.mail_from)
    return SmtpMailer(settings.smtp_url, settings.mail_from)


class FileMailer:
    """Writes each mail as one .eml file; the same mail twice is one file."""

    def __init__(self, directory: Path, mail_from: str) -> None:
        self._directory = directory
        self._mail_from = mail_from

    async def send(self, mail: Mail) -> None:
        path = self._directory / f"{_message_name(mail)}.eml"
        await asyncio.to_thread(_write, path, compose(mail, self._mail_from).as_bytes())


class SmtpMailer:
    """Hands mail to a server: ``smtps`` is TLS from the start, ``smtp`` turns to TLS before it signs in."""

    def __init__(self, url: str, mail_from: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise InvalidInput("setting_malformed", "WATTLEDGER_SMTP_URL is not smtp://… or smtps://….")
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._mail_from = mail_from

    async def send(self, mail: Mail) -> None:
        try:
            await asyncio.to_thread(self._deliver, compose(mail, self._mail_from))
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable("mail_not_sent", f"{self._host} did not take the mail: {error}") from error

    def _deliver(self, message: EmailMessage) -> None:
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        with server:
            if not self._is_tls and (self._user or server.has_extn("starttls")):
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
            server.send_message(message)


def compose(mail: Mail, mail_from: str) -> EmailMessage:
    """The message; its Message-ID follows from the mail's key, so that a repeated one can be told."""
    _, address = parseaddr(mail_from)
    message = EmailMessage()
    message["From"] = formataddr((mail.sender_name, address))
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{_message_name(mail)}@{address.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.attachment:
        message.add_attachment(
            mail.attachment, maintype="application", subtype="pdf", filename=mail.attachment_name
        )
    return message


def _message_name(mail: Mail) -> str:
    return hashlib.sha256(mail.key.encode()).hexdigest()[:32]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
