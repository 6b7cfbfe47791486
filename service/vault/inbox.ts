import type { PurposeKeys } from './purpose-keys.ts'
import { type Place, placeOf } from './seal.ts'

/** What a platform sends is personal too: it rests sealed until it is read, under a key of its own purpose. */
export interface Inbox {
  /** Throws vault/keys_unavailable. */
  sealInbox(platform: string, bytes: Buffer): Promise<Buffer>
  /** A box of its own for each, in their order. Throws vault/keys_unavailable. */
  sealDeliveries(deliveries: readonly Delivery[]): Promise<Buffer[]>
  /** Throws vault/unreadable, vault/keys_unavailable. */
  openInbox(platform: string, box: Buffer): Promise<Buffer>
  /** A piece of a person's file, while it waits to be imported. Throws vault/keys_unavailable. */
  sealUpload(owner: UploadOwner, bytes: Buffer): Promise<Buffer>
  /** Throws vault/unreadable, also when it is another person's, vault/keys_unavailable. */
  openUpload(owner: UploadOwner, box: Buffer): Promise<Buffer>
}

export interface Delivery {
  readonly platform: string
  readonly body: Buffer
}

export interface UploadOwner {
  readonly userId: string
  readonly platform: string
}

export function createInbox({ purposeKeys, environment }: { purposeKeys: PurposeKeys; environment: string }): Inbox {
  const places = new Map<string, Place>()
  const place = (platform: string): Place => {
    const known = places.get(platform) ?? deliveryPlace(environment, platform)
    places.set(platform, known)
    return known
  }
  const uploadPlace = ({ userId, platform }: UploadOwner) =>
    placeOf({
      environment,
      purpose: 'inbox',
      table: 'ops.upload_chunks',
      column: 'bytes_sealed',
      userId,
      platform,
      kind: 'upload',
    })
  return {
    sealInbox: (platform, bytes) => purposeKeys.seal('inbox', place(platform), bytes),
    sealDeliveries: (deliveries) =>
      purposeKeys.sealAll(
        'inbox',
        deliveries.map(({ platform, body }) => ({ place: place(platform), plaintext: body })),
      ),
    openInbox: (platform, box) => purposeKeys.open('inbox', place(platform), box),
    sealUpload: (owner, bytes) => purposeKeys.seal('inbox', uploadPlace(owner), bytes),
    openUpload: (owner, box) => purposeKeys.open('inbox', uploadPlace(owner), box),
  }
}

function deliveryPlace(environment: string, platform: string): Place {
  return placeOf({
    environment,
    purpose: 'inbox',
    table: 'ops.webhook_deliveries',
    column: 'body_sealed',
    userId: '',
    platform,
    kind: 'delivery',
  })
}
