"""What a payment may do, in the plainest way: sums and flags, no history. The machine must agree."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Model:
    """One attempt at a gateway that does as it is told; amounts in minor units."""

    asked: int
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    is_over: bool = False
    is_capturing: bool = False
    refunds: list[int] = field(default_factory=list)

    def authorize(self, amount: int) -> None:
        if not self.is_over and not self.captured:
            self.authorized = max(self.authorized, amount)

    def may_capture(self, amount: int) -> bool:
        is_held = self.authorized > 0 and not self.captured and not self.is_over and not self.is_capturing
        return is_held and 0 < amount <= self.authorized

    def capture(self, amount: int) -> None:
        assert self.may_capture(amount)
        self.captured = amount

    def may_refund(self, amount: int) -> bool:
        return 0 < amount <= self.captured - self.refunded

    def refund(self, amount: int) -> None:
        assert self.may_refund(amount)
        self.refunded += amount

    def may_void(self) -> bool:
        return not self.captured and not self.is_over

    def void(self) -> None:
        assert self.may_void()
        self.is_over = True

    @property
    def state(self) -> str:
        if self.captured:
            if self.refunded == self.captured:
                return "refunded"
            return "partially_refunded" if self.refunded else "captured"
        if self.is_over:
            return "voided" if self.authorized else "abandoned"
        if self.authorized:
            return "authorized" if self.authorized >= self.asked else "partially_authorized"
        return "requires_action"
