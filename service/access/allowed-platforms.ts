import { AppError } from '../runtime/errors.ts'

/** The claim or session variable, a Postgres array such as `{strava,apple-health}`; absent: every platform. */
const CLAIM = 'x-hasura-allowed-platforms'

/**
 * A sign-in may cover Strava and not Garmin: an app that its maker lets work with one platform gets tokens that say so.
 * Throws access/platform_not_allowed; a claim that cannot be read covers nothing.
 */
export function checkPlatform(variables: Readonly<Record<string, string>>, platform: string): void {
  const claim = variables[CLAIM]
  if (claim === undefined) return
  const named = /^\{([a-z0-9-]+(?:,[a-z0-9-]+)*)?\}$/.exec(claim)?.[1]?.split(',') ?? []
  if (!named.includes(platform)) throw new AppError('access/platform_not_allowed', { platform })
}
