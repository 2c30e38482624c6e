"""What is owed, in a reader's language: the words of its page, and the letters about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from wattledger.apps.present.debt_terms import DEBT_TERMS
from wattledger.apps.present.figures import money
from wattledger.apps.present.texts import LOCALES, language_of
from wattledger.core.kernel.instants import zone
from wattledger.flows.ports.letters import Letter, LetterKind

# A day, a month and the decimals as they are written where the language is mostly ours to serve.
_REGIONS = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "nl": "nl_NL", "es": "es_ES"}
Say = Callable[..., str]


def say_in(language: str) -> Say:
    """``say("pay", amount="€5.00")``: the sentence of that name in the language, its gaps filled."""
    terms = DEBT_TERMS[language_of(language)]

    def say(name: str, **gaps: str) -> str:
        return terms[name].format(**gaps)

    return say


def wanted_language(accepted: str) -> str:
    """The first of our languages that a browser asks for (Accept-Language); English where it wants none."""
    weighed = []
    for place, part in enumerate(accepted[:200].split(",")):
        name, _, rest = part.strip().partition(";")
        language = name.replace("_", "-").partition("-")[0].lower()
        weight = rest.strip().removeprefix("q=") if rest.strip().startswith("q=") else "1"
        if language in LOCALES and weight not in ("0", "0.0", "0.00", "0.000"):
            weighed.append((weight, -place, language))
    return max(weighed)[2] if weighed else "en"


def amount_in(language: str, amount_minor: int, currency: str) -> str:
    return money(amount_minor, currency, _REGIONS[language_of(language)])


def day_in(language: str, on: date) -> str:
    return str(format_date(on, "long", locale=_locale(language)))


def moment_in(language: str, at: datetime, local: ZoneInfo) -> str:
    return str(format_datetime(at.astimezone(local), "d MMMM y, HH:mm", tzinfo=local, locale=_locale(language)))


def write_letter(letter: Letter) -> tuple[str, str]:
    """(subject, text) of a letter, in its language."""
    language, say = letter.language, say_in(letter.language)
    moment = letter.ended_at or letter.stops_at
    gaps = {
        "number": letter.number,
        "seller": letter.seller,
        "site": letter.site_name,
        "amount": amount_in(language, letter.amount_minor, letter.currency),
        "day": "" if letter.due_on is None else day_in(language, letter.due_on),
        "moment": "" if moment is None else moment_in(language, moment, zone(letter.time_zone)),
    }
    here = "mail_renew_here" if letter.kind is LetterKind.RENEW else "mail_pay"
    lines = [say("mail_hello"), "", say(f"mail_{letter.kind}", **gaps), "", say(here), letter.address, ""]
    if letter.help_phone:
        lines += [say("mail_help", phone=letter.help_phone), ""]
    return say(f"mail_{letter.kind}_subject", **gaps), "\n".join([*lines, letter.seller, ""])


def _locale(language: str) -> Locale:
    return Locale.parse(_REGIONS[language_of(language)])
