import { type CompactVerifyGetKey, createLocalJWKSet, type JSONWebKeySet } from 'jose'

const FETCH_TIMEOUT_MS = 10_000
const RETRY_DELAYS_MS = [200, 400, 800, 1600, 3000]
const MINUTE_MS = 60_000

interface Fetched {
  readonly keys: CompactVerifyGetKey
  /** Undefined when the answer said nothing: then it is never fetched again, as in Hasura. */
  readonly staleAt: number | undefined
}

/**
 * The keys behind a JWKS URL, renewed when the answer's cache headers say so, at the next token after that. Throws when
 * the first fetch fails, after retries; later failures keep the keys we have.
 */
export async function fetchKeySet(url: string): Promise<() => Promise<CompactVerifyGetKey>> {
  let current = await fetchWithRetries(url)
  let renewal: Promise<void> | undefined
  const renew = async () => {
    try {
      current = await fetchOnce(url)
    } catch {
      current = { ...current, staleAt: Date.now() + MINUTE_MS }
    } finally {
      renewal = undefined
    }
  }
  return async () => {
    if (current.staleAt !== undefined && current.staleAt <= Date.now()) await (renewal ??= renew())
    return current.keys
  }
}

async function fetchWithRetries(url: string): Promise<Fetched> {
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await fetchOnce(url)
    } catch {
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }
  return fetchOnce(url)
}

async function fetchOnce(url: string): Promise<Fetched> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`JWKS answered ${response.status}`)
  const { keys } = (await response.json()) as JSONWebKeySet
  const forSigning = keys.filter((key) => key.use === undefined || key.use === 'sig' || key.use === 'enc')
  // jose refuses keys marked for encryption; Hasura takes both.
  const usable = forSigning.map(({ use: _use, ...key }) => key)
  return { keys: createLocalJWKSet({ keys: usable }), staleAt: staleAt(response.headers, Date.now()) }
}

/** When to ask again, by Cache-Control, else by Expires. */
export function staleAt(headers: Headers, nowMs: number): number | undefined {
  const cacheControl = headers.get('cache-control') ?? ''
  const maxAge = /\bs-maxage=(\d+)/i.exec(cacheControl) ?? /\bmax-age=(\d+)/i.exec(cacheControl)
  if (maxAge !== null) return nowMs + Number(maxAge[1]) * 1000
  if (/\b(no-cache|no-store|must-revalidate)\b/i.test(cacheControl)) return nowMs + MINUTE_MS
  const expires = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}
