import { once } from 'node:events'
import { buffer as readBuffer } from 'node:stream/consumers'
import { readPayload } from '../normalization/read-payload.ts'
import type { Platform, PlatformUpload, UploadedFile } from '../platforms/contract.ts'
import type { Records } from '../platforms/records.ts'
import { AppError } from '../runtime/errors.ts'
import { explainRefusal } from './explain-refusal.ts'
import { openLocalFile } from './local-file.ts'

/** Not a payload but the file that a person uploads, of which an import makes many. */
export const WHOLE_FILE = 'export'

export interface UploadInput {
  readonly normalize: Platform['normalize']
  readonly upload: PlatformUpload
  readonly path: string
  readonly toLines: (records: Records) => string
}

/** Written as it is read: an export is larger than a text can be. Throws Error in one line. */
export async function normalizeUpload({ normalize, upload, path, toLines }: UploadInput): Promise<string> {
  const file = path === '-' ? asFile(await readBuffer(process.stdin)) : await openLocalFile(path)
  try {
    for await (const { dataType, payload } of upload.readFile(file)) {
      const text = JSON.stringify(payload)
      const lines = toLines(readPayload(normalize[dataType], { text, metadata: {} }, new Date()))
      if (!process.stdout.write(lines)) await once(process.stdout, 'drain')
    }
    return ''
  } catch (error) {
    throw error instanceof AppError ? new Error(explainRefusal(error), { cause: error }) : error
  } finally {
    await file.close()
  }
}

function asFile(bytes: Buffer): UploadedFile & { close(): Promise<void> } {
  return {
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
    close: async () => undefined,
  }
}
