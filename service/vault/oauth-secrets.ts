import { Secret } from '../runtime/secret.ts'
import type { MasterKey } from './master-key.ts'
import { type BoxKey, open, type Place, seal } from './seal.ts'

/** One attempt to connect. The state's hash is authenticated, so what belongs to one attempt does not open in another. */
export interface Attempt {
  readonly platform: string
  readonly stateHash: Buffer
  readonly kind: 'verifier' | 'code'
}

/** Secrets of an attempt to connect: there is no key of the person yet, the person may not even be known here. */
export interface OAuthSecrets {
  sealOAuthSecret(attempt: Attempt, secret: Secret): Buffer
  /** Throws vault/unreadable. */
  openOAuthSecret(attempt: Attempt, box: Buffer): Secret
}

export function createOAuthSecrets({
  masterKey,
  environment,
}: {
  masterKey: MasterKey
  environment: string
}): OAuthSecrets {
  const key: BoxKey = { id: masterKey.id, key: masterKey.derive('oauth_state') }
  const placeOf = ({ platform, stateHash, kind }: Attempt): Place => ({
    environment,
    purpose: 'oauth_state',
    userId: '',
    platform,
    kind: `${kind}:${stateHash.toString('hex')}`,
  })
  return {
    sealOAuthSecret: (attempt, secret) => seal(key, placeOf(attempt), Buffer.from(secret.reveal(), 'utf8')),
    openOAuthSecret: (attempt, box) => new Secret(open(key, placeOf(attempt), box).toString('utf8')),
  }
}
