import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { openDirectoryStore } from '../../service/runtime/directory-store.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { createBackupKey } from '../../service/vault/backup/backup-key.ts'
import { type BackupServices, createBackup, deleteOldBackups } from '../../service/vault/backup/create-backup.ts'
import { recordErasure } from '../../service/vault/backup/erasure-ledger.ts'
import { archiveName, listBackups } from '../../service/vault/backup/manifest.ts'
import { restoreBackup, verifyBackup } from '../../service/vault/backup/restore-backup.ts'
import { createLocalSource } from '../../service/vault/local-source.ts'
import { createVault } from '../../service/vault/vault.ts'
import { test as base, connect, MASTER_KEY, type TestServices } from '../support/connections.ts'
import { createClone, type TestDatabase } from '../support/database.ts'

interface Drill {
  readonly directory: string
  readonly backup: BackupServices
  /** The same store, from an empty database: after the disaster. */
  readonly elsewhere: BackupServices & { readonly test: TestDatabase }
}

const KEY = createBackupKey(new Secret(Buffer.alloc(32, 0xa7).toString('base64')))

const test = base.extend<{ drill: Drill }>({
  drill: async ({ services }, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-backup-'))
    const other = await createClone()
    const otherDb = openDatabase({
      url: new Secret(other.serviceUrl),
      maxConnections: 5,
      applicationName: 'test',
      onIdleError: () => {},
    })
    const common = { store: openDirectoryStore(directory), key: KEY, environment: 'test', audit: services.audit }
    await use({
      directory,
      backup: { ...common, db: services.db },
      elsewhere: { ...common, db: otherDb, test: other },
    })
    await otherDb.close()
    await other.drop()
    await rm(directory, { recursive: true })
  },
})

/** Tokens as whoever runs the restored database opens them. */
async function tokensIn({ db }: BackupServices, services: TestServices, userId: string): Promise<string | undefined> {
  const vault = createVault({ db, source: createLocalSource(MASTER_KEY, 'test'), environment: 'test' })
  try {
    return await withAccessToken({ ...services, db, vault }, { userId, platform: 'acme' }, async (token) =>
      token.reveal(),
    )
  } catch (error) {
    return String(error)
  }
}

describe('a restore', () => {
  test('brings back every connection, whose tokens open again', async ({ services, fake, drill }) => {
    const people = [
      await connect({ services, fake }, { account: '1' }),
      await connect({ services, fake }, { account: '2' }),
    ]
    const { id } = await createBackup(drill.backup)
    expect(await restoreBackup(drill.elsewhere, id)).toMatchObject({ skipped: 0 })
    for (const { userId } of people) {
      const restored = await tokensIn(drill.elsewhere, services, userId)
      expect(restored).toBe(await tokensIn(drill.backup, services, userId))
      expect(fake.accepts(restored!)).toBe(true)
    }
    const { rows } = await drill.elsewhere.test.admin.query('select action, outcome from audit.events')
    expect(rows).toEqual([{ action: 'backup.restored', outcome: 'success' }])
  })

  test('brings back nobody who was erased since, though the database that erased them is lost', async ({
    db,
    services,
    fake,
    drill,
  }) => {
    const ada = await connect({ services, fake }, { account: '1' })
    const bob = await connect({ services, fake }, { account: '2' })
    const { id } = await createBackup(drill.backup)
    await services.db.transaction((tx) => recordErasure(tx, KEY, { userId: ada.userId.toUpperCase() }))
    await createBackup(drill.backup) // publishes the ledger, as the job does
    expect((await db.admin.query('select 1 from ops.erasure_ledger where published_at is null')).rowCount).toBe(0)
    expect((await restoreBackup(drill.elsewhere, id)).skipped).toBe(4)
    const { rows } = await drill.elsewhere.test.admin.query<{ id: string }>(
      'select user_id as id from app_users union select user_id from connections union select user_id from vault.tokens union select user_id from vault.user_keys',
    )
    expect(rows.map((row) => row.id)).toEqual([bob.userId])
    expect((await drill.elsewhere.test.admin.query('select 1 from ops.erasure_ledger')).rowCount).toBe(1)
  })

  test('is refused where somebody is already, in another environment and for an unknown backup', async ({
    services,
    fake,
    drill,
  }) => {
    await connect({ services, fake })
    const { id } = await createBackup(drill.backup)
    await expect(restoreBackup(drill.backup, id)).rejects.toThrow('backup/not_empty')
    await expect(restoreBackup({ ...drill.elsewhere, environment: 'production' }, id)).rejects.toThrow(
      'backup/wrong_environment',
    )
    await expect(restoreBackup(drill.elsewhere, '2026-01-01T00-00-00Z-00000000')).rejects.toThrow('backup/not_found')
    await expect(restoreBackup(drill.elsewhere, `../${id}`)).rejects.toThrow('backup/not_found')
    await drill.elsewhere.test.admin.query('alter table vault.tokens add column more text')
    await expect(restoreBackup(drill.elsewhere, id)).rejects.toThrow('backup/other_schema')
    expect((await drill.elsewhere.test.admin.query('select 1 from app_users')).rowCount).toBe(0)
  })
})

