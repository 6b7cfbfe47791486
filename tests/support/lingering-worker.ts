import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../service/runtime/db.ts'
import { runJobs } from '../../service/runtime/job-runner.ts'
import { bindTask } from '../../service/runtime/jobs.ts'
import { createLog } from '../../service/runtime/log.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { beat, startHeartbeat } from '../../service/runtime/worker-heartbeat.ts'
import { lingerTask } from './linger-task.ts'

/** A worker of the product's own code in a process of its own. `forever`: its first job never ends. */
const [, , serviceUrl = '', how = ''] = process.argv
const db = openDatabase({
  url: new Secret(serviceUrl),
  maxConnections: 8,
  applicationName: 'lingering',
  onIdleError: () => {},
})
const log = createLog({ level: 'silent', process: 'worker' })
const task = bindTask(
  lingerTask(how === 'forever' ? () => sleep(600_000) : () => sleep(10)),
  { db },
  { db, log, observe: () => {} },
)
const onPool = async (poolId: string) => {
  await beat(db, poolId)
  startHeartbeat({ db, log, poolId })
}
await runJobs({
  db,
  tasks: [task],
  concurrency: { webhooks: 1, imports: 1, reconciliation: 1, enrichment: 1, general: 4 },
  onPool,
})
process.stdout.write('working\n')
