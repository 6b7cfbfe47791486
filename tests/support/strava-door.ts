import type { AddressInfo } from 'node:net'
import { platformWebhook } from '../../service/api/platform.webhook.ts'
import { createServer } from '../../service/api/server.ts'
import { sql } from '../../service/runtime/sql.ts'
import type { TestDatabase } from './database.ts'
import type { TestService } from './service.ts'

const PATH = `/webhooks/strava/${'w'.repeat(32)}`
const SUBSCRIPTION = 7

/** The webhook's door, listening, with a subscription of ours that the test sends events for. */
export interface Door {
  readonly url: string
  /** An event about an activity of the first athlete, as Strava words it. Answers the status. */
  send(aspect: 'create' | 'update' | 'delete', activityId: string): Promise<number>
  /** The same with that id and subscription. */
  tell(aspect: 'create' | 'update' | 'delete', activityId: string, subscriptionId: string): Promise<number>
  close(): Promise<void>
}

export async function openDoor(service: TestService, db: TestDatabase): Promise<Door> {
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  app.register(platformWebhook, { ...service.ingestion, takeRequest: service.takeRequest })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${PATH}`
  await service.db.query(sql`
    insert into ops.webhook_subscriptions (platform, subscription_id) values ('strava', ${String(SUBSCRIPTION)})`)
  let second = 0
  const tell: Door['tell'] = async (aspect, activityId, subscriptionId) => {
    const { rows } = await db.admin.query<{ account: string }>(
      "select platform_user_id as account from connections where platform = 'strava'",
    )
    second += 1
    const body = {
      object_type: 'activity',
      object_id: Number(activityId),
      aspect_type: aspect,
      updates: {},
      owner_id: Number(rows[0]!.account),
      subscription_id: Number(subscriptionId),
      event_time: 1_700_000_000 + second,
    }
    const headers = { 'content-type': 'application/json' }
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status
  }
  return {
    url,
    send: (aspect, activityId) =>
      tell(aspect, Number.isNaN(Number(activityId)) ? '1' : String(Number(activityId) + 1), String(SUBSCRIPTION)),
    tell,
    close: () => app.close(),
  }
}
