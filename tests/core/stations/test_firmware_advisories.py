"""Stations that run firmware with a published weakness are found by maker, model and version."""

from __future__ import annotations

import pytest

from wattledger.adapters.advisories import shipped_advisories
from wattledger.core.kernel.errors import InvalidInput
from wattledger.core.stations.advisories import Advisory, findings, read_advisories, version_key

SHIPPED = shipped_advisories().advisories


def found(vendor: str | None, model: str | None, firmware: str | None) -> dict[str, bool]:
    hits = findings(SHIPPED, vendor=vendor, model=model, firmware=firmware)
    return {one.advisory.id: one.is_certain for one in hits}


class TestAStation:
    def test_below_the_fixed_version_is_flagged(self) -> None:
        assert found("Phoenix Contact", "CHARX SEC-3100", "1.6.2")["VDE-2024-022"]

    def test_at_the_fixed_version_is_not(self) -> None:
        assert "VDE-2024-022" not in found("Phoenix Contact", "CHARX SEC-3100", "1.6.3")

    def test_up_to_the_last_bad_version_is_flagged(self) -> None:
        assert found("ABB", "Terra AC W22-T-0", "1.8.32") == {"ICSA-26-146-01": True}
        assert found("ABB", "Terra AC W22-T-0", "1.8.33") == {}

    @pytest.mark.parametrize("firmware", [None, "", "unknown"])
    def test_that_does_not_tell_its_version_is_flagged_as_perhaps(self, firmware: str | None) -> None:
        assert found("ABB", "Terra AC", firmware) == {"ICSA-26-146-01": False}

    def test_of_a_model_whose_every_version_is_meant_is_flagged_as_perhaps(self) -> None:
        assert found("alpitronic", "HYC300", "2.1.0") == {"ICSA-24-130-02": False}

    def test_of_another_maker_or_model_is_not(self) -> None:
        assert found("ABBOTT", "Pole", "1.0") == {}
        assert found("ABB", "Other", "1.0") == {}
        assert found(None, None, "1.0") == {}

    def test_hears_the_most_pressing_first(self) -> None:
        hits = findings(SHIPPED, vendor="PHOENIX CONTACT", model="CHARX SEC-3000", firmware="1.5.0")
        assert [one.advisory.severity for one in hits] == sorted(one.advisory.severity for one in hits)
        assert hits[0].advisory.severity == "act"


class TestAVersion:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("1.6.3", (1, 6, 3)),
            ("R8 V3.4.0.1", (3, 4, 0, 1)),
            ("v3.2.0-12_v1", (3, 2, 0, 12)),
            ("2.0.6.0.0", (2, 0, 6)),
            ("7", (7,)),
            ("none", None),
        ],
    )
    def test_is_compared_by_its_numbers(self, text: str, key: tuple[int, ...] | None) -> None:
        assert version_key(text) == key

    def test_ten_comes_after_nine(self) -> None:
        nine, ten = version_key("1.9"), version_key("1.10")
        assert nine is not None
        assert ten is not None
        assert nine < ten


class TestTheShippedList:
    def test_has_a_source_and_a_range_that_can_be_read_for_every_entry(self) -> None:
        assert len(SHIPPED) >= 8
        for advisory in SHIPPED:
            for version in (advisory.fixed_in, advisory.last_bad):
                assert version is None or version_key(version) is not None
            assert advisory.source.startswith("https://")

    def test_names_every_entry_of_a_maker_once(self) -> None:
        keys = [(one.id, one.models) for one in SHIPPED]
        assert len(keys) == len(set(keys))

    def test_is_refused_when_malformed(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            read_advisories(b'{"about": "x"}')
        assert refusal.value.code == "advisories_malformed"

    def test_flags_at_the_edge_of_each_of_its_ranges(self) -> None:
        for advisory in SHIPPED:
            if advisory.last_bad is not None:
                assert is_flagged(advisory, advisory.last_bad)
            elif advisory.fixed_in is not None:
                assert not is_flagged(advisory, advisory.fixed_in)
                assert is_flagged(advisory, "0.0.1")


def is_flagged(advisory: Advisory, firmware: str) -> bool:
    hits = findings([advisory], vendor=advisory.vendor, model=advisory.models[0], firmware=firmware)
    return any(one.is_certain for one in hits)
