import { type Entry, openPromise, type ZipFile } from 'yauzl'

export interface CopyContents {
  readonly files: number
  /** Unpacked. */
  readonly bytes: number
  /** Lines of the samples as NDJSON. */
  readonly samples: number
  /** `what in which file`. */
  readonly found: readonly string[]
}

const LINE_END = 10

/** Unpacks a copy piece by piece and looks for texts that must not be in it, in names and bytes. */
export async function searchCopy(path: string, texts: readonly string[]): Promise<CopyContents> {
  const zip = await openPromise(path, { lazyEntries: true })
  const all = { files: 0, bytes: 0, samples: 0, found: [] as string[] }
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      readEntry(zip, entry, texts)
        .then(({ bytes, lines, found }) => {
          all.files += 1
          all.bytes += bytes
          if (entry.fileName === 'data/public.samples.ndjson') all.samples = lines
          all.found.push(...found.map((text) => `${text} in ${entry.fileName}`))
          zip.readEntry()
        })
        .catch(reject)
    })
    zip.on('end', resolve)
    zip.on('error', reject)
    zip.readEntry()
  })
  return all
}

async function readEntry(zip: ZipFile, entry: Entry, texts: readonly string[]) {
  const needles = texts.map((text) => Buffer.from(text))
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1
  const found = new Set(texts.filter((text) => entry.fileName.includes(text)))
  let tail = Buffer.alloc(0)
  const counted = { bytes: 0, lines: 0 }
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    const bytes = Buffer.concat([tail, piece as Buffer])
    for (const [index, needle] of needles.entries()) if (bytes.includes(needle)) found.add(texts[index] ?? '')
    counted.bytes += (piece as Buffer).length
    for (const byte of piece as Buffer) if (byte === LINE_END) counted.lines += 1
    tail = bytes.subarray(-overlap)
  }
  return { ...counted, found: [...found] }
}
