import type { JobResult } from '../runtime/jobs.ts'
import { readJsonItems } from '../runtime/json-items.ts'
import { CHUNK_BYTES, readBody } from './inbox.ts'
import { type Batch, keepItems } from './keep-items.ts'
import { dropDelivery, finishDelivery } from './queries.ts'
import { createRouter, ERASED_OWNER, type Routed } from './route-items.ts'
import type { IngestionServices } from './services.ts'

// A day of a recording of one second's grain is some 28 MB; the database takes some 40 MB of the densest JSON as one value.
const MAX_ITEM_BYTES = 32 * 1024 * 1024
/** An hour of such a recording: what is larger is read twice rather than held. */
const WHOLE_BYTES = CHUNK_BYTES
const BATCH_ITEMS = 200
// What a map of heart rates becomes is forty times as large.
const BATCH_BYTES = 128 * 1024

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
    const items = readJsonItems(readBody(services, deliveryId, delivery), {
      maxItemBytes: MAX_ITEM_BYTES,
      wholeBytes: WHOLE_BYTES,
    })
    for await (const item of items) {
      seen += 1
      if (seen <= state.done + waiting.length) continue
      waiting.push(await route(item))
      if ('bytes' in item) bytes += item.bytes.length
      else if ('outline' in item) bytes += item.to - item.from
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

const ACTED = ['stored', 'to_fetch', 'to_check']
