import { fileURLToPath } from 'node:url'
import { openDirectoryStore } from './directory-store.ts'
import type { ObjectStore } from './object-store.ts'
import { openS3Store } from './s3-store.ts'

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
  return openS3Store({ ...s3, bucket: url.hostname, prefix: prefix === '/' ? '' : prefix })
}

export function isStoreAddress(address: string): boolean {
  const url = URL.parse(address)
  return (
    url !== null && ((url.protocol === 'file:' && url.host === '') || (url.protocol === 's3:' && url.hostname !== ''))
  )
}
