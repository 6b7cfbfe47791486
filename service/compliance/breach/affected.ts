import { z } from 'zod'
import type { Tx } from '../../runtime/db.ts'
import { type Query, sql } from '../../runtime/sql.ts'

/** What was exposed. Criteria on data narrow each other; keys and named people are added. */
export const BreachScope = z.strictObject({
  platforms: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,49}$/))
    .max(50)
    .default([]),
  /** Of TABLES; without any: whoever was connected in that time. */
  tables: z.array(z.string()).max(50).default([]),
  from: z.iso.datetime({ offset: true }).nullish(),
  to: z.iso.datetime({ offset: true }).nullish(),
  keyIds: z.array(z.uuid()).max(10_000).default([]),
  masterKeyVersion: z.int().positive().nullish(),
  userIds: z.array(z.uuid()).max(100_000).default([]),
})
export type BreachScope = z.infer<typeof BreachScope>

interface Range {
  readonly breachId: string
  readonly platforms: readonly string[]
  readonly from: string
  readonly to: string
}

/** One statement for each table, so that nothing is named by who asks. */
export const TABLES: Readonly<Record<string, (range: Range) => Query>> = {
  connections: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.connections t
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and t.connected_at <= ${to}::timestamptz and coalesce(t.disconnected_at, 'infinity') >= ${from}::timestamptz
    on conflict do nothing`,
  raw_fitness_data: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.raw_fitness_data t join public.app_users u on u.user_id = t.user_id
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and t.created_at between ${from}::timestamptz and ${to}::timestamptz
    on conflict do nothing`,
  activities: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.activities t
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and coalesce(t.started_at, t.local_day::timestamptz) between ${from}::timestamptz and ${to}::timestamptz
    on conflict do nothing`,
  samples: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.samples t
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and t.started_at between ${from}::timestamptz and ${to}::timestamptz
    on conflict do nothing`,
  sleep_sessions: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.sleep_sessions t
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and t.started_at between ${from}::timestamptz and ${to}::timestamptz
    on conflict do nothing`,
  daily_metrics: ({ breachId, platforms, from, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from public.daily_metrics t
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[]))
      and t.local_day between (${from}::timestamptz - interval '14 hours')::date and (${to}::timestamptz + interval '14 hours')::date
    on conflict do nothing`,
  tokens: ({ breachId, platforms, to }) => sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct t.user_id, ${breachId}::uuid from vault.tokens t join public.connections c using (user_id, platform)
    where (cardinality(${platforms}::text[]) = 0 or t.platform = any (${platforms}::text[])) and c.connected_at <= ${to}::timestamptz
    on conflict do nothing`,
}

const EVER = { from: '-infinity', to: 'infinity' }

/** Notes who is affected; again it adds who is missing. Answers how many there are. The tables must be ones of TABLES. */
export async function noteAffected(tx: Tx, breachId: string, scope: BreachScope): Promise<number> {
  const { platforms, tables, keyIds, masterKeyVersion = null, userIds } = scope
  const range = { breachId, platforms, from: scope.from ?? EVER.from, to: scope.to ?? EVER.to }
  const onlyOthers = keyIds.length > 0 || masterKeyVersion !== null || userIds.length > 0
  const narrowed = platforms.length > 0 || scope.from != null || scope.to != null
  const searched = tables.length > 0 ? tables : onlyOthers && !narrowed ? [] : ['connections']
  for (const table of searched) {
    const query = TABLES[table]
    if (query !== undefined) await tx.query(query(range))
  }
  await tx.query(sql`
    insert into public.breach_notifications (user_id, breach_id)
    select distinct k.user_id, ${breachId}::uuid from vault.user_keys k
    where k.key_id = any (${keyIds}::uuid[]) or k.master_version = ${masterKeyVersion}::integer
    on conflict do nothing`)
  await tx.query(sql`
    insert into public.breach_notifications (user_id, breach_id)
    select u.user_id, ${breachId}::uuid from public.app_users u where u.user_id = any (${userIds}::uuid[])
    on conflict do nothing`)
  const { rows } = await tx.query<{ people: number }>(sql`
    select count(*)::integer as people from public.breach_notifications where breach_id = ${breachId}::uuid`)
  return rows[0]?.people ?? 0
}
