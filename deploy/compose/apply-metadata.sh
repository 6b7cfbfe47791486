#!/bin/bash
# The second half of the deploy step: after migrate.ts, the metadata; then nothing may be inconsistent.
set -euo pipefail
# The project is mounted read-only and the CLI writes beside it.
cp -r /project /tmp/project
cd /tmp/project/hasura
options=(--endpoint "$HASURA_GRAPHQL_ENDPOINT" --admin-secret "$HASURA_GRAPHQL_ADMIN_SECRET" --skip-update-check)
hasura-cli metadata apply "${options[@]}" --disallow-inconsistent-metadata
hasura-cli metadata inconsistency status "${options[@]}"
# migrate.ts has run these; CLI and console are to know.
hasura-cli migrate apply "${options[@]}" --database-name default --skip-execution
