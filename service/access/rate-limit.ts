import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Database } from '../runtime/db.ts'
import type { Limit, LimitName } from './limit-settings.ts'

/** What is left after one request was counted. */
export interface Taken {
  readonly name: LimitName
  readonly limit: Limit
  readonly allowed: boolean
  readonly remaining: number
  /** Until the window is over and all of it is there again. */
  readonly resetSeconds: number
}

/** Counts one request of `key` against a limit. Never throws: see `createRateLimiter`. */
export type TakeRequest = (name: LimitName, key: string) => Promise<Taken>

export interface LimiterOptions {
  readonly db: Pick<Database, 'pool'>
  readonly limits: Readonly<Record<LimitName, Limit>>
  /** Told each time the store did not answer. */
  readonly onStoreDown: () => void
}

/** Longer than any count takes, short enough that a store that hangs holds up nobody. */
const STORE_TIMEOUT_MS = 1_000

/**
 * Fixed windows, counted in Postgres for all processes together. While that does not answer, each process counts for itself, so that
 * what is allowed grows at most with their number: an outage of the counter neither refuses everybody nor lets everything pass.
 */
export function createRateLimiter({ db, limits, onStoreDown }: LimiterOptions): TakeRequest {
  const client = { query: (query: { text: string; values: unknown[] }) => countWithin(db, query).catch(report) }
  const report = (error: unknown): never => {
    onStoreDown()
    throw error
  }
  const limiters = new Map(Object.entries(limits).map(([name, limit]) => [name, limiterOf(client, name, limit)]))
  return async (name, key) => {
    const limit = limits[name]
    const result = await limiters.get(name)?.consume(key).catch(refusalOnly)
    const used = result?.consumedPoints ?? 0
    return {
      name,
      limit,
      allowed: used <= limit.requests,
      remaining: Math.max(0, limit.requests - used),
      resetSeconds: Math.max(1, Math.ceil((result?.msBeforeNext ?? 0) / 1000)),
    }
  }
}

function limiterOf(storeClient: object, name: string, { requests: points, seconds: duration }: Limit) {
  return new RateLimiterPostgres({
    storeClient,
    storeType: 'pool',
    schemaName: 'ops',
    tableName: 'rate_limits',
    tableCreated: true, // by our migration
    keyPrefix: name,
    points,
    duration,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: name, points, duration }),
  })
}

/** The library throws its result when the limit is reached. */
function refusalOnly(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown
  throw thrown
}

/** Without the library's statement name: a pooler in front of Postgres may not know prepared statements. */
async function countWithin(db: Pick<Database, 'pool'>, { text, values }: { text: string; values: unknown[] }) {
  const late = AbortSignal.timeout(STORE_TIMEOUT_MS)
  return Promise.race([
    db.pool.query(text, values),
    new Promise<never>((_resolve, reject) =>
      late.addEventListener('abort', () => reject(new Error('the store is late'))),
    ),
  ])
}
