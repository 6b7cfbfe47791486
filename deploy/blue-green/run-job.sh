#!/usr/bin/env bash
# Runs one Job of deploy/kubernetes/base/migrate.yaml anew, with the image of this deploy, and waits for its end.
set -euo pipefail
name=${1:?give the name of the job}
case $name in
  tributary-migrate) container=migrate image=${IMAGE:?} ;;
  tributary-metadata) container=metadata image=${METADATA_IMAGE:?} ;;
  *) echo "no job $name" >&2; exit 2 ;;
esac
kube() { kubectl --namespace "${NAMESPACE:-tributary}" "$@"; }
manifest="$(cd "$(dirname "$0")" && pwd)/../kubernetes/base/migrate.yaml"

kube delete job "$name" --ignore-not-found --wait=true >/dev/null
kubectl create --dry-run=client --output json --filename "$manifest" |
  jq --arg name "$name" --arg container "$container" --arg image "$image" '
    (if .kind == "List" then .items[] else . end) | select(.metadata.name == $name)
    | (.spec.template.spec.containers[] | select(.name == $container)).image = $image' |
  kube create --filename - >/dev/null

# `kubectl wait` waits for one condition, and a job ends in one of two.
end=$((SECONDS + ${JOB_TIMEOUT_SECONDS:-1800}))
while [ "$SECONDS" -lt "$end" ]; do
  state=$(kube get job "$name" --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
  case " $state " in
    *" Complete "*) exit 0 ;;
    *" Failed "*) break ;;
  esac
  sleep "${JOB_INTERVAL_SECONDS:-2}"
done
kube logs "job/$name" --tail=50 >&2 || true
exit 1
