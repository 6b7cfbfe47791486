import type { Db } from '../runtime/db.ts'
import { type Query, sql } from '../runtime/sql.ts'

/** One number of the system's state, with the values of its labels. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const activeIntegrations = sql`
  select jsonb_build_object('platform', p.id) as labels, count(c.user_id)::float8 as value
  from public.platforms p left join public.connections c on c.platform = p.id and c.status in ('active', 'limited')
  group by p.id`

/** Paused, or being probed; misconfigured is for the operator to mend. */
const pausedEndpoints = sql`
  select jsonb_build_object('platform', platform, 'reason', coalesce(reason, 'unavailable')) as labels, 1::float8 as value
  from ops.token_endpoints where paused_until is not null
  union
  select jsonb_build_object('platform', platform, 'reason', reason), 1
  from ops.request_pauses where reason is not null and paused_until > now()`

/** Jobs by task: due, running, scheduled for later, or dead (no attempt is left). */
const queueJobs = sql`
  select jsonb_build_object('task', task_identifier, 'state', state) as labels, count(*)::float8 as value
  from (select task_identifier, case when locked_at is not null then 'running' when attempts >= max_attempts then 'dead'
    when run_at > now() then 'scheduled' else 'due' end as state from graphile_worker.jobs) j
  group by task_identifier, state`

/** 0 closed, 1 half open, 2 open: alerts take the maximum. */
const circuitBreakers = sql`
  select jsonb_build_object('platform', platform) as labels,
    case state when 'closed' then 0 when 'half_open' then 1 else 2 end::float8 as value
  from ops.circuit_breakers`

const queueOldest = sql`
  select jsonb_build_object('task', task_identifier) as labels, extract(epoch from now() - min(run_at))::float8 as value
  from graphile_worker.jobs where run_at <= now() and locked_at is null and attempts < max_attempts
  group by task_identifier`

const pipelineWaiting = sql`
  select jsonb_build_object('platform', p.id, 'stage', s.stage) as labels, coalesce(w.rows, 0)::float8 as value
  from public.platforms p cross join (values ('webhook'), ('normalization')) as s (stage)
  left join (
    select platform, 'webhook' as stage, count(*) as rows from ops.webhook_deliveries where state = 'received' group by platform
    union all
    select platform, 'normalization', count(*) from public.raw_fitness_data where processed_at is null group by platform
  ) w on w.platform = p.id and w.stage = s.stage
  union all
  select '{"platform":"all","stage":"summaries"}', count(*)::float8 from ops.summary_rebuilds`

const pipelineLag = sql`
  select jsonb_build_object('platform', p.id, 'stage', s.stage) as labels,
    coalesce(extract(epoch from now() - w.oldest), 0)::float8 as value
  from public.platforms p cross join (values ('webhook'), ('normalization')) as s (stage)
  left join (
    select platform, 'webhook' as stage, min(received_at) as oldest from ops.webhook_deliveries where state = 'received' group by platform
    union all
    select platform, 'normalization', min(created_at) from public.raw_fitness_data where processed_at is null group by platform
  ) w on w.platform = p.id and w.stage = s.stage
  union all
  select '{"platform":"all","stage":"summaries"}', coalesce(extract(epoch from now() - min(requested_at)), 0)::float8
  from ops.summary_rebuilds`

const budgetRemaining = sql`
  select jsonb_build_object('platform', platform, 'window', window_name) as labels,
    case when resets_at <= now() then 1 when quota = 0 then 0 else greatest(0, quota - used)::float8 / quota end as value
  from ops.request_budgets`

const requestPause = sql`
  select jsonb_build_object('platform', platform) as labels,
    greatest(0, extract(epoch from paused_until - now()))::float8 as value
  from ops.request_pauses`

const connectionsByStatus = sql`
  select jsonb_build_object('platform', platform, 'status', status) as labels, count(*)::float8 as value
  from public.connections group by platform, status`

/** Of the whole platform: one person may well not train for days, all of them do not. */
const webhookSilence = sql`
  select jsonb_build_object('platform', platform) as labels,
    extract(epoch from now() - max(coalesce(last_webhook_at, connected_at)))::float8 as value
  from public.connections where status in ('active', 'limited') and strategy in ('push', 'hybrid') group by platform`

const connectionsSilent = sql`
  select jsonb_build_object('platform', platform) as labels,
    count(*) filter (where coalesce(last_webhook_at, connected_at) < now() - interval '7 days')::float8 as value
  from public.connections where status in ('active', 'limited') and strategy in ('push', 'hybrid') group by platform`

const syncRuns = sql`
  select jsonb_build_object('platform', platform, 'kind', kind, 'state',
    case when waiting_until > now() then 'waiting' when updated_at < now() - interval '1 hour' then 'stalled' else 'running' end) as labels,
    count(*)::float8 as value
  from public.sync_runs where status = 'running' group by 1`

/** Failed for good, and nothing happens before somebody decides or its time comes. */
const deadLetters = sql`
  select jsonb_build_object('task', task, 'cause', cause) as labels, count(*)::float8 as value
  from public.dead_letters where state = 'waiting' group by task, cause`

const workers = sql`
  select '{}'::jsonb as labels, count(*)::float8 as value from ops.workers where seen_at > now() - interval '15 seconds'`

const scheduleAge = sql`
  select jsonb_build_object('task', identifier) as labels,
    extract(epoch from now() - coalesce(last_execution, known_since))::float8 as value
  from graphile_worker._private_known_crontabs`

const auditUnsealed = sql`
  select '{}'::jsonb as labels, coalesce(extract(epoch from now() - min(e.occurred_at)), 0)::float8 as value
  from audit.unsealed u join audit.events e on e.id = u.event_id`

