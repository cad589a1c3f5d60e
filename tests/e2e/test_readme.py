"""README's curl session, line by line as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.e2e.product import PASSWORD, Product

README = Path(__file__).resolve().parents[2] / "README.md"
SESSION = re.compile(r"<!-- curl session.*?-->\n```sh\n(.*?)```", re.DOTALL)


def test_the_curl_session_of_the_readme_works(product: Product, tmp_path: Path) -> None:
    found = SESSION.search(README.read_text())
    assert found is not None
    environment = {**os.environ, "URL": product.url, "PASSWORD": PASSWORD}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", found[1]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    samples = json.loads(done.stdout[done.stdout.rindex('{"samples"') :])
    assert samples["samples"][0]["source"] == "SAMPLE_SOURCE_ACCEPTED"
    assert "Shall we meet at the flower stall?" in samples["samples"][0]["inputContext"]
    assert (tmp_path / "draft.txt").read_text().count('"token"') > 1
