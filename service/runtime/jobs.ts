import { type JobHelpers, Logger, runOnce, type TaskList } from 'graphile-worker'
import type { z } from 'zod'
import type { Database, Tx } from './db.ts'
import { AppError, type ErrorCode, type Facts } from './errors.ts'
import { applyFate, decideFate, type JobFate } from './job-failure.ts'
import type { JobFence } from './job-fence.ts'
import type { HeldJob } from './job-queries.ts'
import { payloadText, runAsJob } from './job-trace.ts'
import { describeError, type Log } from './log.ts'
import { preparedSql } from './sql.ts'
import type { Tracer } from './trace.ts'

/** Lower runs first. */
export const PRIORITY = { interactive: -20, webhook: -10, normal: 0, history: 10, enrichment: 20 } as const

export interface Task<Payload, Services> {
  /** The file name with underscores: `normalize-raw-data.task.ts` ↔ `normalize_raw_data`. */
  readonly identifier: string
  readonly payload: z.ZodType<Payload>
  /** Two jobs with one key are one job. */
  jobKey(payload: Payload): string
  readonly priority?: number
  /** Default 25: with the back-off about three days. */
  readonly maxAttempts?: number
  /** How long after its first failure it runs again; twice as long after each further one. Default 2. */
  readonly backoffSeconds?: number
  /** Tasks of one queue share its places; default `general`. */
  readonly queue?: QueueName
  /** A run that takes longer has failed. Default: none. */
  readonly timeoutSeconds?: number
  run(payload: Payload, services: Services): Promise<JobResult>
}

export const QUEUES = ['webhooks', 'imports', 'reconciliation', 'enrichment', 'general'] as const
export type QueueName = (typeof QUEUES)[number]

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
  await tx.query(preparedSql`
    select ops.add_job(${task.identifier}::text, ${payloadText(payload)}::json, ${runAt}::timestamptz, ${task.maxAttempts ?? 25}::integer,
      ${task.jobKey(payload)}::text, ${priority}::integer)`)
}

/** A task whose services are already bound to it; what the runner is handed. */
export interface BoundTask {
  readonly identifier: string
  readonly queue: QueueName
  readonly priority: number
  /** Five cron fields in UTC; undefined: not scheduled. */
  readonly schedule?: string
  /** Throws when the queue must not complete the job: it was dealt with otherwise, or could not be. */
  perform(payload: unknown, job: HeldJob): Promise<void>
}

export interface BindOptions {
  readonly db: Database
  readonly log: Log
  readonly observe: (operation: { name: string; seconds: number; outcome: JobOutcome }) => void
  /** Keeps a job from writing once it is another worker's. */
  readonly fence?: JobFence
  /** Where a queue has a rate: whether one more of its jobs may begin now, or when. */
  readonly admit?: ((queue: QueueName) => Promise<Date | undefined>) | undefined
  /** Default: ids alone. */
  readonly tracer?: Tracer
  /** Told of every job that leaves the queue for `dead_letters`. */
  readonly countDead?: (letter: { task: string; cause: ErrorCode }) => void
}

/** Joins a task with its services. Payload of another shape ends the job: no retry can mend it. */
export function bindTask<Payload, Services>(
  task: Task<Payload, Services>,
  services: Services,
  options: BindOptions & { schedule?: string },
): BoundTask {
  const { schedule, admit } = options
  const queue = task.queue ?? 'general'
  const work = async (raw: unknown, job: HeldJob, tell: (facts: Facts, failure?: string) => void): Promise<void> => {
    const finish = startReport(task.identifier, options, tell)
    const notBefore = await admit?.(queue)
    const tryIt = () => attempt(task, services, { raw, job })
    const run = () => options.fence?.run(job, tryIt) ?? tryIt()
    const { fate, error } = notBefore === undefined ? await run() : postpone(notBefore)
    if (fate === undefined) return finish('success')
    finish(outcomeOf(fate), error === undefined ? {} : { ...describeError(error), fate: fate.kind })
    if (fate.kind === 'dead') options.countDead?.({ task: task.identifier, cause: fate.cause })
    if (!(await applyFate(options.db, job, fate))) throw new LeftAlready(fate.kind)
  }
  const perform = (payload: unknown, job: HeldJob) =>
    runAsJob({ tracer: options.tracer, task: task.identifier, payload }, (tell) => work(payload, job, tell))
  const { identifier, priority = PRIORITY.normal } = task
  return { identifier, queue, priority, perform, ...(schedule === undefined ? {} : { schedule }) }
}

