import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore } from './object-store.ts'

/** Files below a directory, readable by their owner alone. A file appears under its name when all of it is on the disk. */
export function openDirectoryStore(root: string): ObjectStore {
  const putStream = async (name: string, chunks: AsyncIterable<Buffer>) => {
    const path = join(root, name)
    const partial = `${path}.${randomUUID()}.partial`
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      await pipeline(Readable.from(chunks), createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }))
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  }
  return {
    putStream,
    put: (name, bytes) => putStream(name, only(bytes)),
    async get(name) {
      const handle = await open(join(root, name)).catch(ignoreMissing)
      return handle === undefined ? undefined : createReadStream('', { fd: handle })
    },
    list: (prefix) => listBelow(root, prefix),
    delete: (name) => rm(join(root, name), { force: true }),
  }
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function* listBelow(root: string, prefix: string): AsyncGenerator<string> {
  const entries = (await readdir(root, { recursive: true, withFileTypes: true }).catch(ignoreMissing)) ?? []
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.partial'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
  yield* names.filter((name) => name.startsWith(prefix)).sort()
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
  throw error
}
