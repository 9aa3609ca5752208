#!/usr/bin/env bash
# Writes requirements.lock and scripts/node.lock for every platform and Python from 3.11 on.
# uv asks the public index only: pip's own settings, which may name local sources, are not read.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
    --no-header --no-annotate --no-emit-package truyen-thanh "$@"
}

compile --extra dev pyproject.toml --output-file requirements.lock
compile scripts/node.in --output-file scripts/node.lock

if grep -nE 'https?://|file:|--(extra-)?index-url|--find-links|^/' requirements.lock scripts/node.lock; then
  echo "a lock file names a host or a path" >&2
  exit 1
fi
