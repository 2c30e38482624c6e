"""The provider's memory: one SQLite file, synced at every commit, so that a killed provider forgets nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from wattledger.apps.lab.provider.rules import SandboxPayment

_SCHEMA: Final = """
create table if not exists account (id text primary key, webhook_secret text not null);
create table if not exists payment (id text primary key, account text not null, reference text not null,
    is_live integer not null, body blob not null);
create index if not exists payment_by_reference on payment (account, reference);
create table if not exists answer (account text not null, key text not null, request_hash text not null,
    status integer not null, body blob not null, primary key (account, key));
create table if not exists event (id text primary key, account text not null, payment_id text not null,
    kind text not null, body blob not null, url text not null, secret text not null, created_at real not null);
create table if not exists delivery (id integer primary key, event_id text not null, due_at real not null,
    try_count integer not null, is_forged integer not null, status integer);
create index if not exists delivery_due on delivery (due_at) where status is null;
create table if not exists misbehaviour (account text primary key, body blob not null);
"""


class Misbehaviour(msgspec.Struct, forbid_unknown_fields=True):
    """What the provider does wrong for one account; counts run down to zero as they are used.

    ``lose_answers``, ``refuse``, ``garbage`` count calls by name (``create``, ``capture``, ``void``,
    ``refund``, ``increment``, ``fetch``): the call takes effect and its answer is cut off; the call is
    refused with 503 and has no effect; the call takes effect and is answered with nonsense. A hold on a kept
    method is granted up to ``saved_grant_percent``.
    """

    webhook_copies: int = 1
    webhook_shuffle: bool = False
    webhook_delay_ms: int = 0
    webhook_drop: int = 0
    webhook_forge: bool = False
    lose_answers: dict[str, int] = {}
    refuse: dict[str, int] = {}
    garbage: dict[str, int] = {}
    slow_ms: dict[str, int] = {}
    hold_window_s: int | None = None
    can_increment: bool = True
    has_longer_hold_by_increment: bool = False
    over_capture_percent: int = 0
    saved_grant_percent: int = 100


class Due(msgspec.Struct):
    """One delivery to make now."""

    delivery_id: int
    url: str
    secret: str
    body: bytes
    try_count: int
    is_forged: bool


class Store:
    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def put_account(self, account: str, webhook_secret: str) -> None:
        self._connection.execute("insert or ignore into account values (?, ?)", (account, webhook_secret))

    def webhook_secret(self, account: str) -> str:
        row = self._connection.execute("select webhook_secret from account where id = ?", (account,)).fetchone()
        return str(row[0])

    def payment(self, payment_id: str) -> SandboxPayment | None:
        row = self._connection.execute("select body from payment where id = ?", (payment_id,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=SandboxPayment)

    def payments(self, account: str, reference: str | None = None) -> list[SandboxPayment]:
        rows = self._connection.execute(
            "select body from payment where account = ?1 and (?2 is null or reference = ?2) order by rowid",
            (account, reference),
        )
        return [msgspec.json.decode(row[0], type=SandboxPayment) for row in rows]

    def live_payments(self) -> list[SandboxPayment]:
        """Those that time can still change."""
        rows = self._connection.execute("select body from payment where is_live = 1")
        return [msgspec.json.decode(row[0], type=SandboxPayment) for row in rows]

    def put(self, payment: SandboxPayment) -> None:
        is_live = payment.status in {"open", "challenge", "authorized"}
        self._connection.execute(
            "insert into payment values (?, ?, ?, ?, ?) on conflict (id) do update "
            "set body = excluded.body, is_live = excluded.is_live",
            (payment.id, payment.account, payment.reference, int(is_live), msgspec.json.encode(payment)),
        )

    def answer(self, account: str, key: str) -> tuple[str, int, bytes] | None:
        """(request hash, status, body) of the first call with this key."""
        row: tuple[str, int, bytes] | None = self._connection.execute(
            "select request_hash, status, body from answer where account = ? and key = ?", (account, key)
        ).fetchone()
        return row

    def put_answer(self, account: str, key: str, request_hash: str, status: int, body: bytes) -> None:
        self._connection.execute(
            "insert into answer values (?, ?, ?, ?, ?)", (account, key, request_hash, status, body)
        )

    def put_event(self, event_id: str, payment: SandboxPayment, kind: str, body: bytes, at: datetime) -> None:
        self._connection.execute(
            "insert into event values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event_id,
                payment.account,
                payment.id,
                kind,
                body,
                payment.notify_url,
                self.webhook_secret(payment.account),
                at.timestamp(),
            ),
        )

    def events(self, account: str) -> list[bytes]:
        rows = self._connection.execute("select body from event where account = ? order by rowid", (account,))
        return [row[0] for row in rows]

    def put_delivery(self, event_id: str, due_at: float, *, is_forged: bool = False) -> None:
        self._connection.execute(
            "insert into delivery (event_id, due_at, try_count, is_forged) values (?, ?, 0, ?)",
            (event_id, due_at, int(is_forged)),
        )

    def due(self, now: float) -> list[Due]:
        rows = self._connection.execute(
            "select d.id, e.url, e.secret, e.body, d.try_count, d.is_forged from delivery d "
            "join event e on e.id = d.event_id where d.status is null and d.due_at <= ? "
            "order by d.due_at limit 50",
            (now,),
        )
        return [Due(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]

    def mark(self, delivery_id: int, *, status: int | None, due_at: float) -> None:
        """``status`` None: try again at ``due_at``."""
        self._connection.execute(
            "update delivery set status = ?, due_at = ?, try_count = try_count + 1 where id = ?",
            (status, due_at, delivery_id),
        )

    def misbehaviour(self, account: str) -> Misbehaviour:
        row = self._connection.execute("select body from misbehaviour where account = ?", (account,)).fetchone()
        return Misbehaviour() if row is None else msgspec.json.decode(row[0], type=Misbehaviour)

    def put_misbehaviour(self, account: str, misbehaviour: Misbehaviour) -> None:
        self._connection.execute(
            "insert into misbehaviour values (?, ?) on conflict (account) do update set body = excluded.body",
            (account, msgspec.json.encode(misbehaviour)),
        )
