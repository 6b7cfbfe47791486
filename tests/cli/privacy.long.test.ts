import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { commandsOf, type Printed, runTributary } from '../support/command-line.ts'
import { ASKING } from '../support/consenting.ts'
import { test as base } from '../support/database.ts'
import { leastSettings } from '../support/settings.ts'

type Run = (...args: string[]) => Promise<Printed>

/** As an operator calls it, in a directory of texts; answers what it printed, complaints included. */
const test = base.extend<{ directory: string; tributary: Run }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-texts-'))
    await use(directory)
    await rm(directory, { recursive: true })
  },
  tributary: async ({ db, directory }, use) => {
    await db.admin.query(`${ASKING} insert into platforms (id, display_name) values ('strava', 'Strava')`)
    const env = {
      ...leastSettings(db.serviceUrl),
      COMPLIANCE_TIME_ZONE: 'Europe/Dublin',
      PUBLIC_HOLIDAYS: '2026-12-21',
    }
    await use((...args) => runTributary({ env, cwd: directory }, ...args))
  },
})

describe('docs/api/consent.md', () => {
  test('prints commands that do what it says, in its order', async ({ directory, tributary }) => {
    await writeFile(join(directory, 'consent-strava-en.txt'), 'I agree to what is written here.\n')
    await writeFile(join(directory, 'consent-strava-de.txt'), 'Ich bin mit dem einverstanden, was hier steht.\n')
    const said: string[] = []
    for (const command of commandsOf('docs/api/consent.md')) said.push((await tributary(...command)).text)
    // printf 'I agree to what is written here.' | sha256sum
    expect(said[0]).toBe(
      'strava collection: version 1 in en, sha256 3361effeef3dbb38858a902eb0491ded25effb2d1c409f258b706a14bc2189c3\n',
    )
    expect(said[1]).toMatch(/^strava collection: version 1 in de, sha256 [0-9a-f]{64}\n$/)
    expect(said[2]?.split('\n').map((line) => line.slice(0, 35))).toEqual([
      'strava  collection  version 1  de  ',
      'strava  collection  version 1  en  ',
      '',
    ])
    expect(said[3]).toBe('strava collection: given\n')
    expect(said[4]).toBe('2026-11-02T10:00:00.000Z  strava  collection  given  version 1 en  letter\n')
  })

  test.for([
    [['consents', 'show', '--user', 'ada'], '--user must be a UUID'],
    [
      [
        'consents',
        'record',
        '--user',
        '5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26',
        '--platform',
        'strava',
        '--decision',
        'given',
        '--channel',
        'letter',
        '--decided-at',
        '2026-11-02',
        '--evidence',
        'signed form, folder 12',
      ],
      'This is not a text that counts now',
    ],
  ] as const)('%s is refused in one line', async ([args, complaint], { tributary }) => {
    const { code, text } = await tributary(...args)
    expect(code).toBe(1)
    expect(text).toContain(complaint)
    expect(text.trim().split('\n')).toHaveLength(1)
  })
})

describe('docs/api/export.md', () => {
  test('prints commands that write a copy and take it in elsewhere', async ({ db, tributary }) => {
    const [write = [], take = []] = commandsOf('docs/api/export.md')
    expect((await tributary(...write)).text).toBe('tributary: --user is nobody who is known here\n')
    expect((await tributary('copy', 'import', 'none.zip')).text).toContain('cannot read "none.zip"')
    await db.admin.query("insert into app_users (user_id) values ('5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26')")
    expect((await tributary(...write)).text).toMatch(/^1 rows, \d+ bytes in \d+\.\d s\n$/)
    expect((await tributary(...take)).text).toContain('The person is known here already')
    await db.admin.query('delete from app_users')
    expect((await tributary(...take)).text).toBe(
      '1 rows of 5f0c2a9e-6b1d-4c7e-9a35-0d8e4b7f1a26 written into 1 tables\n',
    )
  })
})

describe('docs/api/data-requests.md', () => {
  test('prints commands that do what it says; a holiday moves the last day', async ({ tributary }) => {
    const [record = [], list = []] = commandsOf('docs/api/data-requests.md')
    // 20 December 2026 is a Sunday, the 21st a holiday here.
    expect((await tributary(...record)).text).toContain('received  received 2026-11-20  due 2026-12-22')
    const line = (await tributary(...list)).text
    const id = line.split('  ')[0]!
    expect((await tributary('requests', 'extend', id, '--reason', 'many devices to ask')).text).toBe(
      'due on 2027-02-22\n',
    )
    expect((await tributary('requests', 'extend', id, '--reason', 'many devices to ask')).text).toContain(
      'extended already',
    )
    expect((await tributary('requests', 'answer', id, '--status', 'refused')).text).toContain(
      'A refusal needs a reason',
    )
    expect((await tributary('requests', 'answer', id, '--status', 'completed')).text).toContain('completed')
    expect((await tributary('requests', 'answer', id, '--status', 'cancelled')).text).toContain('answered already')
    expect((await tributary('requests', 'list', '--open')).text).toBe('no requests\n')
  })
})
