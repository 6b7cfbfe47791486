import { HasuraError } from '../errors.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { parseJsonBody } from './body.ts'
import type { EndpointRequest, HttpServices } from './services.ts'

/** `POST /v1/metadata`, for role admin. Reading and reloading only: the metadata directory is the truth. Throws HasuraError. */
export async function answerMetadata(request: EndpointRequest, services: HttpServices): Promise<Answer> {
  const { role } = await services.authenticate(request.headers)
  if (role !== 'admin') throw new HasuraError({ code: 'access-denied', message: 'restricted access : admin only' })
  const body = parseJsonBody(request.body)
  const type = typeof body === 'object' && body !== null && 'type' in body ? String(body.type) : undefined
  switch (type) {
    case 'export_metadata':
      return jsonAnswer(200, services.served().metadata)
    case 'get_inconsistent_metadata':
      return jsonAnswer(200, describeConsistency(services))
    case 'reload_metadata': {
      await reload(services)
      const { is_consistent } = describeConsistency(services)
      return jsonAnswer(200, { message: 'success', is_consistent })
    }
    case undefined:
      throw new HasuraError({
        code: 'parse-failed',
        message: 'parsing the metadata request failed, key "type" not found',
      })
    default:
      throw new HasuraError({
        code: 'not-supported',
        message: `metadata request "${type}" is not implemented by the stand-in engine`,
      })
  }
}

async function reload(services: HttpServices): Promise<void> {
  try {
    await services.reload()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new HasuraError({ code: 'invalid-configuration', message }, { cause: error })
  }
}

function describeConsistency(services: HttpServices) {
  const { inconsistencies } = services.served()
  return { is_consistent: inconsistencies.length === 0, inconsistent_objects: inconsistencies }
}