describe('an altered backup', () => {
  test('is refused whole, with what and where', async ({ services, fake, drill }) => {
    await connect({ services, fake })
    const { id } = await createBackup(drill.backup)
    const archive = join(drill.directory, archiveName(id))
    const manifest = archive.replace(/archive$/, 'manifest.json')
    const [bytes, text] = [await readFile(archive), await readFile(manifest, 'utf8')]
    const refusal = async () =>
      restoreBackup(drill.elsewhere, id).then(
        () => 'restored',
        (error: { code?: string; facts?: { where?: string } }) => `${error.code}: ${error.facts?.where}`,
      )
    const flipped = Buffer.from(bytes)
    flipped[60]! ^= 1
    for (const [altered, where] of [
      [flipped, 'chunk 0 of the archive, at byte 37'],
      [bytes.subarray(0, -1), 'chunk 0 of the archive, at byte 37'],
      [Buffer.concat([bytes, Buffer.alloc(1)]), 'chunk 0 of the archive, at byte 37'],
      [Buffer.alloc(10), 'chunk 0 of the archive, at byte 0'],
    ] as const) {
      await writeFile(archive, altered)
      expect(await refusal()).toBe(`backup/altered: ${where}`)
    }
    await writeFile(archive, bytes)
    await writeFile(manifest, text.replace(/rows\\":1/, 'rows\\":2'))
    expect(await refusal()).toBe('backup/altered: the manifest, or BACKUP_KEY is another')
    await writeFile(manifest, text)
    await rm(archive)
    expect(await refusal()).toBe('backup/altered: the archive is not there')
    await writeFile(archive, bytes)
    const other = { ...drill.elsewhere, key: createBackupKey(new Secret(Buffer.alloc(32, 0xa8).toString('base64'))) }
    await expect(verifyBackup(other, id)).rejects.toThrow('backup/altered')
    expect((await drill.elsewhere.test.admin.query('select 1 from app_users')).rowCount).toBe(0)
    expect(await refusal()).toBe('restored: undefined'.replace(': undefined', ''))
  })

  test('that is another backup under its name is refused', async ({ services, fake, drill }) => {
    await connect({ services, fake }, { account: '1' })
    const first = await createBackup(drill.backup)
    await connect({ services, fake }, { account: '2' })
    const second = await createBackup(drill.backup)
    await writeFile(
      join(drill.directory, archiveName(second.id)),
      await readFile(join(drill.directory, archiveName(first.id))),
    )
    await expect(verifyBackup(drill.backup, second.id)).rejects.toMatchObject({
      facts: { where: 'public.app_users: 1 rows where the manifest has 2' },
    })
    const manifestOf = (id: string) => join(drill.directory, archiveName(id).replace(/archive$/, 'manifest.json'))
    await writeFile(manifestOf(second.id), await readFile(manifestOf(first.id)))
    await expect(verifyBackup(drill.backup, second.id)).rejects.toMatchObject({ facts: { where: 'the manifest' } })
  })
})

describe('backups', () => {
  test('hold no token and no id of a person in the clear', async ({ services, fake, drill }) => {
    const { userId } = await connect({ services, fake })
    const { id } = await createBackup(drill.backup)
    const archive = await readFile(join(drill.directory, archiveName(id)))
    const manifest = await readFile(join(drill.directory, archiveName(id).replace(/archive$/, 'manifest.json')))
    for (const file of [archive, manifest])
      for (const needle of [userId, userId.replaceAll('-', ''), 'strava', '4711"'])
        expect(file.includes(needle)).toBe(false)
    // What would be a packed file behind the header and the length, were it not sealed.
    expect(archive.subarray(41, 43).toString('hex')).not.toBe('1f8b')
  })

  test('are one snapshot, however much is written meanwhile, in many chunks', async ({ db, drill }) => {
    await db.admin.query(`insert into app_users (user_id) select gen_random_uuid() from generate_series(1, 20000)`)
    const writing = { stop: false }
    const writer = (async () => {
      while (!writing.stop) await db.admin.query('insert into app_users (user_id) values ($1)', [randomUUID()])
    })()
    const { id, archive, tables } = await createBackup(drill.backup)
    writing.stop = true
    await writer
    expect(archive.bytes).toBeGreaterThan(3 * 64 * 1024)
    const people = tables.find(({ name }) => name === 'public.app_users')!.rows
    expect(people).toBeGreaterThanOrEqual(20000)
    await restoreBackup(drill.elsewhere, id)
    const { rows } = await drill.elsewhere.test.admin.query('select count(*)::int as n from app_users')
    expect(rows).toEqual([{ n: people }])
  })

  test('past their age go, the newest stays', async ({ drill }) => {
    const { id } = await createBackup(drill.backup)
    for (const old of ['2020-01-01T00-00-00Z-00000001', '2020-01-02T00-00-00Z-00000002']) {
      await drill.backup.store.put(`backups/${old}.manifest.json`, Buffer.from('{}'))
      await drill.backup.store.put(archiveName(old), Buffer.from('x'))
    }
    expect(await deleteOldBackups(drill.backup, 35)).toBe(2)
    expect(await listBackups(drill.backup.store)).toEqual([id])
    expect(await drill.backup.store.get(archiveName('2020-01-01T00-00-00Z-00000001'))).toBeUndefined()
    await drill.backup.store.delete(`backups/${id}.manifest.json`)
    await drill.backup.store.put(`backups/2020-01-01T00-00-00Z-00000003.manifest.json`, Buffer.from('{}'))
    expect(await deleteOldBackups(drill.backup, 35)).toBe(0)
  })

  test('leave out attempts to connect, and no other table of the vault', async ({ db, drill }) => {
    const { tables } = await createBackup(drill.backup)
    const { rows } = await db.admin.query<{ name: string }>(
      `select 'vault.' || tablename as name from pg_tables where schemaname = 'vault' and tablename <> 'oauth_states'`,
    )
    expect(tables.map(({ name }) => name).toSorted()).toEqual(
      ['public.app_users', 'public.connections', 'public.platforms', ...rows.map(({ name }) => name)].toSorted(),
    )
  })
})
