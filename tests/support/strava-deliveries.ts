import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { saveSubscriptionId } from '../../service/ingestion/queries.ts'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

const ADDRESS = `/webhooks/strava/${'w'.repeat(32)}`

export interface StravaEvent {
  readonly aspect_type?: string
  readonly object_type?: string
  readonly object_id?: number
  readonly owner_id?: number
  readonly updates?: object
  readonly event_time?: number
}

/** Delivers to a real Fastify, as Strava would. Answers the status. */
export async function deliver(service: TestService, event: StravaEvent): Promise<number> {
  await saveSubscriptionId(service.db, 'strava', '77')
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  app.register(platformWebhook, { ...service.ingestion, takeRequest: service.takeRequest })
  const plain = {
    object_type: 'activity',
    object_id: 1,
    aspect_type: 'create',
    updates: {},
    owner_id: 1,
    event_time: 1,
  }
  const payload = JSON.stringify({ ...plain, subscription_id: 77, ...event })
  const response = await app.inject({
    method: 'POST',
    url: ADDRESS,
    payload,
    headers: { 'content-type': 'application/json' },
  })
  await app.close()
  return response.statusCode
}

export async function deliveries(db: TestDatabase): Promise<unknown[]> {
  const { rows } = await db.admin.query('select state, outcome from ops.webhook_deliveries order by received_at')
  return rows
}

export async function rawTypes(db: TestDatabase): Promise<string[]> {
  const { rows } = await db.admin.query<{ data_type: string }>(
    "select data_type from raw_fitness_data where metadata ->> 'from' = 'webhook' order by created_at",
  )
  return rows.map((row) => row.data_type)
}

export async function newestActivity({ simulate }: TestService): Promise<number> {
  const [newest] = (await simulate('GET', '/athletes/1/activities')) as readonly { id: number }[]
  return newest!.id
}

/** As Hasura's events would have it. */
export async function normalizeAll(db: TestDatabase): Promise<void> {
  await db.admin.query(`
    select graphile_worker.add_job('normalize_raw_data', job_key => 'normalize_raw_data:' || id,
      payload => json_build_object('userId', user_id, 'createdAt', created_at::text, 'rawId', id))
    from raw_fitness_data where processed_at is null`)
}
