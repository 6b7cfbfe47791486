import { openSession } from './demo.js'
import { endWhenIdle, showSignedOut } from './idle.js'

const RENEW_BEFORE_EXPIRY_MS = 120_000
const STILL_GOOD_MS = 30_000
const LONGEST_WAIT_MS = 10_000

/**
 * @typedef {object} Live
 * @property {(data: any) => void} next
 * @property {(message: string) => void} failed  The subscription has ended and does not come back by itself.
 *
 * @typedef {object} Graphql
 * @property {(query: string, variables: object) => Promise<any>} request
 * @property {(query: string, variables: Record<string, unknown>, live: Live) => () => void} subscribe
 * @property {() => void} stop  Ends every subscription.
 * @property {typeof fetch} fetch  With the token.
 * @property {import('graphql-ws').Client} client  Of the websocket.
 */

/**
 * GraphQL as one demo user: requests over HTTP, subscriptions over one websocket that reconnects by itself. The token is renewed
 * before it expires, and the socket with it: Hasura ends a socket whose token has expired.
 * @param {{ graphqlUrl: string, subscriptionsUrl: string, userId: string, onConnection: (isUp: boolean) => void }} options
 * @returns {Graphql}
 */
export function createGraphql({ graphqlUrl, subscriptionsUrl, userId, onConnection }) {
  // After the end, and after a subscription's, what is still on the wire is for nobody.
  let isStopped = false
  const tokens = keepToken(userId, () => client.terminate())
  const client = graphqlWs.createClient({
    url: subscriptionsUrl,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) => wait(Math.min(LONGEST_WAIT_MS, 250 * 2 ** retries)),
    connectionParams: async () => ({ headers: await persistently(async () => (isStopped ? {} : headers())) }),
    on: { connected: () => onConnection(true), closed: () => isStopped || onConnection(false) },
  })
  const headers = async () => {
    // A page that was signed out must not sign itself in again.
    if (isStopped) throw new Error('Signed out.')
    return { authorization: `Bearer ${await tokens.get()}` }
  }
  const stopWatching = endWhenIdle(() => {
    stop()
    showSignedOut()
  })

  function stop() {
    isStopped = true
    stopWatching()
    tokens.stop()
    void client.dispose()
  }

  /** @type {typeof fetch} */
  const fetchAsUser = async (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...(await headers()) } })

  return {
    client,
    fetch: fetchAsUser,
    async request(query, variables) {
      const response = await fetchAsUser(graphqlUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = await response.json()
      if (errors?.length > 0) throw new Error(errors[0].message)
      return data
    },
    subscribe(query, variables, { next, failed }) {
      let isWanted = true
      const whileWanted = (/** @type {() => void} */ use) => isWanted && !isStopped && use()
      const unsubscribe = client.subscribe(
        { query, variables },
        {
          next: ({ data, errors }) =>
            whileWanted(() => (errors === undefined ? next(data) : failed(describeFailure(errors)))),
          error: (reason) => whileWanted(() => failed(describeFailure(reason))),
          complete: () => {},
        },
      )
      return () => {
        isWanted = false
        unsubscribe()
      }
    },
    stop,
  }
}

/**
 * @param {string} userId
 * @param {() => void} onRenewed
 */
function keepToken(userId, onRenewed) {
  /** @type {Promise<{ token: string, expiresAt: number }> | undefined} */
  let current
  /** @type {number | undefined} */
  let timer

  async function open() {
    const { token, expiresAt } = await openSession(userId)
    const expires = Date.parse(expiresAt)
    timer = window.setTimeout(renew, Math.max(STILL_GOOD_MS, expires - Date.now() - RENEW_BEFORE_EXPIRY_MS))
    return { token, expiresAt: expires }
  }

  async function renew() {
    current = undefined
    await get().then(onRenewed, () => {})
  }

  /** @returns {Promise<string>} */
  async function get() {
    // A computer that slept may wake after the timer should have fired.
    const known = await current?.catch(() => undefined)
    if (known === undefined || known.expiresAt - Date.now() < STILL_GOOD_MS) {
      window.clearTimeout(timer)
      current = open()
    }
    const { token } = await /** @type {Promise<{ token: string }>} */ (current)
    return token
  }

  return { get, stop: () => window.clearTimeout(timer) }
}

/**
 * GraphQL errors, a closed socket or an exception, in one sentence.
 * @param {unknown} reason
 * @returns {string}
 */
export function describeFailure(reason) {
  if (Array.isArray(reason)) return reason.map((error) => error.message).join(' ')
  if (reason instanceof CloseEvent) return reason.reason || `The connection was closed (${reason.code}).`
  // What browsers throw for a request without any answer.
  if (reason instanceof TypeError) return 'There is no answer. Is everything still running?'
  return reason instanceof Error ? reason.message : 'Something went wrong.'
}

/**
 * Without a token there is nothing to say on the socket, and to the client a failure here would be final.
 * @template Result
 * @param {() => Promise<Result>} attempt
 * @returns {Promise<Result>}
 */
async function persistently(attempt) {
  try {
    return await attempt()
  } catch {
    await wait(1_000)
    return persistently(attempt)
  }
}

/** @param {number} milliseconds */
function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
