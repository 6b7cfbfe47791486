import { Readable } from 'node:stream'
import yazl from 'yazl'
import type { Database } from '../../runtime/db.ts'
import type { Controller } from './controller.ts'
import { type CountedTable, describeCopy } from './manifest.ts'
import { type Snapshot, withSnapshot } from './snapshot.ts'
import { readMonths, writeSummaryPage } from './summary-page.ts'
import { listActivities, writeTcx } from './tcx.ts'

export interface CopyOptions {
  readonly userId: string
  readonly controller: Controller
  /** Months of the person that left the database, each a Parquet file. */
  readonly archives: ListArchives
  /** Told after each file. */
  readonly onProgress: (progress: { share: number; rows: number }) => void
}

/** Files of one person outside the database, read when their turn comes. */
export type ListArchives = (
  userId: string,
) => Promise<readonly { readonly name: string; readonly read: () => Promise<Buffer> }[]>

/** Deflate's cheapest levels are three times as fast as its default on this text, for a fifth more bytes. */
const COMPRESSION = { compressionLevel: 2 }

/**
 * Writes the zip of everything about one person, as of one moment, and hands it over piece by piece. Nothing is held whole: one file is
 * read from the database while it is compressed and taken away. Answers how many rows are inside.
 */
export async function writeCopy(
  db: Database,
  options: CopyOptions,
  take: (pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<number> {
  return withSnapshot(db, options.userId, async (snapshot) => {
    const counted: CountedTable[] = []
    for (const table of snapshot.tables) counted.push({ table, rows: await snapshot.count(table) })
    const zip = new yazl.ZipFile()
    const output = zip.outputStream as Readable
    // What fails inside has to end who reads outside; and who reads outside may have gone before: then nobody is left to be told.
    zip.on('error', (error: Error) => output.destroy(error))
    output.on('error', () => {})
    await addReadable(zip, snapshot, { ...options, counted })
    addTables(zip, snapshot, { ...options, counted })
    await addActivities(zip, snapshot, options.userId)
    await addArchives(zip, options)
    zip.end()
    await take(output)
    return counted.reduce((sum, { rows }) => sum + rows, 0)
  })
}

type Copy = CopyOptions & { readonly counted: readonly CountedTable[] }

async function addReadable(zip: yazl.ZipFile, { db, takenAt }: Snapshot, { userId, counted, controller }: Copy) {
  const manifest = await describeCopy({ db, takenAt }, { userId, counted, controller })
  zip.addBuffer(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), 'manifest.json')
  zip.addBuffer(Buffer.from(writeSummaryPage(manifest, await readMonths(db, userId))), 'summary.html')
}

function addTables(zip: yazl.ZipFile, snapshot: Snapshot, { counted, onProgress }: Copy): void {
  const total = counted.reduce((sum, { rows }) => sum + rows, 0) * 2
  let written = 0
  for (const { table, rows } of counted) {
    if (rows === 0) continue
    for (const form of ['ndjson', 'csv'] as const)
      zip.addReadStreamLazy(`data/${table.name}.${form}`, COMPRESSION, (hand) => {
        const stream = snapshot[form](table)
        stream.once('end', () => {
          written += rows
          onProgress({ share: Math.min(0.99, written / total), rows: Math.floor(written / 2) })
        })
        // The zip does not listen, and an error that nobody hears ends the process.
        stream.once('error', (error) => void zip.emit('error', error))
        hand(null, stream)
      })
  }
}

/** Compressed already. */
async function addArchives(zip: yazl.ZipFile, { userId, archives }: CopyOptions): Promise<void> {
  for (const { name, read } of await archives(userId))
    zip.addReadStreamLazy(`archives/${name}`, { compress: false }, (hand) => {
      const giveUp = (error: unknown) => void zip.emit('error', error)
      read()
        .then((bytes) => hand(null, Readable.from([bytes])))
        .catch(giveUp)
    })
}

async function addActivities(zip: yazl.ZipFile, { db }: Snapshot, userId: string): Promise<void> {
  for (const activity of await listActivities(db, userId)) {
    const name = `activities/${activity.localDay}-${activity.sport}-${activity.id}.tcx`
    zip.addReadStreamLazy(name, COMPRESSION, (hand) => {
      const give = (text: string) => hand(null, Readable.from([Buffer.from(text)]))
      const giveUp = (error: unknown) => void zip.emit('error', error)
      writeTcx(db, userId, activity).then(give).catch(giveUp)
    })
  }
}
