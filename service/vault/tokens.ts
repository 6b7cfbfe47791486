import type { Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import { deleteTokens, findTokens, type SealedPair, type TokenRow, updateTokens, upsertTokens } from './queries.ts'
import { type BoxKey, keyIdOf, open, type Place, seal } from './seal.ts'
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
  /** Throws vault/unreadable. */
  findTokens(owner: TokenOwner): Promise<StoredTokens | undefined>
  /** Deletes them and hands them out once more, to be revoked at the platform. Unreadable ones are deleted too. */
  takeTokens(tx: Tx, owner: TokenOwner): Promise<StoredTokens | undefined>
}

export interface TokensOptions {
  readonly db: Db
  readonly userKeys: UserKeys
  readonly environment: string
}

type Kind = 'access_token' | 'refresh_token'

export function createTokens({ db, userKeys, environment }: TokensOptions): Tokens {
  const placeOf = (owner: TokenOwner, kind: Kind): Place => ({ environment, purpose: 'token', ...owner, kind })

  const sealSecret = (key: BoxKey, place: Place, secret: Secret): Buffer => {
    const plaintext = Buffer.from(secret.reveal(), 'utf8')
    const box = seal(key, place, plaintext)
    plaintext.fill(0)
    return box
  }

  const sealPair = async (tx: Tx, owner: TokenOwner, pair: TokenPair): Promise<SealedPair> => {
    const key = await userKeys.forSealing(tx, owner.userId)
    return {
      ...owner,
      accessTokenSealed: sealSecret(key, placeOf(owner, 'access_token'), pair.accessToken),
      refreshTokenSealed:
        pair.refreshToken === null ? null : sealSecret(key, placeOf(owner, 'refresh_token'), pair.refreshToken),
      expiresInSeconds: pair.expiresInSeconds,
    }
  }

  const openBox = async (
    reader: Db,
    owner: TokenOwner,
    { kind, box }: { kind: Kind; box: Buffer },
  ): Promise<Secret> => {
    const key = await userKeys.forOpening(reader, { userId: owner.userId, keyId: keyIdOf(box) })
    const plaintext = open(key, placeOf(owner, kind), box)
    const secret = new Secret(plaintext.toString('utf8'))
    plaintext.fill(0)
    return secret
  }

  const openRow = async (reader: Db, owner: TokenOwner, row: TokenRow): Promise<StoredTokens> => ({
    accessToken: await openBox(reader, owner, { kind: 'access_token', box: row.access_token_sealed }),
    refreshToken:
      row.refresh_token_sealed === null
        ? null
        : await openBox(reader, owner, { kind: 'refresh_token', box: row.refresh_token_sealed }),
    version: row.token_version,
  })

  return {
    async storeTokens(tx, owner, pair) {
      await upsertTokens(tx, await sealPair(tx, owner, pair))
    },
    async replaceTokens(tx, owner, { pair, expectedVersion }) {
      return await updateTokens(tx, { ...(await sealPair(tx, owner, pair)), expectedVersion })
    },
    async findTokens(owner) {
      const row = await findTokens(db, owner)
      return row === undefined ? undefined : await openRow(db, owner, row)
    },
    async takeTokens(tx, owner) {
      const row = await deleteTokens(tx, owner)
      return row === undefined ? undefined : await openRow(tx, owner, row).catch(ignoreUnreadable)
    },
  }
}

function ignoreUnreadable(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'vault/unreadable') return
  throw error
}
