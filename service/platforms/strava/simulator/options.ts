import { z } from 'zod'

export interface RateLimits {
  readonly overall15Minutes: number
  readonly overallDay: number
  readonly read15Minutes: number
  readonly readDay: number
}

export interface StravaSimulatorOptions {
  readonly clientId: string
  readonly clientSecret: string
  /** Redirects may go there, to hosts below it, and always to localhost and 127.0.0.1. */
  readonly callbackDomain?: string | undefined
  readonly tokenSeconds: number
  readonly rateLimits: RateLimits
  /** Between two attempts to deliver an event. */
  readonly retryMs: number
  /** Lists with items that nobody may see, so that a page holds fewer than asked for. */
  readonly shortPages: boolean
  /** Most that a page of a list holds, whatever is asked for. */
  readonly pageSize: number
  readonly stateFile?: string | undefined
  readonly activitiesFile?: string | undefined
  readonly now?: () => Date
}

const Environment = z.object({
  STRAVA_CLIENT_ID: z.string().regex(/^\d+$/).default('24523'),
  STRAVA_CLIENT_SECRET: z.string().default('simulated-client-secret'),
  STRAVA_SIMULATOR_CALLBACK_DOMAIN: z.string().optional(),
  STRAVA_SIMULATOR_TOKEN_SECONDS: z.coerce.number().int().positive().default(21_600),
  STRAVA_SIMULATOR_RATE_LIMITS: z
    .string()
    .regex(/^\d+,\d+,\d+,\d+$/, 'must be four numbers: overall15,overallDay,read15,readDay')
    .default('200,2000,100,1000'),
  STRAVA_SIMULATOR_RETRY_MS: z.coerce.number().int().nonnegative().default(120_000),
  STRAVA_SIMULATOR_PAGE_SIZE: z.coerce.number().int().min(1).max(200).default(200),
  STRAVA_SIMULATOR_SHORT_PAGES: z.enum(['true', 'false']).default('false'),
  STRAVA_SIMULATOR_STATE: z.string().optional(),
  STRAVA_SIMULATOR_ACTIVITIES: z.string().optional(),
})

/** Throws an Error of one line that names each bad variable; an empty one counts as absent. */
export function readOptions(env: NodeJS.ProcessEnv): StravaSimulatorOptions {
  const parsed = Environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  if (!parsed.success)
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  const read = parsed.data
  const [overall15Minutes = 0, overallDay = 0, read15Minutes = 0, readDay = 0] =
    read.STRAVA_SIMULATOR_RATE_LIMITS.split(',').map(Number)
  return {
    clientId: read.STRAVA_CLIENT_ID,
    clientSecret: read.STRAVA_CLIENT_SECRET,
    callbackDomain: read.STRAVA_SIMULATOR_CALLBACK_DOMAIN,
    tokenSeconds: read.STRAVA_SIMULATOR_TOKEN_SECONDS,
    rateLimits: { overall15Minutes, overallDay, read15Minutes, readDay },
    retryMs: read.STRAVA_SIMULATOR_RETRY_MS,
    shortPages: read.STRAVA_SIMULATOR_SHORT_PAGES === 'true',
    pageSize: read.STRAVA_SIMULATOR_PAGE_SIZE,
    stateFile: read.STRAVA_SIMULATOR_STATE,
    activitiesFile: read.STRAVA_SIMULATOR_ACTIVITIES,
  }
}
