import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { BreachScope } from './affected.ts'

export type Risk = 'unlikely' | 'some' | 'high'

export interface NewBreach {
  readonly description: string
  readonly awareAt: string
  readonly risk: Risk
  readonly unreadable: boolean
  readonly keysExposed: boolean
  readonly consequences: string | null
  readonly measures: string | null
  readonly scope: BreachScope
  readonly reportedBy: string | null
}

/** Undefined when `awareAt` lies ahead of the database's clock. */
export async function insertBreach(tx: Tx, breach: NewBreach): Promise<string | undefined> {
  // Named people stand in breach_notifications, where an erasure finds them.
  const { userIds: _, ...scope } = breach.scope
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into public.breaches (description, aware_at, risk, unreadable, keys_exposed, platforms, scope, consequences, measures, reported_by)
    select ${breach.description}, ${breach.awareAt}::timestamptz, ${breach.risk}, ${breach.unreadable}, ${breach.keysExposed},
      ${scope.platforms}::text[], ${JSON.stringify(scope)}::jsonb, ${breach.consequences}, ${breach.measures},
      ${breach.reportedBy}::uuid
    where ${breach.awareAt}::timestamptz <= now()
    returning id`)
  return rows[0]?.id
}

export interface BreachChange {
  readonly risk: Risk | null
  readonly unreadable: boolean | null
  readonly keysExposed: boolean | null
  readonly consequences: string | null
  readonly measures: string | null
  readonly close: boolean
}

/** What is learnt later (GDPR Art. 33(4)); null leaves it as it was. */
export async function updateBreachRow(tx: Tx, id: string, change: BreachChange): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.breaches set risk = coalesce(${change.risk}, risk),
      unreadable = coalesce(${change.unreadable}, unreadable) and not coalesce(${change.keysExposed}, keys_exposed),
      keys_exposed = coalesce(${change.keysExposed}, keys_exposed),
      consequences = coalesce(${change.consequences}, consequences), measures = coalesce(${change.measures}, measures),
      closed_at = case when ${change.close} then now() else closed_at end, updated_at = now()
    where id = ${id}::uuid and closed_at is null`)
  return rowCount === 1
}

export async function setPeople(tx: Tx, id: string, people: number): Promise<void> {
  await tx.query(sql`update public.breaches set people = ${people}, updated_at = now() where id = ${id}::uuid`)
}

/** Which rules apply is decided again with every change; when they are due counts from becoming aware. What was met stays met. */
export async function setClocks(tx: Tx, id: string, timeZone: string): Promise<void> {
  await tx.query(sql`
    insert into public.breach_clocks as c (breach_id, rule_id, applies, due_at)
    select b.id, r.id,
      b.people >= r.min_people and (r.max_people is null or b.people <= r.max_people)
        and (not r.high_risk_only or b.risk = 'high') and (b.risk <> 'unlikely' or r.regime = 'platform')
        and not (r.unless_unreadable and b.unreadable)
        and (r.platform is null or r.platform = any (b.platforms) or cardinality(b.platforms) = 0),
      ops.breach_deadline(r.counts, r.amount, b.aware_at, ${timeZone})
    from public.breaches b cross join public.breach_rules r where b.id = ${id}::uuid
    on conflict (breach_id, rule_id) do update set applies = excluded.applies`)
}

export interface Clock {
  readonly rule: string
  readonly dueAt: Date
  readonly isLate: boolean
  readonly metAt: Date | null
}

export async function findClock(tx: Tx, breachId: string, rule: string): Promise<Clock | undefined> {
  const { rows } = await tx.query<Clock>(sql`
    select rule_id as rule, due_at as "dueAt", due_at < clock_timestamp() as "isLate", met_at as "metAt" from public.breach_clocks
    where breach_id = ${breachId}::uuid and rule_id = ${rule} for update`)
  return rows[0]
}

export async function meetClock(
  tx: Tx,
  {
    breachId,
    rule,
    reference,
    lateReason,
  }: { breachId: string; rule: string; reference: string; lateReason: string | null },
): Promise<void> {
  await tx.query(sql`
    update public.breach_clocks set met_at = clock_timestamp(), reference = ${reference}, late_reason = ${lateReason}
    where breach_id = ${breachId}::uuid and rule_id = ${rule}`)
}

/** Those whose people-clocks run out or have: by rule and how close. */
export async function countRunningClocks(
  db: Db,
): Promise<readonly { rule: string; urgency: 'overdue' | 'day' | 'in_time'; clocks: number }[]> {
  const { rows } = await db.query<{ rule: string; urgency: 'overdue' | 'day' | 'in_time'; clocks: number }>(sql`
    select c.rule_id as rule, case when c.due_at <= now() then 'overdue' when c.due_at <= now() + interval '1 day' then 'day' else 'in_time' end as urgency,
      count(*)::integer as clocks
    from public.breach_clocks c where c.met_at is null and c.applies group by 1, 2 order by 1, 2`)
  return rows
}

