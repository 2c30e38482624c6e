"""Where, when, how much and how many at once a card or a contract may charge."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from wattledger.core.stations.limits import (
    ChargingLimit,
    LimitFacts,
    Used,
    is_open_at,
    must_stop,
    refused_by_limits,
)
from wattledger.core.stations.reasons import LANGUAGES, language_of, refusal_words
from wattledger.core.stations.talk import Verdict

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
MINE, OTHER = UUID(int=8), UUID(int=9)
# A Sunday, 11:00 in Berlin.
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def verdict(
    limit: ChargingLimit,
    used: Used | None = None,
    *,
    is_start: bool = True,
    session_id: UUID | None = None,
    of: str = "token",
) -> Verdict | None:
    facts = LimitFacts(site_id=HERE, time_zone=BERLIN, **{of: limit, f"{of}_used": used})  # type: ignore[arg-type]
    return refused_by_limits(facts, NOW, is_start=is_start, session_id=session_id)


class TestALimit:
    @pytest.mark.parametrize("of", ["token", "contract"])
    def test_holds_for_a_card_as_for_a_contract(self, of: str) -> None:
        assert verdict(ChargingLimit(site_ids=(ELSEWHERE,)), of=of) is Verdict.NOT_HERE

    def test_that_says_nothing_refuses_nothing(self) -> None:
        assert ChargingLimit().is_empty
        assert verdict(ChargingLimit()) is None

    def test_of_sites_lets_those_in_it_names(self) -> None:
        assert verdict(ChargingLimit(site_ids=(ELSEWHERE, HERE))) is None
        assert verdict(ChargingLimit(site_ids=())) is Verdict.NOT_HERE

    @pytest.mark.parametrize(
        ("limit", "used"),
        [
            (ChargingLimit(day_milliwh_max=5), Used(day_milliwh=5)),
            (ChargingLimit(month_milliwh_max=5), Used(month_milliwh=6)),
            (ChargingLimit(day_minor_max=5), Used(day_minor=5)),
            (ChargingLimit(month_minor_max=5), Used(month_minor=5)),
        ],
    )
    def test_of_amounts_refuses_once_it_is_used_up(self, limit: ChargingLimit, used: Used) -> None:
        assert verdict(limit, used) is Verdict.LIMIT_REACHED
        assert verdict(limit, Used()) is None

    def test_the_stricter_of_card_and_contract_holds(self) -> None:
        facts = LimitFacts(
            site_id=HERE,
            time_zone=BERLIN,
            token=ChargingLimit(day_milliwh_max=100),
            token_used=Used(day_milliwh=1),
            contract=ChargingLimit(day_milliwh_max=10),
            contract_used=Used(day_milliwh=10),
        )
        assert refused_by_limits(facts, NOW, is_start=True) is Verdict.LIMIT_REACHED


class TestTheNumberOfSessionsAtOnce:
    """citrineos/citrineos#185, CitrineOS#566, #876: the flag was read backwards, fixed, and broken again."""

    ONE = ChargingLimit(sessions_at_once_max=1)

    def test_one_allows_the_first_and_forbids_the_second(self) -> None:
        assert verdict(self.ONE, Used()) is None
        assert verdict(self.ONE, Used(open_session_ids=(OTHER,))) is Verdict.BUSY

    def test_two_allows_the_second_and_forbids_the_third(self) -> None:
        two = ChargingLimit(sessions_at_once_max=2)
        assert verdict(two, Used(open_session_ids=(OTHER,))) is None
        assert verdict(two, Used(open_session_ids=(OTHER, ELSEWHERE))) is Verdict.BUSY

    def test_none_allows_any_number(self) -> None:
        assert verdict(ChargingLimit(), Used(open_session_ids=tuple(map(UUID, map(str, [OTHER] * 9))))) is None

    def test_never_counts_a_session_against_itself(self) -> None:
        assert verdict(self.ONE, Used(open_session_ids=(MINE,)), session_id=MINE) is None

    def test_says_nothing_to_a_card_that_only_asks(self) -> None:
        assert verdict(self.ONE, Used(open_session_ids=(OTHER,)), is_start=False) is None


class TestHours:
    @pytest.mark.parametrize(
        ("begins", "ends", "is_open"),
        [(600, 720, True), (660, 720, True), (600, 660, False), (661, 720, False), (0, 0, True)],
    )
    def test_are_the_site_s_wall_clock(self, begins: int, ends: int, is_open: bool) -> None:
        assert is_open_at(ChargingLimit(minute_from=begins, minute_to=ends), NOW, BERLIN) is is_open

    def test_of_a_night_wrap_over_midnight_and_belong_to_the_day_they_began(self) -> None:
        saturday_night = ChargingLimit(minute_from=22 * 60, minute_to=6 * 60, weekdays=(6,))
        sunday_at_two = datetime(2026, 11, 22, 1, tzinfo=UTC)
        assert is_open_at(saturday_night, sunday_at_two, BERLIN)
        assert not is_open_at(saturday_night, datetime(2026, 11, 22, 22, tzinfo=UTC), BERLIN)
        assert not is_open_at(saturday_night, NOW, BERLIN)

    def test_of_days_count_from_monday(self) -> None:
        assert is_open_at(ChargingLimit(weekdays=(7,)), NOW, BERLIN)
        assert not is_open_at(ChargingLimit(weekdays=(1, 2, 3, 4, 5)), NOW, BERLIN)

    def test_keep_to_the_wall_clock_when_it_is_put_back(self) -> None:
        until_half_past_two = ChargingLimit(minute_from=0, minute_to=150)
        before, after = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
        assert is_open_at(until_half_past_two, before, BERLIN)  # 02:15, summer time
        assert is_open_at(until_half_past_two, after, BERLIN)  # 02:15 once more


class TestARunningSession:
    @pytest.mark.parametrize(
        ("limit", "is_over"),
        [
            (ChargingLimit(session_milliwh_max=10), True),
            (ChargingLimit(session_milliwh_max=11), False),
            (ChargingLimit(session_minor_max=5), True),
            (ChargingLimit(day_minor_max=8), True),
            (ChargingLimit(day_minor_max=9), False),
            (ChargingLimit(month_milliwh_max=20), True),
        ],
    )
    def test_is_stopped_when_it_reaches_a_limit(self, limit: ChargingLimit, is_over: bool) -> None:
        used = Used(day_minor=3, month_milliwh=20)
        assert must_stop(limit, used, energy_milliwh=10, cost_minor=5) is is_over


class TestTheWordsOfARefusal:
    def test_are_there_for_every_verdict_in_every_language(self) -> None:
        for language in LANGUAGES:
            said = {refusal_words(one, language) for one in Verdict if one is not Verdict.ACCEPTED}
            assert None not in said
            assert len(said) == len(Verdict) - 1

    def test_fit_a_display(self) -> None:
        for language in LANGUAGES:
            for one in Verdict:
                said = refusal_words(one, language)
                assert said is None or len(said.text) <= 512

    def test_are_in_the_language_of_the_place(self) -> None:
        assert language_of(BERLIN) == "de"
        assert language_of("America/Lima") == "en"
        assert refusal_words(Verdict.ACCEPTED, "de") is None
