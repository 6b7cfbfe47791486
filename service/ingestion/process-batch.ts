import { createHash } from 'node:crypto'
import type { BatchWebhook, WebhookItem } from '../platforms/webhook-contract.ts'
import type { Tx } from '../runtime/db.ts'
import { letGoOfText } from '../runtime/flat-memory.ts'
import { enqueue, type JobResult } from '../runtime/jobs.ts'
import { parseJson } from '../runtime/json.ts'
import { type JsonItem, readJsonItems } from '../runtime/json-items.ts'
import { checkAccount } from './check-account.task.ts'
import { followCallback, insertCallback } from './follow-callback.task.ts'
import { advanceDelivery, insertDeliveredItem, readBody } from './inbox.ts'
import { noteDelivery } from './note-delivery.ts'
import { type Delivery, dropDelivery, finishDelivery } from './queries.ts'
import { markSynced } from './runs.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { lockConsent, storeRaw } from './store-raw.ts'

// An hour of a recording of one second's grain is some 900 kB; the longest that a platform sends is a day.
const MAX_ITEM_BYTES = 32 * 1024 * 1024
const BATCH_ITEMS = 200
// What a map of heart rates becomes is forty times as large.
const BATCH_BYTES = 128 * 1024

export interface Batch {
  readonly deliveryId: string
  readonly delivery: Delivery
  readonly webhook: BatchWebhook
}

/** An item with its owner, or the reason why it is dropped. */
type Routed =
  | { readonly key: ConnectionKey; readonly item: Exclude<WebhookItem, { kind: 'none' }>; readonly bytes: Buffer }
  | { readonly why: string }

/**
 * Reads a large delivery item by item: each goes to its own owner, one that cannot be read or belongs to nobody is counted and dropped.
 * A few hundred items and how far we are become true together, so a killed worker is succeeded where it was.
 */
