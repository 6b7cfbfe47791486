import type { Database, Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { CHAIN_START, extendChain, hashLeaf } from './leaf.ts'
import { append, EMPTY_TREE, rootOf, type Tree } from './merkle.ts'
import {
  type ChainRow,
  findChainEnd,
  findLatestHead,
  findUnpublishedHeads,
  insertChain,
  insertHead,
  lockSealer,
  markPublished,
  readDatabaseTime,
  takeUnsealed,
  toLeafFields,
} from './queries.ts'
import { type HeadSigner, readHead } from './tree-head.ts'

export interface SealServices {
  readonly db: Database
  readonly signer: HeadSigner
  /** Outside the database, with credentials of its own. */
  readonly heads: ObjectStore
}

const BATCH = 2000

interface End {
  readonly tree: Tree
  readonly chainHash: Buffer
}

/**
 * Chains what has been written since the last time, signs a head over all of it and stores the head outside the database; a head is signed
 * even when nothing is new, so that silence has a date. Answers how many events were chained. Killed anywhere, it goes on where it was.
 * Throws audit/tampered when the trail does not end where the last head says.
 */
export async function sealTrail(services: SealServices): Promise<{ sealed: number }> {
  let sealed = 0
  for (;;) {
    const batch = await services.db.transaction((tx) => sealBatch(services, tx))
    sealed += batch
    if (batch < BATCH) break
  }
  await publishHeads(services)
  return { sealed }
}

async function sealBatch({ signer }: SealServices, tx: Tx): Promise<number> {
  if (!(await lockSealer(tx))) return 0
  const end = await findEnd(tx, signer)
  const events = await takeUnsealed(tx, BATCH)
  let { tree, chainHash } = end
  const rows: ChainRow[] = events.map((event) => {
    const leafHash = hashLeaf(toLeafFields(event))
    tree = append(tree, leafHash)
    chainHash = extendChain(chainHash, leafHash)
    return { position: tree.size, eventId: event.id, leafHash, chainHash }
  })
  await insertChain(tx, rows)
  const head = {
    size: tree.size,
    rootHash: rootOf(tree),
    chainHash,
    signedAt: (await readDatabaseTime(tx)).toISOString(),
  }
  await insertHead(tx, { ...head, frontier: tree.frontier, ...signer.sign(head) })
  return rows.length
}

/** Where the trail goes on. The head is believed for its signature, and the chain for agreeing with the head. */
async function findEnd(tx: Tx, { publicKey }: HeadSigner): Promise<End> {
  const [row, chainEnd] = [await findLatestHead(tx), await findChainEnd(tx)]
  if (row === undefined) {
    if (chainEnd !== undefined) throw new AppError('audit/tampered', { position: Number(chainEnd.position) })
    return { tree: EMPTY_TREE, chainHash: CHAIN_START }
  }
  const tree = { size: Number(row.size), frontier: row.frontier }
  const head = readHead(row, [publicKey])
  const agrees =
    head !== undefined &&
    head.size === tree.size &&
    head.size === Number(chainEnd?.position ?? 0) &&
    head.chainHash.equals(chainEnd?.chainHash ?? CHAIN_START) &&
    head.rootHash.equals(rootOf(tree))
  if (!agrees) throw new AppError('audit/tampered', { position: tree.size })
  return { tree, chainHash: head.chainHash }
}

/** At least once: a head that was stored but not marked is stored again, as the same object. */
async function publishHeads({ db, heads }: SealServices): Promise<void> {
  for (const { id, size, signedAt, document, signature } of await findUnpublishedHeads(db)) {
    const body = JSON.stringify({ document, signature: signature.toString('base64') })
    await heads.put(headName(Number(size), signedAt), Buffer.from(body, 'utf8'))
    await markPublished(db, id)
  }
}

/** Sorted by time of signing. */
function headName(size: number, signedAt: Date): string {
  const [day = '', time = ''] = signedAt.toISOString().split('T')
  return `heads/${day}/${time.replaceAll(/[:.]/g, '')}-${String(size).padStart(12, '0')}.json`
}
