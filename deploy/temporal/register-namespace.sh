#!/bin/sh
# Makes the namespace and registers Spool's search attributes. Safe to repeat.
set -eu

retention=720h
# The command wants a home for its profiles, also where there is none.
export HOME="${HOME:-/tmp}"

# A server that has just started, and a namespace that is new, are known everywhere after some seconds.
patiently() {
  tries=30
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 1
  done
}

attributes() {
  temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"
}

create_missing() {
  known=$(attributes) || return 1
  for name in SpoolAccountId SpoolStatus SpoolExecutionId; do
    case "$known" in
      *"$name"*) ;;
      *)
        temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
          --name "$name" --type Keyword || return 1
        ;;
    esac
  done
}

patiently temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
patiently create_missing
