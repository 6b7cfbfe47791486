import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditActor } from './audit-event.ts'

/** Who set the present work going, and by which request. */
export interface Origin {
  readonly actor: AuditActor
  readonly requestId?: string
  readonly sourceAddress?: string
}

/** Carries the origin to where an audit event is written, past layers that have no business with it. */
export interface Origins {
  run<Result>(origin: Origin, work: () => Promise<Result>): Promise<Result>
  /** Outside of any request it is the service itself. */
  current(): Origin
}

const SYSTEM: Origin = { actor: { kind: 'system', id: null } }

export function createOrigins(): Origins {
  const storage = new AsyncLocalStorage<Origin>()
  return { run: (origin, work) => storage.run(origin, work), current: () => storage.getStore() ?? SYSTEM }
}
