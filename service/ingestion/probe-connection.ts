import { requestPlatform } from './request-platform.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'

/** A cheap call that tells whether the tokens still work; 'wait' when the request limit is reached. Throws like `requestPlatform`. */
export async function probeConnection(services: IngestionServices, key: ConnectionKey): Promise<'ok' | 'wait'> {
  const { api } = apiOf(services.platforms, key.platform)
  const { kind } = await requestPlatform(services, { key, request: api.probe, urgency: 'interactive' })
  return kind === 'wait' ? 'wait' : 'ok'
}
