#!/bin/bash
# Writes the engine's metadata to /exported, for comparing it with the tree.
set -euo pipefail
cp -r /project /tmp/project
cd /tmp/project/hasura
options=(--endpoint "$HASURA_GRAPHQL_ENDPOINT" --admin-secret "$HASURA_GRAPHQL_ADMIN_SECRET" --skip-update-check)
hasura-cli metadata export "${options[@]}"
cp -r metadata/. /exported/
