import { describe, expect } from 'vitest'
import { commandsOf, type Printed, runTributary } from '../support/command-line.ts'
import { test as base } from '../support/database.ts'
import { leastSettings } from '../support/settings.ts'

/** As an operator calls it; answers what it printed, complaints included. */
const test = base.extend<{ tributary: (...args: string[]) => Promise<Printed> }>({
  tributary: async ({ db }, use) => {
    const env = leastSettings(db.serviceUrl)
    await use((...args) => runTributary({ env }, ...args))
  },
})

describe('docs/operations/access.md', () => {
  test('prints commands that do what it says, in its order', async ({ db, tributary }) => {
    const said: string[] = []
    let id = ''
    for (const command of commandsOf('docs/operations/access.md')) {
      const { code, text } = await tributary(...command.map((word) => (word === '<id>' ? id : word)))
      expect([command.join(' '), code, code === 0 ? '' : text]).toEqual([command.join(' '), 0, ''])
      id = /^id (\S+),/m.exec(text)?.[1] ?? id
      said.push(text.replace(/ {2}since .*Z/, '').trim())
    }
    expect(said.slice(0, 4)).toEqual([
      'auditor is now kept from garmin',
      'auditor  garmin  "contract 7"',
      'auditor may now work with garmin',
      'no API keys',
    ])
    expect(said).toHaveLength(7)
    expect((await db.admin.query('select from role_platform_restrictions')).rowCount).toBe(0)
    expect((await db.admin.query('select from api_keys where revoked_at is not null')).rowCount).toBe(1)
  })
})

describe('tributary access', () => {
  test.for([
    [[], 'give list, restrict or allow; see npm run tributary -- help'],
    [['restrict', '--role', 'admin', '--platform', 'garmin'], '--role must be one of user, operator, auditor'],
    [['restrict', '--role', 'auditor'], '--platform is missing; see npm run tributary -- help'],
  ] as const)('refuses %j', async ([args, complaint], { tributary }) => {
    expect(await tributary('access', ...args)).toEqual({ code: 1, text: `tributary: ${complaint}\n` })
  })

  test('refuses a platform that does not exist, which would look like protection', async ({ db, tributary }) => {
    const { code, text } = await tributary('access', 'restrict', '--role', 'auditor', '--platform', 'gramin')
    expect([code, text]).toEqual([1, expect.stringMatching(/^tributary: --platform must be one of .*garmin,.* strava/)])
    expect((await db.admin.query('select from role_platform_restrictions')).rowCount).toBe(0)
  })
})
