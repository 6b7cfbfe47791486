import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import type { BoxKey } from './box-key.ts'
import { deleteTokens, findTokens, type SealedPair, type TokenRow, updateTokens, upsertTokens } from './queries.ts'
import { keyIdOf, open, type Place, placeOf, seal } from './seal.ts'
import type { UserKeys } from './user-keys.ts'

export interface TokenOwner {
  readonly userId: string
  readonly platform: string
}

/** As the platform gave it. */
export interface TokenPair {
  readonly accessToken: Secret
  readonly refreshToken: Secret | null
  /** Null: the platform did not say, or said nonsense. */
  readonly expiresInSeconds: number | null
}

export interface StoredTokens {
  readonly accessToken: Secret
  readonly refreshToken: Secret | null
  /** Changes with every pair; compare for equality only. */
  readonly version: string
}

export interface Tokens {
  /** The pair of a new or renewed connection; replaces any other. */
  storeTokens(tx: Tx, owner: TokenOwner, pair: TokenPair): Promise<void>
  /**
   * Compare and swap after a refresh: false, and nothing stored, when the pair has another version by now.
   * Without a new refresh token the old one stays.
   */
  replaceTokens(tx: Tx, owner: TokenOwner, change: { pair: TokenPair; expectedVersion: string }): Promise<boolean>
  /** `read`: as they were found a moment ago. Throws vault/unreadable. */
  findTokens(owner: TokenOwner, read?: TokenRow): Promise<StoredTokens | undefined>
  /** Deletes them and hands them out once more, to be revoked at the platform. Unreadable ones are deleted too. */
  takeTokens(tx: Tx, owner: TokenOwner): Promise<StoredTokens | undefined>
}

export interface TokensOptions {
  readonly db: Db
  readonly userKeys: UserKeys
  readonly environment: string
}

export type TokenKind = 'access_token' | 'refresh_token'

/** Where a token of a connection lives. */
export function tokenPlace(environment: string, { userId, platform }: TokenOwner, kind: TokenKind): Place {
  const column = `${kind}_sealed`
  return placeOf({ environment, purpose: 'token', table: 'vault.tokens', column, userId, platform, kind })
}

export function createTokens({ db, userKeys, environment }: TokensOptions): Tokens {
  const sealPair = async (tx: Tx, owner: TokenOwner, pair: TokenPair): Promise<SealedPair> => {
    const { userId, platform } = owner
    const { accessToken, refreshToken, expiresInSeconds } = pair
    const key = await userKeys.forSealing(tx, userId, refreshToken === null ? 1 : 2)
    const sealAs = (kind: TokenKind, secret: Secret) => sealSecret(key, tokenPlace(environment, owner, kind), secret)
    const accessTokenSealed = sealAs('access_token', accessToken)
    const refreshTokenSealed = refreshToken === null ? null : sealAs('refresh_token', refreshToken)
    return { userId, platform, accessTokenSealed, refreshTokenSealed, expiresInSeconds }
  }

  const openPair = async (reader: Db, owner: TokenOwner, row: TokenRow): Promise<StoredTokens> => {
    const openBox = async (kind: TokenKind, box: Buffer): Promise<Secret> => {
      const key = await userKeys.forOpening(reader, { userId: owner.userId, keyId: keyIdOf(box) })
      return openSecret(key, tokenPlace(environment, owner, kind), box)
    }
    return {
      accessToken: await openBox('access_token', row.access_token_sealed),
      refreshToken: row.refresh_token_sealed === null ? null : await openBox('refresh_token', row.refresh_token_sealed),
      version: row.token_version,
    }
  }

  return {
    async storeTokens(tx, owner, pair) {
      await upsertTokens(tx, await sealPair(tx, owner, pair))
    },
    async replaceTokens(tx, owner, { pair, expectedVersion }) {
      return await updateTokens(tx, { ...(await sealPair(tx, owner, pair)), expectedVersion })
    },
    async findTokens(owner, given) {
      let row = given ?? (await findTokens(db, owner))
      while (row !== undefined) {
        const read = row
        try {
          return await openPair(db, owner, read)
        } catch (error) {
          // A rotation may have sealed them anew and deleted the key since they were read.
          row = await findTokens(db, owner)
          if (row !== undefined && isSame(row, read)) throw error
        }
      }
      return undefined
    },
    async takeTokens(tx, owner) {
      const row = await deleteTokens(tx, owner)
      return row === undefined ? undefined : await openPair(tx, owner, row).catch(ignoreUnreadable)
    },
  }
}

function isSame(one: TokenRow, other: TokenRow): boolean {
  const [refresh, otherRefresh] = [one.refresh_token_sealed, other.refresh_token_sealed]
  const sameRefresh =
    refresh === null || otherRefresh === null ? refresh === otherRefresh : refresh.equals(otherRefresh)
  return sameRefresh && one.access_token_sealed.equals(other.access_token_sealed)
}

export function sealSecret(key: BoxKey, place: Place, secret: Secret): Buffer {
  const plaintext = Buffer.from(secret.reveal(), 'utf8')
  const box = seal(key, place, plaintext)
  plaintext.fill(0)
  return box
}

export function openSecret(key: BoxKey, place: Place, box: Buffer): Secret {
  const plaintext = open(key, place, box)
  const secret = new Secret(plaintext.toString('utf8'))
  plaintext.fill(0)
  return secret
}

function ignoreUnreadable(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'vault/unreadable') return
  throw error
}
