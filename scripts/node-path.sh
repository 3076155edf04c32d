# Sourced by the scripts beside it, with $root set to the checkout: puts what scripts/setup has installed first on PATH.
# shellcheck shell=bash disable=SC2154

# What package.json's "engines" says. From 24.2 on, Node runs TypeScript and has all that the agent needs of node:sqlite.
minimum_node=24.2

if [[ -x $root/.node/bin/node || -x $root/.node/bin/npm ]]; then
  PATH=$root/.node/bin:$PATH
fi

# Whether the node on PATH is new enough.
have_node() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  printf '%s\n' "$minimum_node" "${version#v}" | sort --version-sort --check 2>/dev/null
}
