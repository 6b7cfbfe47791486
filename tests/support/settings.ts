import { randomBytes } from 'node:crypto'

/** The least that the service's programs start with; no platform is switched on. Nothing of the machine's own comes along. */
export function leastSettings(databaseUrl: string): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    SHUTDOWN_DRAIN_SECONDS: '0',
    TRIBUTARY_DATA_DIR: '/nonexistent',
    DATABASE_URL: databaseUrl,
    SERVICE_PUBLIC_URL: 'http://localhost:3000',
    APP_REDIRECT_URIS: 'http://localhost:3000/',
    HASURA_GRAPHQL_ENDPOINT: 'http://localhost:9',
    HASURA_ACTION_SECRET: 'a'.repeat(32),
    HASURA_EVENT_SECRET: 'e'.repeat(32),
    VAULT_MASTER_KEY: randomBytes(32).toString('base64'),
  }
}
