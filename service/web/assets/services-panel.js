import { byId, element } from './dom.js'

/** @import { DemoConfig, DemoService } from './demo.js' */

const CHECK_EVERY_MS = 15_000
const TIMEOUT_MS = 5_000
const STATES = { checking: 'checking', up: 'running', down: 'no answer', unknown: 'not checked' }

/**
 * What is running, each looked at again and again while the page is visible.
 * @param {DemoConfig} config
 */
export function showServices(config) {
  const rows = config.services.map((service) => {
    const state = element('span', { className: 'state checking', textContent: STATES.checking })
    const item = element(
      'li',
      {},
      element('h3', { textContent: service.name }),
      state,
      element('p', { textContent: service.description }),
      element('code', { textContent: service.url ?? '' }),
    )
    return { item, state, healthUrl: healthUrlOf(service, config) }
  })
  byId('services').replaceChildren(...rows.map(({ item }) => item))

  const checkAll = () => {
    if (document.visibilityState === 'visible') void Promise.all(rows.map(showState))
  }
  checkAll()
  setInterval(checkAll, CHECK_EVERY_MS)
  document.addEventListener('visibilitychange', checkAll)
}

/** @param {{ state: HTMLElement, healthUrl: string | undefined }} row */
async function showState({ state, healthUrl }) {
  const found = healthUrl === undefined ? 'unknown' : (await answers(healthUrl)) ? 'up' : 'down'
  if (state.textContent === STATES[found]) return
  state.className = `state ${found}`
  state.textContent = STATES[found]
}

/**
 * @param {DemoService} service
 * @param {DemoConfig} config
 * @returns {string | undefined}
 */
function healthUrlOf({ url }, { graphqlUrl, simulatorUrl }) {
  if (url === undefined) return undefined
  const { origin } = new URL(url)
  if (origin === location.origin) return '/health/ready'
  if (origin === new URL(graphqlUrl).origin) return `${origin}/healthz`
  return url === simulatorUrl ? '/demo/simulator' : undefined
}

/**
 * @param {string} healthUrl
 * @returns {Promise<boolean>}
 */
async function answers(healthUrl) {
  const isOurs = new URL(healthUrl, location.href).origin === location.origin
  try {
    // Another origin's answer cannot be read without its leave, but that there is one can be seen.
    const response = await fetch(healthUrl, {
      mode: isOurs ? 'same-origin' : 'no-cors',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok || response.type === 'opaque'
  } catch {
    return false
  }
}
