# One image, several programs: service/main.ts (default), service/worker.ts, database/migrate.ts, service/platforms/simulators.ts.
# A tag can be moved: whoever wants the very same image each time gives these arguments a digest. NODE_IMAGE is the Node that npm brings
# (a test compares them); the runtime's tag names the major version alone, and CI's compose job runs the product on what it is then.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script runs, and nothing of development comes along.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

# No shell, no package manager, nobody's home: the program and its packages.
FROM ${RUNTIME_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tributary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The bounds on memory count on all three: docs/operations/settings.md.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144 NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=dependencies --chown=0:0 /app/node_modules ./node_modules
COPY --chown=0:0 package.json LICENSE ./
COPY --chown=0:0 database ./database
COPY --chown=0:0 service ./service
# Not root, and by number, so that Kubernetes can see it. The files are root's: the program cannot change itself.
USER 10001:10001
EXPOSE 3000 3001 3002
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:' + (process.env.SERVICE_PORT || 3000) + '/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The base's entrypoint is node itself, in exec form: it gets the signals.
CMD ["service/main.ts"]
