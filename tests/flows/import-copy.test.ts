import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import yazl from 'yazl'
import { DATA_MAP } from '../../service/compliance/data-map.ts'
import { importCopy } from '../../service/compliance/export/import-copy.ts'
import { writeCopy } from '../../service/compliance/export/write-copy.ts'
import { openDatabase } from '../../service/runtime/db.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { A, B, plantBoth } from '../permissions/planted-people.ts'
import { createClone, type TestDatabase } from '../support/database.ts'
import { ADA } from '../support/people.ts'
import { connectWithRunOfToday } from '../support/run-of-today.ts'
import { testWithFew as base, type TestService } from '../support/service.ts'
import { unzip } from '../support/zip.ts'

const RESTORED = Object.entries(DATA_MAP).flatMap(([name, { export: form }]) =>
  form.as === 'rows' && form.restored === true ? [name] : [],
)

const test = base.extend<{ other: TestDatabase; directory: string }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  other: async ({}, use) => {
    const clone = await createClone()
    await clone.admin.query(
      "insert into platforms (id, display_name) values ('strava', 'Strava'), ('garmin', 'Garmin')",
    )
    await use(clone)
    await clone.drop()
  },
  // oxlint-disable-next-line no-empty-pattern -- as above
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-copy-'))
    await use(directory)
    await rm(directory, { recursive: true })
  },
})

async function copyOf({ db, config }: TestService, userId: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  const { controller } = config.compliance
  const options = { userId, controller, archives: async () => [], onProgress: () => undefined }
  await writeCopy(db, options, async (stream) => {
    for await (const piece of stream) pieces.push(piece)
  })
  return Buffer.concat(pieces)
}

/** Strava has neither sleep nor single measurements, nothing was recorded twice, and she ordered no sources. */
const EMPTY_OF_ADA = [
  'public.samples',
  'public.sleep_sessions',
  'public.sleep_stages',
  'public.activity_duplicates',
  'public.source_priorities',
]

const openOther = ({ serviceUrl }: TestDatabase) =>
  openDatabase({ url: new Secret(serviceUrl), maxConnections: 2, applicationName: 'test', onIdleError: () => {} })

async function rowsOf({ admin }: TestDatabase, table: string, userId: string): Promise<string[]> {
  const query = `select t::text as row from ${table} t where user_id = $1 order by 1`
  return (await admin.query<{ row: string }>(query, [userId])).rows.map(({ row }) => row)
}

describe('a copy, imported into an empty installation,', () => {
  test('gives the same rows, to the last digit and microsecond', async ({ db, service, other, directory }) => {
    await plantBoth(db.admin)
    // Beside what is planted: what the simulated Strava has, series and laps included.
    await connectWithRunOfToday(service, db)
    const odd = '0.1234567890123456789012345678901234567890'
    await db.admin.query(
      `update samples set value = ${odd}, source = E'a "quoted", \\\\ back\\tslash\\n🜁', started_at = started_at + interval '1 microsecond', ended_at = ended_at + interval '1 hour' where user_id = '${A}' and kind = 'body_weight_kg' and source_id like '%3'`,
    )
    const database = openOther(other)
    for (const userId of [A, ADA]) {
      const path = join(directory, `${userId}.zip`)
      await writeFile(path, await copyOf(service, userId))
      await importCopy(database, path)
      const empty: string[] = []
      // Planted rows of the summary stand for no payload.
      for (const table of userId === ADA ? [...RESTORED, 'public.user_fitness_summary'] : RESTORED) {
        const [here, there] = [await rowsOf(db, table, userId), await rowsOf(other, table, userId)]
        expect([table, there]).toEqual([table, here])
        if (there.length === 0) empty.push(table)
      }
      // Of the planted person there is something everywhere; of the other one, what a platform without sleep and samples has.
      expect(empty).toEqual(userId === A ? [] : EMPTY_OF_ADA)
    }
    await database.close()
  })

  test('is refused where the person is known, and nothing is changed', async ({ db, service, other, directory }) => {
    await plantBoth(db.admin)
    const path = join(directory, 'a.zip')
    await writeFile(path, await copyOf(service, A))
    const database = openOther(other)
    await importCopy(database, path)
    await expect(importCopy(database, path)).rejects.toThrow('privacy/person_known')
    await database.close()
  })

  test('is refused whole when a line of somebody else is in it, or it is no copy', async ({
    db,
    service,
    other,
    directory,
  }) => {
    await plantBoth(db.admin)
    const files = await unzip(await copyOf(service, A))
    const zip = new yazl.ZipFile()
    for (const [name, bytes] of files)
      zip.addBuffer(name === 'data/public.samples.ndjson' ? Buffer.from(bytes.toString().replace(A, B)) : bytes, name)
    zip.end()
    const pieces: Buffer[] = []
    for await (const piece of zip.outputStream) pieces.push(piece as Buffer)
    const path = join(directory, 'forged.zip')
    await writeFile(path, Buffer.concat(pieces))
    // Known there, so that no foreign key stands in the way.
    await other.admin.query('insert into app_users (user_id) values ($1)', [B])
    const database = openOther(other)
    await expect(importCopy(database, path)).rejects.toThrow('privacy/copy_unreadable')
    expect(await rowsOf(other, 'public.app_users', A)).toEqual([])
    expect(await rowsOf(other, 'public.samples', B)).toEqual([])
    await writeFile(path, 'PK, but no zip')
    await expect(importCopy(database, path)).rejects.toThrow('privacy/copy_unreadable')
    await database.close()
  })
})
