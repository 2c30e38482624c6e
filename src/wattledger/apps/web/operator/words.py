"""The desk's words: what each state is called, what it means, and how a reason code reads."""

from __future__ import annotations

from typing import Final, NamedTuple

from wattledger.flows.ports.refunds import RefundRow


class Word(NamedTuple):
    """A word for people, and whether it is good, notice, bad, info or nothing in particular."""

    word: str
    meaning: str = ""
    icon: str | None = None


SESSION_STATES: Final = {
    "starting": Word("Starting", "info", "clock"),
    "active": Word("Charging", "good", "bolt"),
    "suspended": Word("Paused", "notice", "clock"),
    "ended": Word("Ended, not billed", "notice", "clock"),
    "billed": Word("Billed", "", "check"),
    "under_review": Word("Under review", "bad", "alert"),
}
PAYMENT_STATES: Final = {
    "created": Word("Created", "", "clock"),
    "requires_action": Word("Waits for the driver", "info", "clock"),
    "authorized": Word("Held", "info", "lock"),
    "partially_authorized": Word("Partly held", "notice", "lock"),
    "incremented": Word("Held, raised", "info", "lock"),
    "capture_pending": Word("Being captured", "info", "clock"),
    "captured": Word("Captured", "good", "check"),
    "partially_captured": Word("Partly captured", "good", "check"),
    "refund_pending": Word("Being refunded", "info", "clock"),
    "partially_refunded": Word("Partly refunded", "notice", "check"),
    "refunded": Word("Refunded", "notice", "check"),
    "voided": Word("Released", "", "check"),
    "expired": Word("Expired", "", "clock"),
    "failed": Word("Failed", "bad", "bad"),
    "abandoned": Word("Abandoned", "", "cross"),
    "disputed": Word("Disputed", "bad", "alert"),
    "disputed_won": Word("Dispute won", "good", "check"),
    "disputed_lost": Word("Dispute lost", "bad", "bad"),
    "unknown": Word("Unknown", "notice", "alert"),
}
OPERATION_STATES: Final = {
    "pending": Word("Waiting", "", "clock"),
    "calling": Word("Calling", "info", "clock"),
    "requires_action": Word("Waits for the driver", "info", "clock"),
    "succeeded": Word("Done", "good", "check"),
    "failed": Word("Failed", "bad", "bad"),
    "unknown": Word("Unknown", "notice", "alert"),
    "cancelled": Word("Dropped", "", "cross"),
}
COMMAND_STATES: Final = {
    "queued": Word("Waiting", "", "clock"),
    "sent": Word("Sent", "info", "clock"),
    "accepted": Word("Accepted", "good", "check"),
    "rejected": Word("Refused", "bad", "bad"),
    "failed": Word("Failed", "bad", "bad"),
    "timed_out": Word("No answer", "bad", "clock"),
}
INVOICE_STATES: Final = {
    "finalized": Word("Issued", "info", "invoice"),
    "paid": Word("Paid", "good", "check"),
    "partly_paid": Word("Partly paid", "notice", "clock"),
    "overdue": Word("Overdue", "bad", "alert"),
    "written_off": Word("Written off", "", "cross"),
    "voided": Word("Voided", "", "cross"),
}
BANK_STATES: Final = {
    "parked": Word("Fits no invoice", "notice", "alert"),
    "matched": Word("Pays an invoice", "good", "check"),
    "returned": Word("Sent back", "", "cross"),
    "not_ours": Word("Not a payment", "", "cross"),
}
MATCH_RULES: Final = {
    "reference": "by its reference",
    "invoice_number": "by the invoice's number",
    "amount_and_name": "by amount and name",
    "decided": "by a person",
}
REVIEW_STATES: Final = {"open": Word("Open", "notice", "alert"), "resolved": Word("Resolved", "good", "check")}
TOKEN_STATES: Final = {"active": Word("Active", "good", "check"), "blocked": Word("Blocked", "bad", "lock")}
WEBHOOK_STATES: Final = {
    "received": Word("Received", "info", "clock"),
    "processed": Word("Worked in", "good", "check"),
    "parked": Word("Parked", "notice", "alert"),
}
CONNECTOR_STATES: Final = {
    "available": Word("Free", "good", "check"),
    "occupied": Word("Occupied", "info", "plug"),
    "reserved": Word("Reserved", "info", "clock"),
    "unavailable": Word("Out of service", "", "cross"),
    "faulted": Word("Faulted", "bad", "alert"),
    "unknown": Word("Not told yet", "", "clock"),
    "offline": Word("Offline", "bad", "offline"),
}


class WaitWord(NamedTuple):
    """Why a session waits, and what happens at its deadline (the instant follows)."""

    why: str
    then: str


