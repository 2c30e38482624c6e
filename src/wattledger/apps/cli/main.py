"""The ``wattledger`` command. Only the command that was asked for is imported: it starts in a blink."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from errno import ENOSPC
from importlib import import_module
from typing import Any, Final

import typer

from wattledger.apps.cli.refusals import refusal_line
from wattledger.core.kernel.errors import InvalidInput, WattledgerError

_HERE: Final = "wattledger.apps.cli"


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line: a function or a typer app in a module that is imported when needed."""

    name: str
    module: str
    attribute: str
    help: str


COMMANDS: Final = (
    Command("run", f"{_HERE}.run", "run_command", "Run everything in the foreground, with a database of its own."),
    Command(
        "demo", f"{_HERE}.demo", "demo_command", "Show it: a small operator, virtual stations, a sandbox provider."
    ),
    Command("stations", f"{_HERE}.run", "stations_command", "Run the process that stations connect to."),
    Command("web", f"{_HERE}.run", "web_command", "Run the process that serves pages, the API and webhooks."),
    Command("worker", f"{_HERE}.run", "worker_command", "Run the process that does what is due."),
    Command("migrate", f"{_HERE}.migrate", "migrate_command", "Bring the database's schema up to date."),
    Command("provision", f"{_HERE}.provision", "provision_command", "Create stations and tokens for load tests."),
    Command("station", f"{_HERE}.station", "app", "Change how a station proves itself: passwords, certificates."),
    Command("firmware", f"{_HERE}.firmware", "app", "Bring new firmware to stations, in waves."),
    Command("baseline", f"{_HERE}.baseline", "app", "Say how stations shall be configured, and bring them there."),
    Command("secrets", f"{_HERE}.secret_keys", "app", "Change the key under which secrets are kept."),
    Command("books", f"{_HERE}.books", "app", "Verify the books."),
    Command("gateway", f"{_HERE}.gateway", "app", "Set up how a tenant is paid, and choose its gateway."),
    Command("hold", f"{_HERE}.hold", "app", "Set how much is held of a driver's money."),
    Command("bank", f"{_HERE}.bank", "app", "Match bank statements with what is owed."),
    Command("tariff", f"{_HERE}.tariff", "tariff_app", "Check tariffs."),
    Command("tax", f"{_HERE}.tax", "app", "Publish which taxes sessions bear, where and from when on."),
    Command("prices", f"{_HERE}.prices", "app", "Tell the market prices that tariffs follow."),
    Command("discount", f"{_HERE}.discount", "app", "Give customers or plans other prices and discounts."),
    Command("rate", f"{_HERE}.rate", "rate_command", "Price an OCPI CDR, with every amount derived."),
    Command("explain", f"{_HERE}.explain", "explain_command", "Explain every cent of a session."),
    Command("lab", f"{_HERE}.lab", "app", "Virtual stations and the sandbox provider."),
    Command("version", f"{_HERE}.version", "version_command", "Print the version."),
)


def build(asked: str | None) -> typer.Typer:
    """The command line with ``asked`` attached for real and every other command by its name and help only."""
    app = typer.Typer(
        name="wattledger",
        help="Billing and payments for EV charging.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain help starts in half the time
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nothing)
    for command in COMMANDS:
        if command.name != asked:
            app.command(command.name, help=command.help)(_nothing)
            continue
        found: Any = getattr(import_module(command.module), command.attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=command.name, help=command.help)
        else:
            app.command(command.name)(found)
    return app


def _nothing() -> None:
    """Stands for what is not imported; never called."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; a refusal is one sentence on stderr: exit 2 for a request to change, else 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = next((word for word in words if not word.startswith("-")), None)
    try:
        build(asked)(words, prog_name="wattledger")
    except WattledgerError as refusal:
        typer.echo(refusal_line(refusal, "wattledger: "), err=True)
        raise SystemExit(2 if isinstance(refusal, InvalidInput) else 1) from None
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        typer.echo("wattledger: No space is left for what it writes. [output_unwritable]", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
