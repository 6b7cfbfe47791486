import { type Listening, listen } from '../runtime/listen.ts'
import type { Secret } from '../runtime/secret.ts'
import type { Keyring } from './keyring.ts'

export interface KeyListenerOptions {
  readonly keyring: Keyring
  readonly url: Secret
  readonly applicationName: string
  readonly onLost: (error: Error) => void
}

/**
 * Forgets keys that any process has destroyed, as soon as that is committed: a trigger of vault.user_keys says so. After a gap all are
 * forgotten; while there is no connection, the age of the cache is what bounds them.
 */
export function listenForDestroyedKeys({ keyring, url, applicationName, onLost }: KeyListenerOptions): Listening {
  const { cache } = keyring
  return listen({
    url,
    channel: 'vault_key_deleted',
    applicationName,
    onMessage: (keyId) => cache.forget(keyId),
    onConnected: () => cache.forgetAll(),
    onLost,
  })
}
