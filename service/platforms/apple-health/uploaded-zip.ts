import { once } from 'node:events'
import { Readable } from 'node:stream'
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl'
import { AppError } from '../../runtime/errors.ts'
import type { UploadedFile } from '../contract.ts'

const READ_BYTES = 64 * 1024
const MOST_ENTRIES = 200_000
/** Health exports compress some 20 to 40 times; what is built to burst compresses a thousand times. */
const LARGEST_RATIO = 250
/** Below this, a ratio says nothing. */
const RATIO_FROM_BYTES = 16 * 1024 * 1024

/** The file's bytes in order, at most `READ_BYTES` at a time. */
export async function* readBytes(file: UploadedFile, from = 0, to = file.size): AsyncGenerator<Buffer> {
  for (let position = from; position < to; ) {
    const bytes = await file.read(position, Math.min(READ_BYTES, to - position))
    if (bytes.length === 0)
      throw new AppError('upload/damaged', { problem: 'the file is shorter than it was said to be' })
    position += bytes.length
    yield bytes
  }
}

class FileReader extends RandomAccessReader {
  readonly #file: UploadedFile

  constructor(file: UploadedFile) {
    super()
    this.#file = file
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(readBytes(this.#file, start, end), { objectMode: false, highWaterMark: READ_BYTES })
  }
}

export interface OpenZip {
  readonly entries: readonly Entry[]
  /** Unpacks as it is read. Throws upload/encrypted, upload/hostile, upload/damaged. */
  read(entry: Entry): AsyncGenerator<Buffer>
  close(): Promise<void>
}

/**
 * Opens a zip by its directory at the end, so sizes that local headers leave out don't matter. Nothing is ever written to a disk; names are
 * only looked at, and one that points outside refuses the file. Throws upload/damaged, upload/hostile, upload/too_large.
 */
export async function openZip(file: UploadedFile, maxUnpackedBytes: number): Promise<OpenZip> {
  const zip = await fromRandomAccessReaderPromise(new FileReader(file), file.size, {
    lazyEntries: true,
    autoClose: false,
    validateEntrySizes: true,
  }).catch(asRefusal)
  const entries = await listEntries(zip).catch(asRefusal)
  const unpacked = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  if (unpacked > maxUnpackedBytes)
    throw new AppError('upload/too_large', { problem: 'unpacked, it is larger than is accepted' })
  return {
    entries,
    read: (entry) => readEntry(zip, entry),
    async close() {
      const closed = once(zip, 'close')
      zip.close()
      await closed
    },
  }
}

async function listEntries(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > MOST_ENTRIES) throw new AppError('upload/hostile', { problem: 'too many files in the zip' })
  const entries: Entry[] = []
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue
    if (entry.isEncrypted()) throw new AppError('upload/encrypted')
    if (entry.uncompressedSize > RATIO_FROM_BYTES && entry.uncompressedSize > entry.compressedSize * LARGEST_RATIO)
      throw new AppError('upload/hostile', { problem: 'the zip unpacks to far more than any export does' })
    entries.push(entry)
  }
  return entries
}

async function* readEntry(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  const stream = await zip.openReadStreamPromise(entry).catch(asRefusal)
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    asRefusal(error)
  } finally {
    stream.destroy()
  }
}

/** yauzl throws plain Errors in English; the kinds that matter to a person are told apart. */
function asRefusal(cause: unknown): never {
  if (cause instanceof AppError) throw cause
  const message = cause instanceof Error ? cause.message : ''
  if (/absolute path|invalid relative path|invalid characters in fileName/.test(message))
    throw new AppError('upload/hostile', { problem: 'a name in the zip points outside of it' }, { cause })
  throw new AppError('upload/damaged', { problem: 'the zip cannot be read' }, { cause })
}
