import { type Answer, jsonAnswer } from './answer.ts'
import { parseJsonBody } from './body.ts'
import type { EndpointRequest, HttpServices } from './services.ts'

/** `POST /v1/metadata`, `/v1/query` and `/v2/query`: each takes every command here. Throws HasuraError. */
export async function answerMetadata(request: EndpointRequest, services: HttpServices): Promise<Answer> {
  const session = await services.authenticate(request.headers)
  return jsonAnswer(200, await services.metadataApi.run(parseJsonBody(request.body), session))
}
