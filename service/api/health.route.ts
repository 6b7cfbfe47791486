import type { FastifyPluginAsync } from 'fastify'
import { authenticateOperator, type CallerServices } from '../access/identity.ts'
import { type HealthServices, isReady, reportHealth } from '../monitoring/health.ts'

export interface ProbeOptions extends Pick<HealthServices, 'db'> {
  /** Whether the process was told to end: then it serves on for a while, but wants no new requests. */
  readonly isEnding?: () => boolean
}

/** Kubernetes probes, without details: anyone may see them. */
export const healthRoutes: FastifyPluginAsync<ProbeOptions> = async (app, { db, isEnding = () => false }) => {
  let started = false
  app.get('/health/live', () => ({ status: 'ok' }))
  app.get('/health/ready', async (_request, reply) => {
    const ready = !isEnding() && (await isReady(db))
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable' })
  })
  app.get('/health/startup', async (_request, reply) => {
    started ||= await isReady(db)
    return reply.code(started ? 200 : 503).send({ status: started ? 'ok' : 'starting' })
  })
}

/** The detailed status, for operators alone, on the internal listener alone. */
export const healthReportRoute: FastifyPluginAsync<HealthServices & CallerServices> = async (app, services) => {
  app.get('/health', async ({ headers }, reply) => {
    await authenticateOperator(services, headers)
    const report = await reportHealth(services)
    return reply.code(report.status === 'unhealthy' ? 503 : 200).send(report)
  })
}
