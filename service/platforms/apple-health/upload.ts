import type { Entry } from 'yauzl'
import { AppError } from '../../runtime/errors.ts'
import type { PlatformUpload, UploadedFile, UploadedPayload } from '../contract.ts'
import { parseElements } from './parse-elements.ts'
import { readExport } from './read-export.ts'
import { recognizeJson } from './recognize-json.ts'
import { type FindRoute, readGpxPoints } from './route-points.ts'
import { scanElements } from './scan-elements.ts'
import type { AppleHealthSettings } from './settings.ts'
import { type OpenZip, openZip, readBytes } from './uploaded-zip.ts'

const ROOT = 'HealthData'

/** What a person uploads: the zip that the Health app makes, or the XML in it; and what apps post as JSON. */
export function appleHealthUpload(settings: AppleHealthSettings): PlatformUpload {
  return {
    maxFileBytes: settings.maxFileBytes,
    recognizeJson,
    readFile: (file) => readFile(file, settings),
  }
}

/** Throws upload/not_an_export, upload/damaged, upload/hostile, upload/encrypted, upload/too_large. */
export async function* readFile(
  file: UploadedFile,
  { maxUnpackedBytes }: Pick<AppleHealthSettings, 'maxUnpackedBytes'>,
): AsyncGenerator<UploadedPayload> {
  const head = await file.read(0, 4)
  if (head.length === 0) throw new AppError('upload/not_an_export', { problem: 'the file is empty' })
  if (head.toString('latin1').startsWith('PK')) yield* readZip(await openZip(file, maxUnpackedBytes))
  else yield* readXml(file)
}

async function* readXml(file: UploadedFile): AsyncGenerator<UploadedPayload> {
  if (!(await looksLikeXml(readBytes(file, 0, Math.min(file.size, 4096)))))
    throw new AppError('upload/not_an_export', { problem: 'it is neither a zip nor XML' })
  const { bytes, progress } = counted(readBytes(file), file.size)
  const findRoute: FindRoute = async () => undefined
  yield* readExport({ elements: scanElements(bytes, { root: ROOT }), findRoute, progress })
}

async function* readZip(zip: OpenZip): AsyncGenerator<UploadedPayload> {
  try {
    const entry = await findExport(zip)
    const { bytes, progress } = counted(zip.read(entry), entry.uncompressedSize)
    const findRoute = routeFinder(zip)
    yield* readExport({ elements: scanElements(bytes, { root: ROOT }), findRoute, progress })
  } finally {
    await zip.close()
  }
}

/** Names are localized, so it is the largest XML that begins as an export does. */
async function findExport(zip: OpenZip): Promise<Entry> {
  const candidates = zip.entries
    .filter(({ fileName }) => /\.xml$/i.test(fileName))
    .toSorted((a, b) => b.uncompressedSize - a.uncompressedSize)
    .slice(0, 20)
  let refusal: AppError | undefined
  for (const entry of candidates) {
    const problem = await findProblem(zip.read(entry))
    if (problem === undefined) return entry
    if (problem.code !== 'upload/not_an_export') refusal ??= problem
  }
  throw refusal ?? new AppError('upload/not_an_export', { problem: 'the zip holds no XML with HealthData' })
}

/** Undefined: it begins as an export does. */
async function findProblem(bytes: AsyncGenerator<Buffer>): Promise<AppError | undefined> {
  try {
    // The first element below the root, or the root's end, is enough to know.
    for await (const elements of scanElements(bytes, { root: ROOT })) if (elements.length > 0) return undefined
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  } finally {
    await bytes.return(undefined)
  }
}

async function looksLikeXml(bytes: AsyncIterable<Buffer>): Promise<boolean> {
  for await (const chunk of bytes) {
    const text = chunk
      .toString('latin1')
      .replace(/^\u00ef\u00bb\u00bf/, '')
      .trimStart()
    if (text.startsWith('<') || chunk[0] === 0xfe || chunk[0] === 0xff) return true
    if (text !== '') return false
  }
  return false
}

function counted(source: AsyncIterable<Buffer>, total: number) {
  let read = 0
  async function* count() {
    for await (const chunk of source) {
      read += chunk.length
      yield chunk
    }
  }
  return { bytes: count(), progress: () => (total === 0 ? 1 : Math.min(1, read / total)) }
}

/** By the last part of the path: the folder before it is localized too. A route that cannot be read costs the route, not the workout. */
function routeFinder(zip: OpenZip): FindRoute {
  const byName = new Map(
    zip.entries
      .filter(({ fileName }) => /\.gpx$/i.test(fileName))
      .map((entry) => [lastPart(entry.fileName), entry] as const),
  )
  return async (path) => {
    const entry = byName.get(lastPart(path))
    if (entry === undefined) return undefined
    try {
      return readGpxPoints(await parseElements(zip.read(entry)))
    } catch (error) {
      if (error instanceof AppError) return { problem: `its file cannot be read (${error.code})` }
      throw error
    }
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase()
}
