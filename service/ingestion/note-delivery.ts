import type { Tx } from '../runtime/db.ts'
import { decideStrategy, remember } from './decide-strategy.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { markHeard, saveDecision, saveRhythm } from './sync-plan-queries.ts'

/**
 * The platform told us something of this connection: it becomes part of the person's rhythm, and whoever was polled is not any more.
 * Of several deliveries within half a day only the first costs more than one statement.
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
  const decision = decideStrategy({ ...plan, heard, lastHeardAt: plan.now, active: [] })
  await saveRhythm(tx, key, { heard, silentAfter: decision.askAgainAt })
  const { changed } = await saveDecision(tx, key, { decision, firstPollAt: null })
  if (changed) countStrategyChange({ platform: key.platform, polling: decision.polling, reason: decision.reason })
}
