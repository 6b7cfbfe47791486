import { describe, expect } from 'vitest'
import { publishConsentText } from '../../service/compliance/consent/publish-text.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { saveSubscriptionId } from '../../service/ingestion/queries.ts'
import { syncNow } from '../../service/ingestion/start-sync.ts'
import { storeRaw } from '../../service/ingestion/store-raw.ts'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { ASKING } from '../support/consenting.ts'
import type { TestDatabase } from '../support/database.ts'
import { decide } from '../support/decide.ts'
import { ADA, BELA } from '../support/people.ts'
import { test as base, testWithFew as baseWithFew, connect, type TestService } from '../support/service.ts'

const KEY = { userId: ADA, platform: 'strava' }
const SYSTEM = { kind: 'system', id: null } as const

async function ask({ db }: { db: TestDatabase }, use: (asked: boolean) => Promise<void>): Promise<void> {
  await db.admin.query(ASKING)
  await use(true)
}
/** Nobody has agreed to anything; Strava has ten years, or six activities. */
const test = base.extend<{ asked: boolean }>({ asked: [ask, { auto: true }] })
const testWithFew = baseWithFew.extend<{ asked: boolean }>({ asked: [ask, { auto: true }] })

async function agreed(service: TestService): Promise<void> {
  await decide(service)
  await connect(service)
}

const publish = ({ db, audit }: TestService, body: string) =>
  publishConsentText(
    { db, audit },
    { platform: 'strava', purpose: 'collection', locale: 'en', body, isTranslation: false, actor: SYSTEM },
  )
const NEW_TEXT = 'I agree to more than before, and it is said here.'

async function count({ admin }: TestDatabase, table: string, where = 'true'): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(`select count(*)::int as n from ${table} where ${where}`)
  return rows[0]!.n
}

async function runs({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    'select kind, status, pages_fetched, error_code from sync_runs order by started_at',
  )
  return rows
}

/** The worker's jobs, with every call of the platform counted and looked at before it is answered. */
function workWatched(service: TestService, onCall: (calls: number) => Promise<void>) {
  const watched = { calls: 0, work: async () => {} }
  const send: TestService['ingestion']['send'] = async (request, platform) => {
    const answer = await service.ingestion.send(request, platform)
    watched.calls += 1
    await onCall(watched.calls)
    return answer
  }
  const tasks = bindTasks({ ...service, ingestion: { ...service.ingestion, send } })
  watched.work = () => runDueJobs({ db: service.db, tasks })
  return watched
}

describe('without consent', () => {
  testWithFew('nobody is sent to a platform, and nothing is left of the attempt', async ({ db, service }) => {
    await expect(startConnection(service.connections, KEY)).rejects.toThrow('consent/required')
    expect(await count(db, 'vault.oauth_states')).toBe(0)
    expect(await count(db, 'app_users')).toBe(0)
  })

  testWithFew('to one platform, another is not connected', async ({ service }) => {
    await decide(service, { platform: 'garmin' })
    await expect(connect(service)).rejects.toThrow('consent/required')
  })

  testWithFew('of another person, one is not connected', async ({ service }) => {
    await decide(service, { userId: BELA })
    await expect(connect(service)).rejects.toThrow('consent/required')
  })

  testWithFew('withdrawn on the way to the platform, no token is asked for there', async ({ db, service }) => {
    await decide(service)
    const beforeCompletion = () => decide(service, { granted: false })
    await expect(connect(service, { beforeCompletion })).rejects.toThrow('consent/required')
    const asked = (await service.simulate('GET', '/requests')) as Record<string, number>
    expect(asked).toMatchObject({ 'GET /oauth/authorize': 1 })
    expect(asked).not.toHaveProperty(['POST /oauth/token'])
    expect(await count(db, 'vault.tokens')).toBe(0)
  })

  testWithFew('a text that does not count is not agreed to', async ({ db, service }) => {
    await expect(decide(service, { version: 2 })).rejects.toThrow('consent/text_not_current')
    await publish(service, NEW_TEXT)
    await expect(decide(service, { version: 1 })).rejects.toThrow('consent/text_not_current')
    expect(await count(db, 'consents')).toBe(0)
  })

  testWithFew('nothing is synchronized, renewed or stored', async ({ db, service }) => {
    await agreed(service)
    await decide(service, { granted: false })
    await expect(
      syncNow({ db: service.db, platforms: service.config.platforms }, { ...KEY, askedBy: 'person' }),
    ).rejects.toThrow('consent/required')
    await db.admin.query("update vault.tokens set access_expires_at = now() - interval '1 minute'")
    const before = await service.simulate('GET', '/requests')
    await expect(service.ingestion.withAccessToken(KEY, async () => 'called')).rejects.toThrow('consent/required')
    expect(await service.simulate('GET', '/requests')).toEqual(before)
    const raw = { ...KEY, dataType: 'activity_list', text: '[]', metadata: {} }
    await expect(service.db.transaction((tx) => storeRaw(tx, raw))).rejects.toThrow('consent/required')
    expect(await count(db, 'raw_fitness_data')).toBe(0)
  })
})

