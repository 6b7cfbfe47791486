import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadEnvFile } from 'node:process'
import { z } from 'zod'
import { accessEnvironment, accessProblems, accessSettings } from './access/settings.ts'
import { ARCHIVE_ENVIRONMENT, archiveProblems } from './compliance/archive/settings.ts'
import { NOTICE_ENVIRONMENT, noticeProblems, noticeSettings } from './compliance/breach/settings.ts'
import { RETENTION_ENVIRONMENT } from './compliance/retention/settings.ts'
import { COMPLIANCE_ENVIRONMENT, complianceSettings } from './compliance/settings.ts'
import type { ConfiguredPlatform, Platform, Platforms, PlatformUpload } from './platforms/contract.ts'
import { discoverPlatforms } from './platforms/discover.ts'
import { isSchedule } from './runtime/job-runner.ts'
import { isStoreAddress } from './runtime/open-store.ts'
import { Secret } from './runtime/secret.ts'
import { namedTracing, TRACING_ENVIRONMENT } from './runtime/tracing-settings.ts'
import { namedQueues, WORKER_ENVIRONMENT } from './runtime/worker-settings.ts'
import { namedVault, VAULT_ENVIRONMENT, vaultProblems } from './vault/settings.ts'

const secret = (minLength: number) =>
  z
    .string()
    .min(minLength)
    .transform((value) => new Secret(value))
const port = z.coerce.number().int().min(0).max(65535)
const address = z.url().transform((value) => value.replace(/\/$/, ''))
/** Where browsers are sent with codes and handles: a custom scheme can be claimed by any app (RFC 8252, 8.6), and plain http be read. */
const safeForBrowsers = z.url().refine((value) => {
  if (!URL.canParse(value)) return true // reported already
  const { protocol, hostname, username } = new URL(value)
  const local = protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname)
  return (protocol === 'https:' || local) && username === ''
}, 'needs https (http only for localhost or 127.0.0.1)')
const storeAddress = z.string().refine(isStoreAddress, 'must be file:///directory or s3://bucket/prefix')
const switchedOn = z.enum(['true', 'false']).transform((value) => value === 'true')

const Environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  DATABASE_URL: secret(1),
  DATABASE_MAX_CONNECTIONS: z.coerce.number().int().positive().default(20),
  SERVICE_HOST: z.string().default('127.0.0.1'),
  SERVICE_PORT: port.default(3000),
  INTERNAL_HOST: z.string().default('127.0.0.1'),
  INTERNAL_PORT: port.default(3001),
  /** Where the worker serves /metrics and /health/live; without it, it does not listen. */
  WORKER_PORT: port.optional(),
  ...WORKER_ENVIRONMENT,
  /** After SIGTERM it says that it is not ready, and still serves, for so long: whoever sends it requests has to notice. */
  SHUTDOWN_DRAIN_SECONDS: z.coerce.number().min(0).max(60).default(5),
  SERVICE_PUBLIC_URL: safeForBrowsers.transform((value) => value.replace(/\/$/, '')),
  APP_REDIRECT_URIS: z
    .string()
    .transform((list) => list.split(',').map((uri) => uri.trim()))
    .pipe(z.array(safeForBrowsers).min(1)),
  HASURA_GRAPHQL_ENDPOINT: address,
  /** Where browsers reach it, when that is another address. */
  HASURA_GRAPHQL_PUBLIC_URL: address.optional(),
  HASURA_GRAPHQL_ADMIN_SECRET: secret(16).optional(),
  ...accessEnvironment,
  HASURA_ACTION_SECRET: secret(32),
  HASURA_EVENT_SECRET: secret(32),
  HASURA_ACTION_SECRET_PREVIOUS: secret(32).optional(),
  HASURA_EVENT_SECRET_PREVIOUS: secret(32).optional(),
  ...VAULT_ENVIRONMENT,
  /** Processed webhook bodies are dropped after so many days. */
  WEBHOOK_RETENTION_DAYS: z.coerce.number().int().min(0).max(60).default(7),
  /** A connection whose webhooks are silent is polled every so many minutes, up to the most while nothing is new. */
  SYNC_POLL_MINUTES: z.coerce.number().int().min(1).max(1440).default(15),
  /** How many days back the nightly comparison goes. */
  SYNC_RECONCILE_DAYS: z.coerce.number().int().min(1).max(366).default(35),
  SYNC_POLL_MAX_MINUTES: z.coerce.number().int().min(1).max(1440).default(360),
  ...COMPLIANCE_ENVIRONMENT,
  ...NOTICE_ENVIRONMENT,
  ...RETENTION_ENVIRONMENT,
  ...ARCHIVE_ENVIRONMENT,
  /** Hasura's log of delivered events is emptied after so many days. */
  EVENT_LOG_RETENTION_DAYS: z.coerce.number().int().min(1).max(365).default(7),
  AUDIT_SIGNING_KEY: secret(1).optional(),
  AUDIT_HEADS_STORE: storeAddress.optional(),
  AUDIT_TRUSTED_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .default([]),
  BACKUP_STORE: storeAddress.optional(),
  BACKUP_KEY: secret(1).optional(),
  BACKUP_SCHEDULE: z
    .string()
    .refine(isSchedule, 'must be five fields of a crontab in UTC, such as 15 2 * * *')
    .default('15 2 * * *'),
  BACKUP_KEEP_DAYS: z.coerce.number().int().positive().default(35),
  /** Between deleteMyData and its begin; it can be cancelled for so long. */
  ERASURE_GRACE_HOURS: z.coerce.number().int().min(0).max(336).default(72),
  S3_ENDPOINT: address.optional(),
  S3_REGION: z.string().default('us-east-1'),
  ...TRACING_ENVIRONMENT,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DEMO: switchedOn.default(false),
  SIMULATOR_URL: address.optional(),
})

