"""Where the files of the checkout are that are not Python."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ROOT / "gen"
DESCRIPTOR_SET = GENERATED / "assistant" / "api.binpb"
ENVOY_PARTS = ROOT / "envoy"
UI_DIRECTORY = ROOT / "web" / "dist"
