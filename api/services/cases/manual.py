"""The table of states and actions as the manual shows it: ``python -m api.services.cases.manual docs/cases.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from api.services.cases.machine import GUARDS_ZH, STATES, TABLE, Move

BEGIN, END = "<!-- begin: written from api/services/cases/machine.py -->", "<!-- end -->"
_WHO = {
    "anyone": "whoever sees it",
    "reporter": "its reporter",
    "field": "inspector, police",
    "office": "dispatcher, admin",
    "leader": "leader",
    "department": "handler of the leading department",
}


def table_of_the_manual() -> str:
    """Return the states and the actions as two tables of Markdown."""
    states = [
        "| state | | clock | left by |",
        "|---|---|---|---|",
        *(
            f"| `{state.code}` | {state.en} {state.zh} | {state.clock or '—'} | "
            f"{', '.join(f'`{move.action}`' for move in TABLE if code in move.sources and move.target) or '—'} |"
            for code, state in STATES.items()
        ),
    ]
    actions = [
        "| action | | from | to | who | needs | only if |",
        "|---|---|---|---|---|---|---|",
        *(_row(move) for move in TABLE),
    ]
    return "\n".join([*states, "", *actions])


def _row(move: Move) -> str:
    sources = "every state" if set(move.sources) == set(STATES) else ", ".join(move.sources)
    cells = (
        f"`{move.action}`",
        f"{move.en} {move.zh}",
        sources,
        move.target or "stays",
        "; ".join(_WHO[who] for who in move.who),
        ", ".join(move.needs) or "—",
        ", ".join(f"{guard.replace('_', ' ')} {GUARDS_ZH[guard]}" for guard in move.guards) or "—",
    )
    return f"| {' | '.join(cells)} |"


def with_table(text: str) -> str:
    """Return a page with the table between its two marks written anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table_of_the_manual()}\n\n{END}{tail}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
