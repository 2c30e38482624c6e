"""Mail into files and over SMTP."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from wattledger.adapters.mail import FileMailer, SmtpMailer, build_mailer, compose
from wattledger.core.kernel.errors import InvalidInput, Unavailable
from wattledger.flows.ports.mailer import Mail
from wattledger.settings import Settings

MAIL = Mail(
    key="1:abc",
    sender_name="Harbour Energy, Ltd",
    to="mara@driver.example",
    subject="Receipt R2026-000001 für Mara",
    text="Good day,\n",
    attachment_name="R2026-000001.pdf",
    attachment=b"%PDF-1.7 \x00\xff",
)
FROM = "Wattledger <noreply@cpo.example>"


@asynccontextmanager
async def mail_server(taken: list[bytes], *, refuses: bool = False) -> AsyncIterator[int]:
    """As much of SMTP as one mail needs."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            if word == b"DATA" and not refuses:
                writer.write(b"354 go on\r\n")
                taken.append(await reader.readuntil(b"\r\n.\r\n"))
            answers = {b"QUIT": b"221 bye\r\n", b"RCPT": b"550 no\r\n" if refuses else b"250 fine\r\n"}
            writer.write(answers.get(word, b"250 fine\r\n"))
            if word == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class TestAMail:
    def test_comes_in_the_sellers_name_from_our_address(self) -> None:
        message = compose(MAIL, FROM)
        assert message["From"] == '"Harbour Energy, Ltd" <noreply@cpo.example>'

    def test_is_named_by_its_key_so_that_a_repeated_one_can_be_told(self) -> None:
        ids = [compose(mail, FROM)["Message-ID"] for mail in (MAIL, MAIL, replace(MAIL, key="1:abd"))]
        assert ids[0] == ids[1] != ids[2]

    def test_carries_the_pdf_byte_for_byte(self) -> None:
        (attachment,) = compose(MAIL, FROM).iter_attachments()
        assert attachment.get_content() == MAIL.attachment
        assert attachment.get_filename() == MAIL.attachment_name

    @pytest.mark.parametrize("field", ["to", "subject", "sender_name"])
    def test_takes_no_header_that_somebody_smuggles_in(self, field: str) -> None:
        with pytest.raises(ValueError, match=r"linefeed|newline"):
            compose(replace(MAIL, **{field: "a@b.example\r\nBcc: all@c.example"}), FROM)


class TestMailWithoutAServer:
    async def test_is_a_file_and_the_same_mail_is_the_same_file(self, tmp_path: Path) -> None:
        mailer = FileMailer(tmp_path / "mail", FROM)
        await mailer.send(MAIL)
        await mailer.send(MAIL)
        (path,) = (tmp_path / "mail").iterdir()
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert (path.suffix, message["Subject"]) == (".eml", MAIL.subject)

    def test_is_what_settings_without_a_server_mean(self, tmp_path: Path) -> None:
        assert isinstance(build_mailer(Settings(data_dir=tmp_path)), FileMailer)


@pytest.mark.sockets
class TestMailOverSmtp:
    async def test_is_handed_to_the_server(self) -> None:
        taken: list[bytes] = []
        async with mail_server(taken) as port:
            await SmtpMailer(f"smtp://127.0.0.1:{port}", FROM).send(MAIL)
        assert b"R2026-000001.pdf" in taken[0]

    async def test_that_is_refused_may_be_sent_again(self) -> None:
        async with mail_server([], refuses=True) as port:
            with pytest.raises(Unavailable, match="mail_not_sent"):
                await SmtpMailer(f"smtp://127.0.0.1:{port}", FROM).send(MAIL)

    def test_needs_a_url_that_is_one(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="setting_malformed"):
            build_mailer(Settings(data_dir=tmp_path, smtp_url="mail.example"))
