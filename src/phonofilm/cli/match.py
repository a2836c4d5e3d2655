"""`phonofilm match`: which records are the same entity, and what a person decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import err, in_folder, note, print_json, print_table, say
from phonofilm.identity.decisions import decide
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.identity.explain import Explanation
    from phonofilm.identity.match import MatchResult
    from phonofilm.identity.review import Uncertain

Pair = tuple[str, str]
"""Two records as `source:id`."""
# Agreements of facts that say nothing about a pair.
_SILENT = ("not known", "no evidence")


@dataclass(frozen=True, kw_only=True)
class MatchArguments:
    """Options of `phonofilm match`, in the order of its help."""

    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--explain",
            metavar="A B",
            help="Why two records, source:id, are one or two.",
            show_default=False,
        ),
    ] = None
    review: Annotated[
        bool, typer.Option("--review", help="Decide uncertain links, one by one.")
    ] = False
    same: Annotated[
        tuple[str, str] | None,
        typer.Option("--same", metavar="A B", help="They are the same entity.", show_default=False),
    ] = None
    apart: Annotated[
        tuple[str, str] | None,
        typer.Option("--apart", metavar="A B", help="They are two.", show_default=False),
    ] = None
    kind: Annotated[str, typer.Option("--kind", help="recording, release, artist or title.")] = ""
    again: Annotated[
        bool, typer.Option("--again", help="Compare everything anew; decisions stay.")
    ] = False
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to review.")] = 20
    warehouse: shared.Warehouse = ""
    data: shared.Data = None
    json: shared.Json = False


@shared.takes_options
def command(arguments: MatchArguments) -> None:
    """Find which artists, recordings, releases and titles are the same across sources."""
    workspace = shared.open_workspace(arguments.data, warehouse=arguments.warehouse)
    if arguments.explain:
        _explain(workspace, arguments.explain, arguments)
    elif arguments.review:
        _review(workspace, arguments)
    elif arguments.same or arguments.apart:
        if arguments.same:
            _decide(workspace, arguments.same, arguments.kind, same=True)
        if arguments.apart:
            _decide(workspace, arguments.apart, arguments.kind, same=False)
        _match(workspace, json=arguments.json)
    else:
        _match(workspace, arguments.again, arguments.json)


def _match(workspace: Workspace, again: bool = False, json: bool = False) -> None:
    from phonofilm.identity.match import match  # noqa: PLC0415 - an extra

    result = match(workspace, again)
    if json:
        print_json(result)
    else:
        _print_result(result, workspace)


def _print_result(result: MatchResult, workspace: Workspace) -> None:
    names = ("records", "new", "clusters", "links", "to_decide", "refused")
    rows = [
        (kind, *(counts[name] for name in names))
        for kind, counts in result.kinds.items()
        if counts["records"]
    ]
    print_table(("", "records", "new", "entities", "links", "to decide", "cannot be"), rows)
    note(f"Rules {result.rules}, {result.elapsed_s:.1f} s. Entities: those with several records.")
    undecided = any(counts["to_decide"] for counts in result.kinds.values())
    review = "phonofilm match --review · " if undecided else ""
    query = in_folder('phonofilm sql "FROM artist_wide LIMIT 10"', workspace.root)
    note(f"Next: {review}{query}")


def _decide(workspace: Workspace, pair: Pair, kind: str, same: bool) -> None:
    """Record a decision about two known records; UsageError for one that was never matched.

    A decision about a mistyped record would wait for ever.
    """
    from phonofilm.identity.explain import explain  # noqa: PLC0415 - an extra

    decide(workspace, explain(workspace, *pair, kind).kind, *pair, same)


def _explain(workspace: Workspace, pair: Pair, arguments: MatchArguments) -> None:
    from phonofilm.identity.explain import explain  # noqa: PLC0415 - an extra

    explanation = explain(workspace, *pair, arguments.kind)
    if arguments.json:
        print_json(explanation)
    else:
        _print_explanation(explanation, pair)


def _print_explanation(explanation: Explanation, pair: Pair) -> None:
    probability = f": {explanation.probability:.1%} that they are one; "
    say((explanation.kind, "bold"), probability, explanation.verdict)
    rows = [
        (weight.fact, weight.one, weight.other, weight.agreement, f"{weight.bits:+.1f}")
        for weight in explanation.weights
        if weight.agreement not in _SILENT
    ]
    print_table(("fact", pair[0][:24], pair[1][:24], "agreement", "bits"), rows)
    silent = [weight.fact for weight in explanation.weights if weight.agreement in _SILENT]
    if silent:
        say((f"These say nothing here: {', '.join(silent)}.", "dim"))
    note(f"A bit doubles the odds; they add up. Rules {explanation.rules}.")


def _review(workspace: Workspace, arguments: MatchArguments) -> None:
    """Print the undecided links, or on a terminal prompt for a decision about each."""
    from phonofilm.identity.review import uncertain  # noqa: PLC0415 - an extra

    links = uncertain(workspace, arguments.kind, arguments.limit)
    if arguments.json:
        print_json(links)
    elif not links:
        say("Nothing is waiting for a decision.")
    elif not err.is_terminal:
        rows = [
            (f"{link.probability:.0%}", link.kind, link.one, link.other, link.one_name)
            for link in links
        ]
        print_table(("", "", "one", "other", "name"), rows)
        note("On a terminal each is asked; elsewhere: phonofilm match --same A B, or --apart A B.")
    elif _prompt_decisions(workspace, links):
        _match(workspace)


def _prompt_decisions(workspace: Workspace, links: list[Uncertain]) -> int:
    """Ask for a decision about each link; return how many were decided."""
    decided = 0
    for link in links:
        say()
        say((link.kind, "bold"), f" {link.probability:.0%}  ", (link.evidence, "dim"))
        for record, label in ((link.one, link.one_name), (link.other, link.other_name)):
            say(f"  {record}  {label or ''}")
        reply = typer.prompt("the same? yes, no, later, quit", default="later", err=True)[:1]
        if reply == "q":
            break
        if reply in ("y", "n"):
            decide(workspace, link.kind, link.one, link.other, reply == "y")
            decided += 1
    return decided
