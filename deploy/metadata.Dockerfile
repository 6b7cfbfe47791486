# What the deploy step applies: Hasura's command line with the metadata and the names of the migrations of one version.
FROM hasura/graphql-engine:v2.50.10.cli-migrations-v3
COPY --chown=0:0 hasura/config.yaml /project/hasura/config.yaml
COPY --chown=0:0 hasura/metadata /project/hasura/metadata
COPY --chown=0:0 database/migrations /project/database/migrations
COPY --chown=0:0 deploy/compose/apply-metadata.sh /deploy/apply-metadata.sh
USER 1001:1001
WORKDIR /tmp
ENTRYPOINT ["/bin/bash", "/deploy/apply-metadata.sh"]
