import { EventEmitter } from 'node:events'
import { parseCronItems, type Runner, run, type WorkerEvents, type WorkerPool } from 'graphile-worker'
import type pg from 'pg'
import type { Database } from './db.ts'
import { createNudges } from './job-nudges.ts'
import { asTaskList, type BoundTask, QUEUES, type QueueName, silentLogger } from './jobs.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface JobRunner {
  /** Waits for running jobs; after five seconds they are told to stop, and what remains is given back to the queue. */
  stop(): Promise<void>
}

export interface RunnerOptions {
  readonly db: Database
  readonly tasks: readonly BoundTask[]
  /** Jobs at once in this process, for each queue. */
  readonly concurrency: Readonly<Record<QueueName, number>>
  /** Told of each pool of places before it takes its first job. */
  readonly onPool: (poolId: string) => Promise<void>
}

/**
 * Runs jobs until stopped: for each queue a pool of its own, so that a thousand imports hold up no webhook. The general one listens for
 * all (`job-nudges.ts`). No localQueue: it breaks the order of named queues (graphile/worker#621) and locks jobs it has not started.
 */
export async function runJobs({ db, tasks, concurrency, onPool }: RunnerOptions): Promise<JobRunner> {
  const used = QUEUES.filter((queue) => queue === 'general' || tasks.some((task) => task.queue === queue))
  const nudges = createNudges((task) => tasks.find(({ identifier }) => identifier === task)?.queue)
  const runners = await Promise.all(
    used.map((queue) => {
      const events: WorkerEvents = new EventEmitter()
      const hears = queue === 'general'
      if (hears) nudges.hear(events)
      return startPool({
        pgPool: hears ? db.pool : nudges.deaf(db.pool),
        events,
        tasks: tasks.filter((task) => task.queue === queue),
        onPool: async (pool) => {
          if (!hears) nudges.passOn(queue, pool, events)
          await onPool(pool.id)
        },
        scheduled: hears ? tasks : [],
        atOnce: concurrency[queue],
      })
    }),
  )
  return stopTogether(runners)
}

/** The pool that listens ends by itself when the queue's schema is upgraded beyond what it can serve; so do the others with it. */
function stopTogether(runners: readonly Runner[]): JobRunner {
  let stopped: Promise<void> | undefined
  const stop = () => {
    // One that ends already refuses to be stopped.
    stopped ??= Promise.all(runners.map((one) => one.stop().catch(() => one.promise))).then(() => undefined)
    return stopped
  }
  for (const { promise } of runners) promise.then(stop, stop).catch(() => undefined)
  return { stop }
}

interface PoolOptions {
  readonly pgPool: pg.Pool
  readonly events: WorkerEvents
  readonly tasks: readonly BoundTask[]
  /** Before it takes its first job. */
  readonly onPool: (pool: WorkerPool) => Promise<void>
  readonly atOnce: number
  /** Whose ticks it notices; a tick only queues. */
  readonly scheduled: readonly BoundTask[]
}

async function startPool({ pgPool, events, tasks, onPool, scheduled, atOnce }: PoolOptions): Promise<Runner> {
  const pools: Promise<void>[] = []
  events.on('pool:create', ({ workerPool }) => pools.push(onPool(workerPool)))
  const runner = await run({
    pgPool,
    concurrency: atOnce,
    noHandleSignals: true,
    pollInterval: 1000,
    events,
    logger: silentLogger,
    taskList: asTaskList(tasks),
    parsedCronItems: parseCronItems(
      scheduled.flatMap(({ identifier, schedule }) =>
        schedule === undefined
          ? []
          : [
              {
                task: identifier,
                match: schedule,
                // Ticks that were missed while no worker ran are owed: once, for the key makes one job of them.
                options: { jobKey: identifier, maxAttempts: 3, backfillPeriod: owedForMs(schedule) },
              },
            ],
      ),
    ),
  })
  await Promise.all(pools)
  return runner
}

/** How far back missed ticks are made up for: a day for what runs once a day or less often; what runs often comes by itself. */
export function owedForMs(schedule: string): number {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = schedule.trim().split(/\s+/)
  if (!/^\d+$/.test(minute)) return 0
  if (!/^\d+$/.test(hour)) return HOUR_MS
  return [day, month, weekday].every((field) => field === '*') ? DAY_MS : 31 * DAY_MS
}

/** Whether jobs can run by it: the five fields of a crontab. */
export function isSchedule(text: string): boolean {
  try {
    return parseCronItems([{ task: 'any', match: text }]).length === 1
  } catch {
    return false
  }
}
