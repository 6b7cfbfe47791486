import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect } from 'vitest'
import { COLUMNS } from '../../service/compliance/archive/columns.ts'
import { expireArchives } from '../../service/compliance/archive/delete-archives.ts'
import { findParts } from '../../service/compliance/archive/queries.ts'
import { listFiles, readPart } from '../../service/compliance/archive/read-part.ts'
import { restoreMonth } from '../../service/compliance/archive/restore-month.ts'
import { ARCHIVE_ENVIRONMENT, archiveProblems } from '../../service/compliance/archive/settings.ts'
import { A, B } from '../permissions/planted-people.ts'
import { allRows, countRows, MONTH, runAll, test } from '../support/archive-scene.ts'

const files = async (directory: string) =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

const partition = `to_regclass('public.samples_2024_05') is not null as samples, to_regclass('public.raw_fitness_data_2024_05') is not null as raw`

describe('a month that is old enough', () => {
  test('leaves the database sealed, and comes back row by row as it was', async ({ db, archives }) => {
    const before = await allRows(db)
    await archives.run()
    // Strava's policy may ask its payloads back: they stay, and with them their month.
    expect(await countRows(db)).toEqual({ old_samples: 0, new_samples: 2, garmin: 0, strava: 2, parts: 4, counted: 2 })
    expect((await db.admin.query(`select ${partition}`)).rows).toEqual([{ samples: false, raw: true }])
    const written = await files(archives.directory)
    expect(written).toHaveLength(4)
    for (const path of written) {
      const bytes = await readFile(path)
      for (const plain of ['PAR1', 'heart_rate', 'watch', 'Ada', A]) expect(bytes.includes(plain)).toBe(false)
      expect(path).not.toContain(A)
    }
    await archives.run()
    expect(await files(archives.directory)).toEqual(written)
    for (const userId of [A, B]) {
      expect(await restoreMonth(archives, { userId, table: 'samples', month: MONTH })).toBe(100)
      expect(await restoreMonth(archives, { userId, table: 'raw_fitness_data', month: MONTH })).toBe(1)
    }
    expect(await allRows(db)).toEqual(before)
    expect(await files(archives.directory)).toEqual([])
    const { rows } = await db.admin.query(
      `select action, count(*)::int from audit.events where action like 'archive.%' group by 1 order by 1`,
    )
    expect(rows).toEqual([
      { action: 'archive.month_archived', count: 2 },
      { action: 'archive.restored', count: 4 },
    ])
  })

  test('is read by DuckDB', async ({ archives }) => {
    await archives.run()
    const [part] = await findParts(archives.db, { userId: A, table: 'samples' })
    const path = join(archives.directory, 'month.parquet')
    await writeFile(path, await readPart(archives, part!))
    const duck = await (await DuckDBInstance.create(':memory:')).connect()
    const read = await duck.runAndReadAll(
      `select count(*)::int as n, sum(value) as sum, min(started_at)::text as first, max(local_day)::text as last, any_value(kind) as kind, count(source_id)::int as ids, bool_or(manual) as manual from '${path}'`,
    )
    // 60 + 61 + … + 69 is 645, ten times.
    expect(read.getRowObjectsJson()).toEqual([
      {
        n: 100,
        sum: 6450,
        first: '2024-05-31 20:00:00.000001+00',
        last: '2024-05-31',
        kind: 'heart_rate_bpm',
        ids: 0,
        manual: false,
      },
    ])
    duck.closeSync()
  })

  test('stays for whoever is under a legal hold, and for all under a hold on all', async ({ db, archives }) => {
    await db.admin.query(`insert into legal_holds (everybody, reason) values (true, 'a court order')`)
    await archives.run()
    expect(await countRows(db)).toMatchObject({ old_samples: 200, parts: 0 })
    await db.admin.query(`update legal_holds set released_at = now(), release_reason = 'it is over'`)
    await db.admin.query(`insert into legal_holds (user_id, everybody, reason) values ($1, false, 'a court order')`, [
      A,
    ])
    await archives.run()
    expect(await countRows(db)).toMatchObject({ old_samples: 100, garmin: 1 })
    expect((await findParts(archives.db, {})).map(({ userId }) => userId)).toEqual([B, B])
  })

  test('is not dropped when a row was changed after it was archived: it is archived anew', async ({ db, archives }) => {
    let changed = false
    const put = async (name: string, bytes: Buffer) => {
      await archives.store.put(name, bytes)
      if (changed || !name.includes('samples')) return
      changed = true
      await db.admin.query(
        `update samples set value = 99.50 where user_id = $1 and started_at = '2024-05-31 20:00:00.000001Z'`,
        [A],
      )
    }
    await runAll({ ...archives, store: { ...archives.store, put } })
    expect(await countRows(db)).toMatchObject({ old_samples: 0, parts: 4 })
    await restoreMonth(archives, { userId: A, table: 'samples', month: MONTH })
    const { rows } = await db.admin.query(
      `select value::text from samples where user_id = $1 order by started_at limit 2`,
      [A],
    )
    expect(rows).toEqual([{ value: '99.50' }, { value: '61' }])
  })

  test('is not dropped when the store gives back something else than was written', async ({ db, archives }) => {
    const put = async (name: string, bytes: Buffer) => {
      const altered = Buffer.from(bytes)
      altered[altered.length - 20]! ^= 1
      await archives.store.put(name, altered)
    }
    await expect(runAll({ ...archives, store: { ...archives.store, put } })).rejects.toThrow('archive/altered')
    expect(await countRows(db)).toMatchObject({ old_samples: 200, garmin: 2, parts: 0 })
    expect(await files(archives.directory)).toEqual([])
  })

  test('that had late rows has a further part; of a row in both, the later counts', async ({ db, archives }) => {
    await archives.run()
    await db.admin.query(`select ops.create_sample_partitions(array[date '${MONTH}'])`)
    await db.admin.query(
      `insert into samples (user_id, kind, started_at, ended_at, platform, source, value, local_day, raw_id, raw_created_at, observed_at)
       values ($1, 'heart_rate_bpm', '2024-05-31 20:00:00.000001Z', '2024-05-31 20:00:00.000001Z', 'garmin', 'watch of Ada', 77, '2024-05-31', gen_random_uuid(), now(), now())`,
      [A],
    )
    await archives.run()
    expect(
      (await findParts(archives.db, { userId: A, table: 'samples' })).map(({ part, rowCount }) => [part, rowCount]),
    ).toEqual([
      [1, 1],
      [0, 100],
    ])
    expect(await restoreMonth(archives, { userId: A, table: 'samples', month: MONTH })).toBe(100)
    const { rows } = await db.admin.query(
      `select value::text from samples where user_id = $1 order by started_at limit 1`,
      [A],
    )
    expect(rows).toEqual([{ value: '77' }])
  })

  test('opens neither under another row of keys nor under another name', async ({ db, archives }) => {
    await archives.run()
    const parts = await findParts(archives.db, { table: 'samples' })
    const [ofA, ofB] = [parts.find(({ userId }) => userId === A)!, parts.find(({ userId }) => userId === B)!]
    await expect(readPart(archives, { ...ofA, keyWrapped: ofB.keyWrapped })).rejects.toThrow('archive/altered')
    await db.admin.query('delete from app_users where user_id = $1', [A])
    // The file is still there, and nothing is left that opens it.
    expect(await findParts(archives.db, { userId: A })).toEqual([])
    expect(await files(archives.directory)).toHaveLength(4)
  })

  test('goes with its retention, unless it is held, and is in the copy until then', async ({ db, archives }) => {
    await archives.run()
    const [file] = (await listFiles(archives, A)).filter(({ name }) => name.startsWith('samples'))
    expect(file?.name).toBe('samples-2024-05-0.parquet')
    expect((await file!.read()).subarray(0, 4).toString()).toBe('PAR1')
    await db.admin.query(`insert into legal_holds (user_id, everybody, reason) values ($1, false, 'a court order')`, [
      A,
    ])
    expect(await expireArchives(archives, 'samples', 20_000)).toBe(0)
    expect(await expireArchives(archives, 'samples', 400)).toBe(100)
    expect((await findParts(archives.db, { table: 'samples' })).map(({ userId }) => userId)).toEqual([A])
    expect(await files(archives.directory)).toHaveLength(3)
  })
})

test('every column of an archived table is archived', async ({ db }) => {
  for (const [table, columns] of Object.entries(COLUMNS)) {
    const { rows } = await db.admin.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
      [`public.${table}`],
    )
    expect(Object.keys(columns)).toEqual(rows.map(({ name }) => name))
  }
})

describe('ARCHIVE_DAYS', () => {
  test.for(['samples', 'samples=0', 'activities=30'])('is refused as %s', (text) => {
    expect(ARCHIVE_ENVIRONMENT.ARCHIVE_DAYS.safeParse(text).success).toBe(false)
  })

  test('needs a store with a key, and comes before retention', () => {
    const stored = { BACKUP_STORE: 'file:///x', BACKUP_KEY: 'x' }
    expect(archiveProblems({ ARCHIVE_DAYS: { samples: 30 }, RETENTION_DAYS: {} })).toHaveLength(1)
    expect(archiveProblems({ ARCHIVE_DAYS: { samples: 30 }, RETENTION_DAYS: { samples: 30 }, ...stored })).toHaveLength(
      1,
    )
    expect(archiveProblems({ ARCHIVE_DAYS: { samples: 30 }, RETENTION_DAYS: { samples: 31 }, ...stored })).toEqual([])
  })
})
