import { describeConnection } from './connection-panel.js'
import { createConsentPanel } from './consent-panel.js'
import { byId, element } from './dom.js'
import { formatDate } from './format.js'
import { describeFailure } from './graphql.js'
import { clearMessages, say, warn } from './messages.js'
import { CONNECT, CONNECTION, DISCONNECT, SYNC_RUNS } from './queries.js'

/**
 * @import { DemoConfig, DemoUser } from './demo.js'
 * @import { Connection, Run } from './connection-panel.js'
 * @import { Graphql } from './graphql.js'
 *
 * @typedef {{ readonly id: string, readonly name: string }} Platform
 */

/**
 * The platforms beside the first one: each with its consent, its connection and what it was asked for.
 * @param {DemoConfig} config
 */
export function createOthersPanel(config) {
  const cards = config.others.map((platform) => createCard(platform, config))
  byId('others').hidden = cards.length === 0
  byId('others-list').replaceChildren(...cards.map(({ node }) => node))
  return {
    /** @param {DemoUser} user @param {Graphql} graphql */
    show(user, graphql) {
      for (const card of cards) card.show(user, graphql)
    },
  }
}

/**
 * @param {Platform} platform
 * @param {DemoConfig} config
 */
function createCard({ id: platform, name }, { simulatorUrl, users }) {
  const state = element('p', { className: 'headline', textContent: 'Looking …' })
  const history = element('p', { className: 'aside' })
  const agreements = element('div', { hidden: true })
  const [connect, disconnect, withdraw] = [
    element('button', { type: 'button', className: 'primary', textContent: `Connect with ${name}`, hidden: true }),
    element('button', { type: 'button', className: 'quiet', textContent: `Disconnect ${name}`, hidden: true }),
    element('button', {
      type: 'button',
      className: 'quiet',
      textContent: `Take the consent for ${name} back`,
      hidden: true,
    }),
  ]
  const consent = createConsentPanel(platform, { agreements, withdraw })
  /** @type {{ user: DemoUser, graphql: Graphql } | undefined} */
  let asked

  onPress(connect, async () => {
    // Asked for where it is about to be needed: three boxes on one page would be ticked without being read.
    agreements.hidden = false
    await consent.agree()
    const variables = { platform, redirectUri: `${location.origin}/` }
    const { authorizationUrl } = (await asked?.graphql.request(CONNECT, variables)).connectPlatform
    const url = new URL(authorizationUrl)
    // The same invented person each time: who connects again would get a second history beside the first.
    if (simulatorUrl !== null)
      url.searchParams.set('simulate_person', String(users.findIndex((user) => user.id === asked?.user.id) + 1))
    say('Opening the consent page.')
    location.assign(url.href)
  })
  onPress(disconnect, async () => {
    const { platformConfirmed } = (await asked?.graphql.request(DISCONNECT, { platform })).disconnectPlatform
    say(`Disconnected${platformConfirmed ? `, and ${name} has confirmed it` : ''}. What was received stays.`)
  })

  return {
    node: element(
      'li',
      {},
      element('h3', { textContent: name }),
      state,
      history,
      agreements,
      element('p', { className: 'actions' }, connect, disconnect, withdraw),
    ),
    /** @param {DemoUser} user @param {Graphql} graphql */
    show(user, graphql) {
      asked = { user, graphql }
      history.textContent = ''
      state.textContent = 'Looking …'
      consent.show(graphql).catch((reason) => warn(describeFailure(reason)))
      const failed = warn
      graphql.subscribe(
        CONNECTION,
        { platform },
        {
          failed,
          next: ({ connections }) => {
            const connection = /** @type {Connection | null} */ (connections[0] ?? null)
            const isConnected = connection?.status === 'active' || connection?.status === 'limited'
            state.textContent = describeConnection(connection, user.name, name)
            connect.hidden = connection?.status === 'active'
            disconnect.hidden = !isConnected
          },
        },
      )
      graphql.subscribe(
        SYNC_RUNS,
        { platform },
        {
          failed,
          next: ({ sync_runs: runs }) => {
            history.textContent = describeHistory(
              runs.find((/** @type {Run} */ { kind }) => kind === 'history'),
              name,
            )
          },
        },
      )
    },
  }
}

/**
 * @param {HTMLButtonElement} pressed
 * @param {() => Promise<void>} action
 */
function onPress(pressed, action) {
  pressed.addEventListener('click', async () => {
    if (pressed.getAttribute('aria-busy') === 'true') return
    clearMessages()
    pressed.setAttribute('aria-busy', 'true')
    await action().catch((reason) => warn(describeFailure(reason)))
    pressed.removeAttribute('aria-busy')
  })
}

/**
 * @param {Run | undefined} run
 * @param {string} name
 */
function describeHistory(run, name) {
  if (run === undefined) return ''
  const since = formatDate(Date.parse(run.reached) / 1000)
  switch (run.status) {
    case 'complete':
      return `The history was asked for, back to ${since}; it shows below as it comes.`
    case 'running':
      return 'The history is being asked for.'
    case 'cancelled':
      return 'The import of the history was stopped.'
    case 'failed':
      return run.error_code === 'connection/scope_missing'
        ? `${name} was not allowed to share the past: only what is new comes. Disconnect, connect again and tick the box for it.`
        : `The import of the history stopped (${run.error_code}).`
  }
}
