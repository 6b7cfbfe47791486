import type { Database } from '../runtime/db.ts'
import { carriedTrace } from '../runtime/job-trace.ts'
import { insertDeliveries, type NewDelivery } from './insert-deliveries.ts'
import { processDelivery } from './process-delivery.task.ts'
import { findSubscriptionId } from './queries.ts'

/** Where small deliveries become ours. */
export interface Intake {
  /** Resolves once the delivery and its job are committed: only then may the platform get its 200. */
  store(delivery: NewDelivery): Promise<'stored' | 'duplicate'>
  /** Our subscription at the platform, as it was some seconds ago at most; `fresh`: as it is now. */
  findSubscription(platform: string, options?: { fresh: boolean }): Promise<string | undefined>
}

interface Waiting {
  readonly delivery: NewDelivery
  readonly resolve: (outcome: 'stored' | 'duplicate') => void
  readonly reject: (error: unknown) => void
}

/** Statements underway: one, and others only beside one that takes unusually long (its connection may be half open). */
const AT_ONCE = 4
const PATIENCE_MS = 50
const MOST = 256
const SUBSCRIPTION_KEPT_MS = 5_000

export function createIntake(db: Database): Intake {
  const add = commitTogether(db)
  return {
    store: (delivery) =>
      new Promise((resolve, reject) => add({ delivery: { ...delivery, trace: carriedTrace() }, resolve, reject })),
    findSubscription: rememberSubscriptions(db),
  }
}

/**
 * Group commit without a timer: while a statement is on its way, what arrives waits for the next one, and all of it is flushed together.
 * A lone delivery waits for nobody; under load many share one flush of the log. With two statements at a time each takes half as many,
 * and a quarter less is stored in a second.
 */
function commitTogether(db: Database): (one: Waiting) => void {
  const waiting: Waiting[] = []
  let underway = 0
  let patience: NodeJS.Timeout | undefined
  const mayBegin = () => underway === 0 || (underway < AT_ONCE && patience === undefined)
  const goOn = () => {
    clearTimeout(patience)
    patience = undefined
    while (waiting.length > 0 && mayBegin()) {
      underway += 1
      patience = setTimeout(goOn, PATIENCE_MS)
      void flush(db, waiting.splice(0, MOST)).finally(() => {
        underway -= 1
        goOn()
      })
    }
  }
  return (one) => {
    waiting.push(one)
    // After what arrived with it: the requests of one turn of the event loop share a statement.
    if (mayBegin()) setImmediate(() => mayBegin() && goOn())
  }
}

async function flush(db: Database, batch: readonly Waiting[]): Promise<void> {
  try {
    const stored = await insertDeliveries(
      db,
      processDelivery,
      batch.map(({ delivery }) => delivery),
    )
    for (const [index, { resolve }] of batch.entries()) resolve(stored.has(index) ? 'stored' : 'duplicate')
  } catch (error) {
    // One that the database does not take must not fail the others.
    if (batch.length > 1 && isOfOneRow(error)) await Promise.all(batch.map((one) => flush(db, [one])))
    else for (const { reject } of batch) reject(error)
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraints). */
function isOfOneRow(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)
}

function rememberSubscriptions(db: Database): Intake['findSubscription'] {
  const known = new Map<string, { at: number; id: Promise<string | undefined> }>()
  return (platform, { fresh } = { fresh: false }) => {
    const last = known.get(platform)
    if (last !== undefined && !fresh && performance.now() - last.at < SUBSCRIPTION_KEPT_MS) return last.id
    const id = findSubscriptionId(db, platform)
    known.set(platform, { at: performance.now(), id })
    id.catch(() => known.delete(platform))
    return id
  }
}
