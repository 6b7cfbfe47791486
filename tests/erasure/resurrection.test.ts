import { describe, expect } from 'vitest'
import { replayErased } from '../../service/compliance/erasure/replay-erasures.task.ts'
import { countTombstones } from '../../service/compliance/erasure/tombstones.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { createIntake } from '../../service/ingestion/intake.ts'
import { receiveDelivery } from '../../service/ingestion/receive-delivery.ts'
import { openUpload } from '../../service/ingestion/uploads.ts'
import { normalizeRawData } from '../../service/normalization/normalize-raw-data.task.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { enqueue } from '../../service/runtime/jobs.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { createBackup } from '../../service/vault/backup/create-backup.ts'
import { publishErasures } from '../../service/vault/backup/erasure-ledger.ts'
import { restoreBackup } from '../../service/vault/backup/restore-backup.ts'
import { wireBackup } from '../../service/wire-backup.ts'
import { countErased } from '../../service/wire-erasure.ts'
import { createClone, type TestDatabase } from '../support/database.ts'
import { accountOf, CANARY_PERSON, erasureOf, plantEverywhere, request, runErasure } from '../support/erasure-scene.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'

/** Rows that name the person, wherever `user_id` stands, but for the register. */
async function rowsOf(db: TestDatabase): Promise<number> {
  const { rows: tables } = await db.admin.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id' where c.relkind in ('r', 'p') and n.nspname in ('public', 'ops', 'vault')`,
  )
  let found = 0
  for (const { name } of tables) {
    const { rowCount } = await db.admin.query(`select from ${name} where user_id = $1`, [CANARY_PERSON])
    found += rowCount ?? 0
  }
  return found
}

async function sendWebhook(service: TestService, owner: string, objectId: number): Promise<void> {
  const webhook = service.config.platforms.get('strava')?.webhook
  if (webhook === undefined || !('read' in webhook)) throw new Error('Strava has a webhook')
  const { rows } = await service.db.query<{ id: string }>({
    text: 'select subscription_id as id from ops.webhook_subscriptions',
    values: [],
  })
  const event = {
    object_type: 'activity',
    object_id: objectId,
    aspect_type: 'create',
    owner_id: Number(owner),
    subscription_id: Number(rows[0]?.id ?? 1),
    event_time: Math.floor(Date.now() / 1000),
    updates: {},
  }
  await receiveDelivery(createIntake(service.ingestion), {
    platform: 'strava',
    webhook,
    rawBody: Buffer.from(JSON.stringify(event)),
    headers: {},
  })
}

describe('a person who was erased', () => {
  test('is brought back by none of fifty attempts, and each is counted', async ({ service, db }) => {
    await plantEverywhere(service, db)
    await db.admin.query(
      "insert into ops.webhook_subscriptions (platform, subscription_id) values ('strava', '7') on conflict do nothing",
    )
    const account = await accountOf(db.admin)
    const backup = wireBackup(service)!
    const { id: backupId } = await createBackup(backup)
    const services = erasureOf(service)
    await runErasure(services, (await request(services)).requestId)
    await publishErasures(backup)
    expect(await rowsOf(db)).toBe(0)
    expect((await countTombstones(service.db)).refused).toBe(0)

    // Late webhooks: one is refused for each delivery that is dealt with.
    for (let n = 1; n <= 12; n += 1) await sendWebhook(service, account, n)
    await service.work()
    expect((await countTombstones(service.db)).refused).toBe(12)
    expect((await db.admin.query('select from ops.webhook_deliveries')).rowCount).toBe(0)

    // Retries and replays: jobs that name the person, as a redelivered event or an old dead letter queues them.
    const key = { userId: CANARY_PERSON, createdAt: '2026-03-01T06:00:00Z' }
    await service.db.transaction(async (tx) => {
      for (let n = 10; n < 25; n += 1)
        await enqueue(tx, normalizeRawData, { payload: { ...key, rawId: `00000000-0000-4000-8000-0000000000${n}` } })
    })
    await service.work()
    expect((await countTombstones(service.db)).refused).toBe(27)
    expect(
      (
        await db.admin.query('select from graphile_worker._private_jobs where payload::text like $1', [
          `%${CANARY_PERSON}%`,
        ])
      ).rowCount,
    ).toBe(0)

    // A sign-in that outlives the data: actions and uploads ask this at the door.
    const isErased = countErased(service)
    for (let n = 0; n < 15; n += 1) expect(await isErased(CANARY_PERSON)).toBe(true)
    expect((await countTombstones(service.db)).refused).toBe(42)

    // Past all doors the database itself refuses.
    const refused = { code: 'erasure/person_erased' }
    await expect(
      startConnection(service.connections, { userId: CANARY_PERSON, platform: 'strava' }),
    ).rejects.toMatchObject(refused)
    await expect(
      service.db.query({
        text: "insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata) values ($1, 'strava', 'activity', '{}', '{}')",
        values: [CANARY_PERSON],
      }),
    ).rejects.toMatchObject(refused)
    await expect(
      service.db.transaction((tx) => openUpload(tx, { userId: CANARY_PERSON, uploadId: CANARY_PERSON }, 'garmin')),
    ).rejects.toMatchObject(refused)

    // The vault's backup, into an empty database that has never heard of the erasure.
    const empty = await createClone()
    const emptyDb = openPool(empty)
    const { skipped } = await restoreBackup({ ...backup, db: emptyDb }, backupId)
    expect(skipped).toBe(6) // the person, two connections, two pairs of tokens, one key
    expect((await countTombstones(emptyDb)).refused).toBe(6)
    expect(await rowsOf(empty)).toBe(0)
    await expect(
      emptyDb.query({ text: 'insert into app_users (user_id) values ($1)', values: [CANARY_PERSON] }),
    ).rejects.toMatchObject(refused)
    await emptyDb.close()
    await empty.drop()

    // Whole copies of the database from before: the worker finds them out by the ledger beside the backups, twice.
    await db.admin.query('alter table app_users disable trigger refuse_erased')
    for (const restored of [43, 44]) {
      await db.admin.query('insert into app_users (user_id) values ($1)', [CANARY_PERSON])
      await db.admin.query(
        "insert into activities (user_id, platform, source_id, sport, source_sport, local_day, raw_id, raw_created_at, observed_at) values ($1, 'strava', 'back', 'run', 'Run', '2026-03-01', gen_random_uuid(), now(), now())",
        [CANARY_PERSON],
      )
      expect(await replayErased({ db: service.db, store: backup.store })).toBe(1)
      expect(await replayErased({ db: service.db, store: backup.store })).toBe(0)
      // It waits for whoever is at work in the cluster, be it in another test's database: then the job comes again a second later.
      await expect.poll(() => service.work().then(() => rowsOf(db)), { timeout: 20_000, interval: 500 }).toBe(0)
      expect((await countTombstones(service.db)).refused).toBe(restored)
    }
    expect(await rowsOf(db)).toBe(0)
    const { rows } = await db.admin.query("select channel, status from erasures where channel = 'replay'")
    expect(rows).toEqual([
      { channel: 'replay', status: 'complete' },
      { channel: 'replay', status: 'complete' },
    ])
  })
})

function openPool(test: TestDatabase) {
  return openDatabase({
    url: new Secret(test.serviceUrl),
    maxConnections: 4,
    applicationName: 'test',
    onIdleError: () => {},
  })
}
