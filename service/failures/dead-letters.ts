import type { AuditActor, RecordAudit } from '../runtime/audit-event.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { discardLetters, type LetterChoice, lockWaiting, reviveLetters } from './queries.ts'

export interface DeadLetterServices {
  readonly db: Database
  readonly audit: RecordAudit
}

export interface Resolution {
  readonly actor: AuditActor
  /** Throws when the actor may not act on this platform; absent: all are theirs. */
  readonly checkPlatform?: ((platform: string) => Promise<void>) | undefined
}

export interface Resolved {
  /** How many went back to the queue, or were given up. */
  readonly changed: number
  /** Ids that are unknown or wait no more; 0 with a filter. */
  readonly skipped: number
  /** Whether more fit the filter than one call takes. */
  readonly more: boolean
}

/** One call takes so many; the next takes the rest. */
export const MOST_AT_ONCE = 1_000

/** Back into the queue, each with what it left unfinished. Safe to call again: what waits no more is skipped. */
export async function retryDeadLetters(
  services: DeadLetterServices,
  choice: LetterChoice,
  by: Resolution,
): Promise<Resolved> {
  return resolve(services, choice, { ...by, action: 'retried', change: reviveLetters })
}

/** Given up for good: the sweeps leave what they were about alone. */
export async function discardDeadLetters(
  services: DeadLetterServices,
  choice: LetterChoice,
  by: Resolution,
): Promise<Resolved> {
  return resolve(services, choice, { ...by, action: 'discarded', change: discardLetters })
}

interface Resolving extends Resolution {
  readonly action: 'retried' | 'discarded'
  readonly change: typeof reviveLetters
}

async function resolve(
  { db, audit }: DeadLetterServices,
  choice: LetterChoice,
  { actor, checkPlatform, action, change }: Resolving,
): Promise<Resolved> {
  if ('filter' in choice && Object.values(choice.filter).every((value) => value === undefined))
    throw new AppError('dead_letters/choice_missing')
  return db.transaction(async (tx) => {
    const letters = await lockWaiting(tx, choice, MOST_AT_ONCE + 1)
    const taken = letters.slice(0, MOST_AT_ONCE)
    for (const platform of new Set(taken.map((letter) => letter.platform)))
      if (platform !== null) await checkPlatform?.(platform)
    const changed = await change(
      tx,
      taken.map(({ id }) => id),
    )
    for (const { id, userId, platform, task } of taken)
      await audit(tx, {
        action: `dead_letter.${action}`,
        actor,
        subjectUserId: userId,
        outcome: 'success',
        ...(platform !== null && { platform }),
        details: { dead_letter_id: id, task },
      })
    const skipped = 'ids' in choice ? new Set(choice.ids.map((id) => id.toLowerCase())).size - taken.length : 0
    return { changed, skipped, more: 'filter' in choice && letters.length > taken.length }
  })
}
