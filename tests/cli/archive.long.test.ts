import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect } from 'vitest'
import { A } from '../permissions/planted-people.ts'
import { type Archives, BACKUP_KEY, countRows, test } from '../support/archive-scene.ts'
import { commandsOf, type Printed, runTributary } from '../support/command-line.ts'
import type { TestDatabase } from '../support/database.ts'
import { leastSettings } from '../support/settings.ts'

/** As an operator calls it, in the directory of the store. */
function tributary({ serviceUrl }: TestDatabase, { directory }: Archives, ...args: string[]): Promise<Printed> {
  const archiving = {
    BACKUP_STORE: pathToFileURL(directory).href,
    BACKUP_KEY,
    ARCHIVE_DAYS: 'samples=365,raw_fitness_data=365',
  }
  return runTributary({ env: { ...leastSettings(serviceUrl), ...archiving }, cwd: directory }, ...args)
}

describe('tributary archive', () => {
  test.for([
    [[], 'give archive list, read, restore or run; see npm run tributary -- help'],
    [['read', '--user', A, '--table', 'samples', '--month', '2024-5'], '--month must be like 2026-03'],
    [
      ['read', '--user', A, '--table', 'vault', '--month', '2024-05'],
      '--table must be one of raw_fitness_data, samples',
    ],
    [
      ['read', '--user', A, '--table', 'samples', '--month', '2024-05', '--file', 'x'],
      'there is no such archive; see archive list',
    ],
  ] as const)('refuses %j', async ([args, complaint], { db, archives }) => {
    expect(await tributary(db, archives, 'archive', ...args)).toEqual({ code: 1, text: `tributary: ${complaint}\n` })
  })
})

describe('docs/operations/retention.md', () => {
  test('prints commands that do what it says, in its order', async ({ db, archives }) => {
    await archives.run()
    const said: string[] = []
    const counted: unknown[] = []
    for (const command of commandsOf('docs/operations/retention.md')) {
      const words = command.map((word) => (/^[0-9a-f-]{36}$/.test(word) ? A : word.replace('2026-03', '2024-05')))
      const { code, text } = await tributary(db, archives, ...words)
      expect([words.join(' '), code, code === 0 ? '' : text]).toEqual([words.join(' '), 0, ''])
      said.push(text.replaceAll(/\d+ bytes/g, 'so many bytes'))
      counted.push((await countRows(db))['old_samples'])
    }
    expect(said[0]!.trim().split('\n').toSorted()).toEqual([
      `${A} raw_fitness_data 2024-05 part 0: 1 rows, so many bytes`,
      `${A} samples 2024-05 part 0: 100 rows, so many bytes`,
    ])
    expect(said.slice(1)).toEqual([
      'march.parquet: 100 rows, not sealed\n',
      '100 rows are back in samples\n',
      'nothing that is due is left\n',
    ])
    // Listed and read, restored, archived again.
    expect(counted).toEqual([0, 0, 100, 0])
    const file = await readFile(join(archives.directory, 'march.parquet'))
    expect([file.subarray(0, 4).toString(), file.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1'])
    const trail = await db.admin.query("select actor_kind from audit.events where action = 'archive.read'")
    expect(trail.rows).toEqual([{ actor_kind: 'operator' }])
  })
})
