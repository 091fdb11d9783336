"""Run every benchmark, each beside its peer in the same run; the exit code says whether a target was missed."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "perimeters",
    "screen",
    "importing",
    "heatmap",
    "hotspots",
    "police",
    "streets",
    "patrols",
    "field",
    "meeting",
    "load",
    "cases",
)


def main() -> int:
    """Run them one after the other."""
    missed = []
    for name in NAMES:
        print(f"\n== bench.{name}", flush=True)
        if importlib.import_module(f"bench.{name}").main():
            missed.append(name)
    print(f"\n{'missed: ' + ', '.join(missed) if missed else 'all targets met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
