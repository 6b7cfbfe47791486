import { setTimeout as sleep } from 'node:timers/promises'
import { restrictionsIn } from './access/allowed-platforms.ts'
import { actionRoutes } from './api/actions.ts'
import { demoRoutes } from './api/demo.route.ts'
import { exportRoutes } from './api/export.route.ts'
import { healthReportRoute, healthRoutes } from './api/health.route.ts'
import { metricsRoute } from './api/metrics.route.ts'
import { oauthCallbackRoute } from './api/oauth-callback.route.ts'
import { pageRoutes } from './api/pages.route.ts'
import { platformWebhook } from './api/platform.webhook.ts'
import { rawDataInsertedEvent } from './api/raw-data-inserted.event.ts'
import { createServer } from './api/server.ts'
import { uploadRoutes } from './api/upload.route.ts'
import { begin, VERSION } from './begin.ts'
import type { Config } from './config.ts'
import { demoOptions } from './demo.ts'
import { registerPlatforms } from './ingestion/register-platforms.ts'
import { shutDownOnSignal } from './runtime/shutdown.ts'
import { bindActions } from './wire-actions.ts'
import { countErased } from './wire-erasure.ts'
import { healthChecks } from './wire-monitoring.ts'
import { prepareConsentTexts, wireExports } from './wire-privacy.ts'
import { startKeyListener } from './wire-vault.ts'
import { type Wiring, wire } from './wiring.ts'

/** The HTTP process: the public listener and the internal one, which is never exposed. */
export async function startService(config: Config): Promise<void> {
  const wiring = wire(config, 'service', await begin(config, 'service'))
  const { log, db } = wiring
  await wiring.vault.keyring.masterKeys.ready(db)
  const keyListener = startKeyListener(wiring)
  await registerPlatforms(db, config.platforms)
  await prepareConsentTexts(wiring)
  const ending = new AbortController()
  const isEnding = () => ending.signal.aborted
  const internal = createInternal(wiring, isEnding)
  const open = createPublic(wiring, isEnding)
  await internal.listen(config.internalListener)
  await open.listen(config.publicListener)
  log.info(
    { operation: 'start', port: config.publicListener.port, internal_port: config.internalListener.port },
    'listening',
  )
  shutDownOnSignal(
    [
      { name: 'drain', withinMs: config.drainMs + 500, run: () => drain(ending, config.drainMs) },
      {
        name: 'listeners',
        withinMs: 14_000,
        run: async () => void (await Promise.all([open.close(), internal.close()])),
      },
      { name: 'key listener', withinMs: 2_000, run: () => keyListener.stop() },
      { name: 'refusals', withinMs: 2_000, run: () => wiring.refusals.stop() },
      { name: 'database', withinMs: 3_000, run: () => db.close() },
      { name: 'traces', withinMs: 1_000, run: () => wiring.tracer.stop() },
    ],
    log,
  )
}

/** Says that it is not ready, and goes on serving: balancers look every few seconds, and send requests until they have seen it. */
async function drain(ending: AbortController, drainMs: number): Promise<void> {
  ending.abort()
  await sleep(drainMs)
}

/** Of Hasura, probes and scrapers; never exposed. */
export function createInternal(wiring: Wiring, isEnding = () => false) {
  const { config, db, log, metrics, refusals } = wiring
  const app = createServer({
    listener: 'internal',
    isEnding,
    log,
    metrics,
    tracer: wiring.tracer,
    refusals,
    tls: config.access.tls.internal,
  })
  app.register(actionRoutes, {
    actionSecret: config.hasura.actionSecret,
    previousActionSecret: config.hasura.previousActionSecret,
    actions: bindActions(wiring),
    verifyToken: wiring.verifyToken,
    takeRequest: wiring.takeRequest,
    findRestriction: restrictionsIn(db),
    isErased: countErased(wiring),
  })
  const { eventSecret, previousEventSecret } = config.hasura
  app.register(rawDataInsertedEvent, { db, eventSecret, previousEventSecret })
  const { requests } = metrics
  app.register(healthReportRoute, {
    db,
    requests,
    verifyToken: wiring.verifyToken,
    checks: healthChecks(wiring),
    version: VERSION,
  })
  app.register(metricsRoute, { metrics, db: config.access.metricsNeedApiKey ? db : undefined })
  return app
}

/** Of browsers, phones and platforms. */
export function createPublic(wiring: Wiring, isEnding = () => false) {
  const { config, db, log, metrics, ingestion, connections, uploads, verifyToken } = wiring
  const app = createServer({
    listener: 'public',
    isEnding,
    log,
    metrics,
    tracer: wiring.tracer,
    refusals: wiring.refusals,
    tls: config.access.tls.open,
    trustedProxies: config.access.trustedProxies,
    secure: config.servicePublicUrl.startsWith('https:'),
  })
  app.register(healthRoutes, { db, isEnding })
  const { takeRequest } = wiring
  const { sealInbox, sealDeliveries } = ingestion
  app.register(platformWebhook, { db, platforms: config.platforms, sealInbox, sealDeliveries, takeRequest })
  app.register(oauthCallbackRoute, connections)
  app.register(uploadRoutes, {
    ...uploads,
    verifyToken,
    takeRequest,
    isErased: countErased(wiring),
  })
  app.register(exportRoutes, { ...wireExports(wiring), verifyToken, takeRequest })
  if (config.demo) {
    const options = demoOptions(wiring)
    app.register(pageRoutes, { graphqlUrl: options.graphqlUrl })
    app.register(demoRoutes, options)
  }
  return app
}
