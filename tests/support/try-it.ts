import { z } from 'zod'
import { bindTask, defineTask, enqueue, type JobResult, runDueJobs } from '../../service/runtime/jobs.ts'
import type { TestService } from './service.ts'

type Payload = {
  userId: string
  runId?: string | undefined
  callbackId?: string | undefined
  note?: string | undefined
  bpm?: number | undefined
  platform?: string | undefined
}
const Given = z.object({
  userId: z.uuid(),
  runId: z.uuid().optional(),
  callbackId: z.uuid().optional(),
  note: z.string().optional(),
  bpm: z.number().optional(),
  platform: z.string().optional(),
})

const JOBS = `
  select attempts, last_error, locked_by, extract(epoch from run_at - now())::float8 as wait from graphile_worker._private_jobs`

/** A task that does what the test says, three attempts. */
export function tryIt(service: TestService) {
  let act: () => Promise<JobResult> = async () => undefined
  let runs = 0
  const task = defineTask<object>()({
    identifier: 'try_it',
    payload: Given,
    jobKey: ({ userId }: Payload) => `try_it:${userId}`,
    maxAttempts: 3,
    run: () => {
      runs += 1
      return act()
    },
  })
  const dead: object[] = []
  const outcomes: string[] = []
  const bound = bindTask(
    task,
    {},
    {
      db: service.db,
      log: service.log,
      observe: ({ outcome }) => outcomes.push(outcome),
      countDead: (letter) => dead.push(letter),
    },
  )
  const admin = (text: string, values: unknown[] = []) => service.db.pool.query(text, values)
  return {
    dead,
    /** Of the runs, as monitoring is told. */
    outcomes,
    runs: () => runs,
    does: (next: () => Promise<JobResult>) => {
      act = next
    },
    queue: (payload: Payload) => service.db.transaction((tx) => enqueue(tx, task, { payload })),
    /** Everything in the queue, now. */
    work: async () => {
      await admin('update graphile_worker._private_jobs set run_at = now()')
      await runDueJobs({ db: service.db, tasks: [bound] })
    },
    letters: async () => (await admin('select * from public.dead_letters order by died_at')).rows,
    jobs: async () => (await admin(JOBS)).rows,
    admin,
  }
}
