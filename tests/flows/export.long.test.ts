import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect } from 'vitest'
import { createTokenVerifier } from '../../service/access/verify-token.ts'
import { exportRoutes } from '../../service/api/export.route.ts'
import { createServer } from '../../service/api/server.ts'
import { exportMyData } from '../../service/compliance/export/export-my-data.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { wireExports } from '../../service/wire-privacy.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { A, B, CANARY_NUMBER, CANARY_TEXT, plantBoth } from '../permissions/planted-people.ts'
import type { TestDatabase } from '../support/database.ts'
import { type TestService, testWithFew as test } from '../support/service.ts'
import { unzip } from '../support/zip.ts'

const JWT_KEY = 'k'.repeat(32)
const NAMESPACE = 'https://hasura.io/jwt/claims'

const ask = (service: TestService, userId = A) =>
  exportMyData(wireExports(service), { userId, actor: { kind: 'user', id: userId } })

function open(service: TestService) {
  const app = createServer({ listener: 'public', log: service.log, metrics: service.metrics })
  const verifyToken = createTokenVerifier({
    keys: { type: 'HS256', key: new Secret(JWT_KEY) },
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    skewSeconds: 0,
    maxLifetimeSeconds: 3_600,
    claimsNamespace: NAMESPACE,
  })
  app.register(exportRoutes, { ...wireExports(service), verifyToken, takeRequest: service.takeRequest })
  return app
}

