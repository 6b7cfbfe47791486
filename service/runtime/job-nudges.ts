import type { WorkerEvents, WorkerPool } from 'graphile-worker'
import type pg from 'pg'
import { z } from 'zod'

/** What `ops.tell_of_jobs` says, on graphile-worker's own channel. */
const Nudge = z.object({ count: z.literal(0), task: z.string(), jobs: z.int().positive() })

/** Wakes the pools of one process; see `createNudges`. */
export interface Nudges {
  /** Of the one pool that listens, and is woken for every job. */
  hear(events: WorkerEvents): void
  /** A pool of this queue is told of its own jobs until it ends. */
  passOn(queue: string, pool: WorkerPool, events: WorkerEvents): void
  /** The same connections for a pool that does not listen. */
  deaf(pool: pg.Pool): pg.Pool
}

/**
 * graphile-worker has each pool listen, and wakes each for every new job: all but one look for what is not theirs, and read past
 * all that waits to find nothing. Here one listens and tells the others of what is theirs. Who is told nothing looks once a second all the same.
 */
export function createNudges(queueOf: (task: string) => string | undefined): Nudges {
  const pools = new Map<string, WorkerPool>()
  return {
    hear(events) {
      events.on('pool:listen:notification', ({ message }) => {
        const nudge = read(message.payload)
        if (nudge !== undefined) pools.get(queueOf(nudge.task) ?? '')?.nudge(nudge.jobs)
      })
    },
    passOn(queue, pool, events) {
      pools.set(queue, pool)
      events.on('pool:gracefulShutdown', () => pools.delete(queue))
    },
    deaf(pool) {
      // It asks for the connection to listen on with a callback, which is never called; for every other with a promise.
      const connect = (callback?: unknown) => (callback === undefined ? pool.connect() : undefined)
      return new Proxy(pool, {
        get(target, name) {
          if (name === 'connect') return connect
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}

function read(payload: string | undefined): z.infer<typeof Nudge> | undefined {
  try {
    return Nudge.safeParse(JSON.parse(payload ?? '')).data
  } catch {
    return undefined
  }
}
