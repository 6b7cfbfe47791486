import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig } from '../../service/config.ts'
import { acceptCallback } from '../../service/connections/accept-callback.ts'
import { completeConnection } from '../../service/connections/complete-connection.ts'
import { startConnection } from '../../service/connections/start-connection.ts'
import { registerPlatforms } from '../../service/ingestion/register-platforms.ts'
import { startSimulators } from '../../service/platforms/simulators.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { type Wiring, wire } from '../../service/wiring.ts'
import { test as base, type TestDatabase } from './database.ts'
import { ADA } from './people.ts'
import { leastSettings } from './settings.ts'

export interface TestService extends Wiring {
  /** Of the simulated Strava's control interface. */
  readonly simulate: (method: string, path: string, body?: object) => Promise<unknown>
  /** Of any simulated platform's. */
  readonly simulateAt: (platform: string) => (method: string, path: string, body?: object) => Promise<unknown>
  /** Of the simulated Garmin's. */
  readonly simulateGarmin: (method: string, path: string, body?: object) => Promise<unknown>
  readonly simulatorsUrl: string
  /** Runs the jobs that are due, those they queue included. */
  readonly work: () => Promise<void>
}

/** The service's parts, wired as in production, on a database of the test's own and the simulated Strava. No Hasura: no events. */
export const test = base.extend<{ service: TestService }>({ service: ({ db }, use) => lendService(db, use) })

export const SIX_ACTIVITIES = join(import.meta.dirname, '../fixtures/strava-odd-activities.json')

/** The same with six activities in place of ten years, for tests to which the number does not matter. */
export const testWithFew = base.extend<{ service: TestService }>({
  service: ({ db }, use) => lendService(db, use, { STRAVA_SIMULATOR_ACTIVITIES: SIX_ACTIVITIES }),
})

/** The same with a simulated Strava of the test's own making. */
export const testWithStrava = (simulatorEnvironment: NodeJS.ProcessEnv) =>
  base.extend<{ service: TestService }>({ service: ({ db }, use) => lendService(db, use, simulatorEnvironment) })

async function lendService(
  db: TestDatabase,
  use: (service: TestService) => Promise<void>,
  simulatorEnvironment: NodeJS.ProcessEnv = {},
): Promise<void> {
  const simulators = await startSimulators({
    port: 0,
    env: { STRAVA_SIMULATOR_RETRY_MS: '50', GARMIN_SIMULATOR_RETRY_MS: '50', ...simulatorEnvironment },
  })
  const headsDirectory = await mkdtemp(join(tmpdir(), 'tributary-heads-'))
  const config = await loadConfig({
    ...environment(db, { simulators: simulators.url, headsDirectory }),
    ...simulators.serviceEnvironment,
  })
  const wiring = wire(config, 'worker')
  await registerPlatforms(wiring.db, config.platforms)
  const tasks = bindTasks(wiring)
  await use({
    ...wiring,
    simulate: (method, path, body) => simulate(`${simulators.url}/strava/simulate${path}`, method, body),
    simulateAt: (platform) => (method, path, body) =>
      simulate(`${simulators.url}/${platform}/simulate${path}`, method, body),
    simulateGarmin: (method, path, body) => simulate(`${simulators.url}/garmin/simulate${path}`, method, body),
    simulatorsUrl: simulators.url,
    work: () => runDueJobs({ db: wiring.db, tasks }),
  })
  await wiring.db.close()
  await simulators.close()
  await rm(headsDirectory, { recursive: true })
}

export function environment(
  { serviceUrl }: TestDatabase,
  { simulators, headsDirectory }: { simulators: string; headsDirectory: string },
): NodeJS.ProcessEnv {
  return {
    ...leastSettings(serviceUrl),
    AUDIT_SIGNING_KEY: randomBytes(32).toString('base64'),
    AUDIT_HEADS_STORE: pathToFileURL(headsDirectory).href,
    BACKUP_STORE: pathToFileURL(join(headsDirectory, 'vault')).href,
    BACKUP_KEY: randomBytes(32).toString('base64'),
    STRAVA_CLIENT_ID: '24523',
    STRAVA_CLIENT_SECRET: 'simulated-client-secret',
    STRAVA_WEBHOOK_SECRET: 'w'.repeat(32),
    STRAVA_WEBHOOK_VERIFY_TOKEN: 'v'.repeat(16),
    STRAVA_API_URL: `${simulators}/strava/api/v3`,
    STRAVA_OAUTH_URL: `${simulators}/strava/oauth`,
    STRAVA_RETENTION_DAYS: 'off',
    STRAVA_ENRICH_DAYS: '7',
    GARMIN_CLIENT_ID: 'garmin-simulator',
    GARMIN_CLIENT_SECRET: 'simulated-client-secret',
    GARMIN_WEBHOOK_SECRET: 'g'.repeat(32),
    GARMIN_AUTHORIZE_URL: `${simulators}/garmin/oauth2Confirm`,
    GARMIN_TOKEN_URL: `${simulators}/garmin/di-oauth2-service/oauth/token`,
    GARMIN_API_URL: `${simulators}/garmin`.replace(/\/$/, ''),
    GARMIN_BACKFILL_DAYS_PER_MINUTE: '100000',
  }
}

async function simulate(url: string, method: string, body?: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }) })
  const text = await response.text()
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

export interface Connecting {
  readonly platform?: string
  readonly userId?: string
  readonly simulate?: 'approve' | 'read_only'
  /** More of the simulator's own parameters. */
  readonly query?: string
  /** What happens between the platform's consent page and the app's last call. */
  readonly beforeCompletion?: () => Promise<unknown>
}

/** A person, Ada unless it is said, connects a simulated platform as the actions and the callback would have it. */
export async function connect(
  { connections }: Pick<TestService, 'connections'>,
  { platform = 'strava', userId = ADA, simulate: decision = 'approve', query = '', beforeCompletion }: Connecting = {},
): Promise<void> {
  const { authorizationUrl } = await startConnection(connections, { userId, platform })
  const consent = await fetch(`${authorizationUrl}&simulate=${decision}${query}`, { redirect: 'manual' })
  const callback = new URL(consent.headers.get('location')!).searchParams
  const { location } = await acceptCallback(connections, {
    platform,
    state: callback.get('state')!,
    code: callback.get('code')!,
    error: undefined,
    scope: callback.get('scope') ?? undefined,
  })
  await beforeCompletion?.()
  await completeConnection(connections, {
    userId,
    handle: new URLSearchParams(new URL(location).hash.slice(1)).get('handle')!,
  })
}