async function sign(userId: string, role = 'user'): Promise<string> {
  const claims = { 'x-hasura-user-id': userId, 'x-hasura-allowed-roles': [role], 'x-hasura-default-role': role }
  const token = new SignJWT({ [NAMESPACE]: claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('5m')
  return `Bearer ${await token.sign(new TextEncoder().encode(JWT_KEY))}`
}

async function fetchExport(service: TestService, exportId: string, authorization: string) {
  const app = open(service)
  const response = await app.inject({ method: 'GET', url: `/exports/${exportId}`, headers: { authorization } })
  await app.close()
  return { status: response.statusCode, body: response.rawPayload, headers: response.headers }
}

async function exportRow({ admin }: TestDatabase, exportId: string) {
  const { rows } = await admin.query('select * from data_exports where id = $1', [exportId])
  return rows[0] as Record<string, unknown>
}

const chunks = async ({ admin }: TestDatabase) =>
  Number((await admin.query<{ n: string }>('select count(*) as n from ops.export_chunks')).rows[0]!.n)

async function waitUntil(check: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 100 && !(await check()); round += 1) await new Promise((done) => setTimeout(done, 20))
}

describe('a copy of a person’s data', () => {
  test('is nobody else’s, not anonymous, and not there before it is ready', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    expect((await fetchExport(service, exportId, await sign(A))).status).toBe(404)
    await service.work()
    expect((await fetchExport(service, exportId, await sign(B))).status).toBe(404)
    expect((await fetchExport(service, exportId, 'Bearer a.b.c')).status).toBe(401)
    expect((await fetchExport(service, exportId, await sign(A, 'operator'))).status).toBe(403)
    expect((await fetchExport(service, 'all', await sign(A))).status).toBe(404)
    expect((await exportRow(db, exportId))['status']).toBe('ready')
  })

  test('rests sealed, is fetched once, and is gone then', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await service.work()
    const { rows } = await db.admin.query<{ bytes: Buffer }>('select bytes_sealed as bytes from ops.export_chunks')
    expect(rows).not.toEqual([])
    for (const { bytes } of rows)
      expect(bytes.includes('PK\u0003\u0004') || bytes.includes('manifest.json')).toBe(false)
    const { status, body, headers } = await fetchExport(service, exportId, await sign(A))
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    await waitUntil(async () => (await exportRow(db, exportId))['status'] === 'downloaded')
    const row = await exportRow(db, exportId)
    expect(row).toMatchObject({ status: 'downloaded', byte_count: String(body.length), progress: '1' })
    expect(row['sha256']).toBe(createHash('sha256').update(body).digest('hex'))
    expect(await chunks(db)).toBe(0)
    expect((await fetchExport(service, exportId, await sign(A))).status).toBe(404)
    const { rows: requests } = await db.admin.query('select kind, status from data_requests where id = $1', [
      row['request_id'],
    ])
    expect(requests).toEqual([{ kind: 'export', status: 'completed' }])
  })

  test('holds every row of theirs in every table, as NDJSON and CSV, and not a byte of another’s', async ({
    db,
    service,
  }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await service.work()
    const files = await unzip((await fetchExport(service, exportId, await sign(A))).body)
    for (const [name, bytes] of files)
      for (const canary of [CANARY_TEXT, String(CANARY_NUMBER), B, 'bbbbbbbb'])
        expect(bytes.includes(canary) || name.includes(canary), `${canary} in ${name}`).toBe(false)
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as { files: { table: string; rows: number }[] }
    const { rows: tables } = await db.admin.query<{ name: string }>(`
      select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
      where n.nspname in ('public', 'ops') and c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname || '.' || c.relname not in ('ops.export_chunks', 'public.data_exports', 'public.data_requests', 'ops.summary_rebuilds',
          'public.processing_activities')`)
    for (const { name } of tables) {
      const { rows } = await db.admin.query<{ n: number }>(
        `select count(*)::int as n from ${name} where user_id = $1`,
        [A],
      )
      const told = manifest.files.find(({ table }) => table === name)?.rows ?? 0
      expect([name, told]).toEqual([name, rows[0]!.n])
      if (told === 0) continue
      expect(files.get(`data/${name}.ndjson`)!.toString().trimEnd().split('\n')).toHaveLength(told)
    }
    expect(files.get('data/public.activities.csv')!.toString().split('\n')[0]).toMatch(
      /^user_id,id,platform,source_id,sport,/,
    )
    const raw = JSON.parse(files.get('data/public.raw_fitness_data.ndjson')!.toString()) as { raw_data: unknown }
    expect(raw.raw_data).toEqual({ 'of-a': 11 })
    expect(manifest.files.find(({ table }) => table === 'public.access_log')?.rows).toBeGreaterThan(2)
  })

  test('says who, why, how long, from where and which rights, for programs and for people', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await service.work()
    const files = await unzip((await fetchExport(service, exportId, await sign(A))).body)
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as Record<string, unknown>
    expect(Object.keys(manifest)).toEqual(
      expect.arrayContaining([
        'purposes',
        'sources',
        'recipients',
        'transfers',
        'automatedDecisions',
        'rights',
        'timeZones',
        'units',
        'files',
        'notInside',
      ]),
    )
    expect(manifest['sources']).toMatchObject([{ platform: 'garmin' }, { platform: 'strava' }])
    const page = files.get('summary.html')!.toString()
    expect(page).toContain('<svg')
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.garmin)/)
    // Planted: distance n + k metres on 4, 5 and 6 March 2026, n = 11, so 14 + 15 + 16 = 45 m; shown in km, to one digit.
    expect(page).toContain('<title>2026-03: 0</title>')
    const tcx = files.get('activities/2026-03-04-run-aaaaaaaa-0000-4000-8000-000000000003.tcx')!.toString()
    expect(tcx).toContain('<Activity Sport="Running"><Id>2026-03-04T06:00:00.000Z</Id>')
    expect(tcx).toContain('<DistanceMeters>14</DistanceMeters>')
  })

  test('that is being made, or waits, is answered again; the sixth of a day is refused', async ({ db, service }) => {
    await plantBoth(db.admin)
    await db.admin.query('delete from data_exports')
    const first = await ask(service)
    expect(await ask(service)).toEqual(first)
    await service.work()
    expect(await ask(service)).toEqual(first)
    for (let round = 1; round < 5; round += 1) {
      await db.admin.query("update data_exports set expires_at = now() - interval '1 second'")
      await ask(service)
      await service.work()
    }
    await db.admin.query("update data_exports set expires_at = now() - interval '1 second'")
    await expect(ask(service)).rejects.toThrow('privacy/too_many_exports')
  })

  test('that nobody fetches is removed when its time is over', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await service.work()
    await db.admin.query("select graphile_worker.add_job('expire_exports')")
    await service.work()
    expect((await exportRow(db, exportId))['status']).toBe('ready')
    await db.admin.query("update data_exports set expires_at = now() - interval '1 second' where status = 'ready'")
    expect((await fetchExport(service, exportId, await sign(A))).status).toBe(404)
    await db.admin.query("select graphile_worker.add_job('expire_exports')")
    await service.work()
    expect((await exportRow(db, exportId))['status']).toBe('expired')
    expect(await chunks(db)).toBe(0)
  })
})

