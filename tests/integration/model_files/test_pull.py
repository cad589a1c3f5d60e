"""`assistant models pull` as a process of its own, through the real library, from a server that speaks like the hub."""

import hashlib
import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deadline import eventually
from tests.integration.model_files.fake_hub import COMMIT, PIECE, FakeHub, serving
from tests.integration.model_files.machine import WRITTEN_AT_ONCE, Machine

REPOSITORY, FILE = "TheBloke/phi-2-GGUF", "phi-2.Q4_K_M.gguf"
# More than is written at once, and not a multiple of it.
CONTENT = random.Random(7).randbytes(24 * PIECE)  # noqa: S311


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with serving(FakeHub(REPOSITORY, FILE, CONTENT)) as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, hub: FakeHub) -> Machine:
    return Machine(tmp_path, hub)


async def test_a_model_is_downloaded_checked_and_put_in_place(machine: Machine):
    code, said = await machine.run("pull", "phi-2", HF_TOKEN="hf_secret")

    assert code == 0
    assert machine.file.read_bytes() == CONTENT
    assert machine.partials == []
    assert "phi-2: 10.5 MB of 25.2 MB" in said
    assert f"checked against the one that 127.0.0.1:{machine.hub.port} states (commit {COMMIT[:12]}" in said
    assert "hf_secret" not in said
    # The description and the content of the commit that it named, and nothing else.
    assert machine.hub.hub_tokens == ["Bearer hf_secret"] * 2
    assert machine.hub.blob_tokens == [None]
    assert machine.hub.other_paths == []


async def test_what_was_pulled_can_be_verified_without_a_pin(machine: Machine):
    await machine.run("pull", "phi-2")
    assert await machine.run("verify", "phi-2") == (0, "phi-2: as it was when it was pulled:\n")

    stat = machine.file.stat()
    with machine.file.open("r+b") as file:
        file.seek(1000)
        file.write(bytes([CONTENT[1000] ^ 1]))
    os.utime(machine.file, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    code, said = await machine.run("verify")
    assert code == 1
    assert "phi-2: DIFFERS" in said
    assert machine.hub.sha256 in said


async def test_a_second_pull_needs_no_network(machine: Machine):
    await machine.run("pull", "phi-2")

    code, said = await machine.run("pull", "phi-2", HF_ENDPOINT="http://127.0.0.1:9")

    assert (code, said) == (0, f"phi-2 is here already: {machine.file}\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
async def test_an_interrupted_download_goes_on_where_it_stopped(machine: Machine, sent: signal.Signals, code: int):
    machine.hub.hold_after = 15 * PIECE
    first = await machine.start("pull", "phi-2")
    await eventually(machine.has_begun)
    first.process.send_signal(sent)
    assert await first.end() == code
    assert not machine.file.exists()
    machine.hub.hold_after = None

    ended, said = await machine.run("pull", "phi-2")

    assert ended == 0
    assert "phi-2: goes on at 10.5 MB of 25.2 MB" in said
    assert machine.hub.ranges == [None, f"bytes={WRITTEN_AT_ONCE}-"]
    assert machine.file.read_bytes() == CONTENT


async def test_a_connection_that_breaks_is_taken_up_again(machine: Machine):
    machine.hub.cut_after = [15 * PIECE]

    code, _ = await machine.run("pull", "phi-2")

    assert code == 0
    assert machine.hub.ranges == [None, f"bytes={WRITTEN_AT_ONCE}-"]
    assert machine.file.read_bytes() == CONTENT


async def test_another_content_is_begun_anew(machine: Machine):
    machine.hub.hold_after = 15 * PIECE
    first = await machine.start("pull", "phi-2")
    await eventually(machine.has_begun)
    first.process.kill()
    await first.end()
    machine.hub.hold_after = None
    machine.hub.content = other = CONTENT[::-1]

    code, _ = await machine.run("pull", "phi-2")

    assert code == 0
    assert machine.hub.ranges == [None, None]
    assert machine.file.read_bytes() == other
    assert machine.partials == []


async def test_a_wrong_checksum_leaves_nothing_in_place(machine: Machine):
    machine.hub.stated_etag = "0" * 64

    code, said = await machine.run("pull", "phi-2")

    assert code == 1
    assert f"its SHA-256 is {machine.hub.sha256}" in said
    assert not machine.file.exists()
    assert machine.partials == []


async def test_without_any_checksum_it_says_so(machine: Machine):
    machine.hub.stated_etag = "1234abcd"

    code, said = await machine.run("pull", "phi-2")

    assert code == 0
    assert (
        f"nobody states a checksum of phi-2, so only its size was checked; its SHA-256 is {machine.hub.sha256}" in said
    )


async def test_two_at_once_give_one_download(machine: Machine):
    machine.hub.hold_after = 5 * PIECE
    first = await machine.start("pull", "phi-2")
    await eventually(lambda: bool(machine.hub.ranges))
    second = await machine.start("pull", "phi-2")
    await eventually(lambda: "being downloaded by another process already: waiting for it" in second.text)

    machine.hub.gate.set()

    assert [await first.end(), await second.end()] == [0, 0]
    assert "is here already" in second.text
    assert machine.hub.ranges == [None]
    assert hashlib.sha256(machine.file.read_bytes()).hexdigest() == machine.hub.sha256


async def test_a_download_that_runs_is_not_removed_from_under_it(machine: Machine):
    machine.hub.hold_after = 15 * PIECE
    pull = await machine.start("pull", "phi-2")
    await eventually(machine.has_begun)

    code, said = await machine.run("rm", "phi-2", "--yes")
    assert (code, "is being downloaded" in said) == (1, True)

    machine.hub.gate.set()
    assert await pull.end() == 0


async def test_more_than_the_hub_gives_in_one_piece_is_told_before_anything_comes(machine: Machine):
    machine.hub.stated_size = 60 * 10**9

    code, said = await machine.run("pull", "phi-2")

    assert code == 1
    assert "has 60.0 GB, more than" in said
    assert machine.hub.ranges == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, "EntryNotFound"), "has no file phi-2.Q4_K_M.gguf"),
        ((404, "RevisionNotFound"), "has no revision main"),
        ((404, ""), "has no phi-2.Q4_K_M.gguf in TheBloke/phi-2-GGUF"),
        ((401, "RepoNotFound"), "does not exist"),
        ((401, ""), "set HF_TOKEN"),
        ((403, "GatedRepo"), "wants its terms accepted first"),
        ((403, ""), "set HF_TOKEN"),
        ((503, ""), "answered 503"),
    ],
)
async def test_a_refusal_says_what_to_do_in_one_line(machine: Machine, refusal: tuple[int, str], words: str):
    machine.hub.refusal = refusal

    code, said = await machine.run("pull", "phi-2")

    assert code == 1
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1
    assert not machine.file.exists()


