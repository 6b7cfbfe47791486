import type { KeyObject } from 'node:crypto'
import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'
import type { Database } from '../../runtime/db.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import { CHAIN_START, extendChain, hashLeaf, hashPersonalValue, PERSONAL_FIELDS } from './leaf.ts'
import { append, EMPTY_TREE, rootOf, type Tree } from './merkle.ts'
import { findLatestHead, toLeafFields } from './queries.ts'
import { readHead, type TreeHead } from './tree-head.ts'
import { findMissingHeads, findStrayEvents, type SealedEvent, streamTrail } from './verify-queries.ts'

export interface VerifyServices {
  readonly db: Database
  readonly heads: ObjectStore
  readonly trustedKeys: readonly KeyObject[]
}

export interface Verification {
  readonly events: number
  readonly heads: number
  /** When the newest head was signed; undefined: there is none. */
  readonly lastHeadAt: string | undefined
  /** One line for each thing that is wrong, and where; empty: nothing is. */
  readonly findings: readonly string[]
}

interface NamedHead extends TreeHead {
  readonly name: string
}

const Stored = z.object({ document: z.string(), signature: z.base64() })
const MAX_FINDINGS = 100

/**
 * Reads the whole trail, computes every hash again and holds it to every head outside the database. Neither what the database says of
 * its hashes nor its copies of the heads are believed.
 */
export async function verifyTrail(services: VerifyServices): Promise<Verification> {
  const findings: string[] = []
  const heads = await readHeads(services, findings)
  const walk = await walkTrail(services.db, heads, findings)
  const newest = heads.at(-1)
  for (const head of heads.filter(({ size }) => size > walk.tree.size).slice(0, 1))
    findings.push(
      `positions ${walk.tree.size + 1} to ${newest?.size}: missing at the end; ${head.name} of ${head.signedAt} counts ${head.size} events`,
    )
  await findUncovered(services, { size: walk.tree.size, covered: newest?.size ?? 0 }, findings)
  for (const { id, why } of await findStrayEvents(services.db)) findings.push(`event ${id}: ${why}`)
  const names = new Set(heads.map(({ size, signedAt }) => `${size} ${signedAt}`))
  for (const key of await findMissingHeads(services.db, names))
    findings.push(`the head of ${key}: published, and not in the store`)
  const lastHeadAt = heads
    .map(({ signedAt }) => signedAt)
    .toSorted()
    .at(-1)
  return { events: walk.tree.size, heads: heads.length, lastHeadAt, findings: findings.slice(0, MAX_FINDINGS) }
}

/** The heads in the store that a trusted key signed, smallest first; the others are findings. */
async function readHeads({ heads, trustedKeys }: VerifyServices, findings: string[]): Promise<readonly NamedHead[]> {
  const read: NamedHead[] = []
  for await (const name of heads.list('heads/')) {
    const body = await heads.get(name)
    const head = body === undefined ? undefined : parseHead(await readText(body), trustedKeys)
    if (head === undefined) findings.push(`${name}: not signed by a trusted key`)
    else read.push({ ...head, name })
  }
  return read.toSorted((a, b) => a.size - b.size)
}

function parseHead(text: string, trustedKeys: readonly KeyObject[]): TreeHead | undefined {
  try {
    const { document, signature } = Stored.parse(JSON.parse(text))
    return readHead({ document, signature: Buffer.from(signature, 'base64') }, trustedKeys)
  } catch {
    return undefined
  }
}

async function walkTrail(db: Database, heads: readonly NamedHead[], findings: string[]): Promise<{ tree: Tree }> {
  let tree = EMPTY_TREE
  let chain: Buffer = CHAIN_START
  // As the row before says, so that one wrong hash is one finding.
  let storedChain: Buffer = CHAIN_START
  let [next, goodUpTo] = [0, 0]
  let rewritten = false
  const holdToHeads = () => {
    for (let head = heads[next]; head !== undefined && head.size === tree.size; head = heads[next]) {
      next += 1
      const matches = head.rootHash.equals(rootOf(tree)) && head.chainHash.equals(chain)
      if (matches) goodUpTo = head.size
      else if (!rewritten) {
        rewritten = true
        findings.push(
          `positions ${goodUpTo + 1} to ${head.size}: not what ${head.name} of ${head.signedAt} was signed over`,
        )
      }
    }
  }
  holdToHeads()
  for await (const event of streamTrail(db)) {
    const expected = tree.size + 1
    if (event.position !== expected) {
      findings.push(`position ${expected}: missing; the next there is is ${event.position}`)
      return { tree: { ...tree, size: Math.max(tree.size, await lastPosition(db)) } }
    }
    const leaf = event.event === null ? event.leafHash : hashLeaf(toLeafFields(event.event))
    findings.push(...judgeEvent(event, { leaf, storedChain }))
    chain = extendChain(chain, leaf)
    storedChain = event.chainHash
    tree = append(tree, leaf)
    holdToHeads()
  }
  return { tree }
}

async function lastPosition(db: Database): Promise<number> {
  let last = 0
  for await (const { position } of streamTrail(db, true)) last = position
  return last
}

function judgeEvent(row: SealedEvent, { leaf, storedChain }: { leaf: Buffer; storedChain: Buffer }): string[] {
  const at = `position ${row.position}, event ${row.eventId}`
  if (row.event === null) return [`${at}: the event was deleted`]
  if (!leaf.equals(row.leafHash)) return [`${at}: altered`]
  if (!extendChain(storedChain, leaf).equals(row.chainHash))
    return [`${at}: not the event that stood here (order changed, or one inserted)`]
  const { hmacs } = toLeafFields(row.event)
  return PERSONAL_FIELDS.filter((field) => {
    const { value, salt } = row.values[field]
    if (value === null && salt === null) return false // erased, or never there
    const hmac = hmacs[field]
    return value === null || salt === null || hmac === null || !hashPersonalValue(field, salt, value).equals(hmac)
  }).map((field) => `${at}: the value of ${field} was altered`)
}

/** Events after the last published head must be under one that is about to be published. */
async function findUncovered(
  { db, trustedKeys }: VerifyServices,
  { size, covered }: { size: number; covered: number },
  findings: string[],
): Promise<void> {
  if (size <= covered) return
  const row = await findLatestHead(db)
  const pending = row === undefined ? undefined : readHead(row, trustedKeys)
  if ((pending?.size ?? 0) < size)
    findings.push(`positions ${Math.max(covered, pending?.size ?? 0) + 1} to ${size}: under no signed head`)
}
