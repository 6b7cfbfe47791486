import { randomUUID } from 'node:crypto'
import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { parseJson } from '../runtime/json.ts'
import type { IngestionServices, OpenBatch } from './services.ts'
import { insertRaw, type NewRawData, storeRaw } from './store-raw.ts'

/** A longer one waits for its turn, as all do that are read back from where they are stored: ten at once would be much memory. */
const MOST_CHARACTERS = 512 * 1024

/** Stores one payload in the caller's transaction. Throws what `storeRaw` throws. */
export type StorePayload = (tx: Tx, raw: NewRawData) => Promise<void>

type Arrivals = ReadonlyMap<NewRawData, Arrival>
interface Arrival {
  readonly rawId: string
  readonly write: Awaited<ReturnType<ReturnType<OpenBatch>['close']>>
}

/**
 * Has `work` store these payloads together with what they become, each in one transaction of its own making. What a payload becomes is
 * not worth its loss: when it cannot be read or written, `work` is run once more and stores the payloads as they came, and the event
 * trigger's job normalizes them, with attempts of its own.
 */
export async function storeArriving<Result>(
  services: Pick<IngestionServices, 'openBatch'>,
  raws: readonly NewRawData[],
  work: (store: StorePayload) => Promise<Result>,
): Promise<Result> {
  const arrivals = await prepareAll(services, raws)
  if (arrivals.size === 0) return work(storeRaw)
  try {
    return await work((tx, raw) => storeOne(tx, raw, arrivals.get(raw)))
  } catch (error) {
    if (error instanceof AppError && !error.code.startsWith('normalization/')) throw error
    return work(storeRaw)
  }
}

async function prepareAll(
  services: Pick<IngestionServices, 'openBatch'>,
  raws: readonly NewRawData[],
): Promise<Arrivals> {
  const arrivals = new Map<NewRawData, Arrival>()
  for (const raw of raws) {
    const arrival = await prepare(services, raw).catch(() => undefined)
    if (arrival !== undefined) arrivals.set(raw, arrival)
  }
  return arrivals
}

async function prepare(
  { openBatch }: Pick<IngestionServices, 'openBatch'>,
  { userId, platform, dataType, text, metadata }: NewRawData,
): Promise<Arrival | undefined> {
  if (text.length > MOST_CHARACTERS) return undefined
  const rawId = randomUUID()
  const batch = openBatch({ userId, platform })
  batch.add({ rawId, dataType, payload: parseJson(text), metadata })
  return { rawId, write: await batch.close() }
}

async function storeOne(tx: Tx, raw: NewRawData, arrival: Arrival | undefined): Promise<void> {
  if (arrival === undefined) return storeRaw(tx, raw)
  const { createdAt, receivedAt } = await insertRaw(tx, raw, { rawId: arrival.rawId, isProcessed: true })
  await arrival.write(tx, { createdAt, receivedAt: [receivedAt] })
}
