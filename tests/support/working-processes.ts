import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test as base, type TestDatabase } from './database.ts'
import type { Order } from './working-process.ts'

const SCRIPT = join(import.meta.dirname, 'working-process.ts')

export interface Workers {
  /** Resolves when it works. */
  start(name: string, slowMs?: number): Promise<ChildProcess>
  /** What the processes wrote, in order. */
  marks(): Promise<readonly { process: string; what: string }[]>
  until(what: string, times?: number): Promise<void>
}

/** Real processes with the product's own runner, heartbeat and fence; those that are left are killed at the end. */
export const test = base.extend<{ workers: Workers }>({
  workers: async ({ db }, use) => {
    await db.admin.query(`
      create table ops.test_marks (id serial, process text, what text);
      grant insert, select on ops.test_marks to tributary_service;
      grant usage on sequence ops.test_marks_id_seq to tributary_service`)
    const children: ChildProcess[] = []
    await use(createWorkers(db, children))
    for (const child of children) child.kill('SIGKILL')
  },
})

function createWorkers(db: TestDatabase, children: ChildProcess[]): Workers {
  const marks = async () =>
    (await db.admin.query<{ process: string; what: string }>('select process, what from ops.test_marks order by id'))
      .rows
  return {
    async start(name, slowMs = 0) {
      const order: Order = { url: db.serviceUrl, name, slowMs }
      const child = spawn(process.execPath, [SCRIPT, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(child)
      await once(child.stdout, 'data')
      return child
    },
    marks,
    async until(what, times = 1) {
      while ((await marks()).filter((mark) => mark.what === what).length < times) await sleep(50)
    },
  }
}
