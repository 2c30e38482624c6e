"""Every word of the command line leads to a command."""

from __future__ import annotations

import pytest
import typer

from wattledger.apps.cli.main import COMMANDS, Command, build


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_word_leads_to_a_command_with_help(command: Command) -> None:
    root = typer.main.get_command(build(command.name))
    context = root.context_class(root, info_name="wattledger")
    found = root.get_command(context, command.name)  # type: ignore[attr-defined]
    assert found is not None
    assert found.help
