import type { Authenticate } from '../auth/authenticator.ts'
import type { GraphqlEngine, Inconsistency } from '../execute/engine-types.ts'
import type { EngineLog } from '../log.ts'
import type { Metadata } from '../metadata/types.ts'
import type { MetadataApi } from '../metadata-api/metadata-api.ts'
import type { Settings } from '../settings.ts'

/** What is served now; a metadata reload replaces all of it at once. */
export interface ServedMetadata {
  readonly metadata: Metadata
  readonly engine: GraphqlEngine
  readonly inconsistencies: readonly Inconsistency[]
}

export interface HttpServices {
  readonly authenticate: Authenticate
  readonly settings: Settings
  readonly served: () => ServedMetadata
  readonly metadataApi: MetadataApi
  readonly isDatabaseReachable: () => Promise<boolean>
  readonly log: EngineLog
}

/** One request as an endpoint sees it: header names in lower case, and always an `x-request-id`. */
export interface EndpointRequest {
  readonly headers: Record<string, string>
  readonly searchParams: URLSearchParams
  readonly body: string
}
