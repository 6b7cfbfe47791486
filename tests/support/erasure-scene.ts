import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { installEventCatalog } from '../../hasura/local/events/catalog.ts'
import { createApiKey } from '../../service/access/api-keys.ts'
import { erasePerson } from '../../service/compliance/erasure/erase-person.task.ts'
import { type Erasure, findErasure } from '../../service/compliance/erasure/register-queries.ts'
import { type RequestedErasure, requestErasure } from '../../service/compliance/erasure/request-erasure.ts'
import type { ErasureServices } from '../../service/compliance/erasure/services.ts'
import { wireErasure } from '../../service/wire-erasure.ts'
import { B, CANARY_TEXT, plant } from '../permissions/planted-people.ts'
import type { Canaries } from './canaries.ts'
import type { TestDatabase } from './database.ts'
import { connect, type TestService } from './service.ts'

/** Whom the tests erase: rows in every table, and connected to two platforms. */
export const CANARY_PERSON = B
export const STRAVA_ACCOUNT = '1'

/** Rows of the canary person wherever there can be one. A table that is forgotten here has no count in the report, which a test asks for. */
export async function plantEverywhere(service: TestService, db: TestDatabase): Promise<Canaries> {
  const { admin } = db
  const hasura = await db.hasura.connect()
  await installEventCatalog(hasura)
  hasura.release()
  await plant(admin, CANARY_PERSON)
  await replacePlantedLines(service, admin)
  await connect(service, { userId: CANARY_PERSON })
  await connect(service, { userId: CANARY_PERSON, platform: 'garmin' })
  await createApiKey(
    service.apiKeys,
    { kind: 'user', id: CANARY_PERSON },
    { name: CANARY_TEXT, scopes: ['upload:apple-health'], days: 1 },
  )
  for (const statement of ELSEWHERE)
    await admin.query(`with p as (select $1::uuid u, $2::text t) ${statement}`, [CANARY_PERSON, CANARY_TEXT])
  const sealed = await service.vault.sealInbox(
    'strava',
    Buffer.from(`{"owner_id":${await accountOf(admin)},"note":"${CANARY_TEXT}"}`),
  )
  await admin.query(
    `insert into ops.webhook_deliveries (platform, dedupe_key, body_sealed, state, processed_at, outcome) values ('strava', $1, $2, 'processed', now(), 'store')`,
    [`120475:athlete:${await accountOf(admin)}:update`, sealed],
  )
  return { 'user id': CANARY_PERSON, text: CANARY_TEXT, account: `platform_user_${CANARY_TEXT}` }
}

/** Lines of the fixture have texts where the service writes none, and no hashes; a real one takes their place. */
async function replacePlantedLines({ db, audit }: TestService, admin: pg.Pool): Promise<void> {
  const client = await admin.connect()
  await client.query("set session_replication_role = 'replica'")
  for (const table of ['audit.personal_values', 'audit.unsealed', 'audit.events'])
    await client.query(`delete from ${table}`)
  client.release(true)
  const actor = { kind: 'user', id: CANARY_PERSON } as const
  await db.transaction((tx) =>
    audit(tx, {
      action: 'emergency.read',
      actor,
      subjectUserId: CANARY_PERSON,
      outcome: 'success',
      reason: CANARY_TEXT,
      sourceAddress: CANARY_TEXT,
      details: { about: CANARY_TEXT },
    }),
  )
}

/** Of the canary person at the simulated Strava. */
export async function accountOf(admin: pg.Pool, platform = 'strava'): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    'select platform_user_id as id from connections where user_id = $1 and platform = $2',
    [CANARY_PERSON, platform],
  )
  return rows[0]!.id
}

