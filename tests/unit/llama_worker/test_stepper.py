"""What happens at the borders of a step, on a scripted model."""

import pytest

from llama_worker.engine.events import FinishReason, Phase
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from llama_worker.engine.stream import TokenStream
from svc_kit.errors import InvalidInput, Overloaded, Unavailable
from tests.unit.llama_worker.scripted import Bench, ScriptedBackend


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def bench(backend: ScriptedBackend) -> Bench:
    return Bench(backend)


def test_a_request_becomes_text(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("See", " you", " at seven"))

    bench.run()

    assert bench.pieces(stream) == ["See", " you", " at seven"]
    done = bench.finished(stream)
    assert (done.reason, done.prompt_tokens, done.completion_tokens, done.last) == (FinishReason.STOP, 3, 3, True)
    assert done.mean_logprob == pytest.approx(-0.5)


def test_a_reader_gets_the_phases_prefill_and_decode(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("a"))

    bench.run()

    assert [progress.phase for progress in bench.progress(stream)] == [Phase.PREFILL, Phase.DECODE]


def test_the_length_ends_a_suggestion(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("a", forever=True), max_tokens=5)

    bench.run()

    assert bench.text(stream) == "aaaaa"
    assert bench.reason(stream) is FinishReason.LENGTH


def test_a_stop_over_token_borders_ends_a_suggestion(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("Sure", "\n", "Th", "em", ":", " no"), stops=("\nThem:",))

    bench.run()

    assert bench.text(stream) == "Sure"
    assert bench.finished(stream).completion_tokens == 1
    assert bench.reason(stream) is FinishReason.STOP


def test_held_text_is_sent_when_the_model_ends(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("Sure", "\n"), stops=("\nThem:",))

    bench.run()

    assert bench.text(stream) == "Sure\n"


def test_a_hang_up_frees_the_model_within_one_step(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("a", forever=True), max_tokens=500)
    bench.step(3)

    stream.cancel()
    bench.run()

    assert len(backend.fed) == 3
    assert bench.stepper.running == 0
    assert not any(backend.cache.values())


def test_cancelled_work_that_waits_never_runs(backend: ScriptedBackend):
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    bench.submit(backend.says("a"))
    waiting = backend.says("b")
    stream = bench.submit(waiting)
    bench.step()

    stream.cancel()
    bench.run()

    assert not any(waiting[0] in step for step in backend.fed)
    assert len(bench.stepper.queue) == 0


def test_the_deadline_ends_running_work_with_what_it_has(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("a", forever=True), max_tokens=500, deadline=105.0)
    bench.step(3)

    bench.now = 105.0
    bench.run()

    assert bench.text(stream) == "aaa"
    assert bench.reason(stream) is FinishReason.DEADLINE


def test_the_deadline_ends_waiting_work():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    bench.submit(backend.says("a", forever=True), max_tokens=50)
    waiting = backend.says("b")
    stream = bench.submit(waiting, deadline=101.0)
    bench.step(2)

    bench.now = 102.0
    bench.step()

    assert bench.reason(stream) is FinishReason.DEADLINE
    assert not any(waiting[0] in step for step in backend.fed)


def test_no_request_lives_longer_than_the_engine_allows(backend: ScriptedBackend):
    bench = Bench(backend, EngineOptions(longest_seconds=10))
    stream = bench.submit(backend.says("a", forever=True), max_tokens=500)
    bench.step(2)

    bench.now += 10
    bench.run()

    assert bench.reason(stream) is FinishReason.DEADLINE


def test_a_full_queue_refuses_with_a_delay():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend, EngineOptions(queue_limit=2))
    for _ in range(2):
        bench.submit(backend.says("a"))

    with pytest.raises(Overloaded) as refusal:
        bench.submit(backend.says("a"))

    assert refusal.value.retry_after > 0


def test_a_wait_longer_than_the_deadline_is_refused_at_once():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    bench.submit(backend.says("a"))
    bench.step()
    bench.now += 30
    bench.run()
    bench.submit(backend.says("a", forever=True))
    bench.step()
    bench.submit(backend.says("a"))

    with pytest.raises(Overloaded):
        bench.submit(backend.says("a"), deadline=bench.now + 5)


def test_a_slow_reader_pauses_only_itself(backend: ScriptedBackend):
    bench = Bench(backend, EngineOptions(stream_buffer=4))
    slow = bench.submit(backend.says("s", forever=True), max_tokens=100)
    quick = bench.submit(backend.says("q", forever=True), max_tokens=20)

    for _ in range(40):
        bench.step()
        bench.read(quick)

    assert bench.text(slow) == "ssss"
    assert bench.text(quick) == "q" * 20
    assert not bench.stepper.step()


def test_a_slow_readers_work_resumes_when_it_has_caught_up(backend: ScriptedBackend):
    bench = Bench(backend, EngineOptions(stream_buffer=4))
    stream = bench.submit(backend.says("s", forever=True), max_tokens=10)
    bench.run()

    for _ in range(10):
        bench.read(stream)
        bench.run()

    assert bench.text(stream) == "s" * 10
    assert bench.reason(stream) is FinishReason.LENGTH


def test_a_slow_readers_work_is_preempted_for_a_waiting_request():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend, EngineOptions(stream_buffer=4))
    slow = bench.submit(backend.says("s", forever=True), max_tokens=6)
    bench.run()
    other = bench.submit(backend.says("o"))

    bench.run()

    assert bench.text(other) == "o"
    bench.read(slow)
    bench.run()
    assert bench.text(slow) == "s" * 6


