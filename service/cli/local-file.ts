import { open } from 'node:fs/promises'
import type { UploadedFile } from '../platforms/contract.ts'

/** A file of this machine, read a piece at a time. Throws Error in one line. */
export async function openLocalFile(path: string): Promise<UploadedFile & { close(): Promise<void> }> {
  const handle = await open(path, 'r').catch(() => {
    throw new Error(`cannot read "${path}"; give the export.zip or export.xml`)
  })
  const { size } = await handle.stat()
  return {
    size,
    async read(position, length) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, position)
      return buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}
