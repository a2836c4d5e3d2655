"""`phonofilm match`: which records are the same thing, and what a person says to it."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, err, out, plain, say, table
from phonofilm.identity.decisions import decide
from phonofilm.workspace import Workspace

Pair = tuple[str, str]
_SILENT = ("not known", "nothing told")


def command(
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--explain",
            metavar="A B",
            help="Why two records, source:id, are one or two.",
            show_default=False,
        ),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Decide what nobody is sure of, one by one.")
    ] = False,
    same: Annotated[
        tuple[str, str] | None,
        typer.Option("--same", metavar="A B", help="They are one thing.", show_default=False),
    ] = None,
    apart: Annotated[
        tuple[str, str] | None,
        typer.Option("--apart", metavar="A B", help="They are two.", show_default=False),
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="recording, release, artist or title.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Compare everything anew; decisions stay.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to review.")] = 20,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Find which artists, recordings, releases and titles are the same across sources."""
    folder = shared.folder_of(data, warehouse=warehouse)
    if explain:
        _explain(folder, explain, kind, json)
    elif review:
        _review(folder, kind, limit, json)
    elif same or apart:
        for pair, one_thing in ((same, True), (apart, False)):
            if pair:
                _decide(folder, pair, kind, one_thing)
        _match(folder, False, json)
    else:
        _match(folder, again, json)


def _match(folder: Workspace, again: bool, json: bool) -> None:
    from phonofilm.identity.match import match  # noqa: PLC0415 - an extra

    result = match(folder, again)
    if json:
        as_json(result)
        return
    names = ("records", "new", "clusters", "links", "to_decide", "refused")
    rows = [(kind, *(told[name] for name in names)) for kind, told in result.kinds.items()]
    table(
        ("", "records", "new", "things", "links", "to decide", "cannot be"),
        [row for row in rows if row[1]],
    )
    waiting = sum(told["to_decide"] for told in result.kinds.values())
    say(f"Rules {result.rules}, {result.elapsed_s:.1f} s. Things: those with several records.")
    more = "phonofilm match --review · " if waiting else ""
    say(f'Next: {more}phonofilm sql "FROM artist_wide LIMIT 10" --data {folder.root}')


def _decide(folder: Workspace, pair: Pair, kind: str, one_thing: bool) -> None:
    """Only what is there can be decided about: a slip would wait for ever."""
    from phonofilm.identity.explain import explain  # noqa: PLC0415 - an extra

    told = explain(folder, *pair, kind)
    decide(folder, told.kind, *pair, one_thing)


def _explain(folder: Workspace, pair: Pair, kind: str, json: bool) -> None:
    from phonofilm.identity.explain import explain  # noqa: PLC0415 - an extra

    told = explain(folder, *pair, kind)
    if json:
        as_json(told)
        return
    out.print(f"[bold]{told.kind}[/]: {told.probability:.1%} that they are one; ", end="")
    out.print(told.verdict, markup=False)
    speaking = [w for w in told.weights if w.agreement not in _SILENT]
    rows = [(w.fact, w.one, w.other, w.agreement, f"{w.bits:+.1f}") for w in speaking]
    table(("fact", pair[0][:24], pair[1][:24], "agreement", "bits"), rows)
    if silent := [w.fact for w in told.weights if w.agreement in _SILENT]:
        out.print(f"[dim]These say nothing here: {', '.join(silent)}.[/]")
    say(f"A bit doubles the odds; they add up. Rules {told.rules}.")


def _review(folder: Workspace, kind: str, limit: int, json: bool) -> None:
    from phonofilm.identity.review import uncertain  # noqa: PLC0415 - an extra

    found = uncertain(folder, kind, limit)
    if json:
        as_json(found)
        return
    if not found:
        out.print("Nothing is waiting for a decision.")
        return
    if not err.is_terminal:
        rows = [(f"{r.probability:.0%}", r.kind, r.one, r.other, r.one_name) for r in found]
        table(("", "", "one", "other", "name"), rows)
        say("On a terminal each is asked; elsewhere: phonofilm match --same A B, or --apart A B.")
        return
    made = 0
    for row in found:
        out.print(f"\n[bold]{row.kind}[/] {row.probability:.0%}  [dim]{row.evidence}[/]")
        for name, text in ((row.one, row.one_name), (row.other, row.other_name)):
            out.print(f"  {name}  {plain(text)}", markup=False)
        answer = typer.prompt("the same? yes, no, later, quit", default="later", err=True)[:1]
        if answer == "q":
            break
        if answer in ("y", "n"):
            decide(folder, row.kind, row.one, row.other, answer == "y")
            made += 1
    if made:
        _match(folder, False, json=False)
