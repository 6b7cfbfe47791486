import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { mapAtMost } from '../../service/vault/in-parallel.ts'
import { startRotation } from '../../service/vault/start-rotation.ts'
import type { TestDatabase } from '../support/database.ts'
import { environment } from '../support/service.ts'
import { accessToken, KEY_A, test, type VaultProcess, type VaultScene } from '../support/vault-scene.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Three batches of keys, the last of them half full. */
const PEOPLE = 250
const TWO_BATCHES = 200
const PATIENT = { timeout: 90_000, interval: 200 }

/** The worker as `npm run worker` starts it. */
async function startWorker(db: TestDatabase): Promise<ChildProcess> {
  const headsDirectory = await mkdtemp(join(tmpdir(), 'tributary-heads-'))
  const child = spawn(process.execPath, ['service/worker.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...environment(db, { simulators: 'http://localhost:9', headsDirectory }),
      VAULT_MASTER_KEY: KEY_A.reveal(),
      STRAVA_CLIENT_ID: '',
    },
    stdio: 'ignore',
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(headsDirectory, { recursive: true, force: true })
  })
  return child
}

async function oneRow({ admin }: TestDatabase, text: string): Promise<Record<string, unknown> | undefined> {
  return (await admin.query<Record<string, unknown>>(text)).rows[0]
}

const rotationOf = (db: TestDatabase) => oneRow(db, 'select status, rotated_keys from public.key_rotations')
const poolsOf = async (db: TestDatabase) => (await db.admin.query('select 1 from ops.workers')).rowCount
const holderOf = (db: TestDatabase) =>
  oneRow(
    db,
    `select j.locked_by is not null as locked, j.attempts from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'rotate_keys'`,
  )

/** Until it is released, whoever replaces the last key waits: in the middle of the third batch. */
async function holdLastKey({ admin }: TestDatabase): Promise<() => Promise<void>> {
  const client = await admin.connect()
  await client.query('begin')
  await client.query('select 1 from vault.user_keys order by key_id desc limit 1 for update')
  return async () => {
    await client.query('rollback')
    client.release()
  }
}

async function addPeople(scene: VaultScene, process: VaultProcess): Promise<string[]> {
  return mapAtMost(6, Array.from({ length: PEOPLE }), () => scene.person(process))
}

test('a worker killed in the middle of a rotation: another one finishes it, unasked', async ({ db, scene }) => {
  const process = scene.open()
  const people = await addPeople(scene, process)
  const oldKeys = (await db.admin.query<{ id: string }>(`select key_id as id from vault.user_keys`)).rows
  const release = await holdLastKey(db)
  await startRotation({ db: process.db, audit: scene.audit }, { kind: 'user', actor: { kind: 'system', id: null } })
  const first = await startWorker(db)
  await expect.poll(() => rotationOf(db), PATIENT).toEqual({ status: 'running', rotated_keys: TWO_BATCHES })
  expect(await holderOf(db)).toMatchObject({ locked: true })
  // A worker has a pool for each of its queues.
  const poolsOfOne = (await poolsOf(db)) ?? 0
  await startWorker(db)
  await expect.poll(() => poolsOf(db), PATIENT).toBe(2 * poolsOfOne)
  first.kill('SIGKILL')
  await once(first, 'exit')
  await release()
  expect(await rotationOf(db)).toEqual({ status: 'running', rotated_keys: TWO_BATCHES })
  await expect.poll(() => rotationOf(db), PATIENT).toEqual({ status: 'complete', rotated_keys: PEOPLE })
  const kept = await db.admin.query(`select 1 from vault.user_keys where key_id = any($1)`, [
    oldKeys.map(({ id }) => id),
  ])
  expect(kept.rowCount).toBe(0)
  const reader = scene.open()
  for (const userId of people) expect(await accessToken(reader, userId)).toBe('access-1')
})
