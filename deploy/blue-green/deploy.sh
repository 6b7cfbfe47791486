#!/usr/bin/env bash
# Moves people to a new version of the service, and back when it is not well:
#   deploy/blue-green/deploy.sh <image> <metadata image>
# Two deployments, blue and green; the Service `tributary-service` points at one. The new version starts in the other, is asked through
# `tributary-preview` (PREVIEW_URL), gets the people, and is watched (PUBLIC_URL). Any failure before the switch leaves everything as it was; any after it
# switches back. Needs kubectl, curl and jq.
set -euo pipefail

image=${1:?give the image}
metadata_image=${2:?give the image with the metadata}
: "${PREVIEW_URL:?where tributary-preview is reached}" "${PUBLIC_URL:?where people reach the service}"
namespace=${NAMESPACE:-tributary}
replicas=${REPLICAS:-3}
watch_seconds=${WATCH_SECONDS:-120}
interval=${INTERVAL_SECONDS:-5} # whole seconds
allowed_failures=${ALLOWED_FAILURES:-2}
here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$1"; }
kube() { kubectl --namespace "$namespace" "$@"; }
deployment_of() { if [ "$1" = blue ]; then echo tributary-service; else echo tributary-service-green; fi; }

notify() {
  say "$1: $2"
  [ -n "${NOTIFY_URL:-}" ] || return 0
  # A team that cannot be told must not fail a deploy that went well.
  jq -n --arg text "Tributary deploy $1: $2 ($image)" '{text: $text}' |
    curl --silent --show-error --fail --max-time 10 -H 'content-type: application/json' --data @- "$NOTIFY_URL" >/dev/null ||
    say 'nobody could be told'
}

point() { # <service> <slot>
  kube patch service "$1" --type merge --patch "{\"spec\":{\"selector\":{\"app.kubernetes.io/component\":\"service\",\"slot\":\"$2\"}}}" >/dev/null
}

healthy() { # <base address>: ready, and answering for a platform's door as it should
  curl --silent --fail --max-time 5 "$1/health/ready" >/dev/null &&
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 "$1/webhooks/none/none")" = 404 ]
}

live=$(kube get service tributary-service --output 'jsonpath={.spec.selector.slot}')
case $live in blue) idle=green ;; green) idle=blue ;; *) say "the Service points at no slot: \"$live\""; exit 2 ;; esac
old=$(deployment_of "$live")
new=$(deployment_of "$idle")
switched=no

give_up() {
  trap - INT TERM
  if [ "$switched" = yes ]; then
    point tributary-service "$live" || say 'PEOPLE COULD NOT BE MOVED BACK'
    point tributary-internal "$live" || say 'Hasura could not be moved back'
    # The worker follows the live version.
    [ -z "${old_worker:-}" ] || kube set image deployment/tributary-worker "worker=$old_worker" >/dev/null || say 'the worker could not be put back'
  fi
  kube scale "deployment/$new" --replicas=0 >/dev/null || say "$new could not be stopped"
  notify 'rolled back' "$1; people are on $live"
  exit 1
}
trap 'give_up "interrupted"' INT TERM

say "live: $live; $image goes to $idle"
# Migrations expand only, so that the live version goes on working on the new schema: tests/migration-safety.test.ts.
IMAGE="$image" METADATA_IMAGE="$metadata_image" NAMESPACE="$namespace" "$here/run-job.sh" tributary-migrate || give_up 'the migration failed'
IMAGE="$image" METADATA_IMAGE="$metadata_image" NAMESPACE="$namespace" "$here/run-job.sh" tributary-metadata || give_up 'the metadata failed'

kube set image "deployment/$new" "service=$image" >/dev/null || give_up "$idle could not be given the image"
kube scale "deployment/$new" --replicas="$replicas" >/dev/null || give_up "$idle could not be started"
kube rollout status "deployment/$new" --timeout="${ROLLOUT_TIMEOUT:-300s}" >/dev/null || give_up "$idle did not become ready"
point tributary-preview "$idle" || give_up "the preview could not be moved"
tries=0
until healthy "$PREVIEW_URL"; do
  tries=$((tries + 1))
  [ "$tries" -lt 12 ] || give_up "$idle does not answer as it should"
  sleep "$interval"
done

switched=yes
old_worker=$(kube get deployment tributary-worker --output 'jsonpath={.spec.template.spec.containers[0].image}') || give_up 'the worker is not there'
point tributary-service "$idle" || give_up 'people could not be moved'
point tributary-internal "$idle" || give_up 'Hasura could not be moved'
kube set image deployment/tributary-worker "worker=$image" >/dev/null || give_up 'the worker could not be given the image'
kube rollout status deployment/tributary-worker --timeout="${ROLLOUT_TIMEOUT:-300s}" >/dev/null || give_up 'the worker did not become ready'

failures=0
waited=0
while [ "$waited" -lt "$watch_seconds" ]; do
  if healthy "$PUBLIC_URL"; then failures=0; else failures=$((failures + 1)); fi
  [ "$failures" -le "$allowed_failures" ] || give_up "$idle failed $failures times in a row while it was watched"
  sleep "$interval"
  waited=$((waited + interval))
done

trap - INT TERM
# The former version stays for as long as a person needs to change their mind: scaled to one, without people.
kube scale "deployment/$old" --replicas="${KEEP_OLD:-1}" >/dev/null || say "$old could not be made smaller"
notify 'done' "people are on $idle"
