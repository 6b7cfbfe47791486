import { z } from 'zod'
import { Secret } from '../runtime/secret.ts'
import type { PurposeKeys } from './purpose-keys.ts'
import { placeOf } from './seal.ts'
import type { TokenPair } from './tokens.ts'

/** Tokens that are kept for one thing only: to be revoked at the platform. */
export type RevocablePair = Pick<TokenPair, 'accessToken' | 'refreshToken'>

export interface RevocationId {
  readonly platform: string
  readonly revocationId: string
}

/** Under a key of its own purpose and no person's: the person's key may be destroyed with the connection. */
export interface Revocations {
  /** Throws vault/keys_unavailable. */
  sealForRevocation(id: RevocationId, pair: RevocablePair): Promise<Buffer>
  /** Throws vault/unreadable, vault/keys_unavailable. */
  openForRevocation(id: RevocationId, box: Buffer): Promise<RevocablePair>
}

const Pair = z.tuple([z.string(), z.string().nullable()])

export function createRevocations({
  purposeKeys,
  environment,
}: {
  purposeKeys: PurposeKeys
  environment: string
}): Revocations {
  const place = ({ platform, revocationId }: RevocationId) =>
    placeOf({
      environment,
      purpose: 'revocation',
      table: 'vault.pending_revocations',
      column: 'tokens_sealed',
      userId: '',
      platform,
      kind: revocationId,
    })
  return {
    async sealForRevocation(id, { accessToken, refreshToken }) {
      const plaintext = Buffer.from(JSON.stringify([accessToken.reveal(), refreshToken?.reveal() ?? null]), 'utf8')
      const box = await purposeKeys.seal('revocation', place(id), plaintext)
      plaintext.fill(0)
      return box
    },
    async openForRevocation(id, box) {
      const plaintext = await purposeKeys.open('revocation', place(id), box)
      const [accessToken, refreshToken] = Pair.parse(JSON.parse(plaintext.toString('utf8')))
      plaintext.fill(0)
      return {
        accessToken: new Secret(accessToken),
        refreshToken: refreshToken === null ? null : new Secret(refreshToken),
      }
    },
  }
}
