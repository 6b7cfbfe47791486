import { z } from 'zod'
import { Secret } from '../../runtime/secret.ts'
import type { Policy } from '../contract.ts'

/** The operator's own application at Strava. */
export interface StravaApplication {
  readonly clientId: string
  readonly clientSecret: Secret
  /** Last part of the webhook's path. */
  readonly webhookSecret: Secret
  /** The one before it, during a rotation. */
  readonly previousWebhookSecret?: Secret | undefined
  readonly verifyToken: Secret
}

export interface StravaSettings {
  /** Undefined: no application, so nobody can connect. */
  readonly application: StravaApplication | undefined
  /** Without a slash at the end. */
  readonly apiUrl: string
  readonly oauthUrl: string
  /** Strava removes `deauthorize` on 2027-06-01; `revoke` exists since 2026-06-01. */
  readonly revokeStyle: 'revoke' | 'deauthorize'
  readonly revokeUrl: string
  /** What the operator set in place of the published policy. */
  readonly policy: Partial<
    Pick<Policy, 'retentionDays' | 'deleteAfterSourceDeletionHours' | 'deleteAfterDeauthorizationDays' | 'combinable'>
  >
  readonly policyReason: string | undefined
  /** How far back details and streams are fetched. */
  readonly enrichDays: number
  /** Whether the consent asks for the whole profile too: threshold power and training zones. */
  readonly askProfile: boolean
  /** How far back time in zones is fetched; 0: not at all. */
  readonly zoneDays: number
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1']

const address = z
  .string()
  .refine(isSafe, 'needs https (http only for localhost or 127.0.0.1) and no user, query or fragment')
  .transform((value) => value.replace(/\/+$/, ''))

// Secrets are sent there: a mistyped or planted host must not get them.
const stravaAddress = address.refine(isStrava, 'needs a host of strava.com (or localhost or 127.0.0.1)')

const days = z
  .string()
  .regex(/^\d{1,5}$/, 'needs a whole number of days')
  .transform(Number)
const limitIn = (unit: string) =>
  z
    .string()
    .regex(/^(off|[1-9]\d{0,4})$/, `needs a whole number of ${unit}, or off`)
    .transform((value) => (value === 'off' ? null : Number(value)))
    .optional()

// The value becomes part of an address, and nothing in it may need escaping.
const pathSecret = z.string().regex(/^[\w-]{32,128}$/, 'needs 32 to 128 letters, digits, - or _')

const Environment = z.object({
  STRAVA_CLIENT_ID: z.string().min(1).optional(),
  STRAVA_CLIENT_SECRET: z.string().min(1).optional(),
  STRAVA_WEBHOOK_SECRET: pathSecret.optional(),
  STRAVA_WEBHOOK_SECRET_PREVIOUS: pathSecret.optional(),
  STRAVA_WEBHOOK_VERIFY_TOKEN: z.string().min(16, 'needs at least 16 characters').optional(),
  STRAVA_API_URL: stravaAddress.default('https://www.strava.com/api/v3'),
  STRAVA_OAUTH_URL: stravaAddress.default('https://www.strava.com/oauth'),
  STRAVA_REVOKE_STYLE: z.enum(['revoke', 'deauthorize']).default('revoke'),
  STRAVA_REVOKE_URL: stravaAddress.optional(),
  STRAVA_RETENTION_DAYS: limitIn('days'),
  STRAVA_SOURCE_DELETION_HOURS: limitIn('hours'),
  STRAVA_DEAUTHORIZATION_DAYS: limitIn('days'),
  STRAVA_COMBINABLE: z.enum(['true', 'false']).optional(),
  STRAVA_RETENTION_REASON: z.string().min(1).optional(),
  STRAVA_POLICY_REASON: z.string().min(1).optional(),
  STRAVA_ASK_PROFILE: z.enum(['true', 'false']).default('false'),
  STRAVA_ENRICH_DAYS: days.default(90),
  STRAVA_ZONE_DAYS: days.default(14),
})

/** Environment variables in, settings out; every problem names its variable and never shows a value. */
export const stravaEnvironment: z.ZodType<StravaSettings> = Environment.transform((env, context) => ({
  application: readApplication(env, context),
  apiUrl: env.STRAVA_API_URL,
  oauthUrl: env.STRAVA_OAUTH_URL,
  revokeStyle: env.STRAVA_REVOKE_STYLE,
  revokeUrl: env.STRAVA_REVOKE_URL ?? `${env.STRAVA_OAUTH_URL}/${env.STRAVA_REVOKE_STYLE}`,
  policy: readPolicy(env, context),
  policyReason: env.STRAVA_POLICY_REASON ?? env.STRAVA_RETENTION_REASON,
  askProfile: env.STRAVA_ASK_PROFILE === 'true',
  enrichDays: env.STRAVA_ENRICH_DAYS,
  zoneDays: env.STRAVA_ZONE_DAYS,
}))

/** Only what was set: the published figure stands for the rest. Combining is the one rule that nobody may lift in passing. */
function readPolicy(env: z.infer<typeof Environment>, context: z.RefinementCtx): StravaSettings['policy'] {
  if (env.STRAVA_COMBINABLE === 'true' && env.STRAVA_POLICY_REASON === undefined)
    context.addIssue({ code: 'custom', path: ['STRAVA_POLICY_REASON'], message: 'is needed beside STRAVA_COMBINABLE' })
  return {
    ...(env.STRAVA_RETENTION_DAYS !== undefined && { retentionDays: env.STRAVA_RETENTION_DAYS }),
    ...(env.STRAVA_SOURCE_DELETION_HOURS !== undefined && {
      deleteAfterSourceDeletionHours: env.STRAVA_SOURCE_DELETION_HOURS,
    }),
    ...(env.STRAVA_DEAUTHORIZATION_DAYS !== undefined && {
      deleteAfterDeauthorizationDays: env.STRAVA_DEAUTHORIZATION_DAYS,
    }),
    ...(env.STRAVA_COMBINABLE !== undefined && { combinable: env.STRAVA_COMBINABLE === 'true' }),
  }
}

function readApplication(env: z.infer<typeof Environment>, context: z.RefinementCtx): StravaApplication | undefined {
  if (env.STRAVA_CLIENT_ID === undefined) return undefined
  const companion = (name: 'STRAVA_CLIENT_SECRET' | 'STRAVA_WEBHOOK_SECRET' | 'STRAVA_WEBHOOK_VERIFY_TOKEN') => {
    const value = env[name]
    if (value === undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'is needed beside STRAVA_CLIENT_ID' })
    return new Secret(value ?? '')
  }
  return {
    clientId: env.STRAVA_CLIENT_ID,
    clientSecret: companion('STRAVA_CLIENT_SECRET'),
    webhookSecret: companion('STRAVA_WEBHOOK_SECRET'),
    previousWebhookSecret:
      env.STRAVA_WEBHOOK_SECRET_PREVIOUS === undefined ? undefined : new Secret(env.STRAVA_WEBHOOK_SECRET_PREVIOUS),
    verifyToken: companion('STRAVA_WEBHOOK_VERIFY_TOKEN'),
  }
}

function isSafe(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const encrypted = url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL_HOSTS.includes(url.hostname))
  return encrypted && [url.username, url.password, url.search, url.hash].every((part) => part === '')
}

function isStrava(value: string): boolean {
  if (!URL.canParse(value)) return true // reported already
  const { hostname } = new URL(value)
  return LOCAL_HOSTS.includes(hostname) || hostname === 'strava.com' || hostname.endsWith('.strava.com')
}
