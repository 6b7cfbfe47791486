import type { PurposeKeys } from './purpose-keys.ts'
import { placeOf } from './seal.ts'

/** What a platform sends is personal too: it rests sealed until it is read, under a key of its own purpose. */
export interface Inbox {
  /** Throws vault/keys_unavailable. */
  sealInbox(platform: string, bytes: Buffer): Promise<Buffer>
  /** Throws vault/unreadable, vault/keys_unavailable. */
  openInbox(platform: string, box: Buffer): Promise<Buffer>
}

export function createInbox({ purposeKeys, environment }: { purposeKeys: PurposeKeys; environment: string }): Inbox {
  const place = (platform: string) =>
    placeOf({
      environment,
      purpose: 'inbox',
      table: 'ops.webhook_deliveries',
      column: 'body_sealed',
      userId: '',
      platform,
      kind: 'delivery',
    })
  return {
    sealInbox: (platform, bytes) => purposeKeys.seal('inbox', place(platform), bytes),
    openInbox: (platform, box) => purposeKeys.open('inbox', place(platform), box),
  }
}
