import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Secret } from './secret.ts'

export interface ListenOptions {
  readonly url: Secret
  /** Of our own making: it becomes part of a statement. */
  readonly channel: `${string}`
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  readonly onMessage: (payload: string) => void
  /** Listening, for the first time or again: whatever was said in between was missed. */
  readonly onConnected: () => void
  readonly onLost: (error: Error) => void
}

export interface Listening {
  /** Resolves once it listens. */
  readonly connected: Promise<void>
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** A connection that died without a word is noticed by asking. */
const PROBE_MS = 15_000

/** A connection of its own that listens until stopped, and connects again for as long as it takes. */
export function listen(options: ListenOptions): Listening {
  if (!/^[a-z_]+$/.test(options.channel)) throw new RangeError('a channel is small letters and underscores')
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  const done = keepListening(options, { signal: stopping.signal, onFirst: first.resolve })
  return {
    connected: first.promise,
    async stop() {
      stopping.abort()
      await done
    },
  }
}

async function keepListening(
  options: ListenOptions,
  { signal, onFirst }: { signal: AbortSignal; onFirst: () => void },
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, () => {
        pauseMs = FIRST_PAUSE_MS
        options.onConnected()
        onFirst()
      })
    } catch (error) {
      options.onLost(error instanceof Error ? error : new Error('the connection was lost'))
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/** Until the connection ends; resolves when told to stop. */
async function listenOnce(
  { url, channel, applicationName, onMessage }: ListenOptions,
  signal: AbortSignal,
  onListening: () => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url.reveal(),
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    query_timeout: PROBE_MS,
    keepAlive: true,
  })
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('the connection ended')))
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // Awaited below; before that, a failure must not count as unhandled.
  ended.catch(() => {})
  client.on('notification', ({ payload = '' }) => onMessage(payload))
  let probe: NodeJS.Timeout | undefined
  try {
    await client.connect()
    await client.query(`listen ${channel}`)
    onListening()
    probe = setInterval(
      () => void client.query('select 1').catch((error: Error) => client.emit('error', error)),
      PROBE_MS,
    )
    await ended
  } finally {
    clearInterval(probe)
    await client.end().catch(() => {})
  }
}
