import { Secret } from '../runtime/secret.ts'
import type { PurposeKeys } from './purpose-keys.ts'
import { placeOf } from './seal.ts'

/** One attempt to connect. The state's hash is authenticated, so what belongs to one attempt does not open in another. */
export interface Attempt {
  readonly platform: string
  readonly stateHash: Buffer
  readonly kind: 'verifier' | 'code'
}

/** Secrets of an attempt to connect: there is no key of the person yet, the person may not even be known here. */
export interface OAuthSecrets {
  /** Throws vault/keys_unavailable. */
  sealOAuthSecret(attempt: Attempt, secret: Secret): Promise<Buffer>
  /** Throws vault/unreadable, vault/keys_unavailable. */
  openOAuthSecret(attempt: Attempt, box: Buffer): Promise<Secret>
}

export function createOAuthSecrets({
  purposeKeys,
  environment,
}: {
  purposeKeys: PurposeKeys
  environment: string
}): OAuthSecrets {
  const place = ({ platform, stateHash, kind }: Attempt) =>
    placeOf({
      environment,
      purpose: 'oauth_state',
      table: 'vault.oauth_states',
      column: kind === 'code' ? 'code_sealed' : 'verifier_sealed',
      userId: '',
      platform,
      kind: `${kind}:${stateHash.toString('hex')}`,
    })
  return {
    sealOAuthSecret: (attempt, secret) =>
      purposeKeys.seal('oauth_state', place(attempt), Buffer.from(secret.reveal(), 'utf8')),
    openOAuthSecret: async (attempt, box) =>
      new Secret((await purposeKeys.open('oauth_state', place(attempt), box)).toString('utf8')),
  }
}
