"""``wattledger lab attack``: the attack and fault range, against an installation of one's own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Annotated, Final

import msgspec
import typer

from wattledger.apps.lab.attack.kit import Finding, Place, Verdict, check_place
from wattledger.apps.lab.attack.run import attack

_VERSIONS: Final = ("1.6", "2.0.1")
_MARKS: Final = {Verdict.HELD: "held", Verdict.BREACHED: "BREACHED", Verdict.NOT_TRIED: "not tried"}


def attack_command(
    *,
    url: Annotated[
        str, typer.Option(help="Where stations connect, without an identity: ws://127.0.0.1:9000/ocpp")
    ],
    tls_url: Annotated[str | None, typer.Option(help="The same over TLS: wss://...")] = None,
    station: Annotated[str | None, typer.Option(help="A station to use for this, not linked now.")] = None,
    password: Annotated[str | None, typer.Option(help="Its password.")] = None,
    token: Annotated[str | None, typer.Option(help="A card to charge with; its sessions are billed.")] = None,
    api: Annotated[
        str | None, typer.Option(help="Where its API is, to look at the bills too: http://127.0.0.1:8080")
    ] = None,
    api_token: Annotated[
        str | None, typer.Option(help="A login there (POST /api/v1/logins).", envvar="WATTLEDGER_API_TOKEN")
    ] = None,
    ocpp: Annotated[str, typer.Option(help="1.6 or 2.0.1.")] = "2.0.1",
    own_installation: Annotated[
        bool, typer.Option("--own-installation", help="The address is not on this machine, and it is yours.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, a verdict a line, and a summary.")] = False,
) -> None:
    """Try the known attacks on the station link, and the faults of the field: a verdict for each.

    With a login to the API, the bills of the faulty sessions are looked at too, and stations refuse firmware,
    settings and logs. Exit code 1 if anything was breached.
    """
    if ocpp not in _VERSIONS:
        raise typer.BadParameter(f"{ocpp!r} is none of {', '.join(_VERSIONS)}.", param_hint="--ocpp")
    if (api is None) != (api_token is None):
        raise typer.BadParameter("Give --api and --api-token together.", param_hint="--api")
    place = Place(
        url.rstrip("/"),
        ocpp,
        tls_url,
        station,
        password,
        token,
        None if api is None else api.rstrip("/"),
        api_token,
    )
    check_place(place, is_own=own_installation)
    counts = asyncio.run(_run(place, as_json=as_json))
    summary = {verdict.value: counts[verdict] for verdict in Verdict}
    words = ", ".join(f"{counts[verdict]} {_MARKS[verdict]}" for verdict in Verdict)
    typer.echo(json.dumps({"summary": summary}) if as_json else words)
    if counts[Verdict.BREACHED]:
        raise typer.Exit(1)


async def _run(place: Place, *, as_json: bool) -> Counter[Verdict]:
    counts: Counter[Verdict] = Counter()
    async for finding in attack(place):
        counts[finding.verdict] += 1
        typer.echo(msgspec.json.encode(finding).decode() if as_json else _line(finding))
    return counts


def _line(finding: Finding) -> str:
    return f"{_MARKS[finding.verdict]:9}  {finding.id:5} {finding.name.replace('_', ' '):28} {finding.why}"
