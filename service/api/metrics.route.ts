import type { FastifyPluginAsync } from 'fastify'
import { authenticateApiKey } from '../access/authenticate-api-key.ts'
import type { Metrics } from '../monitoring/metrics.ts'
import type { Db } from '../runtime/db.ts'

interface MetricsRouteOptions {
  readonly metrics: Metrics
  /** Where keys are kept, when a scraper needs one with the scope metrics:read. */
  readonly db?: Db | undefined
}

/** Prometheus' text format, on the internal listener alone. */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (app, { metrics: { registry }, db }) => {
  app.get('/metrics', async ({ headers }, reply) => {
    if (db !== undefined) await authenticateApiKey(db, { headers, scope: 'metrics:read' })
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
