import type { KeyObject } from 'node:crypto'
import { createHeadSigner, type HeadSigner, importPublicKey } from './compliance/audit/tree-head.ts'
import type { Config } from './config.ts'
import type { ObjectStore } from './runtime/object-store.ts'
import { openStore } from './runtime/open-store.ts'

export interface AuditSealing {
  readonly signer: HeadSigner
  readonly heads: ObjectStore
  /** The present key's and those of former ones: heads signed by any of them count. */
  readonly trustedKeys: readonly KeyObject[]
}

/** What sealing and verifying the audit trail needs; undefined where it is not set up, which production refuses. */
export function wireAuditSealing({ audit, s3 }: Pick<Config, 'audit' | 's3'>): AuditSealing | undefined {
  const { signingKey, headsStore, trustedKeys } = audit
  if (signingKey === undefined || headsStore === undefined) return undefined
  const signer = createHeadSigner(signingKey)
  return {
    signer,
    heads: openStore({ address: headsStore, s3 }),
    trustedKeys: [signer.publicKey, ...trustedKeys.map(importPublicKey)],
  }
}
