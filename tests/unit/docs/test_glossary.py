"""docs/GLOSSARY.md names files and names of the code; what was moved or renamed is missed there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text()
QUOTED = sorted(set(re.findall(r"`([^`]+)`", GLOSSARY)))
FILES = [quoted for quoted in QUOTED if re.fullmatch(r"[\w./-]+/[\w.-]+\.\w+", quoted)]
NAMES = [quoted for quoted in QUOTED if re.fullmatch(r"([A-Z][a-z]+){2,}|[a-z]+(_[a-z]+)+", quoted)]
PACKAGES = (
    "agent",
    "inference_svc",
    "llama_worker",
    "prompting",
    "stack",
    "svc_kit",
    "sync_svc",
    "training_svc",
)


@pytest.fixture(scope="module")
def words_of_the_code() -> set[str]:
    sources = (path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {word for source in sources for word in re.findall(r"\w+", source)}


def test_the_glossary_names_files_and_names():
    assert len(FILES) > 40
    assert len(NAMES) > 20


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_glossary_exists(file: str):
    assert (ROOT / file).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_glossary_is_in_the_code(words_of_the_code: set[str], name: str):
    assert name in words_of_the_code


def test_a_term_stands_in_one_row():
    terms = re.findall(r"^\| ([^|`]+) \|", GLOSSARY, re.MULTILINE)
    rows = [term for term in terms if term not in ("term", "---")]

    assert len(rows) == len(set(rows))
