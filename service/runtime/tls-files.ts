import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** Whoever signed the certificates of clients; absent: clients need none. */
  readonly caFile?: string | undefined
}

/** What a listener is given: decision of the product, TLS 1.3 and nothing older. */
export type TlsMaterial = SecureContextOptions & { readonly minVersion: 'TLSv1.3' }

/** Throws Error when a file cannot be read, or key and certificate do not belong together. */
export function readTlsFiles({ certFile, keyFile, caFile }: TlsFiles): TlsMaterial {
  const material: TlsMaterial = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    minVersion: 'TLSv1.3',
  }
  createSecureContext(material)
  return material
}

export interface WatchOptions {
  readonly files: TlsFiles
  readonly everyMs: number
  readonly onChange: (material: TlsMaterial) => void
  /** The files are there and cannot be used: what was read before stays. */
  readonly onUnusable: (error: unknown) => void
}

/** Looks at what is in the files and not at their dates: Kubernetes swaps a link. Answers how to stop. */
export function watchTlsFiles({ files, everyMs, onChange, onUnusable }: WatchOptions): () => void {
  let seen = fingerprint(files)
  const timer = setInterval(() => {
    try {
      const current = fingerprint(files)
      if (current === seen) return
      onChange(readTlsFiles(files))
      seen = current
    } catch (error) {
      onUnusable(error)
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

function fingerprint({ certFile, keyFile, caFile }: TlsFiles): string {
  const hash = createHash('sha256')
  for (const file of [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])])
    hash.update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}
