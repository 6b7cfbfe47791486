import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { test as base } from '../support/database.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)
type Run = (...args: string[]) => Promise<{ code: number; text: string }>

/** As an operator calls it; answers what it printed, complaints included. */
const test = base.extend<{ tributary: Run }>({
  tributary: async ({ db }, use) => {
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      TRIBUTARY_DATA_DIR: '/nonexistent',
      DATABASE_URL: db.serviceUrl,
      SERVICE_PUBLIC_URL: 'http://localhost:3000',
      APP_REDIRECT_URIS: 'http://localhost:3000/',
      HASURA_GRAPHQL_ENDPOINT: 'http://localhost:9',
      HASURA_ACTION_SECRET: 'a'.repeat(32),
      HASURA_EVENT_SECRET: 'e'.repeat(32),
      VAULT_MASTER_KEY: randomBytes(32).toString('base64'),
    }
    await use(async (...args) => {
      const program = run(process.execPath, ['service/cli/main.ts', ...args], { cwd: ROOT, env })
      return program.then(
        ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          text: stdout + stderr,
        }),
      )
    })
  },
})

/** The commands of a page, as it prints them. */
function commandsOf(page: string): string[][] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const lines = [...text.matchAll(/^npm run tributary -- (.*)$/gm)].map(([, line = '']) => line)
  return lines.map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([word, quoted]) => quoted ?? word))
}

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
