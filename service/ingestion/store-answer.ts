import type { Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { letGo } from '../runtime/flat-memory.ts'
import { readJsonItems } from '../runtime/json-items.ts'
import { JsonOutline } from '../runtime/json-outline.ts'
import { type PackedBody, unpackBody, unpackWhole } from '../runtime/packed-body.ts'
import { stageJson, storeStaged } from './stage-json.ts'
import { type NewRawData, storeRaw } from './store-raw.ts'

/** What a map of heart rates becomes is forty times as large. */
const PAGE_BYTES = 128 * 1024
/** What is larger goes to the database piece by piece. */
const WHOLE_BYTES = 1024 * 1024
/** Of a page: as it came, joined, as text, and written by the driver. */
const COPIES = 4
const [OPEN_LIST, SPACES] = [0x5b, [0x20, 0x09, 0x0a, 0x0d]]
const PREFIX = Buffer.from('{"items":')

interface Origin extends Omit<NewRawData, 'text' | 'delivered'> {
  readonly deliveryId: string
  /** Of each page and each large item, of which the insides are left out, as they are kept. */
  readonly note: (tx: Tx, payload: unknown) => Promise<void>
}

/**
 * Keeps a JSON answer: a list page by page, in the order in which its items stand, so that neither it nor what it becomes is ever whole in
 * memory; anything else as it is. Throws platform/unavailable where it is not JSON: half an answer, or a proxy's page, of which the next attempt may get the whole.
 */
export async function storeAnswer(tx: Tx, origin: Origin, body: PackedBody): Promise<void> {
  try {
    await write(new Pages(tx, origin), body)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new AppError('platform/unavailable', { platform: origin.platform, why: 'not_json' })
    throw error
  }
}

async function write(pages: Pages, body: PackedBody): Promise<void> {
  if ((await findFirstByte(body)) !== OPEN_LIST) return pages.storeWhole(await unpackWhole(body))
  for await (const item of readJsonItems(asListOf(body), { maxItemBytes: WHOLE_BYTES }))
    if ('bytes' in item) await pages.add(item.bytes)
    else await pages.addLarge(unpackBody(body, { from: item.from - PREFIX.length, to: item.to - PREFIX.length }))
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

  /** A piece at a time: it may be a recording of a day. */
  async addLarge(pieces: AsyncIterable<Buffer>): Promise<void> {
    await this.flush()
    const outline = new JsonOutline()
    const staged = await stageJson(this.#tx, outlined(pieces, outline))
    if ('why' in staged) throw new SyntaxError(staged.why)
    await storeStaged(this.#tx, { ...this.#next(), replaced: staged.replaced })
    await this.#origin.note(this.#tx, JSON.parse(outline.read().toString('utf8')))
  }

  /** Of two versions of a record in one answer, too, the later one is right. */
  #next(): Omit<NewRawData, 'text'> {
    const { userId, platform, dataType, metadata, deliveryId } = this.#origin
    return { userId, platform, dataType, metadata, delivered: { deliveryId, place: this.#place++ } }
  }
}

async function* outlined(pieces: AsyncIterable<Buffer>, outline: JsonOutline): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    outline.add(piece)
    yield piece
  }
}

/** The first that is no space. */
async function findFirstByte(body: PackedBody): Promise<number | undefined> {
  for await (const piece of unpackBody(body)) {
    const first = piece.find((byte) => !SPACES.includes(byte))
    if (first !== undefined) return first
  }
  return undefined
}

/** As the only list of an object, which is what deliveries are. */
async function* asListOf(body: PackedBody): AsyncGenerator<Buffer> {
  yield PREFIX
  yield* unpackBody(body)
  yield Buffer.from('}')
}
