/** Object identifiers of types (pg_type.dat in PostgreSQL's source). */
const TYPES = { bytea: 17, text: 25, uuid: 2950 }
const HEADER_BYTES = 20
const LENGTH_BYTES = 4
const NULL_LENGTH = -1

export type ElementType = keyof typeof TYPES

/**
 * An array as Postgres takes it in binary form, filled as its elements come: megabytes lie beside the heap, where nothing has to move or
 * look at them, and are sent as they are. The driver's own way, text with escapes, takes both sides several times as long.
 */
export class BinaryArray {
  readonly #type: ElementType
  #bytes: Buffer
  #end = HEADER_BYTES
  #count = 0
  #hasNulls = 0

  constructor(type: ElementType, expectedBytes: number) {
    this.#type = type
    this.#bytes = Buffer.allocUnsafe(HEADER_BYTES + expectedBytes)
  }

  get byteLength(): number {
    return this.#end
  }

  addText(text: string): void {
    const byteLength = Buffer.byteLength(text)
    this.#begin(byteLength)
    this.#bytes.write(text, this.#end)
    this.#end += byteLength
  }

  addBytes(bytes: Uint8Array): void {
    this.#begin(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  addNull(): void {
    this.#begin(0)
    this.#bytes.writeInt32BE(NULL_LENGTH, this.#end - LENGTH_BYTES)
    this.#hasNulls = 1
  }

  /** One dimension, whether there are nulls, the type of the elements, how many there are, and the first is number 1 (array_recv in PostgreSQL's source). */
  toBytes(): Buffer {
    for (const [index, value] of [1, this.#hasNulls, TYPES[this.#type], this.#count, 1].entries())
      this.#bytes.writeInt32BE(value, index * LENGTH_BYTES)
    return this.#bytes.subarray(0, this.#end)
  }

  #begin(byteLength: number): void {
    const end = this.#end + LENGTH_BYTES + byteLength
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(end + (end >> 1))
      this.#bytes.copy(larger, 0, 0, this.#end)
      this.#bytes = larger
    }
    this.#bytes.writeInt32BE(byteLength, this.#end)
    this.#end += LENGTH_BYTES
    this.#count += 1
  }
}
