import type { FastifyPluginAsync } from 'fastify'
import type { Metrics } from '../monitoring/metrics.ts'

/** Prometheus' text format, on the internal listener alone. */
export const metricsRoute: FastifyPluginAsync<{ metrics: Metrics }> = async (app, { metrics: { registry } }) => {
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}
