"""Writes docs/reference from the code: settings, commands, error codes and more. ``--check`` only compares.

The pages can therefore not say anything that the code does not.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "wattledger"
PAGES = ROOT / "docs" / "reference"
HEAD = "<!-- Written by scripts/reference.py from the code: change the code, then `make docs`. -->\n\n"
STATUS = {
    "InvalidInput": 422,
    "NotFound": 404,
    "Refused": 409,
    "Unauthorized": 401,
    "Forbidden": 403,
    "Unavailable": 503,
}


def _refusals(path: Path) -> Iterator[tuple[str, str, str]]:
    """(class, code, sentence) of every refusal that a module can raise."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in STATUS):
            continue
        if len(node.args) < 2 or not isinstance(node.args[0], ast.Constant):
            continue
        yield node.func.id, str(node.args[0].value), _sentence(node.args[1])


def _sentence(node: ast.expr) -> str:
    """The message with its blanks named."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"‹{_blank(part)}›" for part in node.values
        )
    return f"‹{ast.unparse(node)}›"


def _blank(part: ast.expr) -> str:
    assert isinstance(part, ast.FormattedValue)
    names = [node.attr if isinstance(node, ast.Attribute) else node.id for node in _names(part.value)]
    return names[0] if names else "value"


def _names(node: ast.expr) -> Iterator[ast.Attribute | ast.Name]:
    return (child for child in ast.walk(node) if isinstance(child, ast.Attribute | ast.Name))


def errors_page() -> str:
    """Every error code with its HTTP status, its sentence and where it comes from."""
    found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for path in sorted(SOURCE.rglob("*.py")):
        for kind, code, sentence in _refusals(path):
            found[code].add((kind, sentence, str(path.relative_to(SOURCE).with_suffix(""))))
    lines = [
        "# Error codes\n",
        "A refusal is an answer: it changes nothing. Its code never changes; its sentence may.\n",
        "| code | HTTP | says | from |",
        "|---|---|---|---|",
    ]
    for code in sorted(found):
        for kind, sentence, module in sorted(found[code]):
            text = sentence.replace("|", "\\|").replace("\n", " ")
            lines.append(f"| `{code}` | {STATUS[kind]} | {text} | `{module}` |")
    return HEAD + "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every environment setting, from the comments and docstrings of settings.py."""
    text = (SOURCE / "settings.py").read_text("utf-8")
    module = ast.parse(text)
    source_lines = text.splitlines()
    lines = [
        "# Settings\n",
        "All come from the environment.\n",
        "| variable | type | default | means |",
        "|---|---|---|---|",
    ]
    struct = next(n for n in module.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    for place, node in enumerate(struct.body):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        default = _default(node)
        meaning = _meaning(struct.body, place, node, source_lines)
        kind = ast.unparse(node.annotation).replace(" | None", "").replace("Literal", "one of ")
        lines.append(f"| `WATTLEDGER_{node.target.id.upper()}` | {kind} | {default} | {meaning} |")
    return HEAD + "\n".join(lines) + "\n"


def _default(node: ast.AnnAssign) -> str:
    if node.value is None:
        return "`/var/lib/wattledger` as root, else below `~/.local/share`"
    text = ast.unparse(node.value)
    return "" if text in ("None", "''") else f"`{text.strip(chr(39))}`"


def _meaning(body: list[ast.stmt], place: int, node: ast.AnnAssign, source_lines: list[str]) -> str:
    """The string after a field, or the ``#:`` comment above or beside it."""
    after = body[place + 1] if place + 1 < len(body) else None
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return " ".join(str(after.value.value).split())
    beside = source_lines[node.lineno - 1].partition("  # ")[2]
    above: list[str] = []
    number = node.lineno - 2
    while number >= 0 and source_lines[number].strip().startswith("#: "):
        above.insert(0, source_lines[number].strip()[3:])
        number -= 1
    return (beside or " ".join(above)).replace("|", "or").replace("``", "`")


def commands_page() -> str:
    """The command line as ``--help`` tells it, every sub-command."""
    import typer

    cli = importlib.import_module("wattledger.apps.cli.main")
    lines = ["# Commands\n"]
    for word in cli.COMMANDS:
        if importlib.util.find_spec(word.module) is None:
            continue
        root = typer.main.get_command(cli.build(word.name))
        context = root.context_class(root, info_name="wattledger")
        lines += _described(root.get_command(context, word.name), ("wattledger", word.name), context)  # type: ignore[attr-defined]
    return HEAD + "\n".join(lines).rstrip() + "\n"


def _described(command: Any, names: tuple[str, ...], parent: Any) -> list[str]:
    context = command.context_class(command, info_name=names[-1], parent=parent)
    children = sorted(command.list_commands(context)) if hasattr(command, "list_commands") else []
    usage = " ".join(piece for piece in command.collect_usage_pieces(context) if not children)
    lines = [f"## `{' '.join((*names, usage)).strip()}`\n", f"{' '.join((command.help or '').split())}\n"]
    options = [one for one in command.get_params(context) if one.param_type_name == "option" and not one.hidden]
    lines += [f"- `{', '.join(one.opts)}`: {one.help or one.name}" for one in options if one.name != "help"]
    lines += [""] if options[1:] else []
    for name in children:
        lines += _described(command.get_command(context, name), (*names, name), context)
    return lines


def station_commands_page() -> str:
    """What may be asked of a station: the words of no version, and every action of both."""
    asked = importlib.import_module("wattledger.core.stations.commands")
    versions = importlib.import_module("wattledger.core.stations.versions")
    lines = [
        "# What may be asked of a station",
        "",
        "`POST /api/v1/stations/{station_id}/commands` takes `kind` and `body`. Who asks: a **person** who may",
        "act, an **owner** only, or **we** alone, because bookkeeping of ours goes with it.",
        "",
        "| kind | fields | who asks | meaning |",
        "|---|---|---|---|",
    ]
    for kind in asked.KINDS:
        type_ = asked.type_of(kind)
        who = "owner" if kind in asked.BY_OWNER else "person" if kind in asked.BY_HAND else "we"
        fields = ", ".join(f"`{name}`" for name in type_.__struct_fields__) or "none"
        meaning = (
            " ".join((type_.__doc__ or f"{kind.replace('_', ' ').capitalize()}.").split())
            .replace("``", "`")
            .replace("|", "or")
        )
        lines.append(f"| `{kind}` | {fields} | {who} | {meaning} |")
    for name in reversed(versions.SUBPROTOCOLS):
        lines += ["", f"## Actions of `{name}`", "", "| action | profile | who calls |", "|---|---|---|"]
        for action in versions.dialect_of(name).ACTIONS.values():
            who = "we" if action.sender.value == "program" else action.sender.value
            lines.append(f"| `{action.name}` | {action.profile} | {who} |")
    return HEAD + "\n".join(lines) + "\n"


PAGES_BY_NAME = {
    "station-commands.md": station_commands_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
}


def main() -> int:
    is_check = "--check" in sys.argv[1:]
    stale = []
    for name, write in PAGES_BY_NAME.items():
        path, text = PAGES / name, write()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    verb = "differ from the code; run 'make docs'" if is_check else "written"
    sys.stdout.write(
        f"docs/reference: {', '.join(stale)} {verb}\n" if stale else "docs/reference agrees with the code\n"
    )
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