const ELSEWHERE = [
  `insert into raw_fitness_data (user_id, platform, data_type, raw_data, metadata, processed_at)
   select u, 'strava', 'activity', jsonb_build_object('name', t), '{}', now() from p`,
  `insert into ops.rejected_records (user_id, raw_created_at, raw_id, position, reason)
   select u, r.created_at, r.id, 0, t from p join raw_fitness_data r on r.user_id = u limit 1`,
  `insert into activity_streams (user_id, activity_id, kind, unit, offsets_s, "values", raw_id, raw_created_at, observed_at)
   select u, a.id, 'heart_rate_bpm', t, '{1}', '{61}', a.raw_id, now(), now() from p join activities a on a.user_id = u limit 1 on conflict do nothing`,
  `insert into ops.deleted_records (user_id, platform, source_id, record_type, observed_at) select u, 'strava', t, 'activity', now() from p`,
  `insert into ops.dead_jobs (dead_letter_id, task, job_key, payload, priority, max_attempts)
   select d.id, d.task, d.id::text, json_build_object('userId', u, 'note', t), 0, 25 from p join dead_letters d on d.user_id = u`,
  `insert into ops.summary_rebuilds (user_id, local_day) select u, date '2026-03-01' from p on conflict do nothing`,
  `insert into ops.delivered_items (user_id, platform, data_type, digest) select u, 'garmin', t, sha256('x') from p`,
  `insert into ops.callbacks (user_id, platform, data_type, url_sealed, url_digest, delivery_id) select u, 'garmin', t, 'x', 'y', gen_random_uuid() from p`,
  `insert into ops.sync_plans (user_id, platform) select u, 'strava' from p on conflict do nothing`,
  `insert into ops.requested_windows (user_id, platform, account, data_type, window_start, window_end)
   select u, 'garmin', t, t, '2026-03-01', '2026-03-02' from p`,
  `insert into ops.uploads (user_id, id, platform, received_bytes) select u, gen_random_uuid(), 'garmin', 1 from p`,
  `insert into ops.upload_chunks (user_id, upload_id, from_byte, byte_count, bytes_sealed) select u, o.id, 0, 1, 'x' from p join ops.uploads o on o.user_id = u`,
  `insert into ops.archives (user_id, source, month, part, row_count, byte_count, rows_digest, sha256, backup_key_id, key_wrapped)
   select u, 'samples', date '2020-01-01', 0, 1, 1, 1, 'x', t, 'x' from p`,
  `insert into ops.rate_limits (key, points) select 'user:' || u, 1 from p`,
  `insert into vault.oauth_states (user_id, platform, issuer, redirect_uri, return_to, state_hash, verifier_sealed, expires_at)
   select u, 'strava', t, t, t, sha256('s'), 'x', now() + interval '5 minutes' from p`,
  `select graphile_worker.add_job('normalize_raw_data', json_build_object('userId', u, 'note', t)) from p`,
  `insert into hdb_catalog.event_log (schema_name, table_name, trigger_name, payload)
   select 'public', 'raw_fitness_data', 'raw_data_inserted', jsonb_build_object('data', jsonb_build_object('user_id', u, 'note', t)) from p`,
  `insert into hdb_catalog.event_invocation_logs (trigger_name, request) select 'raw_data_inserted', json_build_object('user_id', u, 'note', t) from p`,
]

/** As the worker has them, with no grace. */
export function erasureOf(service: TestService, more: Partial<ErasureServices> = {}): ErasureServices {
  return { ...wireErasure(service), graceHours: 0, ...more }
}

export async function request(services: ErasureServices, userId = CANARY_PERSON): Promise<RequestedErasure> {
  return requestErasure(services, { userId, actor: { kind: 'user', id: userId } })
}

/** Runs the job, and again while it waits for others who are at work, until nothing is left to do or something else has to happen first. */
export async function runErasure(services: ErasureServices, erasureId: string): Promise<Erasure> {
  for (let turn = 0; turn < 400; turn += 1) {
    const result = await erasePerson.run({ erasureId }, services)
    if (result === undefined || (await findErasure(services.db, erasureId))?.status !== 'erasing') break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const erasure = await findErasure(services.db, erasureId)
  if (erasure === undefined) throw new Error('the erasure is not there')
  return erasure
}

export async function removeBackups(service: TestService): Promise<void> {
  await rm(fileURLToPath(service.config.backup.store ?? ''), { recursive: true, force: true })
}
