import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { isRestricted } from './role-restrictions.ts'

/** The claim or session variable, a Postgres array such as `{strava,apple-health}`; absent: every platform. */
const CLAIM = 'x-hasura-allowed-platforms'

/** Whether the operator keeps a role from a platform. */
export type FindRestriction = (role: string, platform: string) => Promise<boolean>

/** Throws access/platform_not_allowed, access/platform_restricted. */
export type CheckPlatform = (platform: string) => Promise<void>

export interface PlatformRules {
  /** Claims or session variables, names in lower case. */
  readonly variables: Readonly<Record<string, string>>
  readonly role: string
}

/** What a request may do about a platform: as far as its sign-in and its role reach. */
export function platformCheck({ variables, role }: PlatformRules, findRestriction: FindRestriction): CheckPlatform {
  return async (platform) => {
    checkClaim(variables, platform)
    if (await findRestriction(role, platform)) throw new AppError('access/platform_restricted', { platform, role })
  }
}

export function restrictionsIn(db: Db): FindRestriction {
  return (role, platform) => isRestricted(db, { role, platform })
}

/**
 * A sign-in may cover Strava and not Garmin: an app that its maker lets work with one platform gets tokens that say so.
 * Throws access/platform_not_allowed; a claim that cannot be read covers nothing.
 */
export function checkClaim(variables: Readonly<Record<string, string>>, platform: string): void {
  const claim = variables[CLAIM]
  if (claim === undefined) return
  const named = /^\{([a-z0-9-]+(?:,[a-z0-9-]+)*)?\}$/.exec(claim)?.[1]?.split(',') ?? []
  if (!named.includes(platform)) throw new AppError('access/platform_not_allowed', { platform })
}
