import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { installEventCatalog } from '../../hasura/local/events/catalog.ts'
import { deletePersonFiles } from '../../service/compliance/archive/delete-archives.ts'
import { findParts } from '../../service/compliance/archive/queries.ts'
import { listFiles } from '../../service/compliance/archive/read-part.ts'
import { openDirectoryStore } from '../../service/runtime/directory-store.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { createBackupKey } from '../../service/vault/backup/backup-key.ts'
import { A, B } from '../permissions/planted-people.ts'
import { BACKUP_KEY, countRows, fillMonths, runAll } from '../support/archive-scene.ts'
import { erasureOf, request, runErasure } from '../support/erasure-scene.ts'
import { testWithFew as test } from '../support/service.ts'

test('a deletion reaches archives: the keys, the files, and what is being archived meanwhile', async ({
  service,
  db,
}) => {
  const hasura = await db.hasura.connect()
  await installEventCatalog(hasura)
  hasura.release()
  await fillMonths(db)
  const directory = await mkdtemp(join(tmpdir(), 'tributary-archives-'))
  const archives = {
    db: service.db,
    audit: service.audit,
    store: openDirectoryStore(directory),
    key: createBackupKey(new Secret(BACKUP_KEY)),
  }
  const files = async () => (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.sealed'))
  await runAll(archives)
  expect(await files()).toHaveLength(4)
  const services = erasureOf(service)
  const { requestId } = await request(services, A)
  // Rows that come back for a moment, as a slow writer's would, and an archive of them: neither row nor file may stay.
  const deleteArchives = async (userId: string) => {
    await db.admin.query(`select ops.create_sample_partitions(array[date '2024-05-01'])`)
    await db.admin.query(
      `insert into samples (user_id, kind, started_at, ended_at, platform, value, local_day, raw_id, raw_created_at, observed_at)
       values ($1, 'steps', '2024-05-03', '2024-05-03', 'garmin', 1, '2024-05-03', gen_random_uuid(), now(), now()) on conflict do nothing`,
      [A],
    )
    await runAll(archives)
    await deletePersonFiles(archives, userId)
  }
  const erasure = await runErasure({ ...services, deleteArchives }, requestId)
  expect(erasure.status).toBe('complete')
  expect(JSON.parse(erasure.report!).stores).toContainEqual({
    store: 'ops.archives',
    before: 2,
    after: 0,
    becomes: 'deleted',
  })
  expect(await findParts(service.db, { userId: A })).toEqual([])
  expect(await files()).toHaveLength(2)
  for (const { read } of await listFiles(archives, B)) expect((await read()).subarray(0, 4).toString()).toBe('PAR1')
  expect(await countRows(db)).toMatchObject({ old_samples: 0, garmin: 0, parts: 2 })
  await rm(directory, { recursive: true })
})
