import type { Database } from '../runtime/db.ts'
import { measureQueue, pingDatabase } from './queries.ts'

export type CheckResult = 'ok' | 'degraded' | 'failed'

export interface HealthServices {
  readonly db: Database
  /** Whether the GraphQL engine answers. */
  readonly pingHasura: () => Promise<void>
  readonly version: string
}

export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  readonly version: string
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly metrics: Readonly<Record<string, number>>
}

const QUEUE_IS_LATE_AFTER_SECONDS = 60
const CHECK_WITHIN_MS = 2_000

/** Ready: the database answers and has our tables. Nothing else may take the service out of rotation. */
export async function isReady(db: Database): Promise<boolean> {
  return (await check(() => pingDatabase(db))) === 'ok'
}

/** Everything an operator asks first; never served to the public. */
export async function reportHealth({ db, pingHasura, version }: HealthServices): Promise<HealthReport> {
  const queue = await within(() => measureQueue(db)).catch(() => undefined)
  const checks: Record<string, CheckResult> = {
    database: await check(() => pingDatabase(db)),
    hasura: (await check(pingHasura)) === 'ok' ? 'ok' : 'degraded',
    queue: queue === undefined ? 'failed' : queue.oldest_seconds > QUEUE_IS_LATE_AFTER_SECONDS ? 'degraded' : 'ok',
  }
  const results = Object.values(checks)
  const status = results.includes('failed') ? 'unhealthy' : results.includes('degraded') ? 'degraded' : 'healthy'
  const metrics = {
    uptime_seconds: Math.round(process.uptime()),
    jobs_due: queue?.due ?? -1,
    oldest_job_seconds: queue?.oldest_seconds ?? -1,
  }
  return { status, version, checks, metrics }
}

async function check(probe: () => Promise<void>): Promise<CheckResult> {
  return within(probe).then(
    () => 'ok',
    () => 'failed',
  )
}

async function within<Result>(work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_WITHIN_MS)
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}