/** Everything that can be set, as read at start; nothing else looks at the environment. */
export type Config = Awaited<ReturnType<typeof loadConfig>>

/** Throws one Error that lists every problem by name; a value is never shown, for it may itself be a secret. */
export async function loadConfig(environment: NodeJS.ProcessEnv = process.env) {
  const env = withoutEmpty(environment)
  const folders = await discoverPlatforms()
  const parsed = Environment.safeParse(env)
  const platforms = [...folders.values()].map((platform) => configure(platform, env))
  const problems = [
    ...(parsed.error?.issues ?? []).map(describeIssue),
    ...platforms.flatMap((result) => result.problems),
    ...refusedInProduction(parsed.data),
    ...accessProblems(parsed.data),
    ...(parsed.data === undefined ? [] : noticeProblems(parsed.data)),
    ...(parsed.data === undefined ? [] : vaultProblems(parsed.data)),
    ...(parsed.data === undefined ? [] : archiveProblems(parsed.data)),
    ...refusedEverywhere(env),
  ]
  if (!parsed.success || problems.length > 0)
    throw new Error(`Bad environment:\n${problems.map((line) => `  ${line}`).join('\n')}`)
  const configured: Platforms = new Map(
    platforms.flatMap(({ value }) => (value === undefined ? [] : [[value.id, value]])),
  )
  return Object.freeze({ ...named(parsed.data), platforms: configured })
}

/** Every variable that is read, those of the platforms included. */
export async function environmentNames(): Promise<readonly string[]> {
  const platforms = [...(await discoverPlatforms()).values()]
  return [...Object.keys(Environment.shape), ...platforms.flatMap(({ env }) => shapeOf(env))]
}

/** A platform's settings are a shape, checked further or turned into something else. */
function shapeOf(type: z.ZodType): readonly string[] {
  if (type instanceof z.ZodObject) return Object.keys(type.shape)
  return type instanceof z.ZodPipe ? shapeOf(type.in as z.ZodType) : []
}

/** The little that a client of our GraphQL needs; throws like `loadConfig`. */
export function loadClientConfig(environment: NodeJS.ProcessEnv = process.env) {
  const parsed = Environment.pick({
    NODE_ENV: true,
    HASURA_GRAPHQL_ENDPOINT: true,
    HASURA_GRAPHQL_JWT_SECRET: true,
  }).safeParse(withoutEmpty(environment))
  if (!parsed.success)
    throw new Error(`Bad environment:\n${parsed.error.issues.map((issue) => `  ${describeIssue(issue)}`).join('\n')}`)
  const { NODE_ENV: nodeEnvironment, HASURA_GRAPHQL_ENDPOINT: url, HASURA_GRAPHQL_JWT_SECRET: jwt } = parsed.data
  return { nodeEnvironment, hasura: { url, jwt } }
}

