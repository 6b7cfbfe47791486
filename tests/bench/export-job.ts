import { exportMyData } from '../../service/compliance/export/export-my-data.ts'
import { loadConfig } from '../../service/config.ts'
import { keepMemoryFlat } from '../../service/runtime/flat-memory.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { wireExports } from '../../service/wire-privacy.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { wire } from '../../service/wiring.ts'

/** Asks for a person's copy and makes it, as a worker does: a process of its own, so that its memory is its own. */
const [userId = ''] = process.argv.slice(2)
keepMemoryFlat()
const wiring = wire(await loadConfig(), 'worker')
await wiring.vault.keyring.masterKeys.ready(wiring.db)
await exportMyData(wireExports(wiring), { userId, actor: { kind: 'user', id: userId } })
await runDueJobs({ db: wiring.db, tasks: bindTasks(wiring) })
await wiring.db.close()
