import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { sendWithinBudget } from '../../service/ingestion/within-budget.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { sendRequest } from '../../service/runtime/http-client.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'

/** What a process is told; see asking-processes.ts. */
export interface AskingOrder {
  readonly serviceUrl: string
  readonly platformUrl: string
  readonly callers: number
}

const order = JSON.parse(process.argv[2] ?? '') as AskingOrder
const db = openDatabase({
  url: new Secret(order.serviceUrl),
  maxConnections: 8,
  applicationName: 'asking',
  onIdleError: () => {},
})
await db.query(sql`select 1`)
process.stdout.write('ready\n')

let over = false
createInterface({ input: process.stdin }).once('line', () => {
  over = true
})
/** Asks whenever it may, until a line arrives. */
async function ask(): Promise<void> {
  const budgeted = { platform: 'acme', urgency: 'interactive', readBudget: () => [] } as const
  const send = () => sendRequest({ method: 'GET', url: order.platformUrl }, { timeoutMs: 5_000, maxBytes: 1_000 })
  while (!over) {
    const sent = await sendWithinBudget(db, budgeted, send).catch(() => undefined)
    await sleep(sent !== undefined && 'waitUntil' in sent ? 20 : 2)
  }
}
await Promise.all(Array.from({ length: order.callers }, ask))
await db.close()
process.exit(0)