/** Until the last partition for payloads that arrive ends. */
const partitionsAhead = sql`
  select jsonb_build_object('table', 'raw_fitness_data') as labels,
    extract(epoch from max(to_date(substring(c.relname from '[0-9]{4}_[0-9]{2}$'), 'YYYY_MM')) + interval '1 month' - now())::float8 as value
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'public.raw_fitness_data'::regclass and c.relname ~ '_[0-9]{4}_[0-9]{2}$'`

const databaseSize = sql`select '{}'::jsonb as labels, pg_database_size(current_database())::float8 as value`

const databaseConnections = sql`
  select jsonb_build_object('state', state) as labels, value from (values
    ('open', (select count(*) from pg_stat_activity where backend_type = 'client backend')::float8),
    ('allowed', current_setting('max_connections')::float8)) as c (state, value)`

/** Hasura's own log of events. What it gave up on is looked for among the last day's alone: the log is long. */
const eventTriggers = sql`
  select jsonb_build_object('trigger', trigger_name, 'state', 'pending') as labels, count(*)::float8 as value
  from hdb_catalog.event_log where not delivered and not error and not archived group by trigger_name
  union all
  select jsonb_build_object('trigger', trigger_name, 'state', 'failed'), count(*)::float8
  from hdb_catalog.event_log where error and created_at > now() - interval '1 day' group by trigger_name`

const eventTriggerOldest = sql`
  select jsonb_build_object('trigger', trigger_name) as labels,
    extract(epoch from (now() at time zone 'utc') - min(created_at))::float8 as value
  from hdb_catalog.event_log where not delivered and not error and not archived group by trigger_name`

export interface StateMetric {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly query: Query
  /** Where this table is missing there is nothing to measure: Hasura has not created its catalog yet. */
  readonly needs?: string
}

const EVENT_LOG = 'hdb_catalog.event_log'

/** Everything that is the same whichever process is asked; dashboards and rules take the maximum over processes. */
export const STATE_METRICS: readonly StateMetric[] = [
  {
    name: 'active_integrations',
    help: 'Connections that are active or limited',
    labels: ['platform'],
    query: activeIntegrations,
  },
  {
    name: 'token_endpoint_paused',
    help: '1 while a token endpoint is left alone',
    labels: ['platform', 'reason'],
    query: pausedEndpoints,
  },
  {
    name: 'queue_jobs',
    help: 'Jobs by task and state: due, running, scheduled, dead',
    labels: ['task', 'state'],
    query: queueJobs,
  },
  {
    name: 'circuit_breaker_state',
    help: '0 closed, 1 half open, 2 open',
    labels: ['platform'],
    query: circuitBreakers,
  },
  {
    name: 'queue_oldest_seconds',
    help: 'How long the oldest due job of a task has waited',
    labels: ['task'],
    query: queueOldest,
  },
  {
    name: 'pipeline_waiting',
    help: 'Rows that wait for a step, by platform',
    labels: ['platform', 'stage'],
    query: pipelineWaiting,
  },
  {
    name: 'pipeline_lag_seconds',
    help: 'Age of the oldest row that waits for a step',
    labels: ['platform', 'stage'],
    query: pipelineLag,
  },
  {
    name: 'request_budget_remaining_ratio',
    help: 'Share of a window not used',
    labels: ['platform', 'window'],
    query: budgetRemaining,
  },
  {
    name: 'request_pause_seconds',
    help: 'How long a platform is still left alone',
    labels: ['platform'],
    query: requestPause,
  },
  { name: 'connections_by_status', help: 'Connections', labels: ['platform', 'status'], query: connectionsByStatus },
  {
    name: 'webhook_silence_seconds',
    help: 'Since the last webhook of a platform',
    labels: ['platform'],
    query: webhookSilence,
  },
  {
    name: 'connections_silent',
    help: 'Connections without a webhook for a week',
    labels: ['platform'],
    query: connectionsSilent,
  },
  {
    name: 'sync_runs_in_progress',
    help: 'Sync runs, by whether they move',
    labels: ['platform', 'kind', 'state'],
    query: syncRuns,
  },
  { name: 'dead_letters_waiting', help: 'Jobs that failed for good', labels: ['task', 'cause'], query: deadLetters },
  { name: 'workers_alive', help: 'Workers that said so in the last fifteen seconds', labels: [], query: workers },
  {
    name: 'schedule_age_seconds',
    help: 'Since a scheduled task was last queued',
    labels: ['task'],
    query: scheduleAge,
  },
  {
    name: 'audit_unsealed_seconds',
    help: 'Age of the oldest audit event outside the chain',
    labels: [],
    query: auditUnsealed,
  },
  {
    name: 'partitions_ahead_seconds',
    help: 'Time for which there are partitions',
    labels: ['table'],
    query: partitionsAhead,
  },
  { name: 'database_size_bytes', help: 'Size of the database', labels: [], query: databaseSize },
  {
    name: 'database_server_connections',
    help: 'Connections open and allowed',
    labels: ['state'],
    query: databaseConnections,
  },
  {
    name: 'event_trigger_events',
    help: 'Events',
    labels: ['trigger', 'state'],
    query: eventTriggers,
    needs: EVENT_LOG,
  },
  {
    name: 'event_trigger_oldest_seconds',
    help: 'Oldest event',
    labels: ['trigger'],
    query: eventTriggerOldest,
    needs: EVENT_LOG,
  },
]

export async function readMetric(db: Db, { query, needs }: StateMetric): Promise<readonly Reading[]> {
  if (needs !== undefined && !(await exists(db, needs))) return []
  const { rows } = await db.query<Reading>(query)
  return rows
}

async function exists(db: Db, table: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(sql`select to_regclass(${table}) is not null as found`)
  return rows[0]?.found ?? false
}
