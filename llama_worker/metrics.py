"""The worker's Prometheus metrics, made of the engine's counts at each scrape."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from llama_worker.engine.counts import Counts, Distribution
from llama_worker.engine.host import ModelHost
from svc_kit.errors import Unavailable


class WorkerMetrics(Collector):
    """Numbers only: no account, no conversation, no text."""

    def __init__(self, host: ModelHost) -> None:
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """The metrics of prometheus_client's Collector."""
        counts = self._host.counts
        yield from _counters(counts)
        yield from _distributions(counts)
        yield from _gauges(counts)
        yield from self._load()

    def _load(self) -> Iterator[Metric]:
        try:
            engine = self._host.loaded_engine().engine
        except Unavailable:
            yield _gauge("serving", "Whether a model is loaded and works.", 0)
            return
        yield _gauge("serving", "Whether a model is loaded and works.", 1)
        yield _gauge("queue_depth", "Requests that wait.", engine.queued)
        yield _gauge("running", "Requests that run.", engine.running)
        yield _gauge("cells", "Cells of the KV cache: tokens that it can hold.", engine.limits.pool_size)
        yield _gauge("adapters", "Adapters that are loaded.", len(engine.adapter_ids))


def _counters(counts: Counts) -> Iterator[Metric]:
    yield _counter("tokens_written", "Tokens sampled.", counts.decoded_tokens)
    yield _counter("prompt_tokens_read", "Prompt tokens that were prefilled.", counts.prefilled_tokens)
    yield _counter("prompt_tokens_reused", "Prompt tokens that the KV cache still had.", counts.reused_tokens)
    yield _counter("steps", "Decode steps.", counts.steps)
    yield _counter("graphs_reused", "Steps in which llama.cpp reused its graph.", counts.graphs_reused)
    yield _counter(
        "adapter_switches", "Steps that computed with another adapter than the one before.", counts.adapter_switches
    )
    yield _counter("preemptions", "Times that running work was preempted.", counts.preemptions)
    ended = CounterMetricFamily("assistant_worker_suggestions", "Suggestions by how they ended.", labels=["reason"])
    for reason, count in sorted(counts.ended.items()):
        ended.add_metric([reason], count)
    yield ended


def _distributions(counts: Counts) -> Iterator[Metric]:
    yield _histogram("queue_seconds", "Seconds in the queue.", counts.queue_seconds)
    yield _histogram("first_token_seconds", "Seconds from the request to its first token.", counts.first_token_seconds)
    yield _histogram("between_tokens_seconds", "Seconds between two tokens.", counts.between_tokens_seconds)
    yield _histogram("batch_sequences", "Sequences that decoded in one step.", counts.batch)


def _gauges(counts: Counts) -> Iterator[Metric]:
    yield _gauge("cells_running", "Cells of the KV cache that running work fills.", counts.cells_running)
    yield _gauge(
        "cells_kept",
        "Cells of the KV cache that idle sequences keep for a conversation's next draft.",
        counts.cells_kept,
    )
    yield _gauge(
        "spilled_bytes",
        "Bytes of host memory with conversations that were evicted from the KV cache.",
        counts.spilled_bytes,
    )


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(f"assistant_worker_{name}", what, value=value)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"assistant_worker_{name}", what, value=value)


def _histogram(name: str, what: str, values: Distribution) -> Metric:
    bounds = [*map(str, values.bounds), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(values.counts)), strict=True))
    return HistogramMetricFamily(f"assistant_worker_{name}", what, buckets=buckets, sum_value=values.sum)
