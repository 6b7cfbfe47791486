import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database, Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import {
  type ConsentState,
  findCurrentTexts,
  findLatestDecision,
  hasConsent,
  insertDecision,
  listConsentStates,
  lockPersonForDecision,
  type NewDecision,
} from './queries.ts'

interface Key {
  readonly userId: string
  readonly platform: string
}

export interface ConsentServices {
  readonly db: Database
  readonly audit: RecordAudit
  /** Ends what runs for this person at this platform. */
  readonly cancelRuns: (tx: Tx, key: Key) => Promise<void>
  /** Fetches what was missed while there was no consent, where there is a connection. */
  readonly catchUp: (tx: Tx, key: Key) => Promise<void>
  readonly countDecision: (decision: 'given' | 'withdrawn') => void
}

/** A decision about one purpose of one platform. To agree, say to which text: the version and language that were shown. */
export type Choice = { readonly platform: string; readonly purpose: string } & (
  | { readonly granted: true; readonly version: number; readonly locale: string }
  | { readonly granted: false }
)

export interface Decisions {
  readonly userId: string
  readonly choices: readonly Choice[]
  readonly actor: AuditActor
  /** Of a decision that did not come through the app: how, when, and where the proof is. */
  readonly onPaper?: {
    readonly channel: 'email' | 'letter' | 'other'
    readonly decidedAt: Date
    readonly evidence: string
  }
}

/**
 * Writes down what the person decided, all of it or nothing, and acts on it in the same transaction: whoever writes the person's data
 * asks for the consent in its own transaction (`ops.lock_consent`), so that nothing is written after a withdrawal is committed, in any
 * process. A choice that changes nothing adds no row. Answers how everything stands now.
 * Throws consent/text_not_current, consent/decided_in_future.
 */
export async function updateConsents(
  services: ConsentServices,
  { userId, choices, actor, onPaper }: Decisions,
): Promise<readonly ConsentState[]> {
  const { db } = services
  if (onPaper !== undefined && onPaper.decidedAt.getTime() > Date.now()) throw new AppError('consent/decided_in_future')
  const how = {
    channel: onPaper?.channel ?? ('app' as const),
    evidence: onPaper?.evidence ?? null,
    decidedAt: onPaper?.decidedAt ?? null,
  }
  return db.transaction(async (tx) => {
    await lockPersonForDecision(tx, userId)
    const before = await readEffects(tx, userId, choices)
    for (const choice of choices) {
      const decision = await decide(tx, userId, choice)
      if (decision !== undefined) await record(services, tx, { decision: { ...decision, ...how }, actor })
    }
    for (const [platform, had] of before) {
      const has = await hasConsent(tx, { userId, platform })
      if (had && !has) await services.cancelRuns(tx, { userId, platform })
      if (!had && has) await services.catchUp(tx, { userId, platform })
    }
    return listConsentStates(tx, userId)
  })
}

async function readEffects(tx: Tx, userId: string, choices: readonly Choice[]): Promise<Map<string, boolean>> {
  const effects = new Map<string, boolean>()
  for (const { platform } of choices) effects.set(platform, await hasConsent(tx, { userId, platform }))
  return effects
}

type Decision = Omit<NewDecision, 'channel' | 'evidence' | 'decidedAt'>

/** Undefined when it is so already. */
async function decide(tx: Tx, userId: string, choice: Choice): Promise<Decision | undefined> {
  const { platform, purpose } = choice
  const key = { userId, platform, purpose }
  const latest = await findLatestDecision(tx, key)
  if (!choice.granted) return latest?.decision === 'given' ? { ...key, ...latest, decision: 'withdrawn' } : undefined
  const texts = await findCurrentTexts(tx, choice)
  const text = texts.find(({ version, locale }) => version === choice.version && locale === choice.locale)
  if (text === undefined) throw new AppError('consent/text_not_current', { platform, purpose })
  if (latest?.decision === 'given' && latest.version === text.version) return undefined
  return { ...key, decision: 'given', version: text.version, locale: text.locale, sha256: text.sha256 }
}

async function record(
  { audit, countDecision }: ConsentServices,
  tx: Tx,
  { decision, actor }: { decision: NewDecision; actor: AuditActor },
): Promise<void> {
  await insertDecision(tx, decision)
  const { userId, platform, purpose, version, locale, channel } = decision
  await audit(tx, {
    action: `consent.${decision.decision}`,
    actor,
    subjectUserId: userId,
    outcome: 'success',
    platform,
    details: { purpose, version, locale, channel },
  })
  countDecision(decision.decision)
}
