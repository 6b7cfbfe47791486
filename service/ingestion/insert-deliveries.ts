import { BinaryArray } from '../runtime/binary-array.ts'
import type { Db } from '../runtime/db.ts'
import type { CarriedTrace } from '../runtime/job-trace.ts'
import { arrayText, sql } from '../runtime/sql.ts'
import { timeOrderedId } from '../runtime/time-ordered-id.ts'

export interface NewDelivery {
  readonly platform: string
  readonly dedupeKey: string
  readonly bodySealed: Buffer
  /** The chain of work that it arrived in. */
  readonly trace?: CarriedTrace | undefined
}

interface QueuedTask {
  readonly identifier: string
  readonly maxAttempts?: number
  readonly priority?: number
}

/** With their jobs, in one statement. Platforms redeliver, and the second copy is not news: answers the places of those that are. */
export async function insertDeliveries(
  db: Db,
  task: QueuedTask,
  deliveries: readonly NewDelivery[],
): Promise<ReadonlySet<number>> {
  const places = inOrderOfKeys(deliveries)
  const placesOfIds = new Map<string, number>(places.map((place) => [timeOrderedId(), place]))
  const columns = columnsOf(places.flatMap((place) => deliveries[place] ?? []))
  const { rows } = await db.query<{ ids: string[] | null }>(sql`
    select ops.receive_deliveries(${arrayText([...placesOfIds.keys()])}::uuid[], ${columns.platforms}::text[], ${columns.keys}::text[],
      ${columns.bodies}::bytea[], ${columns.traces}::text[], ${task.identifier}, ${task.maxAttempts ?? 25}::integer,
      ${task.priority ?? 0}::integer) as ids`)
  return new Set(rows[0]?.ids?.flatMap((id) => placesOfIds.get(id) ?? []))
}

/** Two processes that were sent the same then do not wait for each other crosswise. */
function inOrderOfKeys(deliveries: readonly NewDelivery[]): readonly number[] {
  const named = deliveries.map(({ platform, dedupeKey }, place) => ({ name: `${platform} ${dedupeKey}`, place }))
  return named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ place }) => place)
}

const USUAL_BYTES = 512

function columnsOf(deliveries: readonly NewDelivery[]) {
  const keys = new BinaryArray('text', deliveries.length * USUAL_BYTES)
  const bodies = new BinaryArray('bytea', deliveries.length * USUAL_BYTES)
  const traces = new BinaryArray('text', deliveries.length * USUAL_BYTES)
  for (const { dedupeKey, bodySealed, trace } of deliveries) {
    keys.addText(dedupeKey)
    bodies.addBytes(bodySealed)
    if (trace === undefined) traces.addNull()
    else traces.addText(JSON.stringify(trace))
  }
  const platforms = arrayText(deliveries.map(({ platform }) => platform))
  return { platforms, keys: keys.toBytes(), bodies: bodies.toBytes(), traces: traces.toBytes() }
}

/** A job for each that waits and has none. */
export async function queueDeliveries(db: Db, task: QueuedTask, deliveryIds: readonly string[]): Promise<void> {
  await db.query(sql`
    select ops.queue_deliveries(${deliveryIds}::uuid[], ${task.identifier}, ${task.maxAttempts ?? 25}::integer, ${task.priority ?? 0}::integer)`)
}
