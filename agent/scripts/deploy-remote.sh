#!/bin/sh
# Installs the agent on another Mac over ssh. Options after the Mac's name go to `assistant-agent install` there.
#
#   agent/scripts/deploy-remote.sh ana@studio.local --server https://assistant.example.com
#
# Needs "Remote Login" there (System Settings > General > Sharing) and Python 3.11 or newer on both sides.
# ASSISTANT_AGENT_SOURCE names a wheel, when none is to be built from this checkout; REMOTE_PYTHON the interpreter there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

case "${1:-}" in
  '' | -*)
    printf '%s\n' "usage: deploy-remote.sh [user@]mac [options of assistant-agent install]" >&2
    exit 2
    ;;
esac
mac=$1
shift

# Returns its argument as one word for the shell at the other end.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -n "${ASSISTANT_AGENT_SOURCE:-}" ]; then
  cp "$ASSISTANT_AGENT_SOURCE" "$scratch/"
else
  "${PYTHON:-python3}" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$scratch" "$root"
fi
cp "$here/install.sh" "$scratch/"
[ ! -f "$root/constraints.txt" ] || cp "$root/constraints.txt" "$scratch/"

options=
for option in "$@"; do
  options="$options $(quoted "$option")"
done

there=$(ssh "$mac" 'mktemp -d')
scp -q "$scratch"/* "$mac:$there/"
# Without pairing: over ssh a Mac keeps its keychain shut.
status=0
# shellcheck disable=SC2029 # meant: what is expanded here was quoted for the shell there
ssh "$mac" "PYTHON=$(quoted "${REMOTE_PYTHON:-}") sh $(quoted "$there/install.sh") --no-pair$options" || status=$?
# shellcheck disable=SC2029 # the same
ssh "$mac" "rm -rf $(quoted "$there")"

cat <<TEXT

What only a person at $mac can do:
  1. Allow it to read Messages. System Settings > Privacy & Security > Full Disk Access: press +, then Cmd-Shift-G, and paste
     the program that this prints in a Terminal there:  assistant-agent doctor
  2. Pair it, in a Terminal there:  assistant-agent pair
     and type the six digits at the server, under Devices.
  3. Start it with the new permission:  assistant-agent install
The command is in "Library/Application Support/conversation-assistant/venv/bin" of that user.
TEXT

# 6: nobody is logged in at its screen; it starts with the next login.
[ "$status" -eq 6 ] || exit "$status"
