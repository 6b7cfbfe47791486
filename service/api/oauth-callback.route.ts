import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { acceptCallback } from '../connections/accept-callback.ts'
import type { ConnectionServices } from '../connections/services.ts'
import { AppError } from '../runtime/errors.ts'

// RFC 6749, appendix A: visible ASCII and, in error and scope, the space. A parameter given twice arrives as an array and is refused.
const parameter = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/)
  .optional()
const Callback = z.object({ state: parameter, code: parameter, error: parameter, scope: parameter, iss: parameter })

const HEADERS = {
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

// Says the same whatever was wrong, and nothing of what was sent.
const REFUSAL = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not connected</title>
<h1>Not connected</h1>
<p>This attempt to connect is unknown, already used or too old. Go back to the app and start again.</p>
</html>
`

/** Where platforms send the browser back to. Public: nobody is signed in, so nothing is decided here beyond whose page comes next. */
export const oauthCallbackRoute: FastifyPluginAsync<ConnectionServices> = async (app, services) => {
  // No HEAD beside it: a link checker would use up the attempt.
  app.get<{ Params: { platform: string } }>(
    '/oauth/:platform/callback',
    { exposeHeadRoute: false },
    async (request, reply) => {
      reply.headers(HEADERS)
      const callback = Callback.safeParse(request.query)
      const location = callback.success
        ? await locationFor(services, { platform: request.params.platform, ...callback.data })
        : undefined
      if (location === undefined) return reply.code(400).type('text/html; charset=utf-8').send(REFUSAL)
      return reply.redirect(location, 303)
    },
  )
}

type CallbackData = z.infer<typeof Callback> & { platform: string }

async function locationFor(services: ConnectionServices, callback: CallbackData): Promise<string | undefined> {
  const { platform, state, code, error, scope, iss } = callback
  try {
    return (await acceptCallback(services, { platform, state, code, error, scope, iss })).location
  } catch (cause) {
    if (cause instanceof AppError && cause.spec.httpStatus < 500) return undefined
    throw cause
  }
}
