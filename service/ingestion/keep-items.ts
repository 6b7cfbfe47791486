import { createHash } from 'node:crypto'
import type { BatchWebhook } from '../platforms/webhook-contract.ts'
import type { Tx } from '../runtime/db.ts'
import { enqueue } from '../runtime/jobs.ts'
import { checkAccount } from './check-account.task.ts'
import { followCallback, insertCallback } from './follow-callback.task.ts'
import { advanceDelivery, type DeliveredItem, insertDeliveredItem, readBody } from './inbox.ts'
import { noteDelivery } from './note-delivery.ts'
import type { Delivery } from './queries.ts'
import type { Routed, Span } from './route-items.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { stageJson, storeStaged } from './stage-json.ts'
import { type Delivered, lockConsent, storeRaw } from './store-raw.ts'

export interface Batch {
  readonly deliveryId: string
  readonly delivery: Delivery
  readonly webhook: BatchWebhook
}

export interface Progress {
  readonly items: readonly Routed[]
  readonly state: { done: number; outcomes: Record<string, number> }
}

/** False when another worker has taken over. */
export async function keepItems(
  services: IngestionServices,
  batch: Batch,
  { items, state }: Progress,
): Promise<boolean> {
  const [from, to] = [state.done, state.done + items.length]
  const outcomes = { ...state.outcomes }
  const moved = await services.db.transaction(async (tx) => {
    const touched = new Map<string, ConnectionKey>()
    const origin = { deliveryId: batch.deliveryId, place: from }
    const pages = new Pages(origin)
    const hasConsent = createConsentCheck(tx)
    for (const routed of items) {
      const agreed = 'why' in routed || (await hasConsent(routed.key))
      const outcome =
        'why' in routed ? routed.why : agreed ? await act(services, tx, { batch, routed, pages, origin }) : 'no_consent'
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if ('key' in routed && agreed) touched.set(routed.key.userId, routed.key)
    }
    await pages.store(tx)
    // In one order in every process, or two deliveries about the same people would wait for each other.
    for (const key of [...touched.values()].toSorted((one, other) => (one.userId < other.userId ? -1 : 1)))
      await noteDelivery(services, tx, { ...key, synced: true })
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
  readonly #origin: Delivered
  readonly #pages = new Map<
    string,
    { readonly key: ConnectionKey; readonly dataType: string; readonly items: string[] }
  >()

  constructor(origin: Delivered) {
    this.#origin = origin
  }

  add(key: ConnectionKey, dataType: string, item: string): void {
    const name = `${key.userId} ${dataType}`
    const page = this.#pages.get(name) ?? { key, dataType, items: [] }
    page.items.push(item)
    this.#pages.set(name, page)
  }

  async store(tx: Tx): Promise<void> {
    for (const { key, dataType, items } of this.#pages.values())
      await storeRaw(tx, { ...key, dataType, text: `[${items.join(',')}]`, ...pushed(this.#origin) })
  }
}

/** Nobody signed it: what reads it may tell it from what was fetched. */
function pushed(delivered: Delivered) {
  return { delivered, metadata: { delivery_id: delivered.deliveryId, from: 'push', verified: false } }
}

interface Acting {
  readonly batch: Batch
  readonly routed: Extract<Routed, { key: ConnectionKey }>
  readonly pages: Pages
  readonly origin: Delivered
}

async function act(services: IngestionServices, tx: Tx, { batch, routed, pages, origin }: Acting): Promise<string> {
  const { key, item, content, record } = routed
  const { deliveryId, webhook } = batch
  switch (item.kind) {
    case 'data': {
      const data = { ...key, dataType: item.dataType, record }
      if (!Buffer.isBuffer(content)) return storeLarge(services, tx, { batch, data, origin, span: content })
      const digest = createHash('sha256').update(content).digest()
      if (!(await insertDeliveredItem(tx, { ...data, digest }))) return 'sent_before'
      pages.add(key, item.dataType, content.toString('utf8'))
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

interface LargeItem {
  readonly batch: Batch
  readonly data: ConnectionKey & { readonly dataType: string } & Pick<DeliveredItem, 'record'>
  readonly span: Span
  readonly origin: Delivered
}

/** Read from the inbox once more, and from there to where it stays, a piece at a time: it is never held whole. */
async function storeLarge(
  { openInbox }: IngestionServices,
  tx: Tx,
  { batch: { deliveryId, delivery }, data, origin, span }: LargeItem,
): Promise<string> {
  const staged = await stageJson(tx, readBody({ db: tx, openInbox }, deliveryId, { ...delivery, span }))
  if ('why' in staged) return staged.why
  if (!(await insertDeliveredItem(tx, { ...data, digest: staged.digest }))) return 'sent_before'
  await storeStaged(tx, { ...data, ...pushed(origin), replaced: staged.replaced })
  return 'stored'
}
