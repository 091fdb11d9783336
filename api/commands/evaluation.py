"""How well maps foretold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from api.commands.console import out, working
from api.errors import BadInputError


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Incidents with place and local time.")],
    area: Annotated[Path | None, typer.Option("--area", help="Polygons of the study area; else the hull.")] = None,
    train_weeks: Annotated[int, typer.Option(min=4, max=1040, help="Weeks on which settings are chosen.")] = 52,
    test_weeks: Annotated[int, typer.Option(min=4, max=520, help="Weeks to be foretold.")] = 26,
    cell: Annotated[float, typer.Option("--cell", min=25, max=2000, help="Side of a cell, metres.")] = 150.0,
    share: Annotated[str, typer.Option("--share", help="Shares of the area, by commas.")] = "0.01,0.02,0.05",
    hours: Annotated[str, typer.Option("--hours", help="Hours of weekdays to be foretold, or all.")] = "14-18",
    plot: Annotated[Path | None, typer.Option("--plot", help="FILE.svg or FILE.png: hit rates with intervals.")] = None,
    table_to: Annotated[Path | None, typer.Option("--out", help="FILE.csv or FILE.xlsx: the same as a table.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")] = "wgs84",
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Zone of times with an offset; else their own clock.")
    ] = None,
) -> None:
    """Say how well each method foretold: hit rate, PAI and PEI, every map made of what came before."""
    from api.services.evaluation import evaluate_file, write_plot, write_rows

    for path, kinds in ((plot, (".svg", ".png")), (table_to, (".csv", ".xlsx"))):
        if path is not None and path.suffix.lower() not in kinds:
            raise BadInputError(f"{path.name}: write it as {' or '.join(kinds)}")
    with working("evaluating"):
        done, cells = evaluate_file(
            file,
            area=area,
            train_weeks=train_weeks,
            test_weeks=test_weeks,
            cell_m=cell,
            shares=_shares(share),
            hours=_hours(hours),
            crs=crs,
            time_zone=_zone(time_zone),
        )
    out.print(f"{done.incidents:,} incidents foretold on {cells:,} cells of {cell:g} m", highlight=False)
    if done.left_out:
        out.print(
            f"{done.left_out:,} of which only the day is known are left out: they may have been at other hours",
            highlight=False,
        )
    heads = "".join(f"{f'hit {one:.3g}':>10}{'95 %':>15}{'PAI':>7}{'PEI':>6}" for one in done.shares)
    out.print(f"{'method':<13}{'setting':<40}{heads}", highlight=False, soft_wrap=True)
    for one in done.performances:
        numbers = "".join(
            f"{100 * one.hit_rate[at]:>9.1f}%{f'{100 * one.low[at]:.1f}–{100 * one.high[at]:.1f}':>15}"
            f"{one.pai[at]:>7.1f}{one.pei[at]:>6.2f}"
            for at in range(len(done.shares))
        )
        out.print(f"{one.family:<13}{one.setting:<40}{numbers}", highlight=False, soft_wrap=True)
    gap = done.difference
    if gap is not None:
        parts = (
            f"{one:.3g}: {100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
            for one, mean, low, high in zip(done.shares, gap.mean, gap.low, gap.high, strict=True)
        )
        out.print(f"risk less {done.best_simple}, points and 95 % interval: {'; '.join(parts)}", highlight=False)
    out.print(f"the honest default here: {done.honest_default}", highlight=False)
    if plot is not None:
        write_plot(done, plot, title=f"{cells:,} cells of {cell:g} m")
        out.print(f"{plot}", highlight=False)
    if table_to is not None:
        write_rows(done, table_to)
        out.print(f"{table_to}", highlight=False)


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < share < 1 for share in shares):
        raise BadInputError(f"--share {text!r} must be numbers between 0 and 1, such as 0.01,0.05")
    return shares


def _zone(name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        raise BadInputError(f"--time-zone {name!r} is no zone such as Asia/Shanghai")
    return name


def _hours(text: str) -> tuple[int, int] | None:
    if text == "all":
        return None
    first, dash, last = text.partition("-")
    if not dash or not first.isdigit() or not last.isdigit() or not 0 <= int(first) < int(last) <= 24:
        raise BadInputError(f"--hours {text!r} must be such as 14-18, or all")
    return int(first), int(last)
