import { createHash, createHmac } from 'node:crypto'

/** The parts of an event that may name a person; each is hashed under a salt of its own. */
export const PERSONAL_FIELDS = ['actor', 'subject', 'source', 'reason', 'details'] as const
export type PersonalField = (typeof PERSONAL_FIELDS)[number]

/** What the leaf of an event is made of: all of audit.events, as text. */
export interface LeafFields {
  readonly id: string
  /** UTC with microseconds, `2026-03-01T12:00:00.000000Z`. */
  readonly occurredAt: string
  readonly action: string
  readonly actorKind: string
  readonly outcome: string
  readonly platform: string | null
  readonly requestId: string | null
  readonly hmacs: Readonly<Record<PersonalField, Buffer | null>>
}

const VERSION = 'tributary/audit/v1'
const LEAF_PREFIX = Buffer.from([0])

/** HMAC-SHA-256 over field name and value, so that one field's proof is none for another. */
export function hashPersonalValue(field: PersonalField, salt: Buffer, value: string): Buffer {
  return createHmac('sha256', salt).update(`${field}\0${value}`, 'utf8').digest()
}

/** SHA-256(0x00 || fields), each field preceded by its length: the leaf hash of RFC 6962, 2.1. */
export function hashLeaf(event: LeafFields): Buffer {
  const { id, occurredAt, action, actorKind, outcome, platform, requestId, hmacs } = event
  const texts = [VERSION, id, occurredAt, action, actorKind, outcome, platform, requestId]
  const fields = [
    ...texts.map((text) => (text === null ? null : Buffer.from(text, 'utf8'))),
    ...PERSONAL_FIELDS.map((field) => hmacs[field]),
  ]
  const hash = createHash('sha256').update(LEAF_PREFIX)
  for (const field of fields) hash.update(lengthOf(field)).update(field ?? Buffer.alloc(0))
  return hash.digest()
}

/** SHA-256(previous || leaf); the first has 32 zeros before it. */
export function extendChain(previous: Buffer, leaf: Buffer): Buffer {
  return createHash('sha256').update(previous).update(leaf).digest()
}

export const CHAIN_START = Buffer.alloc(32)

/** Nothing and empty text differ. */
function lengthOf(field: Buffer | null): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(field === null ? 0xff_ff_ff_ff : field.length)
  return length
}
