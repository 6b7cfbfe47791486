import { z } from 'zod'

/** So many requests in a window of so many seconds. */
export interface Limit {
  readonly requests: number
  readonly seconds: number
}

const limit = (fallback: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}\/[1-9]\d{0,4}$/, 'must be requests/seconds, for example 120/60')
    .default(fallback)
    .transform((text): Limit => {
      const [requests = 0, seconds = 0] = text.split('/').map(Number)
      return { requests, seconds }
    })

export const limitEnvironment = {
  /** All actions of one person. */
  RATE_LIMIT_USER: limit('120/60'),
  /** The actions of one person that name one platform. */
  RATE_LIMIT_USER_PLATFORM: limit('30/60'),
  /** Uploads of one person. */
  RATE_LIMIT_UPLOADS: limit('120/60'),
  /** Requests under /webhooks with a wrong secret or key, from one address. */
  RATE_LIMIT_WEBHOOK_SOURCE: limit('30/60'),
}

export type LimitName = 'user' | 'user-platform' | 'uploads' | 'webhook-source'

export function rateLimits(env: z.infer<z.ZodObject<typeof limitEnvironment>>): Readonly<Record<LimitName, Limit>> {
  return {
    user: env.RATE_LIMIT_USER,
    'user-platform': env.RATE_LIMIT_USER_PLATFORM,
    uploads: env.RATE_LIMIT_UPLOADS,
    'webhook-source': env.RATE_LIMIT_WEBHOOK_SOURCE,
  }
}
