import { z } from 'zod'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, enqueue, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { comeAgainAt } from '../runtime/one-at-a-time.ts'
import { checkNotice, type Effect } from './check-notice.ts'
import { enrichActivity } from './enrich-activity.task.ts'
import type { Batch } from './keep-items.ts'
import { noteDelivery } from './note-delivery.ts'
import { processBatch } from './process-batch.ts'
import { type Delivery, dropDelivery, findWaitingDelivery, finishDelivery, wasStoredSince } from './queries.ts'
import { noteFailedNotice } from './reconciliation-queries.ts'
import { PROFILE_HOURS, refreshProfile } from './refresh-profile.task.ts'
import { ERASED_OWNER } from './route-items.ts'
import { cancelRuns } from './runs.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { type StorePayload, storeArriving } from './store-arriving.ts'
import { lockConsent } from './store-raw.ts'

/** A webhook is a hint: what it says is read back from the platform with the owner's own token before anything changes. */
export const processDelivery = defineTask<IngestionServices>()({
  identifier: 'process_delivery',
  payload: z.object({ deliveryId: z.uuid() }),
  jobKey: ({ deliveryId }) => `process_delivery:${deliveryId}`,
  priority: PRIORITY.webhook,
  queue: 'webhooks',
  maxAttempts: 3,
  async run({ deliveryId }, services): Promise<JobResult> {
    const delivery = await findWaitingDelivery(services.db, deliveryId)
    if (delivery === undefined) return undefined
    const result = await processWhole(services, deliveryId, delivery)
    if (result === undefined) services.observeDelivery(delivery)
    return result
  },
})

async function processWhole(services: IngestionServices, deliveryId: string, delivery: Delivery): Promise<JobResult> {
  const { platform } = delivery
  const webhook = services.platforms.get(platform)?.webhook
  if (webhook === undefined) throw new AppError('platform/not_configured', { platform })
  if ('readItem' in webhook) return processOneBatch(services, { deliveryId, delivery, webhook })
  if (delivery.bodySealed === null) throw new AppError('webhook/malformed', { problem: 'too_large_for_notices' })
  const effects: Effect[] = []
  const body = await services.openInbox(platform, delivery.bodySealed)
  for (const notice of webhook.read(body)) {
    const effect = await checkNotice(services, platform, notice)
    if (effect.kind === 'wait') return { runAgainAt: effect.until }
    effects.push(effect.kind === 'store' ? withDelivery(effect, deliveryId) : effect)
  }
  return keep(services, { deliveryId, effects, since: delivery.takenAt })
}

function withDelivery(effect: Extract<Effect, { kind: 'store' }>, deliveryId: string): Effect {
  return { ...effect, raw: { ...effect.raw, metadata: { ...effect.raw.metadata, delivery_id: deliveryId } } }
}

/** What was read may be older than what another worker read and stored meanwhile: then nothing is kept, and it is read again. */
class Overtaken extends Error {}

async function keep(services: IngestionServices, applied: Applied): Promise<JobResult> {
  const raws = applied.effects.flatMap((effect) => (effect.kind === 'store' ? [effect.raw] : []))
  return storeArriving(services, raws, async (storePayload) => {
    try {
      await services.db.transaction((tx) => apply({ ...services, storePayload }, tx, applied))
      return undefined
    } catch (error) {
      if (error instanceof Overtaken) return { runAgainAt: new Date() }
      throw error
    }
  })
}

/** A large one waits for its turn, a small one for nothing. */
async function processOneBatch(services: IngestionServices, batch: Batch): Promise<JobResult> {
  if (batch.delivery.bodySealed !== null) return processBatch(services, batch)
  const done = await services.turns.take(() => processBatch(services, batch))
  return done === 'busy' ? { runAgainAt: comeAgainAt() } : done
}

interface Applied {
  readonly deliveryId: string
  readonly effects: readonly Effect[]
  /** By the database's clock, before the platform was asked. */
  readonly since: string
}

type StoringServices = IngestionServices & { readonly storePayload: StorePayload }

async function apply(services: StoringServices, tx: Tx, { deliveryId, effects, since }: Applied): Promise<void> {
  const outcome =
    effects.map((effect) => (effect.kind === 'none' ? effect.why : effect.kind)).join(',') || 'nothing_to_do'
  const state = effects.some((effect) => ['store', 'end', 'profile'].includes(effect.kind)) ? 'processed' : 'dropped'
  if (!(await finishDelivery(tx, deliveryId, { state, outcome }))) return
  if (outcome.includes(ERASED_OWNER)) await dropDelivery(tx, deliveryId)
  for (const effect of effects) {
    if (effect.kind === 'none' && effect.failed !== undefined)
      await noteFailedNotice(tx, effect.failed.key, { sourceId: effect.failed.sourceId, cause: effect.why })
    if (effect.kind === 'store') await store(services, tx, { ...effect, since })
    if (effect.kind === 'profile') await noteProfile(services, tx, effect.key)
    if (effect.kind === 'end') {
      await services.endByPlatform(tx, effect.key)
      await cancelRuns(tx, effect.key)
    }
  }
}

async function noteProfile(services: IngestionServices, tx: Tx, key: ConnectionKey): Promise<void> {
  if (!(await lockConsent(tx, key))) return
  await noteDelivery(services, tx, { ...key, synced: false })
  await enqueue(tx, refreshProfile, { payload: { ...key, hours: PROFILE_HOURS.changed } })
}

type Storing = Extract<Effect, { kind: 'store' }> & Pick<Applied, 'since'>

async function store(services: StoringServices, tx: Tx, { key, raw, more, since }: Storing): Promise<void> {
  if (!(await lockConsent(tx, key))) return // withdrawn since we asked the platform
  // First the connection's row, which keeps others of the same person waiting; then a look at what they stored.
  await noteDelivery(services, tx, { ...key, synced: true })
  const sourceId = String(raw.metadata['source_id'])
  if (await wasStoredSince(tx, key, { sourceId, since })) throw new Overtaken()
  await services.storePayload(tx, raw)
  if (more.length > 0) await enqueue(tx, enrichActivity, { payload: { ...key, sourceId, dataTypes: [...more] } })
}