/** The queue would complete a job whose function returns; this one has been put back or buried. Only a code ever reaches `last_error`. */
class LeftAlready extends Error {}

async function attempt<Payload, Services>(
  task: Task<Payload, Services>,
  services: Services,
  { raw, job }: { raw: unknown; job: HeldJob },
): Promise<{ fate?: JobFate; error?: unknown }> {
  const payload = task.payload.safeParse(raw)
  if (!payload.success) {
    const error = new AppError('job/payload_not_valid', { where: payload.error.issues[0]?.path.join('.') ?? '' })
    return { fate: { kind: 'dead', cause: error.code }, error }
  }
  try {
    const result = await withinSeconds(task.timeoutSeconds, () => task.run(payload.data, services))
    return result === undefined ? {} : postpone(result.runAgainAt)
  } catch (error) {
    return { fate: decideFate(error, { job, firstSeconds: task.backoffSeconds, random: Math.random() }), error }
  }
}

function postpone(until: Date): { fate: JobFate; error?: unknown } {
  return { fate: { kind: 'postponed', afterSeconds: Math.max((until.getTime() - Date.now()) / 1000, 0) } }
}

/** What goes on behind the limit keeps nothing: every step of a task that may take long is fenced by how far it had come. */
async function withinSeconds<Result>(seconds: number | undefined, work: () => Promise<Result>): Promise<Result> {
  if (seconds === undefined) return work()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('job/timed_out', { seconds })), seconds * 1000)
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}

/** `ended`: it stopped because its person withdrew or has to consent anew. */
export type JobOutcome = 'success' | 'failure' | 'postponed' | 'ended'

function outcomeOf({ kind }: JobFate): JobOutcome {
  return kind === 'postponed' || kind === 'ended' ? kind : 'failure'
}

function startReport(
  operation: string,
  { log, observe }: BindOptions,
  tell: (facts: Facts, failure?: string) => void,
): (outcome: JobOutcome, facts?: Facts) => void {
  const started = performance.now()
  return (outcome, facts = {}) => {
    const seconds = (performance.now() - started) / 1000
    observe({ name: operation, seconds, outcome })
    tell({ outcome }, outcome === 'failure' ? String(facts['code']) : undefined)
    const line = { operation, outcome, duration_ms: Math.round(seconds * 1000), ...facts }
    if (outcome === 'failure') log.error(line, 'job')
    else log.info(line, 'job')
  }
}

// Its lines hold job payloads; ours, written by `bindTask`, do not.
export const silentLogger = new Logger(() => () => undefined)

/** Runs every job that is due now, then ends, and what it completed has left the queue: for commands and tests. */
export async function runDueJobs({ db, tasks }: { db: Database; tasks: readonly BoundTask[] }): Promise<void> {
  await runOnce({
    pgPool: db.pool,
    noHandleSignals: true,
    logger: silentLogger,
    taskList: asTaskList(tasks),
    // graphile-worker waits at its end for completions that it gathers, and for no others (`_runTaskList` in its main.js).
    preset: { worker: { completeJobBatchDelay: 0 } },
  })
}

/** As graphile-worker is handed them. */
export function asTaskList(tasks: readonly BoundTask[]): TaskList {
  return Object.fromEntries(
    tasks.map((task) => [
      task.identifier,
      (payload: unknown, { job }: JobHelpers) =>
        task.perform(payload, {
          id: job.id,
          key: job.key,
          attempts: job.attempts,
          maxAttempts: job.max_attempts,
          worker: job.locked_by ?? '',
          lockedAt: job.locked_at ?? new Date(0),
        }),
    ]),
  )
}
