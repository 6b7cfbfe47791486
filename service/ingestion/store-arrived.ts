import type { BinaryArray } from '../runtime/binary-array.ts'
import type { Tx } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'
import { requireConsent } from './store-raw.ts'

export interface ArrivedPayload {
  readonly rawId: string
  readonly dataType: string
  readonly metadata: Readonly<Record<string, unknown>>
  /** When it was true. */
  readonly observedAt: Date
}

export interface ArrivedPayloads {
  readonly userId: string
  readonly platform: string
  readonly payloads: readonly ArrivedPayload[]
  /** Their JSON in the same order, of `storableJson`. */
  readonly texts: BinaryArray
}

/**
 * Keeps payloads that are normalized in the same transaction: they are processed as they come. Answers where they are, times as text with
 * microseconds. Throws consent/required.
 */
export async function storeArrived(
  tx: Tx,
  { userId, platform, payloads, texts }: ArrivedPayloads,
): Promise<{ createdAt: string; receivedAt: readonly string[] }> {
  await requireConsent(tx, { userId, platform })
  const observed = payloads.map(({ observedAt }) => observedAt.toISOString())
  const { rows } = await tx.query<{ createdAt: string; receivedAt: readonly string[] }>(sql`
    with arrived as (
      select * from unnest(${payloads.map(({ rawId }) => rawId)}::uuid[], ${payloads.map(({ dataType }) => dataType)}::text[],
        ${texts.toBytes()}::text[], ${payloads.map(({ metadata }) => JSON.stringify(metadata))}::text[], ${observed}::timestamptz[])
        with ordinality as a (id, data_type, text, metadata, received_at, position)
    ), stored as (
      insert into public.raw_fitness_data (id, user_id, platform, data_type, raw_data, metadata, received_at, processed_at)
      select id, ${userId}::uuid, ${platform}, data_type, text::jsonb, metadata::jsonb, received_at, now() from arrived
      returning id, created_at, received_at
    )
    select min(s.created_at)::text as "createdAt", array_agg(s.received_at::text order by a.position) as "receivedAt"
    from stored s join arrived a using (id)`)
  return rows[0] ?? { createdAt: '', receivedAt: [] }
}
