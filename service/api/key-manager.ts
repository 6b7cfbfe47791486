import type { KeyManager, ShownKey } from '../access/api-keys.ts'
import type { ActionCaller } from './define-action.ts'

/** An operator manages the keys of machines, everybody else their own. */
export function keyManager({ userId, role }: ActionCaller): KeyManager {
  return { kind: role === 'operator' ? 'operator' : 'user', id: userId }
}

/** The only place where a key leaves the process. */
export function showKey({ id, key, keyPrefix, scopes, expiresAt }: ShownKey) {
  return { id, key: key.reveal(), keyPrefix, scopes: [...scopes], expiresAt: expiresAt.toISOString() }
}
