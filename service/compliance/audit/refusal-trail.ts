import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { networkOf } from '../../runtime/network-of.ts'

/** A request that was turned away at the door. Holds nothing of what it brought: not the wrong secret, key or token. */
export interface Refusal {
  /** The error's code, for example request/not_authorized. */
  readonly code: string
  /** Method and pattern of the route. */
  readonly operation: string
  /** As far as it is known: an id of null is somebody unknown. */
  readonly actor: AuditActor
  readonly requestId: string
  readonly sourceAddress: string
}

export interface RefusalTrail {
  /** Never throws: a refusal stays one, whether or not it could be told of. */
  tell(refusal: Refusal): Promise<void>
  /** Tells of what was only counted so far. */
  stop(): Promise<void>
}

export interface RefusalTrailOptions {
  readonly db: Database
  readonly audit: RecordAudit
  readonly onLost: (error: unknown) => void
  readonly windowMs?: number
  readonly mostWindows?: number
}

interface Window {
  readonly refusal: Refusal
  readonly timer: NodeJS.Timeout
  repeated: number
}

/**
 * Lines about refusals, so few that nobody floods the trail: for each kind, source and actor one at once, and one with the number
 * of the others when the minute is over. Sources beyond the first thousand of a minute share one line for each kind.
 */
export function createRefusalTrail(options: RefusalTrailOptions): RefusalTrail {
  const { windowMs = 60_000, mostWindows = 1000 } = options
  const windows = new Map<string, Window>()
  const end = async (key: string): Promise<void> => {
    const window = windows.get(key)
    if (window === undefined) return
    windows.delete(key)
    clearTimeout(window.timer)
    if (window.repeated > 0) await write(options, window.refusal, window.repeated)
  }
  return {
    async tell(given) {
      const refusal = windows.has(keyOf(given)) || windows.size < mostWindows ? given : withoutSource(given)
      const key = keyOf(refusal)
      const open = windows.get(key)
      if (open !== undefined) {
        open.repeated += 1
        return
      }
      const timer = setTimeout(() => void end(key), windowMs).unref()
      windows.set(key, { refusal, timer, repeated: 0 })
      await write(options, refusal, 0)
    },
    stop: async () => void (await Promise.all([...windows.keys()].map(end))),
  }
}

function keyOf({ code, sourceAddress, actor }: Refusal): string {
  return JSON.stringify([code, networkOf(sourceAddress), actor.kind, actor.id])
}

function withoutSource(refusal: Refusal): Refusal {
  return { ...refusal, sourceAddress: 'many', actor: { kind: refusal.actor.kind, id: null } }
}

async function write({ db, audit, onLost }: RefusalTrailOptions, refusal: Refusal, repeated: number): Promise<void> {
  const { code, operation, actor, requestId, sourceAddress } = refusal
  const details = { error: code, operation, ...(repeated === 0 ? {} : { repeated }) }
  const action = 'request.refused'
  try {
    await db.transaction((tx) =>
      audit(tx, { action, actor, subjectUserId: null, outcome: 'refused', requestId, sourceAddress, details }),
    )
  } catch (error) {
    onLost(error)
  }
}
