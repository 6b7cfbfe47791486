import type { RecordAudit } from '../../runtime/audit-event.ts'
import type { Database, Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface Review {
  readonly from: string
  readonly to: string
  readonly events: number
  /** Events nobody has chained for over ten minutes: the sealer does not run. */
  readonly unsealed: number
  readonly lastHeadAt: string | null
  readonly actions: readonly {
    readonly action: string
    readonly outcome: string
    readonly actor: string
    readonly events: number
  }[]
  /** Staff who acted on people's data or keys, each with how many people. */
  readonly insiders: readonly {
    readonly actor: string
    readonly events: number
    readonly people: number
    readonly refused: number
  }[]
  /** Every step of break-glass, with its reason. */
  readonly emergencies: readonly {
    readonly at: string
    readonly action: string
    readonly actor: string
    readonly outcome: string
    readonly reason: string | null
  }[]
  /** What calls for a look: in words, and nothing when there is nothing. */
  readonly findings: readonly string[]
}

/** What happened in the last days, for whoever reviews it (45 CFR 164.308(a)(1)(ii)(D)); no health datum is in it. */
export async function reviewTrail(db: Db, days: number): Promise<Review> {
  const { rows } = await db.query<Omit<Review, 'findings'>>(sql`
    with recent as (
      select e.*, v.actor_id, v.subject_user_id, v.reason, e.actor_kind || coalesce(' ' || v.actor_id, '') as actor
      from audit.events e left join audit.personal_values v on v.event_id = e.id
      where e.occurred_at >= now() - make_interval(days => ${days}::integer)
    )
    select to_json(now() - make_interval(days => ${days}::integer)) #>> '{}' as "from", to_json(now()) #>> '{}' as "to",
      (select count(*)::integer from recent) as events,
      (select count(*)::integer from audit.unsealed u join audit.events e on e.id = u.event_id
        where e.occurred_at < now() - interval '10 minutes') as unsealed,
      (select to_json(max(signed_at)) #>> '{}' from audit.tree_heads) as "lastHeadAt",
      (select coalesce(jsonb_agg(to_jsonb(a) order by a.action, a.outcome, a.actor), '[]') from (
        select action, outcome, actor_kind as actor, count(*) as events from recent group by 1, 2, 3) a) as actions,
      (select coalesce(jsonb_agg(to_jsonb(a) order by a.actor), '[]') from (
        select actor, count(*) as events, count(distinct subject_user_id) as people, count(*) filter (where outcome = 'refused') as refused
        from recent where actor_kind in ('operator', 'auditor') group by 1) a) as insiders,
      (select coalesce(jsonb_agg(to_jsonb(a) order by a.at), '[]') from (
        select occurred_at as at, action, actor, outcome, reason from recent where action like 'emergency.%') a) as emergencies`)
  const [review] = rows
  if (review === undefined) throw new Error('a row was not returned')
  return { ...review, findings: judge(review) }
}

const MANY_REFUSALS = 20
const MANY_PEOPLE = 50

function judge({ unsealed, lastHeadAt, actions, insiders, emergencies }: Omit<Review, 'findings'>): string[] {
  const refusals = actions.filter(({ outcome, events }) => outcome === 'refused' && events >= MANY_REFUSALS)
  return [
    ...(unsealed > 0 ? [`${unsealed} events have waited over ten minutes to be sealed: is the worker running?`] : []),
    ...(lastHeadAt === null ? ['no head has ever been signed: AUDIT_SIGNING_KEY and AUDIT_HEADS_STORE'] : []),
    ...refusals.map(({ action, actor, events }) => `${action} was refused ${events} times to ${actor}s`),
    ...insiders
      .filter(({ people }) => people >= MANY_PEOPLE)
      .map(({ actor, people }) => `${actor} acted on the data of ${people} people`),
    ...(emergencies.length > 0 ? [`break-glass was used: ${emergencies.length} steps, each to be justified`] : []),
    ...actions
      .filter(({ action, outcome }) => action === 'token.opened' && outcome === 'failure')
      .map(({ events }) => `${events} times tokens did not open: was the database changed by hand?`),
  ]
}

/** The review itself is an event, with who made it and what they concluded: that it happens can be shown too. */
export async function recordReview(
  { db, audit }: { db: Database; audit: RecordAudit },
  { days, findings, conclusion }: { days: number; findings: number; conclusion: string },
): Promise<void> {
  await db.transaction((tx) =>
    audit(tx, {
      action: 'audit.reviewed',
      actor: { kind: 'auditor', id: null },
      subjectUserId: null,
      outcome: 'success',
      reason: conclusion,
      details: { days, findings },
    }),
  )
}
