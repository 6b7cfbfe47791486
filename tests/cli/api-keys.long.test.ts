import { describe, expect } from 'vitest'
import { runTributary } from '../support/command-line.ts'
import { test as base } from '../support/database.ts'
import { leastSettings } from '../support/settings.ts'

/** As an operator calls it; answers what it printed, complaints included. */
const test = base.extend<{ tributary: (...args: string[]) => Promise<string> }>({
  tributary: async ({ db }, use) => {
    const env = leastSettings(db.serviceUrl)
    await use(async (...args) => (await runTributary({ env }, 'api-keys', ...args)).text)
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
