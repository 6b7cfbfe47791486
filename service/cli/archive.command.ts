import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { archiveSome } from '../compliance/archive/archive-months.task.ts'
import { COLUMNS } from '../compliance/archive/columns.ts'
import { findParts, type StoredPart } from '../compliance/archive/queries.ts'
import { readPart } from '../compliance/archive/read-part.ts'
import { restoreMonth } from '../compliance/archive/restore-month.ts'
import type { ArchivedMonth, ArchiveServices } from '../compliance/archive/services.ts'
import { wireBackup } from '../wire-backup.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR, parseOr, withWiring } from './operator.ts'

const Table = z.enum(Object.keys(COLUMNS) as ['raw_fitness_data', 'samples'])
const Month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/)

export const archiveCommand: Command = {
  name: 'archive',
  usage: [
    ['archive list [--user <uuid>]', 'print what left the database: person, table, month, part, rows, bytes'],
    [
      'archive read --user <uuid> --table <name> --month <yyyy-mm> --file <path>',
      'write a month as Parquet, unsealed, for DuckDB or the like',
    ],
    ['archive restore --user <uuid> --table <name> --month <yyyy-mm>', 'put a month back into its table'],
    ['archive run', 'archive now what ARCHIVE_DAYS says'],
  ],
  options: { user: { type: 'string' }, table: { type: 'string' }, month: { type: 'string' }, file: { type: 'string' } },
  async run(input) {
    const [verb] = input.positionals
    const act = verb === undefined ? undefined : ACTS[verb]
    if (act === undefined) throw new Error('give archive list, read, restore or run; see npm run tributary -- help')
    return withWiring((wiring) => act(open(wiring), input))
  },
}

type Opened = ArchiveServices & Pick<Wiring, 'config'>

const ACTS: Readonly<Record<string, (services: Opened, input: Input) => Promise<string>>> = {
  async list({ db }, input) {
    const user = optional(input, 'user')
    const userId = user === undefined ? undefined : parseOr(z.uuid(), user, '--user must be a UUID')
    return (await findParts(db, { userId })).map(describe).join('')
  },
  read,
  async restore(services, input) {
    const month = monthOf(input)
    return `${await restoreMonth(services, month)} rows are back in ${month.table}\n`
  },
  async run(services) {
    while ((await archiveSome({ ...services, archiveDays: services.config.backup.archiveDays })) === 'more') continue
    return 'nothing that is due is left\n'
  },
}

function open(wiring: Wiring): Opened {
  const backup = wireBackup(wiring)
  if (backup === undefined) throw new Error('BACKUP_STORE and BACKUP_KEY are not set; see docs/operations/retention.md')
  return { ...backup, config: wiring.config }
}

function monthOf(input: Input): ArchivedMonth {
  const month = parseOr(Month, required(input, 'month'), '--month must be like 2026-03')
  return {
    userId: parseOr(z.uuid(), required(input, 'user'), '--user must be a UUID'),
    table: parseOr(Table, required(input, 'table'), `--table must be one of ${Table.options.join(', ')}`),
    month: `${month}-01`,
  }
}

/** A month that came in several parts becomes as many files. */
async function read(services: Opened, input: Input): Promise<string> {
  const month = monthOf(input)
  const path = required(input, 'file')
  const parts = await findParts(services.db, month)
  if (parts.length === 0) throw new Error('there is no such archive; see archive list')
  await services.db.transaction((tx) =>
    services.audit(tx, {
      action: 'archive.read',
      actor: OPERATOR,
      subjectUserId: month.userId,
      outcome: 'success',
      details: { table: month.table, month: month.month },
    }),
  )
  const lines: string[] = []
  for (const [index, part] of parts.entries()) {
    const target = index === 0 ? path : path.replace(/(\.parquet)?$/, `-${index}.parquet`)
    await writeFile(target, await readPart(services, part), { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw isThere(error) ? new Error(`${target} is there already`) : error
    })
    lines.push(`${target}: ${part.rowCount} rows, not sealed\n`)
  }
  return lines.join('')
}

const isThere = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST'

function describe({ userId, table, month, part, rowCount, byteCount, isDropped }: StoredPart): string {
  const where = isDropped ? '' : ', still in the table'
  return `${userId} ${table} ${month.slice(0, 7)} part ${part}: ${rowCount} rows, ${byteCount} bytes${where}\n`
}
