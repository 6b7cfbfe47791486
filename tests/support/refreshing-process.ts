import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_TIMING } from '../../service/connections/refresh-tokens.ts'
import type { ConnectionKey, ConnectionServices, RefreshTiming } from '../../service/connections/services.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { AppError } from '../../service/runtime/errors.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { sql } from '../../service/runtime/sql.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { createVault } from '../../service/vault/vault.ts'
import { describePlatform } from './acme-platform.ts'

/** What a process is told; see refreshing-processes.ts. */
export interface Order {
  readonly serviceUrl: string
  readonly platformUrl: string
  readonly masterKey: string
  readonly keys: readonly ConnectionKey[]
  /** How many borrow each of the tokens at once. */
  readonly callers: number
  readonly timing?: Partial<RefreshTiming>
  /** Of all processes the first that has an answer of the platform dies before it stores it. */
  readonly diesBeforeCommit?: boolean
  /** Goes on, each connection again and again, until all have a token after this signal on the standard input. */
  readonly everyMs?: number
}

const order = JSON.parse(process.argv[2] ?? '') as Order
const services = openServices()
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** One database connection more than one is open before the start, so that nobody is late. */
await services.db.query(sql`select 1`)
process.stdout.write('ready\n')
await lines.next()
process.stdout.write(`${JSON.stringify(order.everyMs === undefined ? await once() : await again(order.everyMs))}\n`)
await services.db.close()
process.exit(0)

async function once(): Promise<string[]> {
  const calls = order.keys.flatMap((key) => Array.from({ length: order.callers }, () => borrow(key)))
  return await Promise.all(calls)
}

/** Until the next line arrives; then until every connection has a token. Answers the codes it met, by how often. */
async function again(everyMs: number): Promise<Record<string, number>> {
  let over = false
  void lines.next().then(() => {
    over = true
  })
  const met: Record<string, number> = {}
  const loop = async (key: ConnectionKey): Promise<void> => {
    // Nobody's turn is at the same time as everybody's.
    await sleep(everyMs * Math.random())
    for (;;) {
      const outcome = await borrow(key)
      const name = outcome.startsWith('access-') ? 'token' : outcome
      met[name] = (met[name] ?? 0) + 1
      if (over && name === 'token') return
      await sleep(everyMs * (0.5 + Math.random()))
    }
  }
  await Promise.all(order.keys.map(loop))
  return met
}

function borrow(key: ConnectionKey): Promise<string> {
  return withAccessToken(services, key, async (token) => token.reveal()).catch((error: unknown) =>
    error instanceof AppError ? error.code : String(error),
  )
}

function openServices(): ConnectionServices {
  const db = openDatabase({
    url: new Secret(order.serviceUrl),
    maxConnections: 8,
    applicationName: 'refreshing',
    onIdleError: () => {},
  })
  const vault = createVault({ db, source: createLocalSource(new Secret(order.masterKey), 'test'), environment: 'test' })
  const replaceTokens: typeof vault.replaceTokens = async (tx, owner, change) => {
    await dieIfFirst(db)
    return await vault.replaceTokens(tx, owner, change)
  }
  return {
    db,
    vault: order.diesBeforeCommit === true ? { ...vault, replaceTokens } : vault,
    platforms: new Map([['acme', describePlatform('acme', order.platformUrl)]]),
    servicePublicUrl: 'https://service.example.com',
    appRedirectUris: [],
    queueHistory: () => Promise.reject(new Error('nothing is connected here')),
    cancelRuns: async () => {},
    countRefresh: () => {},
    countRefreshFailure: () => {},
    audit: async () => {},
    refreshTiming: { ...DEFAULT_TIMING, ...order.timing },
  }
}

/** The answer is here and not yet stored: as a power cut would have it. */
async function dieIfFirst(db: ConnectionServices['db']): Promise<void> {
  const { rowCount } = await db.query(
    sql`update ops.token_endpoints set reason = 'died' where platform = 'acme' and reason = 'to die'`,
  )
  if (rowCount === 1) process.kill(process.pid, 'SIGKILL')
}
