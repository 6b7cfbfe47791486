import type { Tx } from '../runtime/db.ts'
import { decideStrategy, remember } from './decide-strategy.ts'
import type { IngestionServices } from './services.ts'
import { type Heard, markHeard, saveDecision, saveRhythm } from './sync-plan-queries.ts'

/**
 * The platform told us something of this connection: it becomes part of the person's rhythm, and whoever was polled is not any more.
 * Of several deliveries within half a day only the first costs more than one statement.
 */
export async function noteDelivery(
  { countStrategyChange }: Pick<IngestionServices, 'countStrategyChange'>,
  tx: Tx,
  heard: Heard,
): Promise<void> {
  const plan = await markHeard(tx, heard)
  if (plan === undefined) return
  const times = remember(plan.heard, plan.now)
  if (times === plan.heard && !plan.polling) return
  const decision = decideStrategy({ ...plan, heard: times, lastHeardAt: plan.now, active: [] })
  await saveRhythm(tx, heard, { heard: times, silentAfter: decision.askAgainAt })
  const { changed } = await saveDecision(tx, heard, { decision, firstPollAt: null })
  if (changed) countStrategyChange({ platform: heard.platform, polling: decision.polling, reason: decision.reason })
}
