import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

interface Line {
  readonly at: string
  readonly action: string
  readonly outcome: string
  readonly platform: string | null
  readonly actor: string
  readonly reason: string | null
  readonly source: string | null
  readonly request: string | null
  readonly details: string | null
}

/** Everything that was done with a person's connections and data, newest first, as lines of JSON. */
export async function showTrail(db: Db, userId: string, limit: number): Promise<string> {
  const { rows } = await db.query<Line>(sql`
    select to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, e.action, e.outcome, e.platform,
      e.actor_kind || coalesce(' ' || v.actor_id, '') as actor, v.reason, v.source_address as source, e.request_id as request, v.details
    from audit.personal_values v join audit.events e on e.id = v.event_id
    where v.subject_user_id = ${userId}::uuid
    order by e.occurred_at desc, e.id limit ${limit}`)
  return rows.map((line) => `${JSON.stringify(withoutNulls(line))}\n`).join('')
}

// JSON also escapes control characters, so that no value can forge a line.
function withoutNulls(line: Line): object {
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null))
}
