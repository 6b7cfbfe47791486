import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

const random = (bytes: number) => randomBytes(bytes).toString('hex')

/** How each secret is made when neither the environment nor an earlier start has one. */
const GENERATORS = {
  SERVICE_DATABASE_PASSWORD: () => random(24),
  HASURA_DATABASE_PASSWORD: () => random(24),
  HASURA_GRAPHQL_ADMIN_SECRET: () => random(32),
  HASURA_GRAPHQL_JWT_SECRET: () =>
    JSON.stringify({ type: 'HS256', key: random(32), issuer: 'tributary-local', audience: 'tributary' }),
  HASURA_ACTION_SECRET: () => random(32),
  HASURA_EVENT_SECRET: () => random(32),
  VAULT_MASTER_KEY: () => randomBytes(32).toString('base64'),
  AUDIT_SIGNING_KEY: () => randomBytes(32).toString('base64'),
  BACKUP_KEY: () => randomBytes(32).toString('base64'),
  STRAVA_CLIENT_SECRET: () => random(20),
  STRAVA_WEBHOOK_SECRET: () => random(32),
  STRAVA_WEBHOOK_VERIFY_TOKEN: () => random(16),
  GARMIN_CLIENT_SECRET: () => random(20),
  GARMIN_WEBHOOK_SECRET: () => random(32),
} as const

export type SecretName = keyof typeof GENERATORS
export type Secrets = Readonly<Record<SecretName, string>>

/**
 * Secrets for a laptop: from the environment, else from the file of an earlier start, else new. Only secrets are read
 * back from that file: everything else in it follows from the environment of the start that wrote it.
 */
export function readSecrets(env: Readonly<Record<string, string | undefined>>, file: string): Secrets {
  const stored = readStored(file)
  const names = Object.keys(GENERATORS) as SecretName[]
  const entries = names.map((name) => [name, env[name] || stored[name] || GENERATORS[name]()] as const)
  return Object.fromEntries(entries) as Record<SecretName, string>
}

/** The same for secrets whose names are known only at the start. */
export function rememberedOrNew(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  file: string,
): Readonly<Record<string, string>> {
  const stored = readStored(file)
  return Object.fromEntries(names.map((name) => [name, env[name] || stored[name] || random(32)]))
}

function readStored(file: string): Readonly<Record<string, string | undefined>> {
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
}