async def test_a_page_in_the_hub_s_place_is_noticed(machine: Machine):
    machine.hub.says_who_it_is = False

    code, said = await machine.run("pull", "phi-2")

    assert code == 1
    assert "does not answer as Hugging Face does" in said


async def test_no_server_at_all_is_one_line(machine: Machine):
    code, said = await machine.run("pull", "phi-2", HF_ENDPOINT="http://127.0.0.1:9")

    assert code == 1
    assert "127.0.0.1:9 cannot be reached" in said
    assert said.count("\n") == 1


async def test_offline_mode_is_obeyed(machine: Machine):
    code, said = await machine.run("pull", "phi-2", HF_HUB_OFFLINE="1")

    assert (code, "HF_HUB_OFFLINE" in said) == (1, True)


async def test_a_cache_that_cannot_be_written_is_named(machine: Machine):
    machine.cache.write_text("a file where the directory would be")

    code, said = await machine.run("pull", "phi-2")

    assert code == 1
    assert f"cannot write in {machine.cache}" in said


async def test_the_demo_means_another_model(machine: Machine):
    async def meant(*options: str) -> list[str]:
        _, listed = await machine.run("list", "--json", *options)
        return [row["id"] for row in json.loads(listed) if row["in_use"]]

    assert await meant("--data-dir", str(machine.home)) == ["ministral-3b-instruct"]
    assert await meant("--demo") == ["smollm2-135m-instruct"]


async def test_only_a_pull_asks_the_server(machine: Machine):
    await machine.run("list")
    await machine.run("verify")
    await machine.run("rm", "phi-2", "--yes")
    await machine.run("pull", "smollm2-135m-instruct")

    assert machine.hub.hub_tokens == []
    assert machine.hub.other_paths == []
