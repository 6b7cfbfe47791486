import { type RunningEngine, startEngine } from '../../hasura/local/engine.ts'
import { test as base, type TestDatabase } from './database.ts'
import { createMetadataDirectory, type MetadataDirectory } from './metadata-directory.ts'
import { startWebhookReceiver, type WebhookReceiver, type WebhookReply } from './webhook-receiver.ts'

export const JWT_KEY = 'a-key-of-at-least-thirty-two-characters'

const ARTICLE = `
table: {schema: public, name: article}
select_permissions:
  - role: user
    permission:
      columns: [id, title]
      filter: {author_id: {_eq: X-Hasura-User-Id}}
insert_permissions:
  - role: user
    permission:
      columns: [id, title]
      check: {}
      set: {author_id: X-Hasura-User-Id}
event_triggers:
  - name: article_added
    definition:
      enable_manual: false
      insert: {columns: '*', payload: [id]}
    webhook: '{{SERVICE_URL}}/events/article_added'
`
const ACTIONS_GRAPHQL = `
type Mutation {
  publish(id: Int!): PublishOutput
}
type PublishOutput {
  url: String!
}
`
const ACTIONS_YAML = `
actions:
  - name: publish
    definition:
      kind: synchronous
      handler: '{{SERVICE_URL}}/actions/publish'
      headers: [{name: x-action-secret, value_from_env: ACTION_SECRET}]
    permissions: [{role: user}]
custom_types:
  objects: [{name: PublishOutput}]
`

/** The stand-in over a table `article`, an action `publish` and an event trigger, all of one pretended service. */
export interface Scene {
  readonly db: TestDatabase
  readonly directory: MetadataDirectory
  readonly service: WebhookReceiver
  readonly env: Record<string, string>
  /** Sets what the service answers from now on. */
  answer(reply: WebhookReply): void
  start(): Promise<RunningEngine>
}

export const test = base.extend<{ scene: Scene }>({
  scene: async ({ db }, use) => {
    await db.admin.query(`
      set role tributary_migration;
      create table public.article (id integer primary key, title text, author_id integer);
      grant select, insert, trigger on public.article to tributary_hasura;
      grant insert on public.article to tributary_service;
      reset role`)
    const directory = await createMetadataDirectory({
      'databases/default/tables/tables.yaml': '- "!include public_article.yaml"\n',
      'databases/default/tables/public_article.yaml': ARTICLE,
      'actions.graphql': ACTIONS_GRAPHQL,
      'actions.yaml': ACTIONS_YAML,
    })
    let reply: WebhookReply = { status: 204 }
    const service = await startWebhookReceiver(() => reply)
    const env = {
      PG_DATABASE_URL: db.hasuraUrl,
      SERVICE_URL: service.url,
      ACTION_SECRET: 'swordfish',
      HASURA_GRAPHQL_ADMIN_SECRET: 'admin-secret',
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
      HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL: '20',
      HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL: '20',
      HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT: '2',
    }
    const engines: RunningEngine[] = []
    await use({
      db,
      directory,
      service,
      env,
      answer: (next) => {
        reply = next
      },
      async start() {
        const engine = await startEngine({ metadataDirectory: directory.path, port: 0, env })
        engines.push(engine)
        return engine
      },
    })
    await Promise.all(engines.map((engine) => engine.close()))
    await service.close()
    await directory.remove()
  },
})
