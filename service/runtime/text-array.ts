const TEXT_OID = 25
const HEADER_BYTES = 20
const LENGTH_BYTES = 4

/**
 * A text[] as Postgres takes it in binary form, filled as its texts come: megabytes lie beside the heap, where nothing has to move or look
 * at them, and are sent as they are.
 */
export class TextArray {
  #bytes: Buffer
  #end = HEADER_BYTES
  #count = 0

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(HEADER_BYTES + expectedBytes)
  }

  get byteLength(): number {
    return this.#end
  }

  add(text: string): void {
    const byteLength = Buffer.byteLength(text)
    const end = this.#end + LENGTH_BYTES + byteLength
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(end + (end >> 1))
      this.#bytes.copy(larger, 0, 0, this.#end)
      this.#bytes = larger
    }
    this.#bytes.writeInt32BE(byteLength, this.#end)
    this.#bytes.write(text, this.#end + LENGTH_BYTES)
    this.#end = end
    this.#count += 1
  }

  /** One dimension, no nulls, the type of the elements, how many there are, and the first is number 1 (array_recv in PostgreSQL's source). */
  toBytes(): Buffer {
    for (const [index, value] of [1, 0, TEXT_OID, this.#count, 1].entries())
      this.#bytes.writeInt32BE(value, index * LENGTH_BYTES)
    return this.#bytes.subarray(0, this.#end)
  }
}
