const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** A JSON object that comes piece by piece, with everything inside its lists and objects left out: `{"id":1,"samples":[]}`. */
export class JsonOutline {
  readonly #kept: Buffer[] = []
  #bytes = 0
  #depth = 0
  #inString = false
  #escaped = false

  /** Of what is kept. */
  get size(): number {
    return this.#bytes
  }

  add(piece: Buffer): void {
    let from = this.#depth > 1 ? -1 : 0
    for (let index = 0; index < piece.length; index += 1) {
      const byte = piece[index] ?? 0
      if (this.#inString) this.#readString(byte)
      else if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.#depth += 1
        if (this.#depth === 2) {
          this.#keep(piece.subarray(from, index + 1))
          from = -1
        }
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.#depth -= 1
        if (this.#depth === 1) from = index
      }
    }
    if (from !== -1) this.#keep(piece.subarray(from))
  }

  read(): Buffer {
    return Buffer.concat(this.#kept)
  }

  #readString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  #keep(bytes: Buffer): void {
    this.#bytes += bytes.length
    this.#kept.push(Buffer.from(bytes))
  }
}
