"""Up to a higher security profile, step by step, and never down."""

from __future__ import annotations

import json

import msgspec
import pytest

from wattledger.core.kernel.errors import InvalidInput, Refused
from wattledger.core.stations.v16 import translate as v16
from wattledger.core.stations.v201 import translate as v201
from wattledger.core.stations.walk_up import TRIES_MAX, Step, check_target, command_of, next_step

URL = "wss://charge.example/ocpp"


def walked(version: str, target: int) -> list[Step]:
    """The steps that a willing station is asked for."""
    asked: dict[str, list[str]] = {}
    found: list[Step] = []
    while (step := next_step(version, target, has_certificate=Step.CERTIFICATE in asked, asked=asked)) is not None:
        found.append(step)
        asked[step] = ["accepted"]
    return found


class TestTheWay:
    @pytest.mark.parametrize(
        ("version", "target", "way"),
        [
            ("ocpp1.6", 2, [Step.PROFILE_KEY]),
            ("ocpp1.6", 3, [Step.CERTIFICATE, Step.PROFILE_KEY]),
            ("ocpp2.0.1", 2, [Step.NETWORK_PROFILE, Step.PRIORITY, Step.RESET]),
            ("ocpp2.0.1", 3, [Step.CERTIFICATE, Step.NETWORK_PROFILE, Step.PRIORITY, Step.RESET]),
        ],
    )
    def test_of_each_version(self, version: str, target: int, way: list[Step]) -> None:
        assert walked(version, target) == way

    def test_waits_for_the_answer_to_a_step(self) -> None:
        assert next_step("ocpp1.6", 2, has_certificate=False, asked={"profile_key": ["sent"]}) is None

    def test_waits_for_the_certificate_after_asking_for_its_request(self) -> None:
        assert next_step("ocpp1.6", 3, has_certificate=False, asked={"certificate": ["accepted"]}) is None

    def test_skips_what_is_there(self) -> None:
        assert next_step("ocpp1.6", 3, has_certificate=True, asked={}) is Step.PROFILE_KEY

    def test_is_tried_again_when_no_answer_came(self) -> None:
        assert next_step("ocpp1.6", 2, has_certificate=False, asked={"profile_key": ["timed_out"]}) is not None

    @pytest.mark.parametrize("states", [["rejected"], ["timed_out"] * TRIES_MAX])
    def test_ends_before_a_person_when_the_station_will_not(self, states: list[str]) -> None:
        with pytest.raises(Refused, match="walk_up_stuck"):
            next_step("ocpp1.6", 2, has_certificate=False, asked={"profile_key": states})

    def test_ends_before_a_person_when_the_station_never_comes_back(self) -> None:
        with pytest.raises(Refused, match="walk_up_stuck"):
            next_step("ocpp1.6", 2, has_certificate=False, asked={"profile_key": ["accepted"]}, is_overdue=True)


class TestEveryStep:
    @pytest.mark.parametrize("step", list(Step))
    def test_can_be_said_by_the_version_it_is_for(self, step: Step) -> None:
        dialect = v16 if step is Step.PROFILE_KEY else v201
        action, payload = dialect.command(command_of(step, 3, URL))
        assert action
        assert msgspec.json.decode(payload)

    def test_tells_a_2_0_1_station_where_and_how(self) -> None:
        action, payload = v201.command(command_of(Step.NETWORK_PROFILE, 3, URL))
        assert action == "SetNetworkProfile"
        way = json.loads(payload)["connectionData"]
        assert (way["ocppCsmsUrl"], way["securityProfile"]) == (URL, 3)


class TestATarget:
    @pytest.mark.parametrize(("current", "target"), [(2, 2), (3, 2)])
    def test_is_higher_than_where_it_is(self, current: int, target: int) -> None:
        with pytest.raises(Refused, match="profile_not_higher"):
            check_target(current, target, URL)

    def test_needs_tls_to_be_there(self) -> None:
        with pytest.raises(Refused, match="tls_not_offered"):
            check_target(1, 2, "ws://charge.example/ocpp")

    @pytest.mark.parametrize("target", [0, 1, 4])
    def test_is_2_or_3(self, target: int) -> None:
        with pytest.raises(InvalidInput, match="profile_unknown"):
            check_target(1, target, URL)
