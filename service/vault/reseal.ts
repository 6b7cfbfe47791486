import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { type BoxKey, uuidText } from './box-key.ts'
import { mapAtMost } from './in-parallel.ts'
import type { Keyring } from './keyring.ts'
import {
  countSealsOfMany,
  deleteEmptyKeys,
  findTokensUnderOldKeys,
  findUserKeys,
  type ResealedTokens,
  swapTokens,
  type TokensUnderOldKey,
} from './reseal-queries.ts'
import { keyIdOf, open, type Place, seal } from './seal.ts'
import { type TokenKind, tokenPlace } from './tokens.ts'
import { DEFAULT_SEAL_LIMITS, ownerOf } from './user-keys.ts'

export interface RotationServices {
  readonly db: Database
  readonly keyring: Keyring
}

type KeyOf = (keyId: Buffer) => BoxKey | undefined

/**
 * Seals everything of these people under their current keys and deletes the retired keys that are empty then. Plaintext is in memory
 * alone. Answers how many pairs could not be opened: those stay, and so do their keys. Safe beside refreshes and itself.
 */
export async function resealUsers(
  services: RotationServices,
  userIds: readonly string[],
): Promise<{ skipped: number }> {
  const unreadable = new Set<string>()
  // A refresh may store a pair whose refresh token is still the old one, once for each pass.
  for (let pass = 1; pass <= 3; pass += 1) {
    const found = await findTokensUnderOldKeys(services.db, userIds)
    const pairs = found.filter((pair) => !unreadable.has(nameOf(pair)))
    if (pairs.length === 0) break
    await resealPairs(services, pairs, (pair) => unreadable.add(nameOf(pair)))
  }
  await deleteEmptyKeys(services.db, userIds)
  return { skipped: unreadable.size }
}

async function resealPairs(
  { db, keyring }: RotationServices,
  pairs: readonly TokensUnderOldKey[],
  skip: (pair: TokensUnderOldKey) => void,
): Promise<void> {
  const userIds = [...new Set(pairs.map(({ userId }) => userId))].sort()
  const rows = await findUserKeys(db, userIds)
  const current = new Map(rows.filter(({ isCurrent }) => isCurrent).map((row) => [row.userId, row.keyId]))
  const counted = await countSealsOfMany(db, {
    ...plannedSeals(pairs, current),
    maxSeals: DEFAULT_SEAL_LIMITS.maxSeals,
  })
  const keys = new Map<string, BoxKey>()
  try {
    await mapAtMost(16, rows, async (row) => {
      const key = await loadReadable(() => keyring.dataKeys.load(db, ownerOf(row.userId), row))
      if (key !== undefined) keys.set(row.keyId, key)
    })
    const keyOf: KeyOf = (keyId) => keys.get(uuidText(keyId))
    const resealed = pairs.flatMap((pair) => {
      const to = keys.get(current.get(pair.userId) ?? '')
      if (to === undefined || !counted.includes(uuidText(to.id))) return []
      const sealed = resealPair(pair, { keyOf, to, environment: keyring.environment })
      if (sealed === undefined) skip(pair)
      return sealed === undefined ? [] : [sealed]
    })
    await swapTokens(db, resealed)
  } finally {
    for (const key of keys.values()) key.wipe()
  }
}

function plannedSeals(pairs: readonly TokensUnderOldKey[], current: ReadonlyMap<string, string>) {
  const counts = new Map<string, number>()
  for (const { userId } of pairs) {
    const keyId = current.get(userId)
    if (keyId !== undefined) counts.set(keyId, (counts.get(keyId) ?? 0) + 2)
  }
  const keyIds = [...counts.keys()].sort()
  return { keyIds, seals: keyIds.map((keyId) => counts.get(keyId) ?? 0) }
}

function resealPair(
  pair: TokensUnderOldKey,
  { keyOf, to, environment }: { keyOf: KeyOf; to: BoxKey; environment: string },
): ResealedTokens | undefined {
  const reseal = (kind: TokenKind, box: Buffer): Buffer | undefined => {
    const from = keyOf(keyIdOf(box))
    return from === undefined ? undefined : move(box, tokenPlace(environment, pair, kind), { from, to })
  }
  try {
    const accessToken = reseal('access_token', pair.accessToken)
    const refreshToken = pair.refreshToken === null ? null : reseal('refresh_token', pair.refreshToken)
    return accessToken === undefined || refreshToken === undefined
      ? undefined
      : { before: pair, accessToken, refreshToken }
  } catch (error) {
    if (error instanceof AppError && error.code === 'vault/unreadable') return undefined
    throw error
  }
}

function move(box: Buffer, place: Place, { from, to }: { from: BoxKey; to: BoxKey }): Buffer {
  const plaintext = open(from, place, box)
  const moved = seal(to, place, plaintext)
  plaintext.fill(0)
  return moved
}

/** Undefined for what no retry can mend. */
export async function loadReadable<Result>(load: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await load()
  } catch (error) {
    if (error instanceof AppError && error.code === 'vault/unreadable') return undefined
    throw error
  }
}

function nameOf({ userId, platform }: TokensUnderOldKey): string {
  return `${userId}:${platform}`
}
