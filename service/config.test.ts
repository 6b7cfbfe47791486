import { describe, expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const complete = {
  NODE_ENV: 'test',
  DATABASE_URL: 'postgres://localhost/none',
  SERVICE_PUBLIC_URL: 'http://localhost:3000/',
  APP_REDIRECT_URIS: 'http://localhost:3000/, https://app.example/done',
  HASURA_GRAPHQL_ENDPOINT: 'http://localhost:8080',
  HASURA_ACTION_SECRET: 'a'.repeat(32),
  HASURA_EVENT_SECRET: 'e'.repeat(32),
  VAULT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
}
const strava = {
  STRAVA_CLIENT_ID: '1',
  STRAVA_CLIENT_SECRET: 'client-secret',
  STRAVA_WEBHOOK_SECRET: 'w'.repeat(32),
  STRAVA_WEBHOOK_VERIFY_TOKEN: 'v'.repeat(16),
}

describe('the configuration', () => {
  test('names every problem at once, and never a value', async () => {
    const broken = {
      ...complete,
      DATABASE_URL: undefined,
      HASURA_ACTION_SECRET: 'canary-short',
      SERVICE_PORT: 'canary-port',
    }
    const error = await loadConfig(broken).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).toMatch(/DATABASE_URL: [\s\S]*SERVICE_PORT: [\s\S]*HASURA_ACTION_SECRET: /)
    expect(error?.message).not.toContain('canary')
  })

  test.for([
    ['a Strava client without its secret', { STRAVA_CLIENT_ID: '1' }, 'STRAVA_CLIENT_SECRET'],
    ['a JWT secret that is not JSON', { HASURA_GRAPHQL_JWT_SECRET: 'canary' }, 'HASURA_GRAPHQL_JWT_SECRET'],
    ['a retention of nothing', { ...strava, STRAVA_RETENTION_DAYS: '0' }, 'STRAVA_RETENTION_DAYS'],
    ['the demo in production', { NODE_ENV: 'production', DEMO: 'true' }, 'DEMO'],
    ['an address that is none', { SERVICE_PUBLIC_URL: 'localhost' }, 'SERVICE_PUBLIC_URL'],
    ['production without a key', { NODE_ENV: 'production', VAULT_MASTER_KEY: '' }, 'VAULT_MASTER_KEY: is required'],
    [
      'the published key in production',
      { NODE_ENV: 'production', VAULT_MASTER_KEY: 'NQjkKTodmIsl7fIE7bL10r1ZlSUy3fNW/hD4pe8fcfY=' },
      'VAULT_MASTER_KEY: this key is published',
    ],
    [
      'a passphrase in production',
      { NODE_ENV: 'production', VAULT_KEY_SOURCE: 'passphrase', VAULT_PASSPHRASE: 'correct horse battery staple' },
      'VAULT_KEY_SOURCE: a passphrase is for laptops',
    ],
    [
      'plain http to a key service in production',
      { NODE_ENV: 'production', VAULT_TRANSIT_ADDRESS: 'http://vault:8200' },
      'keys travel over https',
    ],
    ['KMS without its key', { VAULT_KEY_SOURCE: 'aws-kms', VAULT_KMS_REGION: 'eu-central-1' }, 'VAULT_KMS_KEY_ID'],
    [
      'HashiCorp Vault without a token',
      { VAULT_KEY_SOURCE: 'vault-transit', VAULT_TRANSIT_ADDRESS: 'https://vault', VAULT_TRANSIT_KEY: 'k' },
      'VAULT_TRANSIT_TOKEN',
    ],
    ['keys kept for longer than an hour', { VAULT_KEY_CACHE_SECONDS: '3601' }, 'VAULT_KEY_CACHE_SECONDS'],
    ['fewer than 100,000 iterations', { VAULT_PASSPHRASE_ITERATIONS: '99999' }, 'VAULT_PASSPHRASE_ITERATIONS'],
    ['a time to back up that never comes', { BACKUP_SCHEDULE: '61 2 * * *' }, 'BACKUP_SCHEDULE: must be five fields'],
    ['a time to back up in words', { BACKUP_SCHEDULE: 'nightly' }, 'BACKUP_SCHEDULE: must be five fields'],
    ['an environment that is no name', { TRIBUTARY_ENVIRONMENT: 'Staging 1' }, 'TRIBUTARY_ENVIRONMENT'],
    ['a callback that anybody can read', { SERVICE_PUBLIC_URL: 'http://service.example' }, 'SERVICE_PUBLIC_URL'],
    ['an app behind a scheme of its own', { APP_REDIRECT_URIS: 'myapp://connected' }, 'APP_REDIRECT_URIS'],
    ['an app that anybody can read', { APP_REDIRECT_URIS: 'http://app.example/' }, 'APP_REDIRECT_URIS'],
    ['certificates that nobody checks', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'NODE_TLS_REJECT_UNAUTHORIZED'],
  ] as const)('refuses %s by name', async ([, wrong, name]) => {
    await expect(loadConfig({ ...complete, ...wrong })).rejects.toThrow(name)
  })

  test('reads lists, drops a trailing slash, and leaves a platform without a client off', async () => {
    const config = await loadConfig({ ...complete, STRAVA_CLIENT_ID: '' })
    expect(config).toMatchObject({
      servicePublicUrl: 'http://localhost:3000',
      appRedirectUris: ['http://localhost:3000/', 'https://app.example/done'],
    })
    expect(config.platforms.get('strava')?.oauth).toBeUndefined()
  })

  test('shows no secret when it is printed', async () => {
    const config = await loadConfig({ ...complete, ...strava })
    expect(JSON.stringify(config)).not.toMatch(/client-secret|w{32}|a{32}|e{32}/)
  })
})
