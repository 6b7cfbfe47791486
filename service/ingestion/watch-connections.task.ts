import { z } from 'zod'
import type { Tx } from '../runtime/db.ts'
import { defineTask, enqueue } from '../runtime/jobs.ts'
import { decideStrategy } from './decide-strategy.ts'
import { ensureWebhookSubscription } from './ensure-webhook-subscription.task.ts'
import type { IngestionServices } from './services.ts'
import { ensurePlans, findActiveTimes, findQuiet, type QuietConnection, saveDecision } from './sync-plan-queries.ts'

const BATCH = 200

/** Looks for connections whose webhooks fell silent, by each person's own rhythm, and goes over to polling where that can be done. */
export const watchConnections = defineTask<IngestionServices>()({
  identifier: 'watch_connections',
  payload: z.unknown(),
  jobKey: () => 'watch_connections',
  async run(_payload, services) {
    await services.db.transaction(ensurePlans)
    let seen = BATCH
    while (seen === BATCH) seen = await services.db.transaction((tx) => watchSome(services, tx))
    return undefined
  },
})

async function watchSome(services: IngestionServices, tx: Tx): Promise<number> {
  const quiet = await findQuiet(tx, BATCH)
  const silent = new Set<string>()
  for (const connection of quiet) {
    if (await isSilent(services, tx, connection)) silent.add(connection.platform)
  }
  // Perhaps nobody hears anything: whether our subscription is still there is cheap to ask.
  for (const platform of silent) {
    if (services.platforms.get(platform)?.webhook !== undefined)
      await enqueue(tx, ensureWebhookSubscription, { payload: { platform } })
  }
  return quiet.length
}

async function isSilent(services: IngestionServices, tx: Tx, connection: QuietConnection): Promise<boolean> {
  const { userId, platform } = connection
  const active = await findActiveTimes(tx, connection)
  const decision = decideStrategy({ ...connection, active })
  const firstPollAt = decision.polling ? connection.now : null
  const { changed } = await saveDecision(tx, { userId, platform }, { decision, firstPollAt })
  if (changed) services.countStrategyChange({ platform, polling: decision.polling, reason: decision.reason })
  return changed && decision.reason !== 'no_webhooks' && decision.reason !== 'heard_again'
}
