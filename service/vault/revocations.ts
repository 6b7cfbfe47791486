import { z } from 'zod'
import { Secret } from '../runtime/secret.ts'
import type { MasterKey } from './master-key.ts'
import { type BoxKey, open, type Place, seal } from './seal.ts'
import type { TokenPair } from './tokens.ts'

/** Tokens that are kept for one thing only: to be revoked at the platform. */
export type RevocablePair = Pick<TokenPair, 'accessToken' | 'refreshToken'>

export interface RevocationId {
  readonly platform: string
  readonly revocationId: string
}

/** Under a key of its own purpose and no person's: the person's key may be destroyed with the connection. */
export interface Revocations {
  sealForRevocation(id: RevocationId, pair: RevocablePair): Buffer
  /** Throws vault/unreadable. */
  openForRevocation(id: RevocationId, box: Buffer): RevocablePair
}

const Pair = z.tuple([z.string(), z.string().nullable()])

export function createRevocations({
  masterKey,
  environment,
}: {
  masterKey: MasterKey
  environment: string
}): Revocations {
  const key: BoxKey = { id: masterKey.id, key: masterKey.derive('revocation') }
  const placeOf = ({ platform, revocationId }: RevocationId): Place => ({
    environment,
    purpose: 'revocation',
    userId: '',
    platform,
    kind: revocationId,
  })
  return {
    sealForRevocation(id, { accessToken, refreshToken }) {
      const plaintext = Buffer.from(JSON.stringify([accessToken.reveal(), refreshToken?.reveal() ?? null]), 'utf8')
      const box = seal(key, placeOf(id), plaintext)
      plaintext.fill(0)
      return box
    },
    openForRevocation(id, box) {
      const plaintext = open(key, placeOf(id), box)
      const [accessToken, refreshToken] = Pair.parse(JSON.parse(plaintext.toString('utf8')))
      plaintext.fill(0)
      return {
        accessToken: new Secret(accessToken),
        refreshToken: refreshToken === null ? null : new Secret(refreshToken),
      }
    },
  }
}
