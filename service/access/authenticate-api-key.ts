import type { IncomingHttpHeaders } from 'node:http'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { readKey, sameDigest } from './key-text.ts'
import { findKeyByPrefix, markKeyUsed } from './queries.ts'
import type { Scope } from './scopes.ts'

/** Whose key it was. */
export interface KeyHolder {
  readonly keyId: string
  /** The person in whose name it acts; null: a machine. */
  readonly userId: string | null
}

/**
 * Accepts `Authorization: Bearer <key>` or `X-API-Key: <key>`. Whether a key is unknown, wrong, expired or revoked is said in the log
 * and not in the answer. Throws access/key_not_accepted, access/scope_missing.
 */
export async function authenticateApiKey(
  db: Db,
  { headers, scope }: { headers: IncomingHttpHeaders; scope: Scope },
): Promise<KeyHolder> {
  const given = readKey(keyIn(headers) ?? '')
  if (given === undefined) throw new AppError('access/key_not_accepted', { why: 'absent or not a key' })
  const found = await findKeyByPrefix(db, given.prefix)
  if (found === undefined || !sameDigest(given.digest, found.digest))
    throw new AppError('access/key_not_accepted', { why: 'unknown' })
  if (found.state !== 'live') throw new AppError('access/key_not_accepted', { why: found.state, key_id: found.id })
  if (!found.scopes.includes(scope)) throw new AppError('access/scope_missing', { key_id: found.id, scope })
  await markKeyUsed(db, found.id)
  return { keyId: found.id, userId: found.userId }
}

/** Whether the request brings a key at all, good or bad. */
export function hasApiKey(headers: IncomingHttpHeaders): boolean {
  return keyIn(headers) !== undefined
}

/** Two keys in one request are none: which of them was checked would depend on who reads it. */
function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const own = headers['x-api-key']
  const bearer = /^Bearer (trib_\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (typeof own === 'string') return bearer === undefined ? own : undefined
  return bearer
}
