"""The agent in the menu bar of macOS: what the menu says is decided here, on any system; how it is drawn, in `appkit`."""
