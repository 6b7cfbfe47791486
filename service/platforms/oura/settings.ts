import { z } from 'zod'
import { Secret } from '../../runtime/secret.ts'

/** The operator's own application at Oura. */
export interface OuraApplication {
  readonly clientId: string
  /** Signs webhooks too. */
  readonly clientSecret: Secret
  /** Last part of the webhook's path. */
  readonly webhookSecret: Secret
  /** The one before it, during a rotation. */
  readonly previousWebhookSecret: Secret | undefined
  readonly verificationToken: Secret
}

export interface OuraSettings {
  /** Undefined: no application, so nobody can connect. */
  readonly application: OuraApplication | undefined
  /** Without a slash at the end, as all addresses here. */
  readonly apiUrl: string
  readonly authorizeUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
  /** What stands before each scope's name. */
  readonly scopePrefix: string
  readonly windowDays: number
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1']

// Secrets are sent there: a mistyped or planted host must not get them.
const address = z
  .string()
  .refine(isSafe, 'needs https (http only for localhost or 127.0.0.1) and no user, query or fragment')
  .refine(isOura, 'needs a host of ouraring.com (or localhost or 127.0.0.1)')
  .transform((value) => value.replace(/\/+$/, ''))
// The value becomes part of an address, and nothing in it may need escaping.
const pathSecret = z.string().regex(/^[\w-]{32,128}$/, 'needs 32 to 128 letters, digits, - or _')

const Environment = z.object({
  OURA_CLIENT_ID: z.string().min(1).optional(),
  OURA_CLIENT_SECRET: z.string().min(1).optional(),
  OURA_WEBHOOK_SECRET: pathSecret.optional(),
  OURA_WEBHOOK_SECRET_PREVIOUS: pathSecret.optional(),
  OURA_WEBHOOK_VERIFICATION_TOKEN: z.string().min(16, 'needs at least 16 characters').optional(),
  OURA_API_URL: address.default('https://api.ouraring.com'),
  OURA_AUTHORIZE_URL: address.default('https://cloud.ouraring.com/oauth/authorize'),
  OURA_TOKEN_URL: address.default('https://moi.ouraring.com/oauth/v2/ext/oauth-token'),
  OURA_REVOKE_URL: address.default('https://api.ouraring.com/oauth/revoke'),
  OURA_SCOPE_PREFIX: z.enum(['extapi:', 'none']).default('extapi:'),
  OURA_HISTORY_WINDOW_DAYS: z
    .string()
    .regex(/^([1-9]|[12]\d|30)$/, 'needs a whole number from 1 to 30')
    .default('30'),
})

/** Environment variables in, settings out; every problem names its variable and never shows a value. */
export const ouraEnvironment: z.ZodType<OuraSettings> = Environment.transform((env, context) => ({
  application: readApplication(env, context),
  apiUrl: env.OURA_API_URL,
  authorizeUrl: env.OURA_AUTHORIZE_URL,
  tokenUrl: env.OURA_TOKEN_URL,
  revokeUrl: env.OURA_REVOKE_URL,
  scopePrefix: env.OURA_SCOPE_PREFIX === 'none' ? '' : env.OURA_SCOPE_PREFIX,
  windowDays: Number(env.OURA_HISTORY_WINDOW_DAYS),
}))

function readApplication(env: z.infer<typeof Environment>, context: z.RefinementCtx): OuraApplication | undefined {
  if (env.OURA_CLIENT_ID === undefined) return undefined
  const companion = (name: 'OURA_CLIENT_SECRET' | 'OURA_WEBHOOK_SECRET' | 'OURA_WEBHOOK_VERIFICATION_TOKEN') => {
    const value = env[name]
    if (value === undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'is needed beside OURA_CLIENT_ID' })
    return new Secret(value ?? '')
  }
  const previous = env.OURA_WEBHOOK_SECRET_PREVIOUS
  return {
    clientId: env.OURA_CLIENT_ID,
    clientSecret: companion('OURA_CLIENT_SECRET'),
    webhookSecret: companion('OURA_WEBHOOK_SECRET'),
    previousWebhookSecret: previous === undefined ? undefined : new Secret(previous),
    verificationToken: companion('OURA_WEBHOOK_VERIFICATION_TOKEN'),
  }
}

function isSafe(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const encrypted = url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL_HOSTS.includes(url.hostname))
  return encrypted && [url.username, url.password, url.search, url.hash].every((part) => part === '')
}

function isOura(value: string): boolean {
  if (!URL.canParse(value)) return true // reported already
  const { hostname } = new URL(value)
  return LOCAL_HOSTS.includes(hostname) || hostname.endsWith('.ouraring.com')
}
