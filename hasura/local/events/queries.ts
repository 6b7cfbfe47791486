import type pg from 'pg'

/** JSON stays text: parsing would round numbers that JavaScript cannot hold. */
export interface LoggedEvent {
  readonly id: string
  readonly schemaName: string
  readonly tableName: string
  readonly triggerName: string
  readonly payloadJson: string
  readonly tries: number
  /** The database's local time, without a zone. */
  readonly createdAt: string
}

/** What became of an attempt. */
export type Outcome = { do: 'deliver' } | { do: 'retry'; delaySeconds: number } | { do: 'give up' }

export interface Invocation {
  readonly triggerName: string
  readonly eventId: string
  readonly status: number
  readonly requestJson: string
  readonly responseJson: string
}

/** Locks events that are due. A lock older than 30 minutes belonged to an engine that died. */
export async function takeEvents(
  pool: pg.Pool,
  triggerNames: readonly string[],
  limit: number,
): Promise<readonly LoggedEvent[]> {
  const { rows } = await pool.query<LoggedEvent>({
    name: 'take_events',
    text: `
      with taken as (
        update hdb_catalog.event_log set locked = now() where id in (
          select id from hdb_catalog.event_log
          where not delivered and not error and not archived and trigger_name = any ($1::text[])
            and (locked is null or locked < now() - interval '30 minutes')
            and (next_retry_at is null or next_retry_at <= now())
          order by locked nulls first, next_retry_at nulls first, created_at
          limit $2 for update skip locked)
        returning id, schema_name, table_name, trigger_name, payload, tries, created_at)
      select id, schema_name as "schemaName", table_name as "tableName", trigger_name as "triggerName",
        payload::text as "payloadJson", tries, to_json(created_at) #>> '{}' as "createdAt"
      from taken order by created_at`,
    values: [triggerNames, limit],
  })
  return rows
}

/** Logs the attempt and unlocks the event, in one statement. */
export async function recordAttempt(pool: pg.Pool, invocation: Invocation, outcome: Outcome): Promise<void> {
  await pool.query({
    name: 'record_attempt',
    text: `
      with logged as (
        insert into hdb_catalog.event_invocation_logs (trigger_name, event_id, status, request, response)
        values ($1, $2, $3, $4::json, $5::json))
      update hdb_catalog.event_log set tries = tries + 1, locked = null, delivered = $6, error = $7,
        next_retry_at = now() + make_interval(secs => $8)
      where id = $2`,
    values: [
      invocation.triggerName,
      invocation.eventId,
      invocation.status,
      invocation.requestJson,
      invocation.responseJson,
      outcome.do === 'deliver',
      outcome.do === 'give up',
      outcome.do === 'retry' ? outcome.delaySeconds : null,
    ],
  })
}

export async function releaseEvents(pool: pg.Pool, ids: readonly string[]): Promise<void> {
  await pool.query('update hdb_catalog.event_log set locked = null where id = any ($1::text[]) and not delivered', [
    ids,
  ])
}
