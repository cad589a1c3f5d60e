"""What the worker counts, and how it is shown."""

import json
import re
from pathlib import Path
from typing import cast

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from llama_worker.engine.counts import Counts, Distribution
from llama_worker.engine.host import ModelHost
from llama_worker.engine.options import EngineOptions
from llama_worker.metrics import WorkerMetrics
from svc_kit.errors import Unavailable
from tests.unit.llama_worker.scripted import Bench, ScriptedBackend

DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "worker.json"


class LoadedEngine:
    """What the metrics look at of an engine."""

    class limits:  # noqa: N801
        pool_size = 2000

    queued, running = 3, 2
    adapter_ids = ("ana",)
    engine = property(lambda self: self)


class Host:
    """A model host with these counts, that serves or does not."""

    def __init__(self, counts: Counts, served: LoadedEngine | None) -> None:
        self.counts = counts
        self._served = served

    def loaded_engine(self) -> LoadedEngine:
        if self._served is None:
            raise Unavailable("no model is loaded")
        return self._served


def shown(counts: Counts, served: LoadedEngine | None = None) -> dict[str, float]:
    """Every sample by its name and labels, through Prometheus' own text format."""
    registry = CollectorRegistry()
    registry.register(WorkerMetrics(cast("ModelHost", Host(counts, served))))
    samples = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = "".join(f"{{{value}}}" for value in sample.labels.values())
            samples[sample.name.removeprefix("assistant_worker_") + labels] = sample.value
    return samples


def test_work_is_counted():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says(*"abc", prompt_size=50)
    for _ in range(2):
        bench.submit(prompt, cache_key="c")
        bench.run()
    bench.submit(backend.says("a", forever=True), max_tokens=4)
    bench.submit(backend.says("b", forever=True), max_tokens=4)
    bench.run()

    counts = bench.stepper.counts

    assert counts.decoded_tokens == 3 + 3 + 4 + 4
    assert (counts.prefilled_tokens, counts.reused_tokens) == (50 + 3 + 3, 49)
    assert counts.ended == {"stop": 2, "length": 2}
    assert counts.steps == len(backend.fed)
    assert (counts.cells_running, counts.cells_kept) == (0, 53)
    assert sum(counts.first_token_seconds.counts) == sum(counts.queue_seconds.counts) == 4
    assert counts.batch.counts[1] == 3, "three steps wrote two sequences"


def test_preemptions_failures_and_switches_are_counted():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    ana = bench.load("ana")
    for _ in range(2):
        bench.submit(backend.says(*"abc"))
    bench.step(2)
    backend.codes.append(1)
    bench.run()
    bench.submit(backend.says("a"), adapter=ana)
    bench.run()
    bench.submit(backend.says("b"))
    backend.codes.append(-3)
    bench.run()

    counts = bench.stepper.counts

    assert counts.preemptions == 1
    assert counts.adapter_switches == 2
    assert counts.ended["failed"] == 1


def test_what_was_counted_before_the_model_was_loaded_again_stays_counted():
    backend, counts = ScriptedBackend(), Counts(preemptions=5, graphs_reused=70)
    bench = Bench(backend, counts=counts)
    for _ in range(2):
        bench.submit(backend.says(*"abcdefghijklmnopqr"))
    bench.step(2)
    backend.codes.append(1)
    bench.run()

    assert (counts.preemptions, counts.graphs_reused) == (6, 70)


def test_a_distribution_knows_where_a_value_belongs():
    values = Distribution([1, 2])
    for value in (0.5, 1, 1.5, 9):
        values.add(value)

    assert (values.counts, values.sum) == ([2, 1, 1], 12)


def test_prometheus_parses_the_metrics():
    counts = Counts(decoded_tokens=7, prefilled_tokens=40, reused_tokens=60)
    counts.ended["stop"] = 2
    counts.first_token_seconds.add(0.3)
    counts.first_token_seconds.add(99)

    samples = shown(counts, LoadedEngine())

    assert (samples["tokens_written_total"], samples["prompt_tokens_reused_total"]) == (7, 60)
    assert samples["suggestions_total{stop}"] == 2
    assert [samples[f"first_token_seconds_bucket{{{bound}}}"] for bound in ("0.2", "0.5", "+Inf")] == [0, 1, 2]
    assert samples["first_token_seconds_count"] == 2
    assert (samples["queue_depth"], samples["running"], samples["cells"], samples["serving"]) == (3, 2, 2000, 1)


def test_without_a_model_it_says_that_it_does_not_serve():
    samples = shown(Counts())

    assert samples["serving"] == 0
    assert "queue_depth" not in samples


def test_the_dashboard_shows_only_what_there_is():
    counts = Counts()
    counts.ended["stop"] = 1
    known = {re.sub(r"\{.*", "", name) for name in shown(counts, LoadedEngine())}
    panels = json.loads(DASHBOARD.read_text())["panels"]

    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"assistant_worker_(\w+)", target["expr"])
    }

    assert asked <= known
    assert len(asked) > 15
