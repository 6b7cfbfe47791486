import type { Tx } from '../runtime/db.ts'
import { decideStrategy, remember } from './decide-strategy.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { markHeard, saveDecision, saveRhythm } from './sync-plan-queries.ts'

/**
 * The platform told us something of this connection: it becomes part of the person's rhythm, and whoever was polled is not any more.
 * Of several deliveries within an hour only the first costs more than one statement.
 */
export async function noteDelivery(
  { countStrategyChange }: Pick<IngestionServices, 'countStrategyChange'>,
  tx: Tx,
  key: ConnectionKey,
): Promise<void> {
  const plan = await markHeard(tx, key)
  if (plan === undefined) return
  const heard = remember(plan.heard, plan.now)
  if (heard === plan.heard && !plan.polling) return
  const fresh = heard === plan.heard ? [...plan.heard.slice(0, -1), plan.now] : heard
  const decision = decideStrategy({ ...plan, heard: fresh, active: [] })
  await saveRhythm(tx, key, { heard: fresh, silentAfter: decision.askAgainAt })
  const { changed } = await saveDecision(tx, key, { decision, firstPollAt: null })
  if (changed) countStrategyChange({ platform: key.platform, polling: decision.polling, reason: decision.reason })
}
