"""Signing in: who gets a login, who is locked out for how long, and that nobody learns which e-mails exist."""

from __future__ import annotations

import asyncio

import pytest

from conftest import CountingIds, SettableClock
from wattledger.adapters.passwords import ArgonPasswords
from wattledger.adapters.postgres.database import Database
from wattledger.core.kernel.errors import Unauthorized
from wattledger.flows.sign_in import SignedIn, SignInDesk, recognise, sign_in
from world import STAFF_PASSWORD, OpenSecrets, World, small_world


class CountedPasswords(ArgonPasswords):
    """Counts the slow work: every refusal must cost the same."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = 0

    def hash(self, password: str) -> str:
        self.checked += 1
        return f"hash of {len(password)}"

    def is_right(self, password_hash: str, password: str) -> bool:
        self.checked += 1
        return super().is_right(password_hash, password)


@pytest.fixture
async def world(database: Database, clock: SettableClock, ids: CountingIds) -> World:
    return await small_world(database, clock=clock, ids=ids)


@pytest.fixture
def passwords() -> CountedPasswords:
    return CountedPasswords()


@pytest.fixture
def desk(database: Database, clock: SettableClock, ids: CountingIds, passwords: CountedPasswords) -> SignInDesk:
    return SignInDesk(database, database, clock, ids, OpenSecrets(), passwords)


async def refusal(desk: SignInDesk, email: str, password: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        await sign_in(desk, email=email, password=password)
    return str(caught.value)


async def right(desk: SignInDesk, world: World) -> SignedIn:
    return await sign_in(desk, email=world.staff_email, password=STAFF_PASSWORD)


class TestTheRightPassword:
    async def test_opens_the_desk_of_the_persons_own_tenant(self, desk: SignInDesk, world: World) -> None:
        signed_in = await right(desk, world)
        at_desk = await recognise(desk, tenant_id=signed_in.tenant_id, secret=signed_in.secret)
        assert (at_desk.login.email, at_desk.tenant.tenant_id) == (world.staff_email, world.tenant_id)

    async def test_works_however_the_address_is_typed(self, desk: SignInDesk, world: World) -> None:
        assert await sign_in(desk, email=f" {world.staff_email.upper()} ", password=STAFF_PASSWORD)

    async def test_leaves_its_secret_nowhere_in_the_database(self, desk: SignInDesk, world: World) -> None:
        secret = (await right(desk, world)).secret
        async with desk.unit_of_work.begin_read(world.tenant_id) as work:
            (row,) = await work.connection.fetch("select * from staff_login where tenant_id = $1", world.tenant_id)  # type: ignore[attr-defined]
        assert secret not in str(dict(row))

    async def test_gives_every_login_another_secret(self, desk: SignInDesk, world: World) -> None:
        first, second = await right(desk, world), await right(desk, world)
        assert first.secret != second.secret

    async def test_forgets_the_wrong_ones_before_it(self, desk: SignInDesk, world: World) -> None:
        for _ in range(3):
            for _ in range(9):
                await refusal(desk, world.staff_email, "wrong")
            await right(desk, world)


class TestTenWrongPasswords:
    async def test_lock_the_sign_in_even_for_the_right_one(self, desk: SignInDesk, world: World) -> None:
        for _ in range(10):
            await refusal(desk, world.staff_email, "wrong")
        await refusal(desk, world.staff_email, STAFF_PASSWORD)

    async def test_lock_it_for_half_an_hour(self, desk: SignInDesk, world: World, clock: SettableClock) -> None:
        for _ in range(10):
            await refusal(desk, world.staff_email, "wrong")
        clock.forward(minutes=29, seconds=59)
        await refusal(desk, world.staff_email, STAFF_PASSWORD)
        clock.forward(seconds=1)
        assert await right(desk, world)

    async def test_are_not_outrun_by_trying_many_at_once(
        self, desk: SignInDesk, world: World, passwords: CountedPasswords
    ) -> None:
        tries = [sign_in(desk, email=world.staff_email, password=f"guess {n}") for n in range(30)]
        await asyncio.gather(*tries, return_exceptions=True)
        await refusal(desk, world.staff_email, STAFF_PASSWORD)

    async def test_leave_a_trail_of_who_tried(self, desk: SignInDesk, world: World) -> None:
        for _ in range(11):
            await refusal(desk, world.staff_email, "wrong")
        async with desk.unit_of_work.begin_read(world.tenant_id) as work:
            actions = [audit.action for audit in await work.staff.audits_of(world.staff_id)]
        assert actions == ["sign_in_failed"] * 9 + ["sign_in_locked"] * 2


class TestARefusal:
    async def test_is_the_same_for_an_unknown_address_a_wrong_password_and_a_lock(
        self, desk: SignInDesk, world: World, passwords: CountedPasswords
    ) -> None:
        unknown = await refusal(desk, "nobody@harbour.example", "wrong")
        wrong = await refusal(desk, world.staff_email, "wrong")
        for _ in range(9):
            await refusal(desk, world.staff_email, "wrong")
        locked = await refusal(desk, world.staff_email, "wrong")
        assert unknown == wrong == locked
        assert passwords.checked == 12  # one slow check each

    async def test_comes_before_an_endless_password_is_hashed(self, desk: SignInDesk, world: World) -> None:
        assert "sign_in_refused" in await refusal(desk, world.staff_email, "x" * 100_000)


class TestALogin:
    async def test_is_unknown_under_another_tenant(
        self, desk: SignInDesk, world: World, database: Database, clock: SettableClock, ids: CountingIds
    ) -> None:
        other = await small_world(database, clock=clock, ids=ids, slug="island")
        signed_in = await right(desk, world)
        with pytest.raises(Unauthorized):
            await recognise(desk, tenant_id=other.tenant_id, secret=signed_in.secret)

    async def test_is_not_kept_awake_by_a_page_that_merely_stays_open(
        self, desk: SignInDesk, world: World, clock: SettableClock
    ) -> None:
        signed_in = await right(desk, world)
        for _ in range(14):
            clock.forward(minutes=1)
            await recognise(desk, tenant_id=signed_in.tenant_id, secret=signed_in.secret, is_active=False)
        clock.forward(minutes=1, seconds=1)
        with pytest.raises(Unauthorized):
            await recognise(desk, tenant_id=signed_in.tenant_id, secret=signed_in.secret)
