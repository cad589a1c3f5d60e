"""Runs it from the command line, and prints what came out."""

import argparse
import sys

from tests.fuzz_typedstream import __doc__ as usage
from tests.fuzz_typedstream.fuzz import Report, fuzz

_LIMIT_US = 20_000  # no blob of the corpus has more than a few thousand bytes


def main() -> None:
    """Parse the arguments, run, print; fail if a blob took too long."""
    parser = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle-every", type=int, default=1, help="ask the oracle about every nth blob")
    asked = parser.parse_args()
    report = fuzz(asked.count, asked.seed, asked.oracle_every)
    for line in _lines(report):
        sys.stdout.write(line + "\n")
    if report.slowest_us > _LIMIT_US:
        sys.exit(f"a blob took more than {_LIMIT_US:,} µs: {report.slowest.hex()}")


def _lines(report: Report) -> list[str]:
    megabytes = [rss / 1e6 for rss in (report.rss_before, report.rss_after)]
    return [
        f"{report.blobs:,} blobs in {report.seconds:,.0f} s, no exception, no disagreement",
        f"oracle asked about {report.asked:,}:",
        *(f"  {count:>9,}  {outcome}" for outcome, count in report.outcomes.most_common()),
        f"slowest blob: {report.slowest_us:,.0f} µs for {len(report.slowest):,} bytes",
        f"resident memory: {megabytes[0]:.1f} MB when warm, {megabytes[1]:.1f} MB at the end",
    ]


if __name__ == "__main__":
    main()
