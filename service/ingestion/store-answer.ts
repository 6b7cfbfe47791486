import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { readJsonItems } from '../runtime/json-items.ts'
import { JsonOutline } from '../runtime/json-outline.ts'
import { stageJson, storeStaged } from './stage-json.ts'
import { type NewRawData, storeRaw } from './store-raw.ts'

const LARGEST_BYTES = 32 * 1024 * 1024
/** What a map of heart rates becomes is forty times as large. */
const PAGE_BYTES = 128 * 1024
/** What is larger goes to the database piece by piece. */
const WHOLE_BYTES = 1024 * 1024
/** Of an item: as it came, joined, as text, and written by the driver. */
const COPIES = 4
const [OPEN_LIST, SPACES] = [0x5b, [0x20, 0x09, 0x0a, 0x0d]]
const LIST = 'items'

interface Origin extends Omit<NewRawData, 'text' | 'delivered'> {
  readonly deliveryId: string
  /** Of each page and each large item, of which the insides are left out, as they are kept. */
  readonly note: (tx: Tx, payload: unknown) => Promise<void>
}

/**
 * Keeps a JSON answer: a list page by page, in the order in which its items stand, so that neither it nor what it becomes is ever whole in
 * memory; anything else as it is. Throws platform/unavailable where it is not JSON: half an answer, or a proxy's page, of which the next attempt may get the whole.
 */
export async function storeAnswer(tx: Tx, origin: Origin, chunks: AsyncIterable<Buffer>): Promise<void> {
  try {
    await write(new Pages(tx, origin), await peek(chunks))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new AppError('platform/unavailable', { platform: origin.platform, why: 'not_json' })
    throw error
  }
}

async function write(pages: Pages, { first, chunks }: Peeked): Promise<void> {
  if (first !== OPEN_LIST) return pages.storeWhole(await collect(chunks))
  for await (const item of readJsonItems(asListOf(chunks), { maxItemBytes: LARGEST_BYTES }))
    if ('bytes' in item) await pages.add(item.bytes)
  return pages.flush()
}

class Pages {
  readonly #tx: Tx
  readonly #origin: Origin
  #items: string[] = []
  #bytes = 0
  #place = 0

  constructor(tx: Tx, origin: Origin) {
    this.#tx = tx
    this.#origin = origin
  }

  async add(item: Buffer): Promise<void> {
    if (item.length > WHOLE_BYTES) {
      await this.flush()
      return this.#storeLarge(item)
    }
    this.#items.push(item.toString('utf8'))
    this.#bytes += item.length
    if (this.#bytes >= PAGE_BYTES) await this.flush()
  }

  /** An empty list is an answer too. */
  async flush(): Promise<void> {
    if (this.#items.length === 0 && this.#place > 0) return
    await this.storeWhole(Buffer.from(`[${this.#items.join(',')}]`))
    letGo(this.#bytes * COPIES)
    this.#items = []
    this.#bytes = 0
  }

  async storeWhole(bytes: Buffer): Promise<void> {
    const text = bytes.toString('utf8')
    const payload: unknown = JSON.parse(text)
    await storeRaw(this.#tx, { ...this.#next(), text })
    await this.#origin.note(this.#tx, payload)
  }

  async #storeLarge(item: Buffer): Promise<void> {
    const staged = await stageJson(this.#tx, inPieces(item))
    if ('why' in staged) throw new SyntaxError(staged.why)
    await storeStaged(this.#tx, { ...this.#next(), replaced: staged.replaced })
    const outline = new JsonOutline()
    outline.add(item)
    await this.#origin.note(this.#tx, JSON.parse(outline.read().toString('utf8')))
    letGo(item.length * COPIES)
  }

  /** Of two versions of a record in one answer, too, the later one is right. */
  #next(): Omit<NewRawData, 'text'> {
    const { userId, platform, dataType, metadata, deliveryId } = this.#origin
    return { userId, platform, dataType, metadata, delivered: { deliveryId, place: this.#place++ } }
  }
}

interface Peeked {
  /** The first byte that is no space. */
  readonly first: number | undefined
  readonly chunks: AsyncIterable<Buffer>
}

async function peek(chunks: AsyncIterable<Buffer>): Promise<Peeked> {
  const reading = chunks[Symbol.asyncIterator]()
  const seen: Buffer[] = []
  let first: number | undefined
  while (first === undefined) {
    const { value, done } = await reading.next()
    if (done === true) break
    seen.push(value)
    first = value.find((byte) => !SPACES.includes(byte))
  }
  return { first, chunks: joined(seen, { [Symbol.asyncIterator]: () => reading }) }
}

async function* joined(...parts: readonly (Iterable<Buffer> | AsyncIterable<Buffer>)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield* part
}

/** As the only list of an object, which is what deliveries are. */
function asListOf(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return joined([Buffer.from(`{"${LIST}":`)], chunks, [Buffer.from('}')])
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += WHOLE_BYTES) yield bytes.subarray(from, from + WHOLE_BYTES)
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const chunk of chunks) pieces.push(chunk)
  return Buffer.concat(pieces)
}
