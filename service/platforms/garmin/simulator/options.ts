import { z } from 'zod'

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback)

const Environment = z.object({
  GARMIN_CLIENT_ID: z.string().min(1).default('garmin-simulator'),
  GARMIN_CLIENT_SECRET: z.string().min(1).default('simulated-client-secret'),
  /** Where deliveries go: at Garmin it is typed into a form of the developer portal. */
  GARMIN_SIMULATOR_WEBHOOK_URL: z.url().optional(),
  /** Where the simulator itself is reached: what addresses in its pings begin with. */
  GARMIN_SIMULATOR_PUBLIC_URL: z.url().default('http://localhost:4000/garmin'),
  GARMIN_SIMULATOR_MODE: z.enum(['push', 'ping']).default('push'),
  GARMIN_SIMULATOR_RETRY_MS: count(2000),
  GARMIN_SIMULATOR_REQUESTS_PER_MINUTE: count(1000),
})

export interface GarminSimulatorOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly webhookUrl: string | undefined
  readonly publicUrl: string
  readonly mode: 'push' | 'ping'
  readonly retryMs: number
  readonly requestsPerMinute: number
  readonly now?: () => Date
}

/** Throws an Error of one line that names every bad setting. */
export function readOptions(env: NodeJS.ProcessEnv): GarminSimulatorOptions {
  const parsed = Environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  if (!parsed.success)
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  const { data } = parsed
  return {
    clientId: data.GARMIN_CLIENT_ID,
    clientSecret: data.GARMIN_CLIENT_SECRET,
    webhookUrl: data.GARMIN_SIMULATOR_WEBHOOK_URL,
    publicUrl: data.GARMIN_SIMULATOR_PUBLIC_URL.replace(/\/$/, ''),
    mode: data.GARMIN_SIMULATOR_MODE,
    retryMs: data.GARMIN_SIMULATOR_RETRY_MS,
    requestsPerMinute: data.GARMIN_SIMULATOR_REQUESTS_PER_MINUTE,
  }
}