export async function processBatch(services: IngestionServices, batch: Batch): Promise<JobResult> {
  const { deliveryId, delivery, webhook } = batch
  const state = { done: delivery.itemsDone, outcomes: { ...delivery.outcomes } as Record<string, number> }
  const route = createRouter(services, delivery.platform, webhook)
  let [seen, bytes] = [0, 0]
  let waiting: Routed[] = []
  const keep = async () => {
    const kept = await keepItems(services, batch, { items: waiting, state })
    ;[waiting, bytes] = [[], 0]
    return kept
  }
  try {
    const items = readJsonItems(readBody(services, deliveryId, delivery), { maxItemBytes: MAX_ITEM_BYTES })
    for await (const item of items) {
      seen += 1
      if (seen <= state.done + waiting.length) continue
      waiting.push(await route(item))
      const itemBytes = 'bytes' in item ? item.bytes.length : 0
      letGoOfText(itemBytes)
      bytes += itemBytes
      if ((waiting.length >= BATCH_ITEMS || bytes >= BATCH_BYTES) && !(await keep())) return undefined
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    waiting.push({ why: 'malformed_body' })
  }
  if (waiting.length > 0 && !(await keep())) return undefined
  const isUsed = Object.keys(state.outcomes).some((outcome) => ACTED.includes(outcome))
  const outcome = Object.entries(state.outcomes)
    .map(([name, count]) => `${name}:${count}`)
    .join(',')
  await services.db.transaction(async (tx) => {
    const end = {
      state: isUsed ? 'processed' : 'dropped',
      outcome: outcome === '' ? 'nothing_to_do' : outcome,
    } as const
    if ((await finishDelivery(tx, deliveryId, end)) && ERASED_OWNER in state.outcomes)
      await dropDelivery(tx, deliveryId)
  })
  return undefined
}

/** Of an account whose owner was erased: what tells of it is not kept. */
export const ERASED_OWNER = 'erased_owner'

const ACTED = ['stored', 'to_fetch', 'to_check']

function createRouter(
  { findConnectionByAccount, isErasedAccount }: IngestionServices,
  platform: string,
  webhook: BatchWebhook,
) {
  const owners = new Map<string, ReturnType<IngestionServices['findConnectionByAccount']>>()
  return async (raw: JsonItem): Promise<Routed> => {
    if (!('bytes' in raw)) return { why: 'item_too_large' }
    const item = readOne(webhook, raw)
    if (item.kind === 'none') return { why: item.reason }
    const { platformUserId } = item
    const owner = owners.get(platformUserId) ?? findConnectionByAccount({ platform, platformUserId })
    owners.set(platformUserId, owner)
    const connection = await owner
    return connection === undefined
      ? { why: (await isErasedAccount({ platform, platformUserId })) ? ERASED_OWNER : 'unknown_owner' }
      : { key: { userId: connection.userId, platform }, item, bytes: raw.bytes }
  }
}

function readOne(webhook: BatchWebhook, { list, bytes }: { list: string; bytes: Buffer }): WebhookItem {
  try {
    return webhook.readItem(list, parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    return { kind: 'none', reason: 'not_json' }
  }
}

interface Progress {
  readonly items: readonly Routed[]
  readonly state: { done: number; outcomes: Record<string, number> }
}

/** False when another worker has taken over. */
async function keepItems(services: IngestionServices, batch: Batch, { items, state }: Progress): Promise<boolean> {
  const [from, to] = [state.done, state.done + items.length]
  const outcomes = { ...state.outcomes }
  const moved = await services.db.transaction(async (tx) => {
    const touched = new Map<string, ConnectionKey>()
    const pages = new Pages(batch.deliveryId)
    const hasConsent = createConsentCheck(tx)
    for (const routed of items) {
      const agreed = 'why' in routed || (await hasConsent(routed.key))
      const outcome =
        'why' in routed ? routed.why : agreed ? await act(services, tx, { batch, routed, pages }) : 'no_consent'
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if ('key' in routed && agreed) touched.set(routed.key.userId, routed.key)
    }
    await pages.store(tx)
    // In one order in every process, or two deliveries about the same people would wait for each other.
    for (const key of [...touched.values()].toSorted((one, other) => (one.userId < other.userId ? -1 : 1))) {
      await noteDelivery(services, tx, key)
      await markSynced(tx, key)
    }
    return advanceDelivery(tx, batch.deliveryId, { from, to, outcomes })
  })
  if (!moved) return false
  state.done = to
  state.outcomes = outcomes
  return true
}

/** Asked once for each person of the transaction, in which it stays as it is. */
function createConsentCheck(tx: Tx): (key: ConnectionKey) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>()
  return (key) => {
    const agreed = known.get(key.userId) ?? lockConsent(tx, key)
    known.set(key.userId, agreed)
    return agreed
  }
}

/** A day has hundreds of items, so what is one person's and of one kind is stored as one list. */
class Pages {
  readonly #deliveryId: string
  readonly #pages = new Map<
    string,
    { readonly key: ConnectionKey; readonly dataType: string; readonly items: string[] }
  >()

  constructor(deliveryId: string) {
    this.#deliveryId = deliveryId
  }

  add(key: ConnectionKey, dataType: string, item: string): void {
    const name = `${key.userId} ${dataType}`
    const page = this.#pages.get(name) ?? { key, dataType, items: [] }
    page.items.push(item)
    this.#pages.set(name, page)
  }

  async store(tx: Tx): Promise<void> {
    // Nobody signed it: what reads it may tell it from what was fetched.
    const metadata = { delivery_id: this.#deliveryId, from: 'push', verified: false }
    for (const { key, dataType, items } of this.#pages.values())
      await storeRaw(tx, { ...key, dataType, text: `[${items.join(',')}]`, metadata })
  }
}

interface Acting {
  readonly batch: Batch
  readonly routed: Extract<Routed, { key: ConnectionKey }>
  readonly pages: Pages
}

async function act(services: IngestionServices, tx: Tx, { batch, routed, pages }: Acting): Promise<string> {
  const { key, item, bytes } = routed
  const { deliveryId, webhook } = batch
  switch (item.kind) {
    case 'data': {
      const digest = createHash('sha256').update(bytes).digest()
      if (!(await insertDeliveredItem(tx, { ...key, dataType: item.dataType, digest }))) return 'sent_before'
      pages.add(key, item.dataType, bytes.toString('utf8'))
      return 'stored'
    }
    case 'callback': {
      if (!webhook.isCallbackAllowed(item.url)) return 'callback_refused'
      const callbackId = await insertCallback(services, tx, { key, item, deliveryId })
      if (callbackId === undefined) return 'sent_before'
      await enqueue(tx, followCallback, { payload: { userId: key.userId, callbackId } })
      return 'to_fetch'
    }
    case 'deauthorized':
    case 'permissions':
      await enqueue(tx, checkAccount, { payload: { ...key, why: item.kind } })
      return 'to_check'
  }
}
