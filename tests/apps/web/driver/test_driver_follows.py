"""Following a charging: what the link says at each stage, and what can be done there."""

from __future__ import annotations

import pytest
from httpx import AsyncClient

from conftest import SettableClock
from driver_scenes import LINK, Scenes
from rating_sessions import energy, tariff, when
from wattledger.core.metering.events import Activity
from wattledger.core.tariffs.versions import encode_tariff, tariff_version_id

PAGE = f"/p/{LINK}"
_STOPS_ASKED = "select session_id from station_command where kind = 'stop_session'"


async def text_of(client: AsyncClient, path: str = PAGE) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


class TestBeforeTheStart:
    async def test_an_open_payment_leads_back_to_its_page(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.payment("requires_action")
        html = await text_of(client)
        assert "Waiting for your payment" in html
        assert 'href="https://pay.example/1"' in html

    async def test_who_left_the_payment_page_reads_that_nothing_is_held(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.payment("requires_action")
        assert "Nothing is held and nothing was started" in await text_of(client, f"{PAGE}?cancelled=1")

    async def test_an_unknown_outcome_offers_no_second_try(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.payment("unknown")
        html = await text_of(client)
        assert "Asking the bank" in html
        assert "pay.example" not in html

    @pytest.mark.parametrize(
        ("command", "words"),
        [("queued", "It answers within 45 seconds"), ("sent", "You can plug in already")],
    )
    async def test_a_paid_start_waits_for_the_station(
        self, client: AsyncClient, scenes: Scenes, command: str, words: str
    ) -> None:
        await scenes.command(await scenes.payment("authorized"), "start_session", command)
        html = await text_of(client)
        assert words in html
        assert "€40.00 held on Visa •••• 4242, not charged" in html

    async def test_a_willing_station_waits_for_the_cable_until_an_hour_that_is_named(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.command(await scenes.payment("authorized"), "start_session", "accepted")
        html = await text_of(client)
        assert "Plug in the cable now" in html
        assert "Until 11:05; then the hold is released." in html  # 10:05 UTC in Berlin

    @pytest.mark.parametrize("command", ["rejected", "failed", "timed_out"])
    async def test_a_station_that_will_not_start_gives_the_hold_back(
        self, client: AsyncClient, scenes: Scenes, command: str
    ) -> None:
        await scenes.command(await scenes.payment("authorized"), "start_session", command)
        html = await text_of(client)
        assert "The hold of €40.00 is being released" in html
        assert f"/c/{scenes.station.public_id}" in html.replace("%2A", "*")

    async def test_a_hold_being_given_back_says_why(self, client: AsyncClient, scenes: Scenes) -> None:
        payment_id = await scenes.payment("authorized", reason="partial_approval_too_small")
        await scenes.command(payment_id, "start_session", "accepted")
        assert "The card covers too little of the hold" in await text_of(client)

    @pytest.mark.parametrize(
        ("state", "reason", "words"),
        [
            ("failed", "card_declined", "Your bank refused the card"),
            ("failed", "a_word_we_do_not_know", "The payment did not go through"),
            ("abandoned", None, "The payment was not finished"),
        ],
    )
    async def test_without_money_nothing_is_held(
        self, client: AsyncClient, scenes: Scenes, state: str, reason: str | None, words: str
    ) -> None:
        await scenes.payment(state, reason=reason)
        html = await text_of(client)
        assert words in html
        assert "Nothing is held and nothing was started" in html


class TestWhileCharging:
    async def test_shows_energy_cost_power_and_what_is_used_of_the_hold(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.charging()
        html = await text_of(client)
        assert '39.71 <span class="unit">kWh</span>' in html
        assert "€19.86 used" in html
        assert "of €40.00 held" in html
        assert '<progress value="1986" max="4000"' in html

    async def test_keeps_a_page_without_scripts_fresh(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.charging()
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in await text_of(client)

    async def test_says_how_old_the_figures_of_a_lost_station_are(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.connector("occupied", is_connected=False)
        await scenes.charging(told_ago_s=400)
        assert "These figures are from 6 minutes ago" in await text_of(client)

    async def test_says_when_the_car_takes_nothing(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.charging(activity=Activity.IDLE)
        assert "Your car takes no energy now" in await text_of(client)

    async def test_warns_before_the_hold_is_used_up(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.charging(minutes=38)
        assert "charging stops soon" in await text_of(client)

    async def test_prices_so_far_by_the_steps_of_the_bill(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.charging()
        html = await text_of(client, f"{PAGE}/why")
        assert "39.716 kWh × €0.50 per kWh" in html
        assert "This is the price so far" in html
        assert "Why no other price?" not in html

    async def test_tells_folded_away_why_no_other_price_of_the_tariff_holds(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        session_id = await scenes.charging()
        nightly = tariff(when(energy("0.39"), time_from="22:00", time_until="06:00"), when(energy("0.59")))
        version_id, body = tariff_version_id(nightly), encode_tariff(nightly)
        async with scenes.database.begin(scenes.world.tenant_id) as work:
            await work.catalog.add_tariff_version(version_id, "EUR", body, at=scenes.clock.now())
            await work.connection.execute(
                "update session set tariff_version_id = $2 where session_id = $1", session_id, version_id
            )
        html = await text_of(client, f"{PAGE}/why")
        assert '<details class="why-not"><summary>Why no other price?</summary>' in html
        assert "Not price 1 of the tariff: 22:00-06:00, but it was" in html


class TestTheStopButton:
    async def test_asks_the_station_once_however_often_it_is_pressed(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        session_id = await scenes.charging()
        for _ in range(2):
            answer = await client.post(f"{PAGE}/stop")
            assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        async with scenes.database.begin_read(scenes.world.tenant_id) as work:
            asked = await work.connection.fetch(
                "select session_id from station_command where kind = 'stop_session'"
            )
        assert [row["session_id"] for row in asked] == [session_id]
        assert "Stopping" in await text_of(client)

    async def test_says_so_when_the_station_does_not_obey(self, client: AsyncClient, scenes: Scenes) -> None:
        session_id = await scenes.charging()
        payment_id = await scenes.payment_of(session_id)
        await scenes.command(payment_id, "stop_session", "rejected", session_id=session_id)
        html = await text_of(client)
        assert "The station did not stop" in html
        assert "stop-button" in html

    async def test_of_a_session_that_has_ended_does_nothing(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.done()
        assert (await client.post(f"{PAGE}/stop")).status_code == 303


class TestTheEnd:
    async def test_shows_total_lines_and_the_fate_of_the_hold(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.done()
        html = await text_of(client)
        assert "Charged and paid" in html
        for figure in ("€19.86", "€40.00", "€20.14", "39.716", "of which VAT 19 %"):
            assert figure in html

    async def test_waits_for_the_receipt_before_it_ends(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.done(with_receipt=False)
        html = await text_of(client)
        assert "The receipt is being written" in html
        assert "data-live" in html

    async def test_stops_looking_once_the_receipt_is_there(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.done()
        html = await text_of(client)
        assert "Show the receipt" in html
        assert "data-live" not in html

    async def test_says_what_ended_it_where_that_matters(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.done(reason="PowerLoss")
        assert "The station lost power" in await text_of(client)

    async def test_charges_nothing_more_while_a_person_looks(self, client: AsyncClient, scenes: Scenes) -> None:
        await scenes.session(await scenes.payment("authorized"), state="under_review")
        assert "You pay €40.00 at most, and nothing until a person has looked" in await text_of(client)

    async def test_shows_the_receipt_as_page_and_as_the_issued_file(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.done()
        assert "R2026-000001" in await text_of(client, f"{PAGE}/receipt")
        file = await client.get(f"{PAGE}/receipt.pdf")
        assert file.content == b"%PDF-1.7 test"
        assert 'filename="receipt-R2026-000001.pdf"' in file.headers["content-disposition"]

    @pytest.mark.parametrize("paper", ["receipt", "receipt.pdf"])
    async def test_has_no_receipt_before_it_is_issued(
        self, client: AsyncClient, scenes: Scenes, paper: str
    ) -> None:
        await scenes.done(with_receipt=False)
        answer = await client.get(f"{PAGE}/{paper}")
        assert answer.status_code == 404
        assert "receipt_not_issued" in answer.text

    async def test_hands_out_the_meters_signed_records_byte_for_byte(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.done(signed=True)
        assert (await client.get(f"{PAGE}/meter.txt")).text == "OCMF|0\nOCMF|21\n"

    async def test_has_no_signed_records_of_a_meter_that_signs_nothing(
        self, client: AsyncClient, scenes: Scenes
    ) -> None:
        await scenes.done()
        assert (await client.get(f"{PAGE}/meter.txt")).status_code == 404


class TestTheCode:
    @pytest.mark.parametrize("typed", [LINK, "k7qm-2xpn-4tde-9wza", " K7QM 2XPN 4TDE 9WZA "])
    async def test_finds_the_session_however_it_is_typed(
        self, client: AsyncClient, scenes: Scenes, typed: str
    ) -> None:
        await scenes.charging()
        answer = await client.get("/p", params={"code": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)

    async def test_that_nobody_has_is_said_to_be_unknown(self, client: AsyncClient, scenes: Scenes) -> None:
        answer = await client.get("/p", params={"code": "AAAA"})
        assert answer.status_code == 404
        assert "No session has this code" in answer.text

    @pytest.mark.parametrize("path", ["", "/live", "/why", "/receipt", "/receipt.pdf", "/meter.txt"])
    async def test_that_nobody_has_opens_nothing(self, client: AsyncClient, scenes: Scenes, path: str) -> None:
        assert (await client.get(f"/p/NOBODY{path}")).status_code == 404

    async def test_still_leads_there_long_after(
        self, client: AsyncClient, scenes: Scenes, clock: SettableClock
    ) -> None:
        await scenes.done()
        clock.forward(days=300)
        assert "€19.86" in await text_of(client)