describe('a withdrawal', () => {
  test('while the third page is on its way: no further call, and nothing is written', async ({ db, service }) => {
    await agreed(service)
    const watched = workWatched(service, async (calls) => {
      if (calls === 3) await decide(service, { granted: false })
    })
    await watched.work()
    await watched.work()
    expect(watched.calls).toBe(3)
    expect(await count(db, 'raw_fitness_data')).toBe(2)
    expect(await count(db, 'activities')).toBe(0)
    expect(await runs(db)).toEqual([{ kind: 'history', status: 'cancelled', pages_fetched: 2, error_code: null }])
  })

  test('is effective by the consent alone, should the run go on', async ({ db, service }) => {
    await agreed(service)
    const watched = workWatched(service, async (calls) => {
      if (calls !== 3) return
      // As if nobody had cancelled the run: the decision is all there is.
      await decide(service, { granted: false })
      await db.admin.query(
        "set session_replication_role = replica; update sync_runs set status = 'running', finished_at = null; reset session_replication_role",
      )
    })
    await watched.work()
    await watched.work()
    expect(watched.calls).toBe(3)
    expect(await count(db, 'raw_fitness_data')).toBe(2)
    expect(await runs(db)).toMatchObject([{ status: 'failed', error_code: 'consent/required' }])
    // Nothing is broken, and nobody has to look at it.
    expect(await count(db, 'dead_letters')).toBe(0)
    const { values } = await service.metrics.jobDuration.get()
    const ended = values.find(
      ({ labels, metricName }) => labels['outcome'] === 'ended' && metricName === 'job_duration_seconds_count',
    )
    expect([ended?.labels['task'], ended?.value]).toEqual(['import_history', 1])
  })

  testWithFew('waits for who writes at that moment, and who asks later writes nothing', async ({ service }) => {
    await agreed(service)
    let withdrawn = false
    let withdrawing = Promise.resolve()
    await service.db.transaction(async (tx) => {
      await storeRaw(tx, { ...KEY, dataType: 'activity_list', text: '[]', metadata: {} })
      withdrawing = decide(service, { granted: false }).then(() => void (withdrawn = true))
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(withdrawn).toBe(false)
    })
    await withdrawing
    const raw = { ...KEY, dataType: 'activity_list', text: '[]', metadata: {} }
    await expect(service.db.transaction((tx) => storeRaw(tx, raw))).rejects.toThrow('consent/required')
  })

  testWithFew('leaves what is stored unread, and it is read once there is consent again', async ({ db, service }) => {
    await agreed(service)
    await service.work()
    const { rows } = await db.admin.query<{ userId: string; createdAt: string; rawId: string }>(
      `select user_id as "userId", created_at::text as "createdAt", id as "rawId" from raw_fitness_data where data_type = 'activity_list'`,
    )
    await decide(service, { granted: false })
    for (const key of rows) expect(await normalizeRaw(service.normalization, key)).toBeUndefined()
    await db.admin.query('alter table raw_fitness_data disable trigger user')
    expect(await count(db, 'activities')).toBe(0)
    await decide(service)
    for (const key of rows) await normalizeRaw(service.normalization, key)
    expect(await count(db, 'activities')).toBe(6)
  })

  testWithFew('is never given twice, and so is consent', async ({ db, service }) => {
    await decide(service, { granted: false })
    await decide(service)
    await decide(service)
    await decide(service, { granted: false })
    await decide(service, { granted: false })
    const { rows } = await db.admin.query('select decision from consents order by position')
    expect(rows).toEqual([{ decision: 'given' }, { decision: 'withdrawn' }])
  })
})

