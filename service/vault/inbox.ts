import type { MasterKey } from './master-key.ts'
import { type BoxKey, open, type Place, seal } from './seal.ts'

/** What a platform sends is personal too: it rests sealed until it is read, under a key of its own purpose. */
export interface Inbox {
  sealInbox(platform: string, bytes: Buffer): Buffer
  /** Throws vault/unreadable. */
  openInbox(platform: string, box: Buffer): Buffer
}

export function createInbox({ masterKey, environment }: { masterKey: MasterKey; environment: string }): Inbox {
  const key: BoxKey = { id: masterKey.id, key: masterKey.derive('inbox') }
  const placeOf = (platform: string): Place => ({
    environment,
    purpose: 'inbox',
    userId: '',
    platform,
    kind: 'delivery',
  })
  return {
    sealInbox: (platform, bytes) => seal(key, placeOf(platform), bytes),
    openInbox: (platform, box) => open(key, placeOf(platform), box),
  }
}
