import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Ports } from './ports.ts'
import type { Secrets } from './secrets.ts'

export interface Installation {
  readonly dataDirectory: string
  readonly ports: Ports
  readonly secrets: Secrets
  /** Of the simulated platforms that tell by themselves what a service needs to know. */
  readonly simulated?: Environment
  /** Connection of the administrator; the roles' are the same with another login. */
  readonly adminUrl: string
}

export type Environment = Readonly<Record<string, string>>

/** High enough that nothing on a laptop ever waits: 15 minutes and a day, for all requests and for reads. */
const SIMULATED_LIMITS = '100000,1000000,100000,1000000'

/** What the processes are told, beside their database connections. A variable that is set already keeps its value. */
export function describeEnvironment(
  { dataDirectory, ports, secrets, simulated = {} }: Installation,
  given: NodeJS.ProcessEnv,
): Environment {
  const local = (port: number) => `http://localhost:${port}`
  const { SERVICE_DATABASE_PASSWORD: _service, HASURA_DATABASE_PASSWORD: _hasura, ...told } = secrets
  const service = local(ports.SERVICE_PORT)
  const simulator = local(ports.SIMULATOR_PORT)
  const defaults = {
    NODE_ENV: 'development',
    LOG_LEVEL: 'info',
    // Nobody balances here.
    SHUTDOWN_DRAIN_SECONDS: '0',
    DEMO: 'true',
    SERVICE_PUBLIC_URL: service,
    APP_REDIRECT_URIS: `${service}/`,
    SERVICE_INTERNAL_URL: local(ports.INTERNAL_PORT),
    HASURA_GRAPHQL_ENDPOINT: local(ports.HASURA_PORT),
    HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL: '100',
    HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL: '500',
    HASURA_GRAPHQL_CONFIGURED_HEADER_PRECEDENCE: 'true',
    // Below the ten seconds after which a child is killed.
    HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT: '5',
    SIMULATOR_URL: simulator,
    STRAVA_CLIENT_ID: '24523',
    STRAVA_API_URL: `${simulator}/strava/api/v3`,
    STRAVA_OAUTH_URL: `${simulator}/strava/oauth`,
    STRAVA_SIMULATOR_STATE: join(dataDirectory, 'strava-simulator.json'),
    STRAVA_SIMULATOR_RATE_LIMITS: SIMULATED_LIMITS,
    GARMIN_CLIENT_ID: 'garmin-simulator',
    GARMIN_AUTHORIZE_URL: `${simulator}/garmin/oauth2Confirm`,
    GARMIN_TOKEN_URL: `${simulator}/garmin/di-oauth2-service/oauth/token`,
    GARMIN_API_URL: `${simulator}/garmin`,
    GARMIN_BACKFILL_DAYS_PER_MINUTE: '10000',
    GARMIN_SIMULATOR_PUBLIC_URL: `${simulator}/garmin`,
    GARMIN_SIMULATOR_WEBHOOK_URL: `${service}/webhooks/garmin/${secrets.GARMIN_WEBHOOK_SECRET}`,
    AUDIT_HEADS_STORE: pathToFileURL(join(dataDirectory, 'audit-heads')).href,
    BACKUP_STORE: pathToFileURL(join(dataDirectory, 'backups')).href,
    STRAVA_RETENTION_DAYS: 'off',
    ...simulated,
    ...told,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
  }
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, given[name] || value]))
}

/** Each process is told of the one database login it works with, and of no other. */
export function databaseUrls({ adminUrl, secrets }: Installation): { DATABASE_URL: string; PG_DATABASE_URL: string } {
  const login = (username: string, password: string) => Object.assign(new URL(adminUrl), { username, password }).href
  return {
    DATABASE_URL: login('tributary_service', secrets.SERVICE_DATABASE_PASSWORD),
    PG_DATABASE_URL: login('tributary_hasura', secrets.HASURA_DATABASE_PASSWORD),
  }
}

/** Writes the file (mode 0600) that the operator's commands and the next start read. It is there whole or not at all. */
export function writeEnvironmentFile(path: string, values: Environment): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`)
  const unfinished = `${path}.new`
  writeFileSync(unfinished, `# Written by npm start, with secrets for this machine alone.\n${lines.join('\n')}\n`, {
    mode: 0o600,
  })
  renameSync(unfinished, path)
}

// The format has no escape for its quotes: a value is put between the kind it does not hold.
function quote(value: string): string {
  if (/^[\w./:,@+=-]*$/.test(value)) return value
  return value.includes("'") ? `"${value}"` : `'${value}'`
}
