import { loadConfig } from '../config.ts'
import { countWorkers, listQueue, type QueuedTask } from '../failures/queue-queries.ts'
import { wire } from '../wiring.ts'
import type { Command } from './command.ts'
import { type Column, describeAge, formatTable } from './table.ts'

const COLUMNS: readonly Column<QueuedTask>[] = [
  { title: 'task', text: ({ task }) => task },
  { title: 'due', align: 'right', text: ({ due }) => String(due) },
  { title: 'locked', align: 'right', text: ({ locked }) => String(locked) },
  { title: 'later', align: 'right', text: ({ later }) => String(later) },
  { title: 'failing', align: 'right', text: ({ failing }) => String(failing) },
  { title: 'dead', align: 'right', text: ({ dead }) => String(dead) },
  { title: 'oldest due', align: 'right', text: ({ oldestDueSeconds }) => describeAge(oldestDueSeconds) },
  { title: 'last error', text: ({ lastError }) => lastError ?? '' },
]

export const jobsCommand: Command = {
  name: 'jobs',
  usage: [
    ['jobs [--json]', 'print what waits in the queue, by task: due, locked, later, failing, dead, and for how long'],
  ],
  options: { json: { type: 'boolean' } },
  async run({ values }) {
    const wiring = wire(await loadConfig(), 'cli')
    try {
      const [tasks, workers] = [await listQueue(wiring.db), await countWorkers(wiring.db)]
      if (values['json'] === true) return `${JSON.stringify({ workers, tasks }, null, 2)}\n`
      const alive = `${workers} ${workers === 1 ? 'pool' : 'pools'} of workers alive\n`
      return tasks.length === 0 ? `the queue is empty; ${alive}` : `${formatTable(tasks, COLUMNS)}${alive}`
    } finally {
      await wiring.db.close()
    }
  },
}
