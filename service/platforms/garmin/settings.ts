import { z } from 'zod'
import { Secret } from '../../runtime/secret.ts'

/** The operator's own application at Garmin. */
export interface GarminApplication {
  readonly clientId: string
  readonly clientSecret: Secret
  /** Last part of the webhook's path. */
  readonly webhookSecret: Secret
  /** The one before it, during a rotation. */
  readonly previousWebhookSecret?: Secret | undefined
}

export interface GarminSettings {
  /** Undefined: no application, so nobody can connect. */
  readonly application: GarminApplication | undefined
  readonly authorizeUrl: string
  readonly tokenUrl: string
  /** Without a slash at the end; the paths below it follow. */
  readonly apiUrl: string
  readonly userPath: string
  readonly dataPath: string
  readonly exchangePath: string
  /** What an address in a ping must begin with. */
  readonly callbackUrls: readonly string[]
  /** Whether a delivery without the header garmin-client-id is accepted: Garmin's Data Generator sends none. */
  readonly headerOptional: boolean
  readonly backfillDays: number
  readonly backfillWindowDays: number
  readonly backfillDaysPerMinute: number
  readonly backfillWaitHours: number
  readonly requestsPerMinute: number
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1']

const address = z
  .string()
  .refine(isSafe, 'needs https (http only for localhost or 127.0.0.1) and no user, query or fragment')
  .transform((value) => value.replace(/\/+$/, ''))
const path = z.string().regex(/^\/[\w/-]*\w$/, 'needs to begin with a slash and not to end with one')
const count = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'needs a whole number above zero')
    .transform(Number)
    .refine((value) => value <= most, `is more than ${most}`)
// The value becomes part of an address, and nothing in it may need escaping.
const pathSecret = z.string().regex(/^[\w-]{32,128}$/, 'needs 32 to 128 letters, digits, - or _')
const addresses = z
  .string()
  .transform((list) => list.split(',').map((item) => item.trim()))
  .pipe(z.array(address).min(1))

const Environment = z.object({
  GARMIN_CLIENT_ID: z.string().min(1).optional(),
  GARMIN_CLIENT_SECRET: z.string().min(1).optional(),
  GARMIN_WEBHOOK_SECRET: pathSecret.optional(),
  GARMIN_WEBHOOK_SECRET_PREVIOUS: pathSecret.optional(),
  GARMIN_WEBHOOK_HEADER: z.enum(['required', 'optional']).default('required'),
  GARMIN_AUTHORIZE_URL: address.default('https://connect.garmin.com/oauth2Confirm'),
  GARMIN_TOKEN_URL: address.default('https://diauth.garmin.com/di-oauth2-service/oauth/token'),
  GARMIN_API_URL: address.default('https://apis.garmin.com'),
  GARMIN_USER_PATH: path.default('/wellness-api/rest/user'),
  GARMIN_DATA_PATH: path.default('/wellness-api/rest'),
  GARMIN_TOKEN_EXCHANGE_PATH: path.default('/partner-gateway/rest/user/token-exchange'),
  GARMIN_CALLBACK_URLS: addresses.optional(),
  GARMIN_BACKFILL_DAYS: count(3650).default(30),
  GARMIN_BACKFILL_WINDOW_DAYS: count(90).default(30),
  GARMIN_BACKFILL_DAYS_PER_MINUTE: count(1_000_000).default(100),
  GARMIN_BACKFILL_WAIT_HOURS: count(720).default(24),
  GARMIN_REQUESTS_PER_MINUTE: count(1_000_000).default(100),
})

/** Environment variables in, settings out; every problem names its variable and never shows a value. */
export const garminEnvironment: z.ZodType<GarminSettings> = Environment.transform((env, context) => ({
  application: readApplication(env, context),
  authorizeUrl: env.GARMIN_AUTHORIZE_URL,
  tokenUrl: env.GARMIN_TOKEN_URL,
  apiUrl: env.GARMIN_API_URL,
  userPath: env.GARMIN_USER_PATH,
  dataPath: env.GARMIN_DATA_PATH,
  exchangePath: env.GARMIN_TOKEN_EXCHANGE_PATH,
  callbackUrls: env.GARMIN_CALLBACK_URLS ?? [`${env.GARMIN_API_URL}${env.GARMIN_DATA_PATH}`],
  headerOptional: env.GARMIN_WEBHOOK_HEADER === 'optional',
  backfillDays: env.GARMIN_BACKFILL_DAYS,
  backfillWindowDays: env.GARMIN_BACKFILL_WINDOW_DAYS,
  backfillDaysPerMinute: env.GARMIN_BACKFILL_DAYS_PER_MINUTE,
  backfillWaitHours: env.GARMIN_BACKFILL_WAIT_HOURS,
  requestsPerMinute: env.GARMIN_REQUESTS_PER_MINUTE,
}))

function readApplication(env: z.infer<typeof Environment>, context: z.RefinementCtx): GarminApplication | undefined {
  if (env.GARMIN_CLIENT_ID === undefined) return undefined
  const companion = (name: 'GARMIN_CLIENT_SECRET' | 'GARMIN_WEBHOOK_SECRET') => {
    const value = env[name]
    if (value === undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'is needed beside GARMIN_CLIENT_ID' })
    return new Secret(value ?? '')
  }
  const previous = env.GARMIN_WEBHOOK_SECRET_PREVIOUS
  return {
    clientId: env.GARMIN_CLIENT_ID,
    clientSecret: companion('GARMIN_CLIENT_SECRET'),
    webhookSecret: companion('GARMIN_WEBHOOK_SECRET'),
    previousWebhookSecret: previous === undefined ? undefined : new Secret(previous),
  }
}

function isSafe(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const encrypted = url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL_HOSTS.includes(url.hostname))
  return encrypted && [url.username, url.password, url.search, url.hash].every((part) => part === '')
}
