import { EventEmitter } from 'node:events'
import { Logger, parseCronItems, run, runOnce, type TaskList, type WorkerEvents } from 'graphile-worker'
import type { z } from 'zod'
import type { Database, Tx } from './db.ts'
import { AppError, type Facts } from './errors.ts'
import { describeError, type Log } from './log.ts'
import { sql } from './sql.ts'

/** Lower runs first. */
export const PRIORITY = { interactive: -20, webhook: -10, normal: 0, history: 10, enrichment: 20 } as const

export interface Task<Payload, Services> {
  /** The file name with underscores: `normalize-raw-data.task.ts` ↔ `normalize_raw_data`. */
  readonly identifier: string
  readonly payload: z.ZodType<Payload>
  /** Two jobs with one key are one job. */
  jobKey(payload: Payload): string
  readonly priority?: number
  /** Default 25: with the queue's back-off about three days. */
  readonly maxAttempts?: number
  run(payload: Payload, services: Services): Promise<JobResult>
}

/** `runAgainAt`: nothing failed, the work has to wait (a rate limit, say). It burns no attempt. */
export type JobResult = { readonly runAgainAt: Date } | undefined

/** Curried so that the services are named and the payload is inferred. */
export function defineTask<Services>() {
  return <Payload>(task: Task<Payload, Services>): Task<Payload, Services> => task
}

/** Queues a job inside the caller's transaction: it exists if and only if the rows it is about do. */
export async function enqueue<Payload>(
  tx: Tx,
  task: Pick<Task<Payload, never>, 'identifier' | 'jobKey' | 'priority' | 'maxAttempts'>,
  {
    payload,
    runAt = null,
    priority = task.priority ?? PRIORITY.normal,
  }: { payload: Payload; runAt?: Date | null; priority?: number },
): Promise<void> {
  await tx.query(sql`
    select graphile_worker.add_job(${task.identifier}::text, ${JSON.stringify(payload)}::json, run_at => ${runAt}::timestamptz,
      max_attempts => ${task.maxAttempts ?? 25}::integer, job_key => ${task.jobKey(payload)}::text, priority => ${priority}::integer)`)
}

/** A task whose services are already bound to it; what the runner is handed. */
export interface BoundTask {
  readonly identifier: string
  /** Five cron fields in UTC; undefined: not scheduled. */
  readonly schedule?: string
  perform(payload: unknown): Promise<void>
}

export interface BindOptions {
  readonly db: Database
  readonly log: Log
  readonly observe: (operation: { name: string; seconds: number; outcome: 'success' | 'failure' | 'postponed' }) => void
}

/** Joins a task with its services. Payload of another shape ends the job: no retry can mend it. */
export function bindTask<Payload, Services>(
  task: Task<Payload, Services>,
  services: Services,
  { db, log, observe, schedule }: BindOptions & { schedule?: string },
): BoundTask {
  const perform = async (raw: unknown): Promise<void> => {
    const started = performance.now()
    const finish = (outcome: 'success' | 'failure' | 'postponed', facts: Facts = {}) => {
      const seconds = (performance.now() - started) / 1000
      observe({ name: task.identifier, seconds, outcome })
      const line = { operation: task.identifier, outcome, duration_ms: Math.round(seconds * 1000), ...facts }
      if (outcome === 'failure') log.error(line, 'job')
      else log.info(line, 'job')
    }
    try {
      const payload = task.payload.parse(raw)
      const result = await task.run(payload, services)
      if (result !== undefined) await db.transaction((tx) => enqueue(tx, task, { payload, runAt: result.runAgainAt }))
      finish(result === undefined ? 'success' : 'postponed')
    } catch (error) {
      const final = error instanceof AppError && !error.spec.retry
      finish('failure', { ...describeError(error), final })
      // Only the code reaches the queue's last_error column: a message could carry a value.
      if (!final) throw new Error(error instanceof AppError ? error.code : 'internal/unexpected', { cause: error })
    }
  }
  return { identifier: task.identifier, perform, ...(schedule === undefined ? {} : { schedule }) }
}

// Its lines hold job payloads; ours, written by `bindTask`, do not.
const silentLogger = new Logger(() => () => undefined)

export interface JobRunner {
  /** Waits for running jobs; after five seconds they are told to stop, and what remains is given back to the queue. */
  stop(): Promise<void>
}

export interface RunnerOptions {
  readonly db: Database
  readonly tasks: readonly BoundTask[]
  readonly concurrency: number
  readonly onPool: (poolId: string) => Promise<void>
}

/** Runs jobs until stopped. No localQueue: it breaks the order of named queues (graphile/worker#621) and locks jobs it has not started. */
export async function runJobs({ db, tasks, concurrency, onPool }: RunnerOptions): Promise<JobRunner> {
  const events: WorkerEvents = new EventEmitter()
  const pools: Promise<void>[] = []
  events.on('pool:create', ({ workerPool }) => pools.push(onPool(workerPool.id)))
  const runner = await run({
    pgPool: db.pool,
    concurrency,
    noHandleSignals: true,
    pollInterval: 1000,
    events,
    logger: silentLogger,
    taskList: asTaskList(tasks),
    parsedCronItems: parseCronItems(
      tasks.flatMap(({ identifier, schedule }) =>
        schedule === undefined
          ? []
          : [{ task: identifier, match: schedule, options: { jobKey: identifier, maxAttempts: 3 } }],
      ),
    ),
  })
  await Promise.all(pools)
  return { stop: () => runner.stop() }
}

/** Whether jobs can run by it: the five fields of a crontab. */
export function isSchedule(text: string): boolean {
  try {
    return parseCronItems([{ task: 'any', match: text }]).length === 1
  } catch {
    return false
  }
}

/** Runs every job that is due now, then ends: for commands and tests. */
export async function runDueJobs({ db, tasks }: Pick<RunnerOptions, 'db' | 'tasks'>): Promise<void> {
  await runOnce({ pgPool: db.pool, noHandleSignals: true, logger: silentLogger, taskList: asTaskList(tasks) })
}

function asTaskList(tasks: readonly BoundTask[]): TaskList {
  return Object.fromEntries(tasks.map((task) => [task.identifier, (payload: unknown) => task.perform(payload)]))
}
