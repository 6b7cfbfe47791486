import { fileURLToPath } from 'node:url'
import { openDirectoryStore } from './directory-store.ts'
import type { ObjectStore } from './object-store.ts'

export interface StoreOptions {
  /** `file:///directory` or `s3://bucket/prefix`. */
  readonly address: string
  readonly s3: { readonly endpoint: string | undefined; readonly region: string }
}

/** Opens nothing yet: the first use does. */
export function openStore({ address, s3 }: StoreOptions): ObjectStore {
  const url = new URL(address)
  if (url.protocol === 'file:') return openDirectoryStore(fileURLToPath(url))
  const prefix = url.pathname.replace(/^\//, '').replace(/\/*$/, '/')
  const options = { ...s3, bucket: url.hostname, prefix: prefix === '/' ? '' : prefix }
  // Amazon's client is twenty megabytes that most processes never use.
  return openLate(async () => (await import('./s3-store.ts')).openS3Store(options))
}

function openLate(open: () => Promise<ObjectStore>): ObjectStore {
  let opened: Promise<ObjectStore> | undefined
  const store = () => (opened ??= open())
  return {
    put: async (name, bytes) => (await store()).put(name, bytes),
    putStream: async (name, chunks) => (await store()).putStream(name, chunks),
    get: async (name) => (await store()).get(name),
    async *list(prefix) {
      yield* (await store()).list(prefix)
    },
    delete: async (name) => (await store()).delete(name),
  }
}

export function isStoreAddress(address: string): boolean {
  const url = URL.parse(address)
  return (
    url !== null && ((url.protocol === 'file:' && url.host === '') || (url.protocol === 's3:' && url.hostname !== ''))
  )
}
