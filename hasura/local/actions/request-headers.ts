import type { ResolvedHeader } from '../environment.ts'

/** Not handed on as they are, nor anything that belongs to one hop of HTTP. */
const NOT_FORWARDED = new Set(
  [
    'content-length content-md5 user-agent host origin referer accept accept-encoding accept-language accept-datetime',
    'cache-control connection dnt content-type',
    'transfer-encoding keep-alive upgrade te trailer expect proxy-connection',
  ].flatMap((names) => names.split(' ')),
)

const FORWARDED_AS: Readonly<Record<string, string>> = {
  host: 'x-forwarded-host',
  'user-agent': 'x-forwarded-user-agent',
  origin: 'x-forwarded-origin',
}

/**
 * The headers of an action's request. By Hasura's default a client's header wins over a configured one of the same
 * name: a client could replace the action's secret. `configuredWins` is the cure.
 */
export function actionRequestHeaders(facts: {
  readonly configured: readonly ResolvedHeader[]
  readonly client: Readonly<Record<string, string>>
  readonly forwardClientHeaders: boolean
  readonly configuredWins: boolean
}): Record<string, string> {
  const configured = Object.fromEntries(facts.configured.map(({ name, value }) => [name.toLowerCase(), value]))
  if (!facts.forwardClientHeaders) return configured
  const forwarded = forwardedHeaders(facts.client)
  return facts.configuredWins ? { ...forwarded, ...configured } : { ...configured, ...forwarded }
}

function forwardedHeaders(client: Readonly<Record<string, string>>): Record<string, string> {
  const forwarded: Record<string, string> = {}
  for (const [name, value] of Object.entries(client)) {
    const lowerCase = name.toLowerCase()
    const renamed = FORWARDED_AS[lowerCase]
    if (renamed !== undefined) forwarded[renamed] = value
    else if (!NOT_FORWARDED.has(lowerCase) && !lowerCase.startsWith('x-hasura-')) forwarded[lowerCase] = value
  }
  return forwarded
}
