import { z } from 'zod'
import type { PlatformItem } from '../platforms/contract.ts'
import type { Notice } from '../platforms/webhook-contract.ts'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { comeAgainAt } from '../runtime/one-at-a-time.ts'
import type { Batch } from './keep-items.ts'
import { noteDelivery } from './note-delivery.ts'
import { processBatch } from './process-batch.ts'
import { type Delivery, dropDelivery, findWaitingDelivery, finishDelivery, wasStoredSince } from './queries.ts'
import { noteFailedNotice } from './reconciliation-queries.ts'
import { requestPlatform } from './request-platform.ts'
import { ERASED_OWNER } from './route-items.ts'
import { cancelRuns, markSynced } from './runs.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import { lockConsent, type NewRawData, storeRaw } from './store-raw.ts'

/** What a notice turned out to mean once the platform was asked. */
type Effect =
  | { readonly kind: 'store'; readonly key: ConnectionKey; readonly raw: NewRawData }
  | { readonly kind: 'end'; readonly key: ConnectionKey }
  | {
      readonly kind: 'none'
      readonly why: string
      /** A record that was told of and could not be read back: a later comparison asks why it is missing. */
      readonly failed?: { readonly key: ConnectionKey; readonly sourceId: string }
    }
  | { readonly kind: 'wait'; readonly until: Date }

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
    effects.push(effect)
  }
  return keep(services, { deliveryId, effects, since: delivery.takenAt })
}

/** What was read may be older than what another worker read and stored meanwhile: then nothing is kept, and it is read again. */
class Overtaken extends Error {}

async function keep(services: IngestionServices, applied: Applied): Promise<JobResult> {
  try {
    await services.db.transaction((tx) => apply(services, tx, applied))
    return undefined
  } catch (error) {
    if (error instanceof Overtaken) return { runAgainAt: new Date() }
    throw error
  }
}

/** A large one waits for its turn, a small one for nothing. */
async function processOneBatch(services: IngestionServices, batch: Batch): Promise<JobResult> {
  if (batch.delivery.bodySealed !== null) return processBatch(services, batch)
  const done = await services.takeTurn(() => processBatch(services, batch))
  return done === 'busy' ? { runAgainAt: comeAgainAt() } : done
}

async function checkNotice(services: IngestionServices, platform: string, notice: Notice): Promise<Effect> {
  const account = { platform, platformUserId: notice.platformUserId }
  const connection = await services.findConnectionByAccount(account)
  if (connection === undefined)
    return { kind: 'none', why: (await services.isErasedAccount(account)) ? ERASED_OWNER : 'unknown_owner' }
  const key = { userId: connection.userId, platform }
  try {
    return await check(services, key, notice)
  } catch (error) {
    if (!(error instanceof AppError) || error.spec.retry) throw error
    if (error.code === 'connection/reauth_required' && notice.kind === 'deauthorized') return { kind: 'end', key }
    return {
      kind: 'none',
      why: error.code,
      ...(notice.sourceId === null ? {} : { failed: { key, sourceId: notice.sourceId } }),
    }
  }
}

async function check(services: IngestionServices, key: ConnectionKey, notice: Notice): Promise<Effect> {
  const { api } = apiOf(services.platforms, key.platform)
  if (notice.sourceId === null) return checkAccount(services, key)
  const item = api.item?.({ ...notice, sourceId: notice.sourceId })
  return item === undefined
    ? { kind: 'none', why: 'nothing_to_read' }
    : readBack(services, key, { ...item, sourceId: notice.sourceId })
}

type Item = PlatformItem & { readonly sourceId: string }

/** Created, changed or deleted: the platform's present answer decides, not the notice. */
async function readBack(services: IngestionServices, key: ConnectionKey, item: Item): Promise<Effect> {
  const { dataType, request, deletion, sourceId } = item
  const reply = await requestPlatform(services, { key, request, urgency: 'webhook' })
  if (reply.kind === 'wait') return reply
  const raw = { ...key, metadata: { source_id: sourceId, from: 'webhook' } }
  if (reply.kind === 'ok') return { kind: 'store', key, raw: { ...raw, dataType, text: reply.text } }
  return { kind: 'store', key, raw: { ...raw, dataType: deletion.dataType, text: JSON.stringify(deletion.payload) } }
}

/** A forged deauthorization changes nothing: the tokens still work. */
async function checkAccount(services: IngestionServices, key: ConnectionKey): Promise<Effect> {
  const { api } = apiOf(services.platforms, key.platform)
  const reply = await requestPlatform(services, { key, request: api.probe, urgency: 'webhook' })
  return reply.kind === 'wait' ? reply : { kind: 'none', why: 'still_authorized' }
}

interface Applied {
  readonly deliveryId: string
  readonly effects: readonly Effect[]
  /** By the database's clock, before the platform was asked. */
  readonly since: string
}

async function apply(services: IngestionServices, tx: Tx, { deliveryId, effects, since }: Applied): Promise<void> {
  const outcome =
    effects.map((effect) => (effect.kind === 'none' ? effect.why : effect.kind)).join(',') || 'nothing_to_do'
  const state = effects.some((effect) => effect.kind === 'store' || effect.kind === 'end') ? 'processed' : 'dropped'
  if (!(await finishDelivery(tx, deliveryId, { state, outcome }))) return
  if (outcome.includes(ERASED_OWNER)) await dropDelivery(tx, deliveryId)
  for (const effect of effects) {
    if (effect.kind === 'none' && effect.failed !== undefined)
      await noteFailedNotice(tx, effect.failed.key, { sourceId: effect.failed.sourceId, cause: effect.why })
    if (effect.kind === 'store') {
      if (!(await lockConsent(tx, effect.key))) continue // withdrawn since we asked the platform
      // First the connection's row, which keeps others of the same person waiting; then a look at what they stored.
      await noteDelivery(services, tx, effect.key)
      const sourceId = String(effect.raw.metadata['source_id'])
      if (await wasStoredSince(tx, effect.key, { sourceId, since })) throw new Overtaken()
      await storeRaw(tx, { ...effect.raw, metadata: { ...effect.raw.metadata, delivery_id: deliveryId } })
      await markSynced(tx, effect.key)
    }
    if (effect.kind === 'end') {
      await services.endByPlatform(tx, effect.key)
      await cancelRuns(tx, effect.key)
    }
  }
}
