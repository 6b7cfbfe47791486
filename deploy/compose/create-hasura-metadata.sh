#!/bin/sh
# Runs once, when the database volume is new: Hasura keeps its own metadata apart from our data.
set -eu
psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --set password="$HASURA_METADATA_PASSWORD" <<'SQL'
create role hasura_metadata login password :'password';
create database hasura_metadata owner hasura_metadata;
SQL
