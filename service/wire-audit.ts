import type { KeyObject } from 'node:crypto'
import { createRefusalTrail, type RefusalTrail } from './compliance/audit/refusal-trail.ts'
import { createHeadSigner, type HeadSigner, importPublicKey } from './compliance/audit/tree-head.ts'
import type { EmergencyServices } from './compliance/emergency/emergency-access.ts'
import type { Config } from './config.ts'
import type { Metrics } from './monitoring/metrics.ts'
import type { RecordAudit } from './runtime/audit-event.ts'
import type { Database } from './runtime/db.ts'
import { describeError, type Log } from './runtime/log.ts'
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

/** Refusals at the door, told of in the audit trail; one that cannot be is in the log, as an error. */
export function wireRefusals({ db, audit, log }: Pick<EmergencyParts, 'db' | 'audit' | 'log'>): RefusalTrail {
  const onLost = (error: unknown) => log.error({ operation: 'audit of refusals', ...describeError(error) }, 'line lost')
  return createRefusalTrail({ db, audit, onLost })
}

/** Break-glass; its alert is a warning in the log and a counter that monitoring pages on. */
export function wireEmergency({ db, audit, log, metrics }: EmergencyParts): EmergencyServices {
  return {
    db,
    audit,
    alert: ({ step, accessId }) => {
      metrics.emergencyAccess.inc({ step })
      log.warn({ operation: 'emergency access', step, access_id: accessId }, 'alert')
    },
  }
}

interface EmergencyParts {
  readonly db: Database
  readonly audit: RecordAudit
  readonly log: Log
  readonly metrics: Metrics
}
