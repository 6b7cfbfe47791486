import { healthRoutes } from './api/health.route.ts'
import { metricsRoute } from './api/metrics.route.ts'
import { createServer } from './api/server.ts'
import { begin } from './begin.ts'
import type { Config } from './config.ts'
import { createPartitions } from './ingestion/create-partitions.task.ts'
import { ensureWebhookSubscription } from './ingestion/ensure-webhook-subscription.task.ts'
import { registerPlatforms } from './ingestion/register-platforms.ts'
import { runJobs } from './runtime/job-runner.ts'
import { enqueue } from './runtime/jobs.ts'
import { shutDownOnSignal } from './runtime/shutdown.ts'
import { beat, startHeartbeat } from './runtime/worker-heartbeat.ts'
import { prepareConsentTexts } from './wire-privacy.ts'
import { bindTasks } from './wire-tasks.ts'
import { startKeyListener } from './wire-vault.ts'
import { type Wiring, wire } from './wiring.ts'

/** The job process. */
export async function startWorker(config: Config): Promise<void> {
  const wiring = wire(config, 'worker', await begin(config, 'worker'))
  const { log, db } = wiring
  await wiring.vault.keyring.masterKeys.ready(db)
  const keyListener = startKeyListener(wiring)
  await registerPlatforms(db, config.platforms)
  await prepareConsentTexts(wiring)
  await queueStartJobs(wiring)
  const heartbeats: ReturnType<typeof startHeartbeat>[] = []
  const onPool = async (poolId: string) => {
    await beat(db, poolId)
    heartbeats.push(startHeartbeat({ db, log, poolId }))
  }
  const jobs = await runJobs({ db, tasks: bindTasks(wiring), concurrency: config.worker.atOnce, onPool })
  const listener = await listen(wiring)
  log.info({ operation: 'start', ...config.worker.atOnce }, 'working')
  shutDownOnSignal(
    [
      { name: 'jobs', withinMs: 18_000, run: () => jobs.stop() },
      {
        name: 'heartbeat',
        withinMs: 2_000,
        run: async () => void (await Promise.all(heartbeats.map((heartbeat) => heartbeat.stop()))),
      },
      { name: 'listener', withinMs: 1_000, run: async () => listener?.close() },
      { name: 'key listener', withinMs: 2_000, run: () => keyListener.stop() },
      { name: 'refusals', withinMs: 2_000, run: () => wiring.refusals.stop() },
      { name: 'database', withinMs: 3_000, run: () => db.close() },
      { name: 'traces', withinMs: 1_000, run: () => wiring.tracer.stop() },
    ],
    log,
  )
}

/** What must be true before the first cron tick. */
async function queueStartJobs({ db, config }: Wiring): Promise<void> {
  await db.transaction(async (tx) => {
    await enqueue(tx, createPartitions, { payload: {} })
    for (const { id, webhook } of config.platforms.values()) {
      if (webhook !== undefined) await enqueue(tx, ensureWebhookSubscription, { payload: { platform: id } })
    }
  })
}

/** Metrics and liveness, where a port is configured. */
async function listen({ config, log, metrics, db, refusals }: Wiring) {
  if (config.worker.port === undefined) return undefined
  // Probes and scrapers show no certificate: a scraper can be asked for a key instead.
  const tls = config.access.tls.internal
  const app = createServer({
    listener: 'worker',
    log,
    metrics,
    refusals,
    tls: tls === undefined ? undefined : { ...tls, files: { ...tls.files, caFile: undefined } },
  })
  app.register(healthRoutes, { db })
  app.register(metricsRoute, { metrics, db: config.access.metricsNeedApiKey ? db : undefined })
  await app.listen({ host: config.internalListener.host, port: config.worker.port })
  return app
}
