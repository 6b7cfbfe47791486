import { createHash, type KeyObject } from 'node:crypto'
import { AppError } from '../runtime/errors.ts'
import { KEY_BYTES } from './derive.ts'

export interface KeyNames {
  /** 16 bytes: which master key wraps it. */
  readonly masterId: Buffer
  readonly masterVersion: number
  /** 16 bytes, a UUID: the key is chosen by it and never by trying. */
  readonly id: Buffer
  readonly version: number
}

/** A 256-bit key with the names that its boxes carry. */
export class BoxKey {
  readonly id: Buffer
  readonly version: number
  /** The part of a box's header that names the keys. */
  readonly names: Buffer
  #key: KeyObject | undefined

  constructor(names: KeyNames, key: KeyObject) {
    if (key.symmetricKeySize !== KEY_BYTES) throw new RangeError('a key for boxes has 256 bits')
    this.id = names.id
    this.version = names.version
    this.names = Buffer.concat([names.masterId, asBytes(names.masterVersion), names.id, asBytes(names.version)])
    this.#key = key
  }

  /** Throws vault/keys_unavailable once it is wiped: whoever still held it asks again. */
  get key(): KeyObject {
    if (this.#key === undefined) throw new AppError('vault/keys_unavailable', { why: 'forgotten' })
    return this.#key
  }

  /** The last reference of ours goes, and with it OpenSSL's copy, which is cleared when it is freed. */
  wipe(): void {
    this.#key = undefined
  }
}

/** Names a master key by where it is kept and which one it is there; says nothing about the key. */
export function masterIdOf({ source, reference }: { source: string; reference: string }): Buffer {
  return createHash('sha256').update(`${source}:${reference}`).digest().subarray(0, 16)
}

export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function asBytes(version: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(version)
  return bytes
}
