import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { disconnectPlatform } from '../../service/connections/disconnect.ts'
import type { ConnectionServices } from '../../service/connections/services.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { withAccessToken } from '../../service/connections/with-access-token.ts'
import type { ConfiguredPlatform } from '../../service/platforms/contract.ts'
import { startSimulators } from '../../service/platforms/simulators.ts'
import strava from '../../service/platforms/strava/platform.ts'
import { test as base } from '../support/connections.ts'

const CREDENTIALS = { STRAVA_CLIENT_ID: '24523', STRAVA_CLIENT_SECRET: 'simulated-client-secret' }

/** Strava's own folder against its simulator: neither knows the other. */
const test = base.extend<{ simulator: { url: string }; simulated: ConnectionServices }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  simulator: async ({}, use) => {
    const simulator = await startSimulators({ port: 0, env: CREDENTIALS })
    await use(simulator)
    await simulator.close()
  },
  simulated: async ({ db, services, simulator }, use) => {
    await db.admin.query(`insert into public.platforms (id, display_name) values ('strava', 'Strava')`)
    // Strava takes an address of the application's own domain, or localhost.
    await use({
      ...services,
      servicePublicUrl: 'http://localhost:3000',
      platforms: new Map([['strava', configure(simulator.url)]]),
    })
  },
})

function configure(url: string): ConfiguredPlatform {
  const settings = strava.env.parse({
    ...CREDENTIALS,
    STRAVA_WEBHOOK_SECRET: 'w'.repeat(40),
    STRAVA_WEBHOOK_VERIFY_TOKEN: 'v'.repeat(20),
    STRAVA_API_URL: `${url}/strava/api/v3`,
    STRAVA_OAUTH_URL: `${url}/strava/oauth`,
  })
  const { id, displayName, coverage, normalize } = strava
  return { id, displayName, coverage, normalize, policy: strava.policy(settings), ...strava.connect(settings) }
}

/** As a browser: the consent page, then our callback; answers what the app finds in the fragment. */
async function consent(services: ConnectionServices, userId: string, simulate: string): Promise<URLSearchParams> {
  const { authorizationUrl } = await startConnection(services, { userId, platform: 'strava' })
  const response = await fetch(`${authorizationUrl}&simulate=${simulate}`, { redirect: 'manual' })
  const back = new URL(response.headers.get('location')!)
  const parameter = (name: string) => back.searchParams.get(name) ?? undefined
  const [state, code, error, scope] = [parameter('state'), parameter('code'), parameter('error'), parameter('scope')]
  const { location } = await acceptCallback(services, { platform: 'strava', state, code, error, scope })
  return new URLSearchParams(new URL(location).hash.slice(1))
}

async function connect(services: ConnectionServices, simulate = 'approve') {
  const userId = randomUUID()
  const handle = (await consent(services, userId, simulate)).get('handle')!
  const completed = await completeConnection(services, { userId, handle })
  return { completed, key: { userId, platform: 'strava' } }
}

describe('consent at Strava', () => {
  test('refused comes back as a word', async ({ simulated }) => {
    expect((await consent(simulated, randomUUID(), 'deny')).get('error')).toBe('access_denied')
  })

  test('without the activities makes a limited connection', async ({ simulated }) => {
    const { completed } = await connect(simulated, 'read_only')
    expect(completed).toMatchObject({ status: 'limited', missingScopes: ['activity:read_all'] })
  })

  test('gives tokens that its API takes until the person disconnects', async ({ simulated, simulator }) => {
    const { completed, key } = await connect(simulated)
    expect(completed).toMatchObject({ status: 'active', missingScopes: [] })
    const ask = () =>
      withAccessToken(simulated, key, async (token) => {
        const headers = { authorization: `Bearer ${token.reveal()}` }
        const { status } = await fetch(`${simulator.url}/strava/api/v3/athlete`, { headers })
        return status === 401 ? 'unauthorized' : status
      })
    expect(await ask()).toBe(200)
    expect(await disconnectPlatform(simulated, key)).toMatchObject({ platformConfirmed: true })
    await expect(ask()).rejects.toThrow('connection/not_found')
  })

  test('taken back at Strava ends in the wish for a new consent', async ({ db, simulated, simulator }) => {
    const { key } = await connect(simulated)
    await withAccessToken(simulated, key, async (token) => {
      const headers = { authorization: `Bearer ${token.reveal()}` }
      return (await fetch(`${simulator.url}/strava/oauth/deauthorize`, { method: 'POST', headers })).status
    })
    await expect(withAccessToken(simulated, key, async () => 'unauthorized')).rejects.toThrow(
      'connection/reauth_required',
    )
    const { rows } = await db.admin.query('select status from public.connections')
    expect(rows).toEqual([{ status: 'needs_reauth' }])
  })
})