/** What every platform makes of its payloads, whether it is switched on or not: reading a payload needs no settings but limits. */
export async function loadNormalizers(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ReadonlyMap<string, PayloadReaders>> {
  const folders = await discoverPlatforms()
  return new Map(
    [...folders.values()].map((platform) => {
      const { id, normalize, files, readWebhookItem } = platform
      const settings = platform.upload && platform.env.safeParse(withoutEmpty(environment))
      const upload = settings?.success ? platform.upload?.(settings.data) : undefined
      const optional = {
        ...(files && { files }),
        ...(readWebhookItem && { readWebhookItem }),
        ...(upload && { upload }),
      }
      return [id, { normalize, ...optional }]
    }),
  )
}

export type PayloadReaders = Pick<Platform, 'normalize' | 'files' | 'readWebhookItem'> & {
  readonly upload?: PlatformUpload
}

/** Variables that the launcher wrote for the operator's commands on a laptop; what is set already wins. */
export function loadDevelopmentEnvironment(): void {
  const file = join(process.env['TRIBUTARY_DATA_DIR'] ?? '.data', 'development.env')
  if (process.env['NODE_ENV'] !== 'production' && existsSync(file)) loadEnvFile(file)
}

function named(env: z.infer<typeof Environment>) {
  return {
    nodeEnvironment: env.NODE_ENV,
    database: { url: env.DATABASE_URL, maxConnections: env.DATABASE_MAX_CONNECTIONS },
    ...namedListeners(env),
    worker: { port: env.WORKER_PORT, ...namedQueues(env) },
    servicePublicUrl: env.SERVICE_PUBLIC_URL,
    appRedirectUris: env.APP_REDIRECT_URIS,
    hasura: {
      url: env.HASURA_GRAPHQL_ENDPOINT,
      publicUrl: env.HASURA_GRAPHQL_PUBLIC_URL ?? env.HASURA_GRAPHQL_ENDPOINT,
      adminSecret: env.HASURA_GRAPHQL_ADMIN_SECRET,
      jwt: env.HASURA_GRAPHQL_JWT_SECRET,
      actionSecret: env.HASURA_ACTION_SECRET,
      eventSecret: env.HASURA_EVENT_SECRET,
      previousActionSecret: env.HASURA_ACTION_SECRET_PREVIOUS,
      previousEventSecret: env.HASURA_EVENT_SECRET_PREVIOUS,
    },
    vault: namedVault(env),
    webhookRetentionDays: env.WEBHOOK_RETENTION_DAYS,
    reconcileDays: env.SYNC_RECONCILE_DAYS,
    pollSeconds: {
      shortest: env.SYNC_POLL_MINUTES * 60,
      longest: Math.max(env.SYNC_POLL_MINUTES, env.SYNC_POLL_MAX_MINUTES) * 60,
    },
    eventLogRetentionDays: env.EVENT_LOG_RETENTION_DAYS,
    access: accessSettings(env),
    compliance: complianceSettings(env),
    notices: noticeSettings(env),
    retention: env.RETENTION_DAYS,
    audit: {
      signingKey: env.AUDIT_SIGNING_KEY,
      headsStore: env.AUDIT_HEADS_STORE,
      trustedKeys: env.AUDIT_TRUSTED_KEYS,
    },
    backup: namedBackups(env),
    erasureGraceHours: env.ERASURE_GRACE_HOURS,
    s3: { endpoint: env.S3_ENDPOINT, region: env.S3_REGION },
    logLevel: env.LOG_LEVEL,
    tracing: namedTracing(env),
    demo: env.DEMO,
    simulatorUrl: env.SIMULATOR_URL,
  }
}

function namedBackups(env: z.infer<typeof Environment>) {
  const { BACKUP_STORE: store, BACKUP_KEY: key, BACKUP_SCHEDULE: schedule, BACKUP_KEEP_DAYS: keepDays } = env
  return { store, key, schedule, keepDays, archiveDays: env.ARCHIVE_DAYS }
}

function namedListeners(env: z.infer<typeof Environment>) {
  return {
    publicListener: { host: env.SERVICE_HOST, port: env.SERVICE_PORT },
    internalListener: { host: env.INTERNAL_HOST, port: env.INTERNAL_PORT },
    drainMs: env.SHUTDOWN_DRAIN_SECONDS * 1000,
  }
}

function configure(platform: Platform, env: NodeJS.ProcessEnv): { value?: ConfiguredPlatform; problems: string[] } {
  const settings = platform.env.safeParse(env)
  if (!settings.success) return { problems: settings.error.issues.map(describeIssue) }
  const { id, displayName, coverage, normalize } = platform
  const value = {
    id,
    displayName,
    coverage,
    normalize,
    ...(platform.files && { files: platform.files }),
    ...(platform.longLists && { longLists: platform.longLists }),
    policy: platform.policy(settings.data),
    ...(platform.upload && { upload: platform.upload(settings.data) }),
    ...platform.connect?.(settings.data),
  }
  return { value, problems: [] }
}

function refusedInProduction(env: z.infer<typeof Environment> | undefined): string[] {
  if (env === undefined) return []
  const production = env.NODE_ENV === 'production'
  const halfAudited = (env.AUDIT_SIGNING_KEY === undefined) !== (env.AUDIT_HEADS_STORE === undefined)
  return [
    ...(production && env.DEMO ? ['DEMO: is for laptops; it hands out tokens and must be false in production'] : []),
    ...((env.BACKUP_STORE === undefined) !== (env.BACKUP_KEY === undefined)
      ? ['BACKUP_STORE, BACKUP_KEY: give both or neither']
      : []),
    ...(halfAudited ? ['AUDIT_SIGNING_KEY, AUDIT_HEADS_STORE: give both or neither'] : []),
    ...(production && env.AUDIT_SIGNING_KEY === undefined
      ? ['AUDIT_SIGNING_KEY: the audit trail must be sealed in production; see docs/operations/audit.md']
      : []),
  ]
}

/** Node's own switch: with it, codes and tokens go to whoever answers. */
function refusedEverywhere(env: NodeJS.ProcessEnv): string[] {
  return env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
    ? [
        'NODE_TLS_REJECT_UNAUTHORIZED: switches the check of certificates off; trust a CA with NODE_EXTRA_CA_CERTS instead',
      ]
    : []
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')}: ${issue.message}`
}

/** Compose files and shells pass unset variables as empty text. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
}
