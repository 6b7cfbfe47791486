import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { queueRevocation } from '../../service/connections/revoke-tokens.task.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import type { HeldJob } from '../../service/runtime/job-queries.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { startRotation } from '../../service/vault/start-rotation.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import type { TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connect, type TestService, testWithFew as test } from '../support/service.ts'

const KEY = { userId: ADA, platform: 'strava' }
/** Its worker was given up for dead, and has just woken up: nobody holds it any more. */
const LOST: HeldJob = { id: '0', key: 'k', attempts: 1, maxAttempts: 25, worker: 'frozen', lockedAt: new Date(0) }

interface Scene {
  readonly db: TestDatabase
  readonly service: TestService
}

/** What is in these tables, whatever it is. */
const contents = ({ admin }: TestDatabase, tables: readonly string[]) =>
  Promise.all(tables.map(async (table) => (await admin.query(`select t::text from ${table} t order by 1`)).rows))

/** The frozen worker's run changes nothing; the same job does once somebody holds it. */
async function expectFenced({ db, service }: Scene, task: string, { payload = {}, tables }: Fenced): Promise<void> {
  await db.admin.query('delete from graphile_worker._private_jobs')
  const before = await contents(db, tables)
  const bound = bindTasks(service).find(({ identifier }) => identifier === task)!
  await bound.perform(payload, LOST).catch(() => undefined)
  expect(await contents(db, tables)).toEqual(before)
  await db.admin.query('select graphile_worker.add_job($1, $2::json, job_key => $1)', [task, JSON.stringify(payload)])
  await service.work()
  expect(await contents(db, tables)).not.toEqual(before)
}

interface Fenced {
  readonly payload?: object
  readonly tables: readonly string[]
}

const tokenRequests = async (service: TestService) =>
  ((await service.simulate('GET', '/requests')) as Record<string, number>)['POST /oauth/token']!

const KEYS = ['vault.master_key_versions', 'vault.user_keys', 'vault.purpose_keys', 'vault.tokens']

describe('a worker that wakes when its job is another one’s', () => {
  test('deletes no attempt to connect', async ({ db, service }) => {
    await connect(service)
    await startConnection(service.connections, KEY)
    await db.admin.query("update vault.oauth_states set expires_at = now() - interval '2 days'")
    await expectFenced({ db, service }, 'delete_expired_states', { tables: ['vault.oauth_states'] })
  })

  test('renews no tokens, and does not ask for any', async ({ db, service }) => {
    await connect(service)
    await db.admin.query("update vault.tokens set updated_at = now() - interval '1 day'")
    const asked = await tokenRequests(service)
    await expectFenced({ db, service }, 'renew_idle_tokens', { payload: KEY, tables: ['vault.tokens'] })
    // Once by the one that holds the job.
    expect(await tokenRequests(service)).toBe(asked + 1)
  })

  test('queues no renewals', async ({ db, service }) => {
    await connect(service, { platform: 'garmin' })
    await db.admin.query("update vault.tokens set updated_at = now() - interval '1 year'")
    await expectFenced({ db, service }, 'refresh_idle_tokens', { tables: ['vault.tokens', 'graphile_worker.jobs'] })
  })

  test('neither counts nor ends a revocation', async ({ db, service }) => {
    await connect(service)
    const pair = { accessToken: new Secret('gone'), refreshToken: new Secret('gone') }
    const { rows } = await db.admin.query<{ id: string }>('select id from connections')
    const connection = { connectionId: rows[0]!.id, platform: 'strava', pair }
    const revocationId = await service.db.transaction((tx) => queueRevocation(service.connections, tx, connection))
    await expectFenced({ db, service }, 'revoke_tokens', {
      payload: { revocationId },
      tables: ['vault.pending_revocations', 'connections'],
    })
  })

  test('rotates no keys, and seals nothing anew', async ({ db, service }) => {
    await connect(service)
    await service.db.transaction((tx) => service.vault.renewUserKey(tx, ADA))
    await expectFenced({ db, service }, 'reseal_tokens', { payload: { userId: ADA }, tables: KEYS })
    await startRotation(service, { kind: 'all', actor: { kind: 'system', id: null } })
    await expectFenced({ db, service }, 'rotate_keys', { tables: [...KEYS, 'key_rotations'] })
  })

  test.for([
    ['keeps the pair, for nobody else has it', { latency_ms: 500 }, true],
    ['gives the lease back when it got none, for others wait for it', { latency_ms: 500, status: 500 }, false],
  ] as const)('while a platform renews its tokens %s', async ([, fault, renews], { db, service }) => {
    await connect(service)
    await db.admin.query(
      "update vault.tokens set access_expires_at = now() - interval '1 minute', updated_at = now() - interval '1 day'",
    )
    const { rows } = await db.admin.query<{ id: string; lockedAt: Date }>(
      `update graphile_worker._private_jobs set locked_by = 'frozen', locked_at = now() returning id, locked_at as "lockedAt"`,
    )
    const before = (await service.vault.findTokens(KEY))!.version
    await service.simulate('POST', '/faults', { next: [{ match: '/oauth/token', count: 1, ...fault }] })
    const work = service.fence.run({ ...LOST, ...rows[0]! }, () =>
      service.ingestion.withAccessToken(KEY, async (token) => token.reveal()).catch(() => undefined),
    )
    await sleep(200)
    const lease = async () => (await db.admin.query('select lease_holder is null as free from vault.tokens')).rows
    expect(await lease()).toEqual([{ free: false }])
    await db.admin.query("select graphile_worker.force_unlock_workers(array['frozen'])")
    await work
    expect(await lease()).toEqual([{ free: true }])
    expect((await service.vault.findTokens(KEY))!.version !== before).toBe(renews)
  })
})