_ENDS: Final = "If its end is not told before, it is ended at its last proven reading at"
WAITS: Final = {
    "unlinked": WaitWord("its station has no link", f"It may be charging on. {_ENDS}"),
    "silent": WaitWord("its station is linked, and says nothing of it", _ENDS),
    "vacated": WaitWord("its connector is free again, and its end was not told", _ENDS),
    "superseded": WaitWord("another session began at its connector, and its end was not told", _ENDS),
    "queued": WaitWord("the station says that messages of it are in its queue", _ENDS),
    "gone": WaitWord("the station says that it is over and nothing more will come", "It is decided at"),
    "incomplete": WaitWord(
        "it ended, and messages between start and end are missing",
        "If they do not come before, it is put before a person at",
    ),
}
WORK_KINDS: Final = {
    "review": Word("Review", "notice", "alert"),
    "capture": Word("Capture failed", "bad", "card"),
    "hold": Word("Hold not released", "bad", "lock"),
    "unbilled": Word("Not billed", "bad", "session"),
    "parked": Word("Parked message", "notice", "station"),
    "webhook": Word("Parked webhook", "notice", "card"),
}
_REFUND_STATES: Final = {
    "waiting": Word("Waiting", "notice", "clock"),
    "declined": Word("Declined", "", "cross"),
    "wallet": Word("In the wallet", "good", "check"),
    "succeeded": Word("Given back", "good", "check"),
    "failed": Word("Refused by the gateway", "bad", "alert"),
}
_REASONS: Final = {
    "second_link": "A second link in this station's name was refused while the first one lives",
    "attempts_many": "Somebody tried many times to be this station and could not prove it",
    "downgrade_refused": "The station's password was shown on a link that is not safe enough",
    "certificate_expiring": "The station's certificate ends soon and was not renewed",
    "certificate_expired": "The station's certificate has ended",
    "certificate_request_refused": "The station asked for a certificate that it cannot have",
    "walk_up_stuck": "The station did not get to its higher security profile",
    "amount_too_small": "The gateway takes no refund this small",
    "refund_window_expired": "The gateway's time for refunds of this payment is over",
    "refund_without_credit_note": "Money was given back, and there is no document to correct",
    "session_over": "The session is over and the hold still stands",
    "never_started": "The driver paid, no session followed, and the hold still stands",
    "expires_soon": "The hold expires within a day: capture or release it",
    "start_missing": "The station never told the start",
    "messages_missing": "Messages between start and end are missing",
    "no_register": "No meter reading came with the session",
    "register_unknown": "A meter reading could not be understood",
    "register_negative": "The meter showed a negative register",
    "register_unreadable": "The meter told a register that is no number",
    "register_unit_unknown": "The meter told a register in an unknown unit",
    "register_implausible": "The meter told a register that no meter reaches",
    "sequence_implausible": "The station numbered a message impossibly",
    "clock_wrong": "The station's clock was wrong by a day or more",
    "session_unnamed": "The station did not say which session it ended",
    "session_unknown": "The station ended a session that is not known here",
    "token_refused": "Energy was delivered although the token was refused",
    "debtor_missing": "Energy was delivered and nobody known started the session",
    "connector_unknown": "The connector is not registered here",
    "late_facts": "The station told more after the bill, and it does not agree",
    "bill_above_hold": "The bill was above the hold; the rest was written off",
    "billed_without_hold": "The session is billed, but no hold stands",
    "captured_differs_from_bill": "What was captured is not what was billed",
    "operation_unanswered": "The gateway took a call and has not said what became of it",
    "capture_returned": "The gateway took its capture back",
    "hold_after_release": "Money was held after the page was over",
    "invoice_paid_twice": "The invoice was paid by a transfer as well: give back what is too much",
    "bank_entry_unmatched": "Money came into the bank account that fits no invoice",
    "bank_entry_elsewhere": "A statement tells of money on a bank account that is not ours",
    "gateway_told_other_payee": "The gateway told of money for another account than ours",
    "operation_unknown": "The gateway's answer to a call is not known",
    "capture_failed": "The gateway refused to capture",
    "void_failed": "The gateway refused to release the hold",
    "refund_failed": "The gateway refused the refund",
    "register_backwards": "The meter ran backwards",
    "energy_implausible": "More energy than the connector can deliver in that time",
    "ends_before_start": "The session ends before it starts",
    "ends_differ": "The station told two different ends",
    "baseline_replaced": "The first register was not this session's; the second is the baseline",
    "end_from_last_reading": "The end came without a register; the last reading counts",
    "end_provisional": "The station never told the end; the last proven reading counts until it does",
    "end_matched": "The station did not say which session it ended; meter, card and time left only this one",
    "end_missing": "The station never told how the session ended",
    "superseded": "Another session began at the connector before this one's end was told",
    "clock_unreadable": "The station's clock could not be read; ours counts",
    "captured_early": "The hold was about to end: what was proven so far is captured, the bill is still to come",
    "card_number_sent": "The station sent what looks like a card number; it was struck out and not stored",
    "tariff_missing": "No tariff was in force at the start",
    "timed_out": "No answer within 45 seconds",
}


def word_of(words: dict[str, Word], state: str) -> Word:
    """The word of a state; one we have no word for is shown as it is."""
    return words.get(state.lower()) or Word(sentence(state))


def refund_word(row: RefundRow) -> Word:
    """Where a refund stands: with us, with the gateway, or done."""
    if row.state != "sent":
        return _REFUND_STATES[row.state]
    if row.destination == "wallet":
        return _REFUND_STATES["wallet"]
    return _REFUND_STATES.get(row.operation_state or "", Word("On its way", "info", "clock"))


def reason(code: str | None) -> str:
    """A reason code as a sentence."""
    return "" if not code else _REASONS.get(code, sentence(code))


def sentence(code: str) -> str:
    """``hold_not_released`` is ``Hold not released``; what is no code of ours stays as it is."""
    if not code.replace("_", "").isalnum() or not code.islower():
        return code
    words = code.replace("_", " ")
    return words[:1].upper() + words[1:]
