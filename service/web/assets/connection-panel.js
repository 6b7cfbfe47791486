import { createConsentPanel } from './consent-panel.js'
import { sendActivity } from './demo.js'
import { button, byId } from './dom.js'
import { formatCount, formatDate, formatMonth, formatNumber, formatTime } from './format.js'
import { describeFailure } from './graphql.js'
import { clearMessages, say, warn } from './messages.js'
import { COMPLETE, CONNECT, CONNECTION, DISCONNECT, SYNC_RUNS } from './queries.js'
import { createQueryPanel } from './query-panel.js'

/**
 * @import { DemoConfig, DemoUser } from './demo.js'
 * @import { Graphql } from './graphql.js'
 *
 * @typedef {object} Connection
 * @property {string} status
 * @property {string | null} status_reason
 * @property {readonly string[]} missing_scopes
 * @property {string} connected_at
 * @property {string | null} last_webhook_at
 *
 * @typedef {object} Run
 * @property {string} kind
 * @property {'running' | 'complete' | 'failed' | 'cancelled'} status
 * @property {number} progress
 * @property {number} pages_fetched
 * @property {number} records_fetched
 * @property {string} reached
 * @property {string | null} waiting_until
 * @property {string | null} error_code
 * @property {string} started_at
 * @property {string | null} finished_at
 */

/**
 * Consent to the platform: connecting, how far the history is, disconnecting.
 * @param {DemoConfig} config
 * @param {{ onConnected: (isConnected: boolean) => void, onSent: () => void }} listeners
 */
export function createConnectionPanel({ platform, simulatorUrl, users }, { onConnected, onSent }) {
  const connectionQuery = createQueryPanel('connection-query', { label: 'the connection', query: CONNECTION })
  const runsQuery = createQueryPanel('runs-query', { label: 'the import', query: SYNC_RUNS })
  const consent = createConsentPanel(platform, { agreements: byId('agreements'), withdraw: button('withdraw') })
  /** @type {Graphql | undefined} */
  let graphql
  /** @type {DemoUser | undefined} */
  let user

  const act = (/** @type {HTMLButtonElement} */ pressed, /** @type {() => Promise<void>} */ action) => {
    pressed.addEventListener('click', async () => {
      if (pressed.getAttribute('aria-busy') === 'true') return
      clearMessages()
      pressed.setAttribute('aria-busy', 'true')
      await action().catch((reason) => warn(describeFailure(reason)))
      pressed.removeAttribute('aria-busy')
    })
  }

  // Otherwise the simulator would take a new athlete each time: who connects again would get a second history beside the first.
  const withAthlete = (/** @type {string} */ authorizationUrl) => {
    const url = new URL(authorizationUrl)
    url.searchParams.set('simulate_athlete', String(users.findIndex(({ id }) => id === user?.id) + 1))
    return url.href
  }

  act(button('connect'), async () => {
    await consent.agree()
    const variables = { platform, redirectUri: `${location.origin}/` }
    const { authorizationUrl } = (await graphql?.request(CONNECT, variables)).connectPlatform
    if (!/^https?:/.test(authorizationUrl)) throw new Error('The consent page has an address that is not a web page.')
    say('Opening the consent page.')
    location.assign(simulatorUrl === null ? authorizationUrl : withAthlete(authorizationUrl))
  })
  act(button('disconnect'), async () => {
    const { platformConfirmed } = (await graphql?.request(DISCONNECT, { platform })).disconnectPlatform
    const told = platformConfirmed ? 'and Strava has confirmed it' : 'though Strava has not confirmed it'
    say(`Disconnected: the tokens are gone, ${told}. What was received stays.`)
  })
  act(button('send'), async () => {
    if (user === undefined) return
    onSent()
    const { name } = await sendActivity(user.id)
    say(`“${name}” was recorded. The platform sends its webhook now.`)
  })

  return {
    /** @param {DemoUser} chosen @param {Graphql} asUser */
    show(chosen, asUser) {
      graphql = asUser
      user = chosen
      showConnection(undefined, chosen)
      showRuns([])
      connectionQuery.show({ platform }, chosen.id)
      runsQuery.show({ platform }, chosen.id)
      consent.show(asUser).catch((reason) => warn(describeFailure(reason)))
      graphql.subscribe(
        CONNECTION,
        { platform },
        {
          next: ({ connections }) => {
            showConnection(connections[0] ?? null, chosen)
            const isConnected = ['active', 'limited'].includes(connections[0]?.status)
            button('send').hidden = !isConnected || simulatorUrl === null
            onConnected(isConnected)
          },
          failed: warn,
        },
      )
      let wasRunning = false
      graphql.subscribe(
        SYNC_RUNS,
        { platform },
        {
          next: (data) => {
            const run = showRuns(data.sync_runs)
            if (wasRunning && run?.status === 'complete') say(describeRun(run))
            wasRunning = run?.status === 'running'
          },
          failed: warn,
        },
      )
    },
  }
}