export async function setNotice(
  tx: Tx,
  id: string,
  { subject, text }: { subject: string; text: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.breaches set notice_subject = ${subject}, notice_text = ${text}, updated_at = now()
    where id = ${id}::uuid and closed_at is null and (notice_subject is null or (notice_subject = ${subject} and notice_text = ${text}))`)
  return rowCount === 1
}

/** Whom nothing was sent to yet, or in vain, some at a time. */
export async function queueSome(tx: Tx, breachId: string, limit: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ userId: string }>(sql`
    update public.breach_notifications n set status = 'queued', updated_at = now()
    where n.breach_id = ${breachId}::uuid and n.user_id in (
      select w.user_id from public.breach_notifications w where w.breach_id = ${breachId}::uuid and (w.status in ('affected', 'failed') or (w.status = 'queued' and not exists (
        select from graphile_worker._private_jobs j where j.key = 'notify_person:' || w.breach_id || ':' || w.user_id)))
      order by w.user_id limit ${limit})
    returning n.user_id as "userId"`)
  return rows.map(({ userId }) => userId)
}

export interface QueuedNotice {
  readonly id: string
  readonly subject: string
  readonly text: string
}

export async function findQueued(db: Db, breachId: string, userId: string): Promise<QueuedNotice | undefined> {
  const { rows } = await db.query<QueuedNotice>(sql`
    select n.id, b.notice_subject as subject, b.notice_text as text
    from public.breach_notifications n join public.breaches b on b.id = n.breach_id
    where n.breach_id = ${breachId}::uuid and n.user_id = ${userId}::uuid and n.status = 'queued' and b.notice_subject is not null`)
  return rows[0]
}

export async function markSent(
  tx: Tx,
  { breachId, userId, channel, receipt }: { breachId: string; userId: string; channel: string; receipt: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    update public.breach_notifications set status = 'sent', sent_at = clock_timestamp(), channel = ${channel}, receipt = ${receipt},
      attempts = attempts + 1, error_code = null, updated_at = now()
    where breach_id = ${breachId}::uuid and user_id = ${userId}::uuid and status = 'queued'`)
  return rowCount === 1
}

export async function markAttempt(
  db: Db,
  {
    breachId,
    userId,
    channel,
    errorCode,
    final,
  }: { breachId: string; userId: string; channel: string; errorCode: string; final: boolean },
): Promise<void> {
  await db.query(sql`
    update public.breach_notifications set attempts = attempts + 1, channel = ${channel}, error_code = ${errorCode}, updated_at = now(),
      status = case when ${final} then 'failed' else status end
    where breach_id = ${breachId}::uuid and user_id = ${userId}::uuid and status = 'queued'`)
}

/** How many are not told yet. */
export async function countUntold(tx: Tx, breachId: string): Promise<number> {
  const { rows } = await tx.query<{ n: number }>(sql`
    select count(*)::integer as n from public.breach_notifications where breach_id = ${breachId}::uuid and status <> 'sent'`)
  return rows[0]?.n ?? 0
}

/** People's clocks that nobody has met; with everybody told they are. */
export async function findOpenPeopleClocks(tx: Tx, breachId: string): Promise<readonly Clock[]> {
  const { rows } = await tx.query<Clock>(sql`
    select c.rule_id as rule, c.due_at as "dueAt", c.due_at < clock_timestamp() as "isLate", c.met_at as "metAt"
    from public.breach_clocks c join public.breach_rules r on r.id = c.rule_id
    where c.breach_id = ${breachId}::uuid and r.recipient = 'people' and c.applies and c.met_at is null for update of c`)
  return rows
}

export interface RegisterRow {
  readonly id: string
  readonly awareAt: string
  readonly reportedAt: string
  readonly description: string
  readonly risk: Risk
  readonly unreadable: boolean
  readonly keysExposed: boolean
  readonly platforms: readonly string[]
  readonly consequences: string | null
  readonly measures: string | null
  readonly people: number
  readonly told: number
  readonly failed: number
  readonly closedAt: string | null
  readonly clocks: readonly {
    readonly rule: string
    readonly article: string
    readonly recipient: string
    readonly applies: boolean
    readonly dueAt: string
    readonly metAt: string | null
    readonly reference: string | null
    readonly lateReason: string | null
  }[]
}

/** All of it, oldest first; no person is named. */
export async function readRegister(db: Db): Promise<readonly RegisterRow[]> {
  const { rows } = await db.query<RegisterRow>(sql`
    select b.id, to_json(b.aware_at) #>> '{}' as "awareAt", to_json(b.reported_at) #>> '{}' as "reportedAt", b.description, b.risk,
      b.unreadable, b.keys_exposed as "keysExposed", b.platforms, b.consequences, b.measures, b.people,
      (select count(*)::integer from public.breach_notifications n where n.breach_id = b.id and n.status = 'sent') as told,
      (select count(*)::integer from public.breach_notifications n where n.breach_id = b.id and n.status = 'failed') as failed,
      to_json(b.closed_at) #>> '{}' as "closedAt",
      (select coalesce(jsonb_agg(jsonb_build_object('rule', c.rule_id, 'article', r.article, 'recipient', r.recipient, 'applies', c.applies,
        'dueAt', c.due_at, 'metAt', c.met_at, 'reference', c.reference, 'lateReason', c.late_reason) order by c.due_at, c.rule_id), '[]')
        from public.breach_clocks c join public.breach_rules r on r.id = c.rule_id where c.breach_id = b.id) as clocks
    from public.breaches b order by b.aware_at, b.id`)
  return rows
}
