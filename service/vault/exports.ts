import type { PurposeKeys } from './purpose-keys.ts'
import { placeOf } from './seal.ts'

/** A copy of somebody's data rests sealed until they fetch it, under a key of its own purpose. */
export interface Exports {
  /** Throws vault/keys_unavailable. */
  sealExport(owner: ExportOwner, bytes: Buffer): Promise<Buffer>
  /** Throws vault/unreadable, also when it is another person's, vault/keys_unavailable. */
  openExport(owner: ExportOwner, box: Buffer): Promise<Buffer>
}

export interface ExportOwner {
  readonly userId: string
  readonly exportId: string
}

export function createExports({
  purposeKeys,
  environment,
}: {
  purposeKeys: PurposeKeys
  environment: string
}): Exports {
  const place = ({ userId, exportId }: ExportOwner) =>
    placeOf({
      environment,
      purpose: 'export',
      table: 'ops.export_chunks',
      column: 'bytes_sealed',
      userId,
      platform: '',
      kind: exportId,
    })
  return {
    sealExport: (owner, bytes) => purposeKeys.seal('export', place(owner), bytes),
    openExport: (owner, box) => purposeKeys.open('export', place(owner), box),
  }
}
