import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { test as base } from '../support/database.ts'

const run = promisify(execFile)
type Run = (...args: string[]) => Promise<string>

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
      const cwd = join(import.meta.dirname, '../..')
      const program = run(process.execPath, ['service/cli/main.ts', 'api-keys', ...args], { cwd, env })
      const { stdout, stderr } = await program.catch((error: { stdout: string; stderr: string }) => error)
      return stdout + stderr
    })
  },
})

describe('tributary api-keys', () => {
  test('says what is wrong without opening anything', async ({ tributary }) => {
    expect(await tributary('create', '--name', 'x')).toBe(
      'tributary: --scopes is missing; see npm run tributary -- help\n',
    )
    expect(await tributary('revoke', 'x')).toMatch(/^tributary: give the id of a key/)
    expect(await tributary('create', '--name', 'x', '--scopes', 'metrics:read', '--days', '366')).toBe(
      'tributary: --days must be a whole number from 1 to 365\n',
    )
  })

  test("makes, lists, rotates and revokes a machine's key, and shows it once", async ({ tributary }) => {
    const [key = '', about = ''] = (
      await tributary('create', '--name', 'prometheus', '--scopes', 'metrics:read')
    ).split('\n')
    expect(key).toMatch(/^trib_[0-9a-f]{16}_[\w-]{43}$/)
    const id = /^id (\S+),/.exec(about)?.[1] ?? ''
    const rotated = await tributary('rotate', id, '--overlap-minutes', '5')
    expect(await tributary('revoke', id)).toMatch(/^revoked at 2\d{3}-/)
    const list = await tributary('list')
    expect(list.split('\n').filter(Boolean)).toHaveLength(2)
    expect(list).toMatch(
      new RegExp(`${id}  revoked  trib_[0-9a-f]{16}  "prometheus"  metrics:read  of a machine  until`),
    )
    expect(list).toMatch(/ {2}live {2}trib_/)
    for (const shown of [key, rotated.split('\n')[0]!]) expect(list).not.toContain(shown)
  })
})