/**
 * After the consent page: exchanges the handle for a connection.
 * @param {Graphql} graphql
 * @param {string} handle
 */
export async function completeConnection(graphql, handle) {
  const { status, missingScopes } = (await graphql.request(COMPLETE, { handle })).completeConnection
  if (status === 'limited')
    warn(`Connected, but without ${missingScopes.join(', ')}: connect again and leave every box ticked.`)
  else say('Connected. The history is on its way.')
}

/**
 * @param {Connection | null | undefined} connection  Undefined: not known yet.
 * @param {DemoUser} user
 */
function showConnection(connection, { name }) {
  const headline = byId('connection-state')
  headline.textContent = connection === undefined ? 'Looking …' : describeConnection(connection, name)
  const isConnected = connection?.status === 'active' || connection?.status === 'limited'
  hide('consent', connection === undefined || connection?.status === 'active')
  hide('connected-actions', !isConnected)
}

/**
 * A button that had the focus must not take it along.
 * @param {string} id
 * @param {boolean} isHidden
 */
function hide(id, isHidden) {
  const node = byId(id)
  if (isHidden && node.contains(document.activeElement)) byId('connection-state').focus()
  node.hidden = isHidden
}

/**
 * @param {Connection | null} connection
 * @param {string} name
 * @param {string} [platform]
 */
export function describeConnection(connection, name, platform = 'Strava') {
  switch (connection?.status) {
    case 'active': {
      const webhook = connection.last_webhook_at
      const heard = webhook === null ? 'no webhook yet' : `last webhook at ${formatTime(webhook)}`
      return `${name} has been connected to ${platform} since ${formatDate(Date.parse(connection.connected_at) / 1000)}; ${heard}.`
    }
    case 'limited':
      return `${name} is connected to ${platform}, but without ${connection.missing_scopes.join(', ')}.`
    case 'needs_reauth':
      return `${platform} no longer accepts ${name}'s tokens (${connection.status_reason}): connect again.`
    case 'disconnected':
      return `${name} has disconnected ${platform}.`
    default:
      return `${name} has not connected ${platform}.`
  }
}

/**
 * @param {readonly Run[]} runs  Newest first.
 * @returns {Run | undefined}  The import of the history.
 */
function showRuns(runs) {
  const run = runs.find(({ kind }) => kind === 'history')
  byId('history').hidden = run === undefined
  if (run === undefined) return undefined
  const percent = Math.round(run.progress * 100)
  const bar = byId('history-progress')
  if (bar instanceof HTMLProgressElement) bar.value = percent
  byId('history-percent').textContent = `${percent} %`
  byId('history-text').textContent = describeRun(run)
  const details = runs.find(({ kind, records_fetched: records }) => kind === 'enrichment' && records > 0)
  byId('details-text').textContent = details === undefined ? '' : describeDetails(details)
  return run
}

/** @param {Run} run */
function describeRun(run) {
  const received = `${formatCount(run.records_fetched, 'record', 'records')} in ${formatCount(run.pages_fetched, 'page', 'pages')}`
  switch (run.status) {
    case 'complete': {
      const seconds = (Date.parse(run.finished_at ?? run.started_at) - Date.parse(run.started_at)) / 1000
      return `History complete: ${received}, in ${formatNumber(seconds, seconds < 10 ? 1 : 0)} seconds.`
    }
    case 'failed':
      return `The import stopped (${run.error_code}) after ${received}. Disconnect and connect again to start over.`
    case 'cancelled':
      return `The import was stopped, by disconnecting or by taking the consent back, after ${received}.`
    case 'running':
      if (run.waiting_until !== null)
        return `${received}. Waiting for Strava's request limit until ${formatTime(run.waiting_until)}.`
      return run.pages_fetched === 0
        ? 'The import is about to start.'
        : `${received}, back to ${formatMonth(run.reached)}.`
  }
}

/** @param {Run} run */
function describeDetails({ status, records_fetched: records }) {
  const soFar = status === 'running' ? ' so far' : ''
  return `Details and recorded series of the latest activities: ${formatNumber(records)} received${soFar}.`
}
