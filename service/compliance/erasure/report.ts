import { verify } from 'node:crypto'
import type { Db } from '../../runtime/db.ts'
import { findLatestHead } from '../audit/queries.ts'
import { exportPublicKey, importPublicKey } from '../audit/tree-head.ts'
import { DECISIONS } from './decisions.ts'
import { type Erasure, findRevocations, type RevocationState } from './register-queries.ts'
import type { ErasureServices } from './services.ts'
import { countTombstones } from './tombstones.ts'

export interface SignedReport {
  readonly report: string
  readonly signature: string | null
  readonly key: string | null
}

const DAY_MS = 86_400_000

/** What was there, what is left, which keys are gone, what platforms answered and what is kept, why and until when. */
export async function buildReport(
  { db, signer, backupKeepDays }: Pick<ErasureServices, 'db' | 'signer' | 'backupKeepDays'>,
  erasure: Erasure,
): Promise<SignedReport> {
  const { progress, startedAt } = erasure
  const document = {
    format: 'tributary/deletion-report/v1',
    request: erasure.id,
    subject: erasure.subjectDigest.toString('hex'),
    verified: VERIFIED[erasure.channel],
    requestedAt: erasure.requestedAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    erasedAt: erasure.erasedAt?.toISOString() ?? null,
    stores: stores(progress.before ?? {}, progress.after ?? {}),
    keysDestroyed: progress.keyIds ?? [],
    platforms: (await findRevocations(db, erasure.id)).map(describeRevocation),
    backups: backups(startedAt, backupKeepDays),
    kept: Object.entries(DECISIONS).flatMap(([store, decision]) =>
      decision.becomes === 'kept' ? [{ store, why: decision.why, basis: decision.basis, until: decision.until }] : [],
    ),
    rescan: { found: Object.values(progress.after ?? {}).reduce((sum, rows) => sum + rows, 0) },
    resurrectionsRefused: (await countTombstones(db)).refused,
    auditHead: await describeHead(db),
  }
  const report = `${JSON.stringify(document, null, 2)}\n`
  if (signer === undefined) return { report, signature: null, key: null }
  return { report, signature: signer.signText(report).toString('base64'), key: exportPublicKey(signer.publicKey) }
}

const VERIFIED: Readonly<Record<Erasure['channel'], string>> = {
  app: 'signed in, and confirmed in words',
  operator: 'by the operator who asked on their behalf',
  replay: 'erased before; a restored backup had brought them back',
}

function stores(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) {
  return Object.keys({ ...before, ...after })
    .toSorted()
    .map((store) => ({
      store,
      before: before[store] ?? 0,
      after: after[store] ?? 0,
      becomes: DECISIONS[store]?.becomes ?? 'undecided',
    }))
}

function describeRevocation({ platform, outcome, settledAt }: RevocationState) {
  return { platform, answer: outcome ?? 'the account was connected again', at: settledAt?.toISOString() ?? null }
}

/** Keys in them are wrapped, tokens sealed; what a backup holds of the person can be restored by nobody, and is gone by then. */
function backups(startedAt: Date | null, keepDays: number | undefined) {
  if (keepDays === undefined || startedAt === null) return { lastOneExpires: null }
  return { lastOneExpires: new Date(startedAt.getTime() + keepDays * DAY_MS).toISOString() }
}

async function describeHead(db: Db) {
  const head = await findLatestHead(db)
  return head === undefined ? null : { document: head.document, signature: head.signature.toString('base64') }
}

/** Whether this key signed this text. Throws a plain Error when the key is none. */
export function isReportAuthentic({
  report,
  signature,
  key,
}: {
  report: string
  signature: string
  key: string
}): boolean {
  return verify(null, Buffer.from(report, 'utf8'), importPublicKey(key), Buffer.from(signature, 'base64'))
}
