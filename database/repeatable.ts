import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { inTransaction, readSqlFile, runFile, type SqlFile } from './run-file.ts'

interface RepeatableFile extends SqlFile {
  readonly name: string
  readonly hash: string
  /** Statements that remove what the file creates. */
  readonly drops: string
}

interface Applied {
  readonly name: string
  readonly hash: string
  readonly drops: string
}

export interface RepeatableChanges {
  readonly applied: readonly string[]
  readonly dropped: readonly string[]
}

/**
 * Brings functions, views and triggers to what the files say, in name order: new and changed files are run (all of them
 * with `force`), what a deleted file had created is dropped, and so is what a file no longer drops by the same line,
 * since its objects have other names or arguments now.
 */
export async function applyRepeatable(
  client: pg.ClientBase,
  directory: string,
  force: boolean,
): Promise<RepeatableChanges> {
  const files = readRepeatable(directory)
  const before = await readApplied(client)
  const dropped = [...before.values()].filter(
    ({ name, drops }) => files.find((file) => file.name === name)?.drops !== drops,
  )
  for (const old of dropped.reverse()) await drop(client, old)

  const outdated = files.filter((file) => force || before.get(file.name)?.hash !== file.hash)
  for (const file of outdated) await runFile(client, file, () => remember(client, file))
  return { applied: outdated.map(({ name }) => name), dropped: dropped.map(({ name }) => name) }
}

/** Removes everything the files created, last first, so that tables underneath can be changed or dropped. */
export async function dropRepeatable(client: pg.ClientBase): Promise<void> {
  for (const old of [...(await readApplied(client)).values()].reverse()) await drop(client, old)
}

function readRepeatable(directory: string): RepeatableFile[] {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  return names.map((name) => {
    const file = readSqlFile(join(directory, name))
    const drops = /^-- drops: (.+)$/.exec(file.source.split('\n', 1)[0] ?? '')?.[1]
    if (drops === undefined)
      throw new Error(`${file.path}:1: the first line has to be "-- drops: <statements that undo this file>"`)
    return { ...file, name, drops, hash: createHash('sha256').update(file.source).digest('hex') }
  })
}

async function readApplied(client: pg.ClientBase): Promise<Map<string, Applied>> {
  const { rows } = await client.query<Applied>(
    'select name, hash, drops from ops.repeatable_applied order by name collate "C"',
  )
  return new Map(rows.map((row) => [row.name, row]))
}

async function remember(client: pg.ClientBase, { name, hash, drops }: RepeatableFile): Promise<void> {
  await client.query(
    `insert into ops.repeatable_applied (name, hash, drops) values ($1, $2, $3)
     on conflict (name) do update set hash = excluded.hash, drops = excluded.drops, applied_at = now()`,
    [name, hash, drops],
  )
}

async function drop(client: pg.ClientBase, { name, drops }: Applied): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(drops)
    await client.query('delete from ops.repeatable_applied where name = $1', [name])
  })
}