describe('a download', () => {
  test('that breaks off can be begun again, and while it goes on there is no second', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await service.work()
    let reached = () => {}
    const reading = new Promise<void>((done) => {
      reached = done
    })
    const stuck: TestService['vault'] = {
      ...service.vault,
      openExport: () => {
        reached()
        return new Promise(() => {})
      },
    }
    const app = open({ ...service, vault: stuck })
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const going = new AbortController()
    const headers = { authorization: await sign(A) }
    const first = fetch(`${address}/exports/${exportId}`, { headers, signal: going.signal }).then((response) =>
      response.arrayBuffer(),
    )
    await reading
    expect((await fetchExport(service, exportId, await sign(A))).status).toBe(404)
    going.abort()
    await expect(first).rejects.toThrow('aborted')
    await waitUntil(async () => (await exportRow(db, exportId))['download_until'] === null)
    expect((await fetchExport(service, exportId, await sign(A))).status).toBe(200)
    await app.close()
  })
})

describe('a job that makes a copy', () => {
  /** With something that happens while the first piece is sealed. */
  async function workWith(service: TestService, onPiece: () => Promise<void>): Promise<void> {
    const vault: TestService['vault'] = {
      ...service.vault,
      sealExport: async (key, bytes) => {
        await onPiece()
        return service.vault.sealExport(key, bytes)
      },
    }
    await runDueJobs({ db: service.db, tasks: bindTasks({ ...service, vault }) })
  }

  test('killed in the middle, is succeeded by one that leaves nothing of it', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await workWith(service, () => Promise.reject(new Error('killed')))
    const left =
      "insert into ops.export_chunks select user_id, id, gen_random_uuid(), 0, 1, 'x' from data_exports where id = $1"
    await db.admin.query(left, [exportId])
    await db.admin.query('update graphile_worker._private_jobs set run_at = now()')
    await service.work()
    expect(await exportRow(db, exportId)).toMatchObject({ status: 'ready' })
    expect(await chunks(db)).toBe(1)
    expect((await unzip((await fetchExport(service, exportId, await sign(A))).body)).size).toBeGreaterThan(10)
  })

  test('that another took over from writes nothing more', async ({ db, service }) => {
    await plantBoth(db.admin)
    const { exportId } = await ask(service)
    await workWith(service, async () => {
      await db.admin.query('update data_exports set attempt = gen_random_uuid() where id = $1', [exportId])
    })
    expect(await chunks(db)).toBe(0)
    expect(await exportRow(db, exportId)).toMatchObject({ status: 'running' })
  })

  test('is given up in the middle of a large table, and the worker lives on', async ({ db, service }) => {
    await plantBoth(db.admin)
    await db.admin.query(
      `insert into samples (user_id, kind, started_at, ended_at, platform, source, value, local_day, source_id, raw_id, raw_created_at, observed_at)
       select $1, 'heart_rate_bpm', at, at, 'strava', gen_random_uuid(), 60, at::date, gen_random_uuid(), gen_random_uuid(), at, at
       from generate_series(1, 60000) as k, lateral (select timestamptz '2026-03-01Z' + k * interval '1 second' as at) as moment`,
      [A],
    )
    await ask(service)
    const another = 'update data_exports set attempt = gen_random_uuid()'
    await workWith(service, async () => void (await db.admin.query(another)))
    await new Promise((resolve) => setTimeout(resolve, 200)) // the connection is ended in its COPY, and says so
    expect(await chunks(db)).toBe(0)
  })

  test('ends when the person is erased meanwhile, and leaves nothing', async ({ db, service }) => {
    await plantBoth(db.admin)
    await ask(service)
    await workWith(service, async () => {
      await db.admin.query('delete from app_users where user_id = $1', [A])
    })
    expect(await chunks(db)).toBe(0)
    const { rows } = await db.admin.query(
      "select attempts, last_error from graphile_worker.jobs where task_identifier = 'export_data'",
    )
    expect(rows).toEqual([])
  })
})
