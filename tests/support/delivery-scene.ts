import pg from 'pg'
import { type EventDelivery, startEventDelivery } from '../../hasura/local/events/delivery.ts'
import { installEventTriggers } from '../../hasura/local/events/install.ts'
import { resolveSubscribers } from '../../hasura/local/events/subscribers.ts'
import { silentLog } from '../../hasura/local/log.ts'
import type { EventTrigger, Table } from '../../hasura/local/metadata/types.ts'
import { test as base, type TestDatabase } from './database.ts'
import { startWebhookReceiver, type WebhookReceiver, type WebhookReply } from './webhook-receiver.ts'

export const SETTINGS = {
  eventsFetchIntervalMs: 10,
  eventsFetchBatchSize: 100,
  eventsHttpPoolSize: 100,
  gracefulShutdownMs: 5000,
}
export const ENV = { EVENT_SECRET: 'swordfish' }

/** An engine's deliveries from table `article` to a webhook. */
interface Scene {
  readonly db: TestDatabase
  /** Sets what the webhook answers from now on. */
  answer(reply: (call: { body: string }) => WebhookReply): void
  readonly receiver: WebhookReceiver
  /** Starts an engine's delivery; it is stopped after the test. */
  deliver(facts?: { retry?: EventTrigger['retry_conf']; settings?: Partial<typeof SETTINGS> }): EventDelivery
  write(...ids: number[]): Promise<void>
  /** What the log says of each event. */
  readonly state: () => Promise<Record<string, unknown>[]>
}

export const test = base.extend<{ scene: Scene }>({
  scene: async ({ db }, use) => {
    await db.admin.query(`
      set role tributary_migration;
      create table public.article (id bigint primary key);
      grant insert on public.article to tributary_service;
      grant trigger on public.article to tributary_hasura;
      reset role`)
    let reply: (call: { body: string }) => WebhookReply = () => ({ status: 204 })
    const receiver = await startWebhookReceiver((call) => reply(call))
    const pool = new pg.Pool({ connectionString: db.hasuraUrl, max: 5 })
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    const deliveries: EventDelivery[] = []
    await installEventTriggers(pool, tablesOf(receiver.url))
    await use({
      db,
      receiver,
      answer: (next) => {
        reply = next
      },
      deliver({ retry, settings } = {}) {
        const { subscribers } = resolveSubscribers(tablesOf(receiver.url, retry), ENV)
        const delivery = startEventDelivery({
          pool,
          subscribers,
          propagators: [],
          settings: { ...SETTINGS, ...settings },
          log: silentLog,
        })
        deliveries.push(delivery)
        return delivery
      },
      async write(...ids) {
        await db.service.query('insert into article select unnest($1::bigint[])', [ids])
      },
      async state() {
        const { rows } = await db.admin.query(
          `select (payload #>> '{data,new,id}')::int as id, delivered, error, tries, locked is not null as locked,
             round(extract(epoch from next_retry_at - now()))::int as retry_in_seconds
           from hdb_catalog.event_log order by 1`,
        )
        return rows
      },
    })
    await Promise.all(deliveries.map((delivery) => delivery.stop()))
    await pool.end()
    await receiver.close()
  },
})

export function tablesOf(url: string, retry?: EventTrigger['retry_conf']): readonly Table[] {
  const trigger: EventTrigger = {
    name: 'article_added',
    definition: { insert: { columns: '*' } },
    webhook: `${url}/events/article_added`,
    headers: [{ name: 'X-Event-Secret', value_from_env: 'EVENT_SECRET' }],
    ...(retry === undefined ? {} : { retry_conf: retry }),
  }
  return [{ table: { schema: 'public', name: 'article' }, event_triggers: [trigger] }]
}
