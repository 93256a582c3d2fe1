#!/bin/sh
# Starts kingtui without a screen: the orchestrator and its API. By hand, from cron or by king-orchestrator.service.
# Flags are handed on: start_orchestrator.sh --port 5556
#
# KINGTUI   the command; else it is the one in .venv beside this folder, else the one in PATH
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

if [ -n "${KINGTUI:-}" ]; then
    command=$KINGTUI
elif [ -x "$here/../.venv/bin/kingtui" ]; then
    command=$here/../.venv/bin/kingtui
elif command=$(command -v kingtui); then
    :
else
    echo "kingtui was not found: install it into $(dirname -- "$here")/.venv, or name it in KINGTUI" >&2
    exit 2
fi

exec "$command" --api-only "$@"
