import { describe, expect } from 'vitest'
import { dropBodies } from '../../service/ingestion/drop-delivery-bodies.task.ts'
import { test } from '../support/vault-scene.ts'

describe('the body of a webhook delivery', () => {
  test('is dropped once processed and past its retention, and not before', async ({ db, scene }) => {
    const { db: pool, vault } = scene.open()
    const canary = Buffer.from('{"canary":"heart rate 141"}')
    const deliveries = [
      ['old', 'processed', '8 days'],
      ['dropped', 'dropped', '8 days'],
      ['recent', 'processed', '6 days'],
      ['waiting', 'received', '80 days'],
    ] as const
    for (const [name, state, age] of deliveries)
      await db.admin.query(
        `insert into ops.webhook_deliveries (platform, dedupe_key, body_sealed, state, received_at, processed_at)
         values ('acme', $1, $2, $3, now() - $4::interval, case when $3 = 'received' then null else now() - $4::interval end)`,
        [name, await vault.sealInbox('acme', canary), state, age],
      )
    await db.admin.query(
      "insert into ops.webhook_delivery_chunks select id, 0, body_sealed from ops.webhook_deliveries where dedupe_key <> 'dropped'",
    )
    await dropBodies.run({}, { db: pool, webhookRetentionDays: 7 })
    const { rows } = await db.admin.query<{ name: string; body: Buffer | null; chunks: number }>(`
      select d.dedupe_key as name, d.body_sealed as body, count(c.delivery_id)::int as chunks
      from ops.webhook_deliveries d left join ops.webhook_delivery_chunks c on c.delivery_id = d.id group by d.id order by 1`)
    expect(rows.map(({ name, body, chunks }) => [name, body !== null, chunks])).toEqual([
      ['dropped', false, 0],
      ['old', false, 0],
      ['recent', true, 1],
      ['waiting', true, 1],
    ])
    for (const { body } of rows) expect(body?.includes('canary') ?? false).toBe(false)
  })
})
