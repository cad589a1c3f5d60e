#!/bin/sh
# Installs the agent for your own user: a virtual environment of its own, then `assistant-agent install` with your options.
#
#   agent/scripts/install.sh --server https://assistant.example.com
#
# PYTHON names the interpreter (3.11 or newer); ASSISTANT_AGENT_SOURCE a wheel or a checkout, when it is not the one that this
# script lies in. pip's own variables (PIP_INDEX_URL, PIP_NO_INDEX, ...) work as always.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s\n' "$*"; }
fail() { say "install.sh: $*" >&2; exit 1; }

find_python() {
  # The last ones: over ssh a Mac looks into Apple's own folders only.
  for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3 \
    /opt/homebrew/bin/python3.?? /usr/local/bin/python3.?? /Library/Frameworks/Python.framework/Versions/3.*/bin/python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      say "$candidate"
      return
    fi
    [ "$candidate" != "${PYTHON:-}" ] || fail "$candidate is not Python 3.11 or newer"
  done
  fail "needs Python 3.11 or newer; on a Mac: https://www.python.org/downloads/, or name one: PYTHON=/path/to/python3"
}

find_source() {
  if [ -n "${ASSISTANT_AGENT_SOURCE:-}" ]; then
    say "$ASSISTANT_AGENT_SOURCE"
  elif [ -f "$here/../../pyproject.toml" ]; then
    (cd "$here/../.." && pwd)
  else
    for wheel in "$here"/conversation_assistant-*.whl; do
      [ -f "$wheel" ] || fail "neither a checkout nor a wheel beside this script"
      say "$wheel"
      return
    done
  fi
}

virtual_environment() {
  if [ -n "${ASSISTANT_AGENT_HOME:-}" ]; then
    say "$ASSISTANT_AGENT_HOME/venv"
  elif [ "$(uname)" = Darwin ]; then
    say "$HOME/Library/Application Support/conversation-assistant/venv"
  else
    say "${XDG_DATA_HOME:-$HOME/.local/share}/conversation-assistant/venv"
  fi
}

[ "$(id -u)" -ne 0 ] || [ -n "${ASSISTANT_AGENT_HOME:-}" ] ||
  fail "root has no messages: run this as the user whose messages are read, without sudo"

python=$(find_python)
source=$(find_source)
venv=$(virtual_environment)

say "Python: $("$python" -c 'import sys; print(sys.version.split()[0], sys.executable)')"
say "Into:   $venv"
# Another Python under the old environment would be a mixture of both; one whose Python is gone does not start.
is_by() { "$1" -c 'import os, sys; print(sys.version_info[:2], os.path.realpath(sys._base_executable))' 2>/dev/null || true; }
clear=
[ "$(is_by "$venv/bin/python")" = "$(is_by "$python")" ] || clear=--clear
umask 077
"$python" -m venv $clear "$venv"

constraints=
for file in "$here/constraints.txt" "$here/../../constraints.txt"; do
  [ ! -f "$file" ] || constraints=$file
done
# Without --force-reinstall a wheel of the same version would change nothing.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$source"
if [ -n "$constraints" ]; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint "$constraints" "${source}[agent]"
else
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${source}[agent]"
fi

say "The command: $venv/bin/assistant-agent"
"$venv/bin/assistant-agent" install "$@"