describe('a webhook for somebody without consent', () => {
  testWithFew('costs no call and leaves nothing', async ({ db, service }) => {
    await agreed(service)
    await service.work()
    await decide(service, { granted: false })
    await saveSubscriptionId(service.db, 'strava', '77')
    const before = await service.simulate('GET', '/requests')
    const event = {
      object_type: 'activity',
      object_id: 1,
      aspect_type: 'create',
      owner_id: 1,
      event_time: 1,
      subscription_id: 77,
    }
    const sealed = await service.ingestion.sealInbox('strava', Buffer.from(JSON.stringify(event)))
    const stored = await count(db, 'raw_fitness_data')
    await db.admin.query(
      "with d as (insert into ops.webhook_deliveries (platform, dedupe_key, body_sealed) values ('strava', $1, $2) returning id) select graphile_worker.add_job('process_delivery', json_build_object('deliveryId', id)) from d",
      ['k', sealed],
    )
    await service.work()
    expect(await service.simulate('GET', '/requests')).toEqual(before)
    expect(await count(db, 'raw_fitness_data')).toBe(stored)
    const { rows } = await db.admin.query('select state, outcome from ops.webhook_deliveries')
    expect(rows).toEqual([{ state: 'dropped', outcome: 'consent/required' }])
  })
})

describe('a new version of the text', () => {
  testWithFew(
    'pauses everything until it is accepted, and then what was missed is fetched',
    async ({ db, service }) => {
      await agreed(service)
      await service.work()
      await publish(service, NEW_TEXT)
      await expect(
        syncNow({ db: service.db, platforms: service.config.platforms }, { ...KEY, askedBy: 'person' }),
      ).rejects.toThrow('consent/required')
      const { rows } = await db.admin.query('select status, text_version, current_version from consent_states')
      expect(rows).toEqual([{ status: 'outdated', text_version: 1, current_version: 2 }])
      await decide(service, { version: 2 })
      expect((await runs(db)).at(-1)).toMatchObject({ kind: 'incremental', status: 'running' })
      await service.work()
      expect((await runs(db)).at(-1)).toMatchObject({ kind: 'incremental', status: 'complete' })
    },
  )

  testWithFew('in another language pauses nobody, and counts as the same', async ({ service }) => {
    await agreed(service)
    const { db, audit } = service
    const text = {
      platform: 'strava',
      purpose: 'collection',
      locale: 'de',
      body: 'Ich bin einverstanden, und womit steht hier.',
      actor: SYSTEM,
    }
    expect(await publishConsentText({ db, audit }, { ...text, isTranslation: true })).toMatchObject({ version: 1 })
    await syncNow({ db, platforms: service.config.platforms }, { ...KEY, askedBy: 'person' })
    await expect(
      publishConsentText({ db, audit }, { ...text, body: `${text.body}!`, isTranslation: true }),
    ).rejects.toThrow('consent/text_exists')
  })
})

describe('what was decided', () => {
  testWithFew('cannot be changed or removed by anybody, and goes with the person', async ({ db, service }) => {
    await decide(service)
    for (const statement of [
      'update consents set decision = $$withdrawn$$',
      'delete from consents',
      'truncate consents',
      'update consent_texts set body = body || $$!$$',
      'delete from consent_texts',
      'truncate consent_texts cascade',
    ]) {
      await expect(db.service.query(statement)).rejects.toThrow('permission denied')
      await expect(db.admin.query(statement)).rejects.toMatchObject({ code: 'TB003' })
    }
    await db.admin.query('delete from app_users')
    expect(await count(db, 'consents')).toBe(0)
  })

  testWithFew('holds the hash of the very text: the published SHA-256', async ({ db, service }) => {
    await decide(service)
    const { rows } = await db.admin.query('select text_version, text_locale, text_sha256, channel from consents')
    // printf 'I agree. What I agree to is said here.' | sha256sum
    expect(rows).toEqual([{ text_version: 1, text_locale: 'en', text_sha256: HASH_OF_TEXT, channel: 'app' }])
  })
})

const HASH_OF_TEXT = '7ff786becadcc2bb58d37a228aaf36b61d2adfd500bc6d480a7d638d31e01351'
