#!/usr/bin/env bash
# Writes the lock files for every platform and Python from 3.11 on.
# uv asks the public index only: pip's own settings, which may name local sources, are not read.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly locks=(requirements.lock requirements-test.lock requirements-bench.lock scripts/node.lock)

compile() {
  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
    --no-header --no-annotate --no-emit-package truyen-thanh "$@"
}

compile --extra dev pyproject.toml --output-file requirements.lock
# These are installed on top of the first, so that what they share has one version.
compile --extra test pyproject.toml --constraints requirements.lock --output-file requirements-test.lock
compile --extra bench pyproject.toml --constraints requirements-test.lock --output-file requirements-bench.lock
compile scripts/node.in --output-file scripts/node.lock

if grep -nE 'https?://|file:|--(extra-)?index-url|--find-links|^/' "${locks[@]}"; then
  echo "a lock file names a host or a path" >&2
  exit 1
fi
