"""docs/MESSAGES_DATABASE.md names a test for every rule; a test that was renamed or removed is missed there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMED = sorted(set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "MESSAGES_DATABASE.md").read_text())))


@pytest.fixture(scope="module")
def tests() -> set[str]:
    sources = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"def (test_\w+)", source)}


def test_the_rules_have_tests():
    assert len(NAMED) > 100


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_stands_for_a_rule_exists(tests: set[str], name: str):
    assert name in tests
