import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Platforms } from '../platforms/contract.ts'
import type { WebhookItem } from '../platforms/webhook-contract.ts'
import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { defineTask, type JobResult, PRIORITY } from '../runtime/jobs.ts'
import { comeAgainAt } from '../runtime/one-at-a-time.ts'
import { type PackedBody, packedLength, unpackWhole } from '../runtime/packed-body.ts'
import { sql } from '../runtime/sql.ts'
import { noteFetched } from './arrivals.ts'
import { type PlatformReply, requestPlatform } from './request-platform.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'
import { storeAnswer } from './store-answer.ts'
import { storeRaw } from './store-raw.ts'

/** Fetches what a platform said is waiting, at the address it gave, with the owner's token. */
export const followCallback = defineTask<IngestionServices>()({
  identifier: 'follow_callback',
  payload: z.object({ userId: z.uuid(), callbackId: z.uuid() }),
  jobKey: ({ callbackId }) => `follow_callback:${callbackId}`,
  priority: PRIORITY.webhook,
  queue: 'webhooks',
  maxAttempts: 3,
  async run(payload, services): Promise<JobResult> {
    const callback = await findWaitingCallback(services.db, payload)
    if (callback === undefined) return undefined
    try {
      return await fetchIt(services, callback)
    } catch (error) {
      if (error instanceof AppError && !error.spec.retry)
        await finishCallback(services.db, callback, { state: 'failed', outcome: error.code })
      throw error
    }
  },
})

interface Callback extends ConnectionKey {
  readonly callbackId: string
  readonly dataType: string
  readonly urlSealed: Buffer
  readonly fileFacts: Readonly<Record<string, unknown>> | null
  readonly deliveryId: string
}

async function fetchIt(services: IngestionServices, callback: Callback): Promise<JobResult> {
  const { platform } = callback
  const configured = services.platforms.get(platform)
  const url = (await services.openInbox(platform, callback.urlSealed)).toString('utf8')
  const webhook = configured?.webhook
  // Asked again, here where the token is about to go along: the setting may be another by now.
  if (webhook === undefined || !('readItem' in webhook) || !webhook.isCallbackAllowed(url)) {
    await finishCallback(services.db, callback, { state: 'failed', outcome: 'callback_refused' })
    return undefined
  }
  const request = { method: 'GET', url, pack: true } as const
  const done = await services.holdAnswer({
    fetch: () => requestPlatform(services, { key: callback, request, urgency: 'webhook' }),
    bytesOf: (reply) => (reply.kind === 'ok' && reply.packed !== undefined ? packedLength(reply.packed) : 0),
    use: (reply) => understand(services, callback, reply),
  })
  return done === 'busy' ? { runAgainAt: comeAgainAt() } : done
}

async function understand(services: IngestionServices, callback: Callback, reply: PlatformReply): Promise<JobResult> {
  if (reply.kind === 'wait') return { runAgainAt: reply.until }
  if (reply.kind === 'not_found') await finishCallback(services.db, callback, { state: 'failed', outcome: 'not_there' })
  else if (reply.packed !== undefined) await keep(services, callback, reply.packed)
  return undefined
}

/** Ten at once, as many as are followed, would take ten times the memory of one. */
const LARGE_BYTES = 512 * 1024

/** Together with the end of the callback, and once. A large one waits for its turn: the platform may not give it again. */
async function keep({ db, platforms, turns }: IngestionServices, callback: Callback, body: PackedBody): Promise<void> {
  const store = () =>
    db.transaction(async (tx) => {
      if (await finishCallback(tx, callback, { state: 'stored', outcome: null }))
        await write(platforms, tx, { callback, body })
    })
  await (body.byteLength < LARGE_BYTES ? store() : turns.wait(store))
}

async function write(
  platforms: Platforms,
  tx: Tx,
  { callback, body }: { callback: Callback; body: PackedBody },
): Promise<void> {
  const { userId, platform, dataType, deliveryId, fileFacts } = callback
  const { files, api } = platforms.get(platform) ?? {}
  const origin = { userId, platform, dataType, metadata: { delivery_id: deliveryId, from: 'callback', verified: true } }
  const wrapFile = files?.[dataType]
  if (wrapFile !== undefined && fileFacts !== null)
    return storeRaw(tx, { ...origin, text: JSON.stringify(wrapFile(await unpackWhole(body), fileFacts)) })
  const recordOf = api?.backfill?.recordOf
  const note = async (inTx: Tx, payload: unknown) => {
    if (recordOf !== undefined && fileFacts === null) await noteFetched(inTx, callback, { payload, recordOf })
  }
  return storeAnswer(tx, { ...origin, deliveryId, note }, body)
}

type CallbackItem = Extract<WebhookItem, { kind: 'callback' }>

/** Undefined when this address came before. */
export async function insertCallback(
  { sealInbox }: Pick<IngestionServices, 'sealInbox'>,
  tx: Tx,
  { key, item, deliveryId }: { key: ConnectionKey; item: CallbackItem; deliveryId: string },
): Promise<string | undefined> {
  const digest = createHash('sha256').update(item.url).digest()
  const urlSealed = await sealInbox(key.platform, Buffer.from(item.url))
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into ops.callbacks (user_id, platform, data_type, url_sealed, url_digest, file_facts, delivery_id)
    values (${key.userId}::uuid, ${key.platform}, ${item.dataType}, ${urlSealed}, ${digest},
      ${item.file === undefined ? null : JSON.stringify(item.file)}::jsonb, ${deliveryId}::uuid)
    on conflict (user_id, platform, url_digest) do nothing
    returning id`)
  return rows[0]?.id
}

async function findWaitingCallback(
  db: Db,
  { userId, callbackId }: { userId: string; callbackId: string },
): Promise<Callback | undefined> {
  const { rows } = await db.query<Callback>(sql`
    select c.user_id as "userId", c.id as "callbackId", c.platform, c.data_type as "dataType", c.url_sealed as "urlSealed",
      c.file_facts as "fileFacts", c.delivery_id as "deliveryId"
    from ops.callbacks c where c.user_id = ${userId}::uuid and c.id = ${callbackId}::uuid and c.state = 'waiting'`)
  return rows[0]
}

async function finishCallback(
  db: Db,
  { userId, callbackId }: { userId: string; callbackId: string },
  end: { state: 'stored' | 'failed'; outcome: string | null },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update ops.callbacks set state = ${end.state}, outcome = ${end.outcome}, finished_at = now()
    where user_id = ${userId}::uuid and id = ${callbackId}::uuid and state = 'waiting'`)
  return rowCount === 1
}
