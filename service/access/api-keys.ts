import type { AuditActor, RecordAudit } from '../runtime/audit-event.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'
import { createKey } from './key-text.ts'
import { countLiveKeys, ensurePerson, insertKey, type LockedKey, lockKey, markRevoked, replaceKey } from './queries.ts'
import { checkScopes } from './scopes.ts'

export const KEY_DAYS = { default: 90, max: 365 } as const
export const OVERLAP_MINUTES = { default: 24 * 60, max: 7 * 24 * 60 } as const
const MOST_KEYS = 20

export interface KeyServices {
  readonly db: Database
  /** Names that scopes may end in. */
  readonly platforms: ReadonlyMap<string, unknown>
  readonly audit: RecordAudit
}

/** Who manages keys: a person their own, an operator those of machines. */
export type KeyManager =
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'operator'; readonly id: string | null }

export interface ShownKey {
  readonly id: string
  /** Shown now and never again. */
  readonly key: Secret
  readonly keyPrefix: string
  readonly scopes: readonly string[]
  readonly expiresAt: Date
}

export interface KeyRequest {
  readonly name: string
  readonly scopes: readonly string[]
  readonly days: number
}

/** A person's key acts in their name, an operator's makes one for a machine. Throws access/scope_unknown, access/too_many_keys. */
export async function createApiKey(
  { db, platforms, audit }: KeyServices,
  manager: KeyManager,
  { name, scopes, days }: KeyRequest,
): Promise<ShownKey> {
  const userId = manager.kind === 'user' ? manager.id : null
  checkScopes(scopes, { owner: userId === null ? 'machine' : 'person', platforms })
  return db.transaction(async (tx) => {
    if (userId !== null) await refuseTooMany(tx, userId)
    const shown = await addKey(tx, { userId, name, scopes, days, createdBy: manager.id })
    await audit(tx, { ...eventOf(manager, shown.id, userId), action: 'api_key.created' })
    return shown
  })
}

/**
 * The same rights under a new key, for as long as the first was given; the old one works for the overlap. An operator rotates
 * machines' keys alone: the new key is shown to whoever asked. Throws access/key_not_found.
 */
export async function rotateApiKey(
  { db, audit }: KeyServices,
  manager: KeyManager,
  { id, overlapMinutes }: { id: string; overlapMinutes: number },
): Promise<ShownKey> {
  return db.transaction(async (tx) => {
    const old = await lockKey(tx, id)
    if (old === undefined || !old.isLive || old.isReplaced || !isOwn(manager, old))
      throw new AppError('access/key_not_found')
    const shown = await addKey(tx, { ...old, createdBy: manager.id })
    await replaceKey(tx, { id, by: shown.id, overlapMinutes })
    await audit(tx, { ...eventOf(manager, id, old.userId), action: 'api_key.rotated' })
    return shown
  })
}

/** Works from the next request on. An operator may revoke anybody's. Safe to call again. Throws access/key_not_found. */
export async function revokeApiKey(
  { db, audit }: KeyServices,
  manager: KeyManager,
  id: string,
): Promise<{ revokedAt: Date }> {
  return db.transaction(async (tx) => {
    const key = await lockKey(tx, id)
    if (key === undefined || (manager.kind === 'user' && !isOwn(manager, key)))
      throw new AppError('access/key_not_found')
    const revokedAt = await markRevoked(tx, id)
    await audit(tx, { ...eventOf(manager, id, key.userId), action: 'api_key.revoked' })
    return { revokedAt }
  })
}

async function refuseTooMany(tx: Tx, userId: string): Promise<void> {
  await ensurePerson(tx, userId)
  if ((await countLiveKeys(tx, userId)) >= MOST_KEYS) throw new AppError('access/too_many_keys')
}

async function addKey(
  tx: Tx,
  wanted: KeyRequest & { userId: string | null; createdBy: string | null },
): Promise<ShownKey> {
  const { key, prefix, digest } = createKey()
  const { userId, name, scopes, days, createdBy } = wanted
  const { id, expiresAt } = await insertKey(tx, { userId, name, scopes, days, createdBy, prefix, digest })
  return { id, key, keyPrefix: prefix, scopes, expiresAt }
}

function isOwn(manager: KeyManager, { userId }: LockedKey): boolean {
  return manager.kind === 'user' ? userId === manager.id : userId === null
}

function eventOf(manager: KeyManager, keyId: string, subjectUserId: string | null) {
  const actor: AuditActor = { kind: manager.kind, id: manager.id }
  return { actor, subjectUserId, outcome: 'success', details: { key_id: keyId } } as const
}