def test_as_many_slow_readers_are_preempted_as_a_waiting_request_needs():
    backend = ScriptedBackend(sequences=2)
    bench = Bench(backend, EngineOptions(stream_buffer=4))
    for _ in range(2):
        bench.submit(backend.says("s", forever=True), max_tokens=6)
    bench.run()

    both = bench.submit(backend.says("o"), suggestions=2)
    bench.run()

    assert [bench.text(both, suggestion) for suggestion in range(2)] == ["o", "o"]


def test_a_failing_request_leaves_its_neighbours_alone(backend: ScriptedBackend, bench: Bench):
    bad = bench.submit(backend.says("x", "y"))
    good = bench.submit(backend.says("a", "b", "c"))
    bench.step()
    backend.samplers[0].failure = ArithmeticError("no number")

    bench.run()

    assert isinstance(bench.error(bad), ArithmeticError)
    assert bench.text(good) == "abc"
    assert all(sampler.closed for sampler in backend.samplers)


def test_suggestions_share_one_prefill_of_the_prompt(backend: ScriptedBackend, bench: Bench):
    prompt = backend.says("a", "b", prompt_size=40)
    stream = bench.submit(prompt, suggestions=3)

    bench.run()

    assert [step[prompt[0]] for step in backend.fed] == [40, 3, 3]
    assert [bench.text(stream, suggestion) for suggestion in range(3)] == ["ab", "ab", "ab"]
    assert [event.last for event in bench.all_finished(stream)] == [False, False, True]


def test_suggestions_differ_by_their_seed(backend: ScriptedBackend, bench: Bench):
    bench.submit(backend.says("a"), suggestions=2, sampling=Sampling(seed=0))

    bench.run()

    assert [sampler.seed for sampler in backend.samplers] == [0, 1]


def test_all_samplers_are_freed(backend: ScriptedBackend, bench: Bench):
    bench.submit(backend.says("a", forever=True), suggestions=2, max_tokens=3)
    cancelled = bench.submit(backend.says("b", forever=True), max_tokens=50)
    bench.step(2)
    cancelled.cancel()

    bench.run()

    assert len(backend.samplers) == 3
    assert all(sampler.closed for sampler in backend.samplers)


@pytest.mark.parametrize(
    ("prompt_size", "options", "field"),
    [
        (0, {}, "prompt"),
        (990, {"max_tokens": 11}, "prompt"),
        (3, {"max_tokens": 0}, "sampling.max_tokens"),
        (3, {"suggestions": 5}, "suggestions"),
        (900, {"suggestions": 4, "max_tokens": 100, "pool": 1200}, "suggestions"),
        (3, {"deterministic": True}, "sampling.deterministic"),
    ],
)
def test_a_request_that_can_never_run_is_refused_by_field(prompt_size: int, options: dict[str, int], field: str):
    backend = ScriptedBackend(context_size=1000, pool_size=options.pop("pool", 2000))
    bench = Bench(backend)

    with pytest.raises(InvalidInput) as refusal:
        bench.submit(backend.says("a", prompt_size=max(prompt_size, 1))[:prompt_size], **options)

    assert refusal.value.violations[0][0] == field


def test_a_prompt_and_its_answer_may_fill_the_context_exactly(backend: ScriptedBackend, bench: Bench):
    stream = bench.submit(backend.says("a", forever=True, prompt_size=990), max_tokens=10)

    bench.run()

    assert bench.text(stream) == "a" * 10


def test_waiting_readers_get_their_new_positions():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    streams = [bench.submit(backend.says("a")) for _ in range(3)]

    bench.run()

    phases = [(p.phase, p.position) for p in bench.progress(streams[2])]
    assert phases == [(Phase.QUEUED, 1), (Phase.QUEUED, 0), (Phase.PREFILL, 0), (Phase.DECODE, 0)]


def test_a_request_that_comes_while_positions_are_reported_gets_its_own():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    bench.submit(backend.says("a", forever=True), max_tokens=20)
    bench.step()
    bench.submit(backend.says("b"))
    tell = bench.stepper._replies.report_positions
    late: list[TokenStream] = []

    def tell_and_get_another() -> None:
        tell()
        if not late:
            late.append(bench.submit(backend.says("c")))

    bench.stepper._replies.report_positions = tell_and_get_another  # type: ignore[method-assign]
    bench.step(2)

    assert [event.position for event in bench.progress(late[0])] == [1]


def test_ending_everything_fails_every_reader(backend: ScriptedBackend):
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    running, waiting = (bench.submit(backend.says("a", forever=True), max_tokens=50) for _ in range(2))
    bench.step(2)

    bench.stepper.fail_all(RuntimeError("stopped"))

    assert isinstance(bench.error(running), RuntimeError)
    assert isinstance(bench.error(waiting), RuntimeError)


def test_a_reader_whose_work_could_not_begin_gets_the_error():
    class OutOfMemory(ScriptedBackend):
        def save(self, sequence: int, most: int) -> bytearray | None:
            raise MemoryError

    backend = OutOfMemory(sequences=1)
    bench = Bench(backend, EngineOptions(spill_bytes=1000))
    bench.submit(backend.says("a"), cache_key="kept")
    bench.run()
    stream = bench.submit(backend.says("b"))
    with pytest.raises(MemoryError):
        bench.step()

    bench.stepper.fail_all(Unavailable("the model failed"))

    assert isinstance(bench.error(stream), Unavailable)
