"""How well each method foretold the after-school assaults of Chicago in 2019, month by month.

``python -m bench.forecast [year]``: whole city and cells near schools, cells of 150 m and 300 m. It takes a minute,
needs the data sets beside the project, and says at the end what the honest default is; it is no race and cannot fail.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.chicago import load, months
from gis.evaluate import evaluate

FOLDER = Path(os.environ.get("CAMPUS_SHARED_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "chicago"


def main(year: int = 2019) -> int:
    if not FOLDER.is_dir():
        print("the data sets of Chicago do not lie beside the project")
        return 0
    for cell_m in (150.0, 300.0):
        city = load(FOLDER, cell_m)
        for where, area in (("whole city", city.area), ("within 400 m of a school", city.near_schools)):
            done = evaluate(city.history, area, months(year), hazards={"schools": city.schools})
            heads = "".join(f"{f'hit {share:.0%}':>9}{'PAI':>6}{'PEI':>6}" for share in done.shares)
            print(f"\n{year}, {where}, {len(area):,} cells of {cell_m:g} m, {done.incidents:,} incidents")
            print(f"{'method':<12}{'setting chosen in the training part':<38}{heads}")
            for one in done.performances:
                numbers = "".join(
                    f"{100 * rate:>8.1f}%{pai:>6.1f}{pei:>6.2f}"
                    for rate, pai, pei in zip(one.hit_rate, one.pai, one.pei, strict=True)
                )
                print(f"{one.family:<12}{one.setting:<38}{numbers}")
            gap = done.difference
            if gap is not None:
                parts = (
                    f"{share:.0%}: {100 * mean:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
                    for share, mean, low, high in zip(done.shares, gap.mean, gap.low, gap.high, strict=True)
                )
                print(f"risk less {done.best_simple}, points and 95 % interval: {'; '.join(parts)}")
            print(f"honest default: {done.honest_default}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(year) for year in sys.argv[1:2])))
