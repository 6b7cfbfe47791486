import { countOpenRequests } from './compliance/requests/queries.ts'
import type { Config } from './config.ts'
import { cleanEventLog } from './monitoring/clean-event-log.task.ts'
import type { Check } from './monitoring/health.ts'
import { createMetrics, type Metrics } from './monitoring/metrics.ts'
import { registerPools } from './monitoring/pool-metrics.ts'
import { watchOpenRequests } from './monitoring/privacy-metrics.ts'
import { findTroubledPlatforms } from './monitoring/queries.ts'
import { READ_WITHIN_MS, registerProbe, registerState } from './monitoring/state-metrics.ts'
import type { Database } from './runtime/db.ts'
import { sendRequest } from './runtime/http-client.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { within } from './runtime/within.ts'
import type { Vault } from './vault/vault.ts'

interface MetricsParts {
  readonly config: Pick<Config, 'hasura'>
  readonly db: Database
  readonly bookkeepingDb: Database
}

/** What a process exports: its own counters, its pools, and the state of the whole as the database has it. */
export function wireMetrics({ config, db, bookkeepingDb }: MetricsParts): Metrics {
  const metrics = createMetrics()
  registerState(metrics.registry, db)
  registerPools(metrics.registry, [watched('main', db), watched('bookkeeping', bookkeepingDb)])
  watchOpenRequests(metrics.registry, () => within(() => countOpenRequests(db), READ_WITHIN_MS).catch(() => []))
  registerProbe(metrics.registry, {
    name: 'hasura_up',
    help: '1 while Hasura answers and all of its metadata is consistent',
    probe: async () => (await pingHasura(config.hasura.url)) === 'ok',
  })
  return metrics
}

function watched(name: string, { pool }: Database) {
  return { name, pool, size: pool.options.max ?? 0 }
}

export function bindMonitoringTasks(
  { config, db }: { config: Pick<Config, 'eventLogRetentionDays'>; db: Database },
  options: BindOptions,
): readonly BoundTask[] {
  const { eventLogRetentionDays } = config
  return [bindTask(cleanEventLog, { db, eventLogRetentionDays }, { ...options, schedule: '53 * * * *' })]
}

interface HealthParts {
  readonly config: Config
  readonly db: Database
  readonly vault: Vault
}

/** Of the detailed status. No platform is called for it: how it answered those who did is known. */
export function healthChecks({ config, db, vault }: HealthParts): Readonly<Record<string, Check>> {
  return {
    token_vault: async () => {
      const box = await vault.sealInbox('health', Buffer.from('health'))
      return (await vault.openInbox('health', box)).equals(Buffer.from('health')) ? 'ok' : 'failed'
    },
    hasura: () => pingHasura(config.hasura.url),
    ...platformChecks(config, () => findTroubledPlatforms(db)),
  }
}

async function pingHasura(url: string): Promise<'ok' | 'degraded'> {
  const limits = { timeoutMs: 1_500, maxBytes: 1024 }
  const { status, text } = await sendRequest({ method: 'GET', url: `${url}/healthz` }, limits)
  // Hasura answers 200 with a warning while part of its metadata is inconsistent.
  return status === 200 && !text.startsWith('WARN') ? 'ok' : 'degraded'
}

function platformChecks(
  { platforms }: Config,
  findTroubled: () => Promise<ReadonlySet<string>>,
): Readonly<Record<string, Check>> {
  const connectable = [...platforms.values()].filter(({ api }) => api !== undefined)
  return Object.fromEntries(
    connectable.map(({ id }) => [
      `${id.replaceAll('-', '_')}_api`,
      async () => ((await findTroubled()).has(id) ? 'degraded' : 'ok'),
    ]),
  )
}
