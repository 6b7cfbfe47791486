import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { sql } from '../runtime/sql.ts'

export interface SourceOrder {
  /** A row of metric_kinds; null: every metric without an order of its own. */
  readonly kind: string | null
  /** The first is best. */
  readonly sources: readonly { readonly platform: string; readonly source?: string | null | undefined }[]
}

/**
 * Replaces a person's order for one metric; the defaults begin at rank 100, so whatever is named goes before them. The table's trigger
 * has the person's days merged again. Throws summaries/unknown_kind, platform/unknown, request/malformed when one is named twice.
 */
export async function orderSources(db: Database, userId: string, { kind, sources }: SourceOrder): Promise<void> {
  const named = sources.map(({ platform, source }) => JSON.stringify([platform, source ?? null]))
  if (new Set(named).size < named.length)
    throw new AppError('request/malformed', { problem: 'a source is named twice' })
  await db.transaction(async (tx) => {
    await tx.query(sql`insert into public.app_users (user_id) values (${userId}::uuid) on conflict do nothing`)
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`person:${userId}`}::text, 0))`)
    const { rows } = await tx.query<{ knows_kind: boolean; unknown: string[] }>(sql`
      select ${kind}::text is null or exists (select 1 from public.metric_kinds k where k.id = ${kind}::text) as knows_kind,
        array(select p from unnest(${sources.map(({ platform }) => platform)}::text[]) as p except select id from public.platforms) as unknown`)
    if (rows[0]?.knows_kind !== true) throw new AppError('summaries/unknown_kind')
    if (rows[0].unknown.length > 0) throw new AppError('platform/unknown')
    await tx.query(sql`
      delete from public.source_priorities where user_id = ${userId}::uuid and kind is not distinct from ${kind}::text`)
    await tx.query(sql`
      insert into public.source_priorities (user_id, kind, platform, source, rank)
      select ${userId}::uuid, ${kind}::text, s.platform, s.source, s.place
      from rows from (jsonb_to_recordset(${JSON.stringify(sources)}::jsonb) as (platform text, source text))
        with ordinality as s (platform, source, place)`)
  })
}
