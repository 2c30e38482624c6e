"""The chart of accounts: a readable code and a currency name one account of a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AccountKind(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    REVENUE = "revenue"
    EXPENSE = "expense"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Account:
    code: str
    currency: str
    kind: AccountKind


# What drivers owe who pay ad hoc, from the bill until the gateway's capture.
DRIVERS: Final = "receivable:drivers"
REVENUE_ENERGY: Final = "revenue:energy"
REVENUE_TIME: Final = "revenue:time"
REVENUE_IDLE: Final = "revenue:idle"
REVENUE_SESSION: Final = "revenue:session"
REVENUE_PLANS: Final = "revenue:plans"
TAX: Final = "tax:output"
GATEWAY_FEES: Final = "expense:gateway_fees"
WRITTEN_OFF: Final = "expense:written_off"
BANK: Final = "asset:bank"

_HOUSE: Final = (
    (DRIVERS, AccountKind.ASSET),
    (REVENUE_ENERGY, AccountKind.REVENUE),
    (REVENUE_TIME, AccountKind.REVENUE),
    (REVENUE_IDLE, AccountKind.REVENUE),
    (REVENUE_SESSION, AccountKind.REVENUE),
    (REVENUE_PLANS, AccountKind.REVENUE),
    (TAX, AccountKind.TAX),
    (GATEWAY_FEES, AccountKind.EXPENSE),
    (WRITTEN_OFF, AccountKind.EXPENSE),
    (BANK, AccountKind.ASSET),
)


def customer_account(customer_no: str) -> str:
    """What one customer owes."""
    return f"receivable:customer:{customer_no}"


def wallet_account(customer_no: str) -> str:
    """What the tenant owes one customer in advance."""
    return f"liability:wallet:{customer_no}"


def clearing_account(gateway: str) -> str:
    """What a gateway collected for us and has not paid out yet."""
    return f"clearing:{gateway}"


def house_accounts(currency: str, gateways: tuple[str, ...] = ()) -> tuple[Account, ...]:
    """Every account that a tenant needs in one currency before its first posting."""
    return (
        *(Account(code, currency, kind) for code, kind in _HOUSE),
        *(Account(clearing_account(gateway), currency, AccountKind.ASSET) for gateway in gateways),
    )
