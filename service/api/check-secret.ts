import { equalInConstantTime } from '../runtime/constant-time.ts'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'

/** Accepts any of the secrets that are there: during a rotation the new and the old one. Throws request/not_authorized. */
export function checkSecret(given: string | string[] | undefined, accepted: readonly (Secret | undefined)[]): void {
  if (typeof given !== 'string' || given === '') throw new AppError('request/not_authorized')
  const matches = accepted.map((secret) => secret !== undefined && equalInConstantTime(given, secret.reveal()))
  if (!matches.includes(true)) throw new AppError('request/not_authorized')
}
