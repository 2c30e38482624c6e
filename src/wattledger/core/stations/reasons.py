"""Why a token was refused, as a driver reads it at the station, in five languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wattledger.core.stations.talk import Said, Verdict

_WORDS: Final[Mapping[str, Mapping[Verdict, str]]] = MappingProxyType(
    {
        "en": {
            Verdict.UNKNOWN: "This card is not known here.",
            Verdict.BLOCKED: "This card is blocked. Please ask who gave it to you.",
            Verdict.EXPIRED: "This card or its contract has expired.",
            Verdict.LIMIT_REACHED: "The limit of this card or contract is used up.",
            Verdict.TOO_OFTEN: "This card was used too often in a short time. Try again later.",
            Verdict.NOT_HERE: "This card may not be used at this site.",
            Verdict.NOT_NOW: "This card may not be used at this time of day.",
            Verdict.BUSY: "This card is charging already, and may not charge twice at once.",
        },
        "de": {
            Verdict.UNKNOWN: "Diese Karte ist hier nicht bekannt.",
            Verdict.BLOCKED: "Diese Karte ist gesperrt. Bitte fragen Sie, wer sie ausgegeben hat.",
            Verdict.EXPIRED: "Diese Karte oder ihr Vertrag ist abgelaufen.",
            Verdict.LIMIT_REACHED: "Das Limit dieser Karte oder dieses Vertrags ist aufgebraucht.",
            Verdict.TOO_OFTEN: "Diese Karte wurde in kurzer Zeit zu oft benutzt. Bitte später noch einmal.",
            Verdict.NOT_HERE: "Diese Karte gilt an diesem Standort nicht.",
            Verdict.NOT_NOW: "Diese Karte gilt zu dieser Tageszeit nicht.",
            Verdict.BUSY: "Mit dieser Karte wird bereits geladen; zweimal zugleich ist nicht erlaubt.",
        },
        "fr": {
            Verdict.UNKNOWN: "Cette carte n'est pas connue ici.",
            Verdict.BLOCKED: "Cette carte est bloquée. Adressez-vous à son émetteur.",
            Verdict.EXPIRED: "Cette carte ou son contrat a expiré.",
            Verdict.LIMIT_REACHED: "La limite de cette carte ou de ce contrat est atteinte.",
            Verdict.TOO_OFTEN: "Cette carte a été utilisée trop souvent. Réessayez plus tard.",
            Verdict.NOT_HERE: "Cette carte n'est pas valable sur ce site.",
            Verdict.NOT_NOW: "Cette carte n'est pas valable à cette heure.",
            Verdict.BUSY: "Une recharge est déjà en cours avec cette carte ; deux à la fois ne sont pas permises.",
        },
        "nl": {
            Verdict.UNKNOWN: "Deze kaart is hier niet bekend.",
            Verdict.BLOCKED: "Deze kaart is geblokkeerd. Vraag het aan wie de kaart heeft uitgegeven.",
            Verdict.EXPIRED: "Deze kaart of het contract is verlopen.",
            Verdict.LIMIT_REACHED: "De limiet van deze kaart of dit contract is bereikt.",
            Verdict.TOO_OFTEN: "Deze kaart is te vaak achter elkaar gebruikt. Probeer het later opnieuw.",
            Verdict.NOT_HERE: "Deze kaart is op deze locatie niet geldig.",
            Verdict.NOT_NOW: "Deze kaart is op dit tijdstip niet geldig.",
            Verdict.BUSY: "Met deze kaart wordt al geladen; twee keer tegelijk is niet toegestaan.",
        },
        "es": {
            Verdict.UNKNOWN: "Esta tarjeta no se conoce aquí.",
            Verdict.BLOCKED: "Esta tarjeta está bloqueada. Pregunte a quien se la dio.",
            Verdict.EXPIRED: "Esta tarjeta o su contrato ha caducado.",
            Verdict.LIMIT_REACHED: "El límite de esta tarjeta o contrato está agotado.",
            Verdict.TOO_OFTEN: "Esta tarjeta se ha usado demasiado seguido. Inténtelo más tarde.",
            Verdict.NOT_HERE: "Esta tarjeta no vale en este lugar.",
            Verdict.NOT_NOW: "Esta tarjeta no vale a esta hora.",
            Verdict.BUSY: "Esta tarjeta ya está cargando; dos veces a la vez no está permitido.",
        },
    }
)
LANGUAGES: Final = tuple(_WORDS)
# The language of a place, by its time zone: what a station there speaks when it knows nothing of the driver.
_LANGUAGE_OF: Final = {
    "Europe/Berlin": "de",
    "Europe/Vienna": "de",
    "Europe/Zurich": "de",
    "Europe/Vaduz": "de",
    "Europe/Busingen": "de",
    "Europe/Paris": "fr",
    "Europe/Monaco": "fr",
    "Europe/Luxembourg": "fr",
    "Europe/Brussels": "nl",
    "Europe/Amsterdam": "nl",
    "Europe/Madrid": "es",
    "Atlantic/Canary": "es",
    "Africa/Ceuta": "es",
}


def language_of(time_zone: str) -> str:
    return _LANGUAGE_OF.get(time_zone, "en")


def refusal_words(verdict: Verdict | None, language: str) -> Said | None:
    """What the display says of a refusal; None where nothing was refused."""
    if verdict is None or verdict is Verdict.ACCEPTED:
        return None
    spoken = language if language in _WORDS else "en"
    return Said(_WORDS[spoken][verdict], spoken)
