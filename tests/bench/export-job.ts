import { pipeline } from 'node:stream/promises'
import { downloadExport } from '../../service/compliance/export/download.ts'
import { exportMyData } from '../../service/compliance/export/export-my-data.ts'
import { loadConfig } from '../../service/config.ts'
import { keepMemoryFlat } from '../../service/runtime/flat-memory.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { wireExports } from '../../service/wire-privacy.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { wire } from '../../service/wiring.ts'

/**
 * Asks for a person's copy and makes it, as a worker does; with its id, hands it to standard output, as the service does. A process of its
 * own, so that its memory is its own.
 */
const [userId = '', exportId] = process.argv.slice(2)
const actor = { kind: 'user', id: userId } as const
keepMemoryFlat()
const wiring = wire(await loadConfig(), 'worker')
await wiring.vault.keyring.masterKeys.ready(wiring.db)
const services = wireExports(wiring)
if (exportId === undefined) {
  await exportMyData(services, { userId, actor })
  await runDueJobs({ db: wiring.db, tasks: bindTasks(wiring) })
} else {
  const { bytes } = await downloadExport(services, { userId, exportId }, actor)
  await pipeline(bytes, process.stdout)
}
await wiring.db.close()
