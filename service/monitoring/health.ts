import type { Database } from '../runtime/db.ts'
import { within } from '../runtime/within.ts'
import { measureQueue, pingDatabase } from './queries.ts'
import type { RequestWindow } from './request-window.ts'

export type CheckResult = 'ok' | 'degraded' | 'failed'

/** Answers 'ok' or 'degraded'; throwing is failing, and so is taking longer than two seconds. */
export type Check = () => Promise<CheckResult>

export interface HealthServices {
  readonly db: Database
  /** By name, beside database and queue: token_vault, hasura, `<platform>_api`. */
  readonly checks: Readonly<Record<string, Check>>
  readonly requests: RequestWindow
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
/** What works on without them: a person notices late data, not a refusal. */
const MAY_FAIL = /_api$|^hasura$/

/** Ready: the database answers and has our tables. Nothing else may take the service out of rotation. */
export async function isReady(db: Database): Promise<boolean> {
  return (await run(() => pingDatabase(db).then(() => 'ok'))) === 'ok'
}

/** Everything an operator asks first; never served to the public. Requests are those of this process. */
export async function reportHealth({ db, checks, requests, version }: HealthServices): Promise<HealthReport> {
  const queue = { due: -1, oldest_seconds: -1 }
  const all: Record<string, Check> = {
    database: async () => pingDatabase(db).then(() => 'ok'),
    ...checks,
    queue: async () => {
      Object.assign(queue, await measureQueue(db))
      return queue.oldest_seconds > QUEUE_IS_LATE_AFTER_SECONDS ? 'degraded' : 'ok'
    },
  }
  const results = await Promise.all(
    Object.entries(all).map(async ([name, check]) => [name, soften(name, await run(check))] as const),
  )
  const { requestsPerMinute, errorRate } = requests.read()
  return {
    status: worst(results.map(([, result]) => result)),
    version,
    checks: Object.fromEntries(results),
    metrics: {
      uptime: Math.round(process.uptime()),
      requests_per_minute: requestsPerMinute,
      error_rate: Math.round(errorRate * 10_000) / 10_000,
      jobs_due: queue.due,
      oldest_job_seconds: queue.oldest_seconds,
    },
  }
}

function soften(name: string, result: CheckResult): CheckResult {
  return result === 'failed' && MAY_FAIL.test(name) ? 'degraded' : result
}

function worst(results: readonly CheckResult[]): HealthReport['status'] {
  if (results.includes('failed')) return 'unhealthy'
  return results.includes('degraded') ? 'degraded' : 'healthy'
}

async function run(check: Check): Promise<CheckResult> {
  return within(check, CHECK_WITHIN_MS).catch(() => 'failed')
}
