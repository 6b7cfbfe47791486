import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { openDatabase } from '../../service/runtime/db.ts'
import { createJobFence } from '../../service/runtime/job-fence.ts'
import { runJobs } from '../../service/runtime/job-runner.ts'
import { bindTask, defineTask } from '../../service/runtime/jobs.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { shutDownOnSignal } from '../../service/runtime/shutdown.ts'
import { sql } from '../../service/runtime/sql.ts'
import { beat, startHeartbeat } from '../../service/runtime/worker-heartbeat.ts'

export interface Order {
  readonly url: string
  readonly name: string
  /** How long the slow job takes between its first mark and its last. */
  readonly slowMs: number
}

const order = JSON.parse(process.argv[2]!) as Order
const plain = openDatabase({
  url: new Secret(order.url),
  maxConnections: 6,
  applicationName: order.name,
  onIdleError: () => {},
})
const fence = createJobFence()
const db = fence.guard(plain)
const log = createLog({ level: 'silent', process: 'worker' })
const mark = (what: string) => sql`insert into ops.test_marks (process, what) values (${order.name}, ${what})`

const tick = defineTask<null>()({
  identifier: 'tick',
  payload: z.unknown(),
  jobKey: () => 'tick',
  async run() {
    await db.query(mark('ticked'))
    return undefined
  },
})
const minutely = defineTask<null>()({
  identifier: 'minutely',
  payload: z.unknown(),
  jobKey: () => 'minutely',
  async run() {
    await db.query(mark(`minute ${new Date().toISOString().slice(0, 16)}`))
    return undefined
  },
})
const slow = defineTask<null>()({
  identifier: 'slow',
  payload: z.unknown(),
  jobKey: () => 'slow',
  async run() {
    await plain.query(mark('began'))
    await sleep(order.slowMs)
    await db.transaction(async (tx) => void (await tx.query(mark('done'))))
    return undefined
  },
})

const options = { db, log, fence, observe: () => {} }
let heartbeat: ReturnType<typeof startHeartbeat> | undefined
const jobs = await runJobs({
  db: plain,
  tasks: [
    bindTask(tick, null, { ...options, schedule: '0 2 * * *' }),
    bindTask(minutely, null, { ...options, schedule: '* * * * *' }),
    bindTask(slow, null, options),
  ],
  concurrency: { webhooks: 1, imports: 1, reconciliation: 1, enrichment: 1, general: 2 },
  onPool: async (poolId) => {
    await beat(plain, poolId)
    heartbeat = startHeartbeat({ db: plain, log, poolId })
  },
})
shutDownOnSignal(
  [
    { name: 'jobs', withinMs: 20_000, run: () => jobs.stop() },
    { name: 'heartbeat', withinMs: 2_000, run: async () => heartbeat?.stop() },
    { name: 'database', withinMs: 5_000, run: () => plain.close() },
  ],
  log,
)
process.stdout.write('ready\n')
