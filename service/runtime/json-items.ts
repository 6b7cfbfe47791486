import { JsonOutline } from './json-outline.ts'

/** An element of one of the lists of `{"<list>":[item, …], …}`; a value that is no list is its own only element. */
export type JsonItem =
  | { readonly list: string; readonly bytes: Buffer }
  /** Larger than is held at once: what it is without the insides of its lists and objects, and which bytes of the body it is. */
  | { readonly list: string; readonly outline: Buffer; readonly from: number; readonly to: number }
  /** Larger than may be read at all: passed over, and only which bytes it is is told. */
  | { readonly list: string; readonly tooLarge: true; readonly from: number; readonly to: number }

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const MAX_DEPTH = 256
const MAX_NAME_BYTES = 1024
const MAX_OUTLINE_BYTES = 64 * 1024

export interface ItemLimits {
  readonly maxItemBytes: number
  /** A larger one is outlined; default: `maxItemBytes`. */
  readonly wholeBytes?: number
}

/**
 * Reads a large JSON object of lists piece by piece and yields each element as the exact bytes it had: a parser of tokens would round
 * large integers, and a parser of the whole would hold all of it. At most one element of `wholeBytes` is in memory. What an element
 * holds is not checked here beyond its brackets and quotes. Throws SyntaxError where the frame around the elements is not JSON.
 */
export async function* readJsonItems(chunks: AsyncIterable<Buffer>, limits: ItemLimits): AsyncGenerator<JsonItem> {
  const reader = new ItemReader(limits)
  for await (const chunk of chunks) yield* reader.take(chunk)
  reader.end()
}

type Place = 'start' | 'name' | 'colon' | 'value' | 'list' | 'item' | 'after item' | 'after list' | 'end'

class ItemReader {
  readonly #maxItemBytes: number
  readonly #wholeBytes: number
  #place: Place = 'start'
  #list = ''
  /** Pieces of the name or element that is being read, from earlier chunks. */
  #held: Buffer[] = []
  #heldBytes = 0
  /** In place of the pieces, once they are too many. */
  #outline: JsonOutline | undefined
  /** Of this chunk's first byte, in the body. */
  #at = 0
  #depth = 0
  #inString = false
  #escaped = false
  #isInside = false
  #isAlone = false

  constructor({ maxItemBytes, wholeBytes = maxItemBytes }: ItemLimits) {
    this.#maxItemBytes = maxItemBytes
    this.#wholeBytes = wholeBytes
  }

  *take(chunk: Buffer): Generator<JsonItem> {
    let from = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0
      if (this.#isInside) {
        if (this.#goesOn(byte)) continue
        // A bracket or quote belongs to what it ends; a comma or space behind a number does not.
        const isLast = byte === QUOTE || byte === CLOSE_OBJECT || (byte === CLOSE_LIST && this.#depth === 0)
        const ended = isLast && !this.#endsBefore
        const end = ended ? index + 1 : index
        this.#hold(chunk.subarray(from, end))
        yield* this.#finish(this.#at + end)
        if (ended) continue
      }
      if (isSpace(byte)) continue
      if (this.#step(byte)) from = index
    }
    if (this.#isInside) this.#hold(chunk.subarray(from))
    this.#at += chunk.length
  }

  end(): void {
    if (this.#place !== 'end') throw new SyntaxError('the body ends too early')
  }

  #endsBefore = false

  /** Whether this byte belongs to the name or element that is being read, and is not its end. */
  #goesOn(byte: number): boolean {
    this.#endsBefore = false
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === BACKSLASH) this.#escaped = true
      else if (byte === QUOTE) {
        this.#inString = false
        return this.#depth > 0
      }
      return true
    }
    if (this.#depth === 0) {
      this.#endsBefore = byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || isSpace(byte)
      return !this.#endsBefore
    }
    return this.#goesOnInside(byte)
  }

  #goesOnInside(byte: number): boolean {
    if (byte === QUOTE) this.#inString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#deepen()
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#depth -= 1
    return this.#depth > 0
  }

  #deepen(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new SyntaxError('nested too deeply')
  }

  /** A byte of the frame. True when a name or an element begins with it. */
  #step(byte: number): boolean {
    const next = FRAME[this.#place][byte]
    if (next !== undefined) {
      this.#place = next
      return next === 'name' && byte === QUOTE && this.#begin(byte)
    }
    if (this.#place !== 'value' && this.#place !== 'list' && this.#place !== 'item')
      throw new SyntaxError(`unexpected byte in ${this.#place}`)
    // What stands where a list should is read as its only element.
    this.#isAlone = this.#place === 'value'
    this.#place = 'item'
    return this.#begin(byte)
  }

  #begin(byte: number): true {
    this.#isInside = true
    this.#inString = byte === QUOTE
    this.#escaped = false
    this.#depth = byte === OPEN_OBJECT || byte === OPEN_LIST ? 1 : 0
    return true
  }

  #hold(piece: Buffer): void {
    this.#heldBytes += piece.length
    if (this.#place === 'name' && this.#heldBytes > MAX_NAME_BYTES) throw new SyntaxError('a name is too long')
    if (this.#heldBytes <= this.#wholeBytes) this.#held.push(Buffer.from(piece))
    else this.#extendOutline(piece)
  }

  #extendOutline(piece: Buffer): void {
    if (this.#outline === undefined) {
      this.#outline = new JsonOutline()
      for (const held of this.#held) this.#outline.add(held)
      this.#held = []
    }
    if (this.#heldBytes <= this.#maxItemBytes && this.#outline.size <= MAX_OUTLINE_BYTES) this.#outline.add(piece)
  }

  *#finish(to: number): Generator<JsonItem> {
    const [bytes, heldBytes, outline] = [Buffer.concat(this.#held), this.#heldBytes, this.#outline]
    this.#held = []
    this.#heldBytes = 0
    this.#outline = undefined
    this.#isInside = false
    if (this.#place === 'name') {
      this.#list = String(JSON.parse(bytes.toString('utf8')))
      this.#place = 'colon'
      return
    }
    this.#place = this.#isAlone ? 'after list' : 'after item'
    const list = this.#list
    if (outline === undefined) yield { list, bytes }
    else {
      const from = to - heldBytes
      const isTooLarge = heldBytes > this.#maxItemBytes || outline.size > MAX_OUTLINE_BYTES
      yield isTooLarge ? { list, tooLarge: true, from, to } : { list, outline: outline.read(), from, to }
    }
  }
}

/** What a byte between the elements leads to; a byte that is not here begins an element, or is an error. */
const FRAME: Readonly<Record<Place, Readonly<Record<number, Place>>>> = {
  start: { [OPEN_OBJECT]: 'name' },
  name: { [QUOTE]: 'name', [CLOSE_OBJECT]: 'end' },
  colon: { [COLON]: 'value' },
  value: { [OPEN_LIST]: 'list' },
  list: { [CLOSE_LIST]: 'after list' },
  item: {},
  'after item': { [COMMA]: 'item', [CLOSE_LIST]: 'after list' },
  'after list': { [COMMA]: 'name', [CLOSE_OBJECT]: 'end' },
  end: {},
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
