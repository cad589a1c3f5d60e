#!/bin/sh
# Stops the agent, removes its service and the virtual environment that install.sh made. Options go to
# `assistant-agent uninstall`: --purge also removes settings, status, logs and the token.
set -eu

if [ -n "${ASSISTANT_AGENT_HOME:-}" ]; then
  venv=$ASSISTANT_AGENT_HOME/venv
elif [ "$(uname)" = Darwin ]; then
  venv="$HOME/Library/Application Support/conversation-assistant/venv"
else
  venv=${XDG_DATA_HOME:-$HOME/.local/share}/conversation-assistant/venv
fi

if [ ! -x "$venv/bin/assistant-agent" ]; then
  printf '%s\n' "uninstall.sh: no agent in $venv" >&2
  exit 1
fi
for option in "$@"; do
  case $option in --help) exec "$venv/bin/assistant-agent" uninstall --help ;; esac
done
"$venv/bin/assistant-agent" uninstall "$@"
rm -rf "$venv"
# Gone if nothing else is in it.
rmdir "$(dirname "$venv")" 2>/dev/null || true
printf '%s\n' "Removed $venv"
