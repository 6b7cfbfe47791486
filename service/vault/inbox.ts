import type { MasterKey } from './master-key.ts'
import { type BoxKey, open, type Place, seal } from './seal.ts'

/** What a platform sends is personal too: it rests sealed until it is read, under a key of its own purpose. */
export interface Inbox {
  sealInbox(platform: string, bytes: Buffer): Buffer
  /** Throws vault/unreadable. */
  openInbox(platform: string, box: Buffer): Buffer
  /** A piece of a person's file, while it waits to be imported. */
  sealUpload(owner: UploadOwner, bytes: Buffer): Buffer
  /** Throws vault/unreadable, also when it is another person's. */
  openUpload(owner: UploadOwner, box: Buffer): Buffer
}

export interface UploadOwner {
  readonly userId: string
  readonly platform: string
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
  const uploadOf = ({ userId, platform }: UploadOwner): Place => ({
    environment,
    purpose: 'inbox',
    userId,
    platform,
    kind: 'upload',
  })
  return {
    sealInbox: (platform, bytes) => seal(key, placeOf(platform), bytes),
    openInbox: (platform, box) => open(key, placeOf(platform), box),
    sealUpload: (owner, bytes) => seal(key, uploadOf(owner), bytes),
    openUpload: (owner, box) => open(key, uploadOf(owner), box),
  }
}
