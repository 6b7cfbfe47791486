import { once } from 'node:events'
import { createRateLimiter } from '../../service/access/rate-limit.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'

/** What a process is told: so many requests of one person at once, when a line arrives. */
export interface LimitingOrder {
  readonly serviceUrl: string
  readonly limit: { readonly requests: number; readonly seconds: number }
  readonly key: string
  readonly requests: number
}

const order = JSON.parse(process.argv[2] ?? '') as LimitingOrder
const db = openDatabase({
  url: new Secret(order.serviceUrl),
  maxConnections: 4,
  applicationName: 'limiting',
  onIdleError: () => {},
})
const { limit } = order
const limits = { user: limit, 'user-platform': limit, uploads: limit, 'webhook-source': limit }
let storeWasDown = false
const take = createRateLimiter({ db, limits, onStoreDown: () => (storeWasDown = true) })
await db.query(sql`select 1`)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const taken = await Promise.all(Array.from({ length: order.requests }, () => take('user', order.key)))
process.stdout.write(`${JSON.stringify({ allowed: taken.filter(({ allowed }) => allowed).length, storeWasDown })}\n`)
await db.close()
process.exit(0)
